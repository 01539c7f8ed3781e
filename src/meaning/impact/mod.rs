//! What a plan means: the same questions, asked before and after, and only those whose answer can have changed.
//!
//! A set of changes that many zones share is told once. However large the network, the number of questions is
//! bounded, and long lists become counts.

mod import;
mod words;

use std::collections::BTreeSet;

use super::settings::Settings;
use super::subject::Subject;
use crate::model::{GroupState, Impact, Mode, Plan, ZoneCode};

/// Sentences for one set of changes; what is beyond is counted.
const SENTENCES: usize = 12;

/// The zones that share a set of changes, and what of them changes.
struct ChangeSet {
    zones: BTreeSet<ZoneCode>,
    subjects: BTreeSet<Subject>,
}

/// What each set of changes of a plan means. `before` is how the zones were observed, `after` what they hold once the
/// plan is carried out.
pub fn impact(plan: &Plan, before: &Settings, after: &Settings) -> Vec<Impact> {
    let mut impacts = Vec::new();
    for group in plan.groups.iter().filter(|group| group.state == GroupState::Changes) {
        let set = ChangeSet::of(&group.zones, plan);
        if set.subjects.is_empty() {
            continue;
        }
        let changed: Vec<_> = group.zones.iter().map(|zone| zone.0.clone()).collect();
        let mut tell = |topic: &str, said: Vec<String>| {
            let more = said.len().saturating_sub(SENTENCES);
            let rest = (more > 0).then(|| format!("and {more} more effects of this sort"));
            let told = said.into_iter().take(SENTENCES).chain(rest);
            impacts.extend(told.map(|says| Impact { topic: topic.into(), changed: changed.clone(), says }));
        };
        if set.has(&Subject::ImportPermissions) {
            tell("import", import::effects(before, after));
        }
    }
    impacts
}

impl ChangeSet {
    fn of(zones: &[ZoneCode], plan: &Plan) -> Self {
        let steps = zones.iter().filter_map(|zone| plan.zones.get(zone)).flat_map(|zone| &zone.collections);
        let moved = steps.filter(|step| {
            let mut changes = step.diff.outcome.iter().flat_map(|found| &found.changes);
            changes.any(|change| matches!(change.mode, Mode::Apply | Mode::ByHand))
        });
        let names = moved.flat_map(|step| step.diff.asked.iter().chain([&step.diff.id]));
        Self { zones: zones.iter().cloned().collect(), subjects: names.filter_map(Subject::of).collect() }
    }

    fn has(&self, subject: &Subject) -> bool {
        self.subjects.contains(subject)
    }
}
