//! Impact of a plan, from answering the affected questions before and after the plan.
//!
//! One sentence covers all members with the same impact, because every member's linked account rules name all
//! others. Every impact is listed. If the questions exceed a limit, an impact with an unknown effect says
//! which collections are left out.

pub mod member_values;
pub mod wording;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::settings::NetworkSettings;
use super::settings_collection::SettingsCollection;
use crate::model::{ApplyMode, ImpactEffect, Plan, PlanImpact, ZoneCode, sort_impacts};

/// Impact of a plan on the answers to one question.
pub type ImpactFunction = fn(&SettingsChange<'_>) -> Vec<ImpactDraft>;

/// Collection of a zone.
pub type ZoneCollection = (SettingsCollection, ZoneCode);

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
        self.causes(|collection, _| is_relevant(collection)).into_iter().map(|(_, zone)| zone).collect()
    }

    /// Returns the changed collections that satisfy a condition.
    pub fn causes(
        &self,
        is_cause: impl Fn(&SettingsCollection, &ZoneCode) -> bool,
    ) -> BTreeSet<ZoneCollection> {
        let all = self.changed.iter();
        let all = all.flat_map(|(collection, zones)| zones.iter().map(move |zone| (collection, zone)));
        let causes = all.filter(|(collection, zone)| is_cause(collection, zone));
        causes.map(|(collection, zone)| (collection.clone(), zone.clone())).collect()
    }

    /// Returns both settings.
    pub fn both(&self) -> [&NetworkSettings; 2] {
        [self.before, self.after]
    }
}

/// Impact with the changed collections that cause it.
pub struct ImpactDraft {
    /// Effect on the members.
    pub effect: ImpactEffect,
    /// Changed collections that cause the impact.
    pub causes: BTreeSet<ZoneCollection>,
    /// Affected members.
    pub members: BTreeSet<ZoneCode>,
    /// E-resources, user groups or roles of the sentence.
    pub subjects: BTreeSet<Arc<str>>,
    /// Sentence without a full stop.
    pub text: String,
}

/// Names of the changed collections, as in the plan.
pub type CollectionNames = BTreeMap<ZoneCollection, BTreeSet<Arc<str>>>;

/// Returns the impact of a plan, sorted.
///
/// `before` holds the observed settings, `after` the settings after the plan.
pub fn impact(plan: &Plan, before: &NetworkSettings, after: &NetworkSettings) -> Vec<PlanImpact> {
    impacts_of_changes(&changed_collections(plan), before, after)
}

/// Returns the impact of changed collections, sorted.
pub fn impacts_of_changes(
    names: &CollectionNames,
    before: &NetworkSettings,
    after: &NetworkSettings,
) -> Vec<PlanImpact> {
    let mut changed: BTreeMap<SettingsCollection, BTreeSet<ZoneCode>> = BTreeMap::new();
    for (collection, zone) in names.keys() {
        changed.entry(collection.clone()).or_default().insert(zone.clone());
    }
    let change = SettingsChange { changed, before, after };
    let mut impacts = Vec::new();
    for (question, functions) in super::IMPACTS {
        let drafts = functions.iter().flat_map(|function| function(&change));
        impacts.extend(drafts.map(|draft| finish(draft, question.topic, names)));
    }
    sort_impacts(&mut impacts);
    impacts
}

fn finish(draft: ImpactDraft, topic: &str, names: &CollectionNames) -> PlanImpact {
    let ImpactDraft { effect, causes, members, subjects, text } = draft;
    let zones: BTreeSet<&ZoneCode> = causes.iter().map(|(_, zone)| zone).collect();
    let collections: BTreeSet<&Arc<str>> =
        causes.iter().filter_map(|cause| names.get(cause)).flatten().collect();
    PlanImpact {
        effect,
        topic: topic.into(),
        zones: zones.into_iter().map(|zone| Arc::clone(&zone.0)).collect(),
        collections: collections.into_iter().map(Arc::clone).collect(),
        members: members.into_iter().map(|member| member.0).collect(),
        subjects: subjects.into_iter().collect(),
        text,
    }
}

/// Returns the changed collections of a plan with an effect on answers.
fn changed_collections(plan: &Plan) -> CollectionNames {
    let mut names = CollectionNames::new();
    for (code, zone) in &plan.zones {
        for step in &zone.collections {
            let mut changes = step.diff.outcome.iter().flat_map(|found| &found.changes);
            if changes.any(|change| matches!(change.mode, ApplyMode::Apply | ApplyMode::Manual))
                && let Some(collection) = SettingsCollection::from_step(step)
            {
                let name = step.diff.id.to_string().into();
                names.entry((collection, code.clone())).or_default().insert(name);
            }
        }
    }
    names
}
