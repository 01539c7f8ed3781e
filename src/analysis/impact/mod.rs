//! Impact of a plan, from answering the affected questions before and after the plan.
//!
//! One sentence covers all members with the same impact, because every member's linked account rules name all
//! others. The number of questions is bounded for any network size. Long lists become counts.

mod access;
mod blocks;
mod import;
mod patron;
mod tasks;
mod visibility;
mod wording;

use std::collections::{BTreeMap, BTreeSet};

use super::settings::NetworkSettings;
use super::settings_collection::SettingsCollection;
use crate::model::{ApplyMode, Plan, PlanImpact, ZoneCode};

/// Maximum number of sentences for one topic. A last sentence counts the rest.
const SENTENCES: usize = 12;

/// Sentence, with the zones whose changes cause the impact.
struct ImpactDraft {
    changed: BTreeSet<ZoneCode>,
    says: String,
}

/// Returns the impact of a plan.
///
/// `before` holds the observed settings, `after` the settings after the plan.
pub fn impact(plan: &Plan, before: &NetworkSettings, after: &NetworkSettings) -> Vec<PlanImpact> {
    let moved = changed_collections(plan);
    let zones = |subjects: &[SettingsCollection]| -> BTreeSet<ZoneCode> {
        subjects.iter().filter_map(|subject| moved.get(subject)).flatten().cloned().collect()
    };
    let imports = zones(&[SettingsCollection::ImportPermissions]);
    let rules = zones(&[SettingsCollection::LinkedAccountRules]);
    let defined = zones(&[SettingsCollection::BlockDefinitions, SettingsCollection::BlockDescriptions]);
    let restricted = zones(&[SettingsCollection::RestrictedUsers]);
    let subjects: BTreeSet<SettingsCollection> = moved.keys().cloned().collect();
    let is_of_access = |subject: &SettingsCollection| {
        *subject == SettingsCollection::AvailabilityGroups || subject.resource().is_some()
    };
    let available: Vec<SettingsCollection> =
        subjects.iter().filter(|subject| is_of_access(subject)).cloned().collect();
    let available = zones(&available);
    let (lists, matrix) = (zones(&[SettingsCollection::TaskList]), zones(&[SettingsCollection::Dismissal]));
    let effects = [
        ("import", import::effects(&imports, before, after)),
        ("access", access::effects(&available, &subjects, before, after)),
        ("patron", patron::effects(&rules, before, after)),
        ("patron", blocks::effects(&defined, before, after)),
        ("visibility", visibility::effects(&restricted, before, after)),
        ("tasks", tasks::effects(&lists, &matrix, before, after)),
    ];
    let mut impacts = Vec::new();
    for (topic, mut effects) in effects {
        let beyond = effects.split_off(SENTENCES.min(effects.len()));
        if !beyond.is_empty() {
            let says = format!("{} more impacts of this type", beyond.len());
            let changed = beyond.into_iter().flat_map(|effect| effect.changed).collect();
            effects.push(ImpactDraft { changed, says });
        }
        impacts.extend(effects.into_iter().map(|ImpactDraft { changed, says }| PlanImpact {
            topic: topic.into(),
            changed: changed.into_iter().map(|zone| zone.0).collect(),
            text: says,
        }));
    }
    impacts
}

/// Returns the changed zones of a plan, by collection.
fn changed_collections(plan: &Plan) -> BTreeMap<SettingsCollection, BTreeSet<ZoneCode>> {
    let mut moved: BTreeMap<SettingsCollection, BTreeSet<ZoneCode>> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        for step in &zone.collections {
            let mut changes = step.diff.outcome.iter().flat_map(|found| &found.changes);
            if changes.any(|change| matches!(change.mode, ApplyMode::Apply | ApplyMode::Manual)) {
                let subject = step
                    .diff
                    .asked
                    .iter()
                    .chain([&step.diff.id])
                    .find_map(SettingsCollection::from_collection_id);
                if let Some(subject) = subject {
                    moved.entry(subject).or_default().insert(code.clone());
                }
            }
        }
    }
    moved
}
