//! Impact of a plan, from answering the affected questions before and after the plan.
//!
//! One sentence covers all members with the same impact, because every member's linked account rules name all
//! others. The number of questions is bounded for any network size. Long lists become counts.

pub mod wording;

use std::collections::{BTreeMap, BTreeSet};

use super::settings::NetworkSettings;
use super::settings_collection::SettingsCollection;
use crate::model::{ApplyMode, Plan, PlanImpact, ZoneCode};

/// Maximum number of sentences of one function. A last sentence counts the rest.
const SENTENCES: usize = 12;

/// Impact of a plan on the answers to one question.
pub type ImpactFunction = fn(&SettingsChange<'_>) -> Vec<ImpactDraft>;

/// Settings before and after a plan.
pub struct SettingsChange<'a> {
    /// Zones with changes, by collection.
    pub changed: BTreeMap<SettingsCollection, BTreeSet<ZoneCode>>,
    /// Observed settings.
    pub before: &'a NetworkSettings,
    /// Settings after the plan.
    pub after: &'a NetworkSettings,
}

impl SettingsChange<'_> {
    /// Returns the zones with changes in any of these collections.
    pub fn zones(&self, is_relevant: impl Fn(&SettingsCollection) -> bool) -> BTreeSet<ZoneCode> {
        let relevant = self.changed.iter().filter(|(collection, _)| is_relevant(collection));
        relevant.flat_map(|(_, zones)| zones).cloned().collect()
    }

    /// Returns both settings.
    pub fn both(&self) -> [&NetworkSettings; 2] {
        [self.before, self.after]
    }
}

/// Sentence, with the zones whose changes cause the impact.
pub struct ImpactDraft {
    /// Changed zones.
    pub changed: BTreeSet<ZoneCode>,
    /// Sentence without a full stop.
    pub text: String,
}

/// Returns the impact of a plan.
///
/// `before` holds the observed settings, `after` the settings after the plan.
pub fn impact(plan: &Plan, before: &NetworkSettings, after: &NetworkSettings) -> Vec<PlanImpact> {
    let change = SettingsChange { changed: changed_collections(plan), before, after };
    let mut impacts = Vec::new();
    for (question, functions) in super::IMPACTS {
        for function in *functions {
            let mut drafts = function(&change);
            let rest = drafts.split_off(SENTENCES.min(drafts.len()));
            if !rest.is_empty() {
                let text = format!("{} more impacts of this type", rest.len());
                let changed = rest.into_iter().flat_map(|draft| draft.changed).collect();
                drafts.push(ImpactDraft { changed, text });
            }
            impacts.extend(drafts.into_iter().map(|ImpactDraft { changed, text }| PlanImpact {
                topic: question.topic.into(),
                changed: changed.into_iter().map(|zone| zone.0).collect(),
                text,
            }));
        }
    }
    impacts
}

/// Returns the changed zones of a plan, by collection.
fn changed_collections(plan: &Plan) -> BTreeMap<SettingsCollection, BTreeSet<ZoneCode>> {
    let mut zones: BTreeMap<SettingsCollection, BTreeSet<ZoneCode>> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        for step in &zone.collections {
            let mut changes = step.diff.outcome.iter().flat_map(|found| &found.changes);
            if changes.any(|change| matches!(change.mode, ApplyMode::Apply | ApplyMode::Manual))
                && let Some(collection) = SettingsCollection::from_step(step)
            {
                zones.entry(collection).or_default().insert(code.clone());
            }
        }
    }
    zones
}
