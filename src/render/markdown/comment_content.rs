//! A plan as a page needs it: counted, and in the order in which it is shown.

use std::collections::BTreeMap;

use super::CommentPurpose;
use crate::model::{ChangeGroup, ChangeGroupState, Plan, PlanCounts, ZoneCode, ZonePlan};
use crate::render::text;

/// A plan, counted once.
pub struct CommentContent<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What the page answers.
    pub about: CommentPurpose,
    /// What all zones add up to.
    pub counts: PlanCounts,
    /// The sets of changes, those that destroy something first.
    pub groups: Vec<ChangeSet<'a>>,
    /// What could not be asked: why, and in which zones.
    pub unknown: BTreeMap<(&'a str, Option<&'a str>), Vec<&'a ZoneCode>>,
    /// What apply does not begin: why, and in which zones.
    pub held: BTreeMap<String, Vec<&'a ZoneCode>>,
    /// What is worth telling although nothing changes.
    pub notes: BTreeMap<&'a str, Vec<&'a ZoneCode>>,
    /// What manifests have let go.
    pub released: BTreeMap<String, Vec<&'a ZoneCode>>,
}

/// One set of changes.
pub struct ChangeSet<'a> {
    /// Its letter, the same as in the text of the plan.
    pub letter: String,
    /// Its zones.
    pub group: &'a ChangeGroup,
    /// The first of them, which stands for all.
    pub zone: &'a ZonePlan,
    /// What the changes of one of them add up to.
    pub counts: PlanCounts,
}

impl<'a> CommentContent<'a> {
    /// Counts a plan.
    pub fn from_plan(plan: &'a Plan, about: CommentPurpose) -> Self {
        let changing = plan.change_groups.iter().filter(|group| group.state == ChangeGroupState::Changes);
        let mut groups: Vec<ChangeSet<'a>> = changing
            .enumerate()
            .filter_map(|(index, group)| {
                let zone = group.zones.first().and_then(|first| plan.zones.get(first))?;
                Some(ChangeSet { letter: text::letter(index), group, zone, counts: zone.counts() })
            })
            .collect();
        groups.sort_by_key(|set| set.counts.destroy == 0);
        let mut unknown: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut held: BTreeMap<String, Vec<&ZoneCode>> = BTreeMap::new();
        for (code, zone) in &plan.zones {
            if let Some(failure) = &zone.failure {
                let why = (failure.message.as_str(), failure.help.as_deref());
                unknown.entry(why).or_default().push(code);
            }
            if let Some(hold) = &zone.deferral {
                held.entry(hold.to_string()).or_default().push(code);
            }
            for step in &zone.collections {
                if let Some(hold) = &step.deferral {
                    held.entry(format!("{} {hold}", step.diff.id)).or_default().push(code);
                }
            }
        }
        Self {
            plan,
            about,
            counts: plan.counts(),
            groups,
            unknown,
            held,
            notes: text::notes(plan),
            released: text::unmanaged_notes(plan),
        }
    }

    /// Whether an approval makes sense, given that everything is told.
    pub fn has_something_to_approve(&self) -> bool {
        self.about == CommentPurpose::Plan && (self.plan.has_work() || self.counts.manual > 0)
    }

    /// Zones that could not be asked, or only in part.
    pub fn not_asked(&self) -> usize {
        self.unknown.values().map(Vec::len).sum()
    }
}
