//! What a plan means: the same questions, asked before and after, and only those whose answer can have changed.
//!
//! What many members have in common is told once, be their changes alike or each of its own: every member's linked
//! account rules name all others. However large the network, the number of questions is bounded, and long lists
//! become counts.

mod access;
mod blocks;
mod import;
mod patron;
mod tasks;
mod visibility;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::settings::Settings;
use super::subject::Subject;
use crate::model::{Impact, Mode, Plan, ZoneCode};

/// Sentences about one topic; how many more there are is counted.
const SENTENCES: usize = 12;

/// One sentence, and the zones whose changes have this effect.
struct Effect {
    changed: BTreeSet<ZoneCode>,
    says: String,
}

/// What a plan means. `before` is how the zones were observed, `after` what they hold once the plan is carried out.
pub fn impact(plan: &Plan, before: &Settings, after: &Settings) -> Vec<Impact> {
    let moved = moved(plan);
    let zones = |subjects: &[Subject]| -> BTreeSet<ZoneCode> {
        subjects.iter().filter_map(|subject| moved.get(subject)).flatten().cloned().collect()
    };
    let imports = zones(&[Subject::ImportPermissions]);
    let rules = zones(&[Subject::LinkedAccountRules]);
    let defined = zones(&[Subject::BlockDefinitions, Subject::BlockDescriptions]);
    let restricted = zones(&[Subject::RestrictedUsers]);
    let subjects: BTreeSet<Subject> = moved.keys().cloned().collect();
    let is_of_access =
        |subject: &Subject| *subject == Subject::AvailabilityGroups || subject.resource().is_some();
    let available: Vec<Subject> = subjects.iter().filter(|subject| is_of_access(subject)).cloned().collect();
    let available = zones(&available);
    let (lists, matrix) = (zones(&[Subject::TaskList]), zones(&[Subject::Dismissal]));
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
            let says = format!("{} more effects of this sort", beyond.len());
            let changed = beyond.into_iter().flat_map(|effect| effect.changed).collect();
            effects.push(Effect { changed, says });
        }
        impacts.extend(effects.into_iter().map(|Effect { changed, says }| Impact {
            topic: topic.into(),
            changed: changed.into_iter().map(|zone| zone.0).collect(),
            says,
        }));
    }
    impacts
}

/// Which zones a plan changes, subject by subject.
fn moved(plan: &Plan) -> BTreeMap<Subject, BTreeSet<ZoneCode>> {
    let mut moved: BTreeMap<Subject, BTreeSet<ZoneCode>> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        for step in &zone.collections {
            let mut changes = step.diff.outcome.iter().flat_map(|found| &found.changes);
            if changes.any(|change| matches!(change.mode, Mode::Apply | Mode::ByHand)) {
                let subject = step.diff.asked.iter().chain([&step.diff.id]).find_map(Subject::of);
                if let Some(subject) = subject {
                    moved.entry(subject).or_default().insert(code.clone());
                }
            }
        }
    }
    moved
}
