//! Precomputed content of a comment: totals, change sets in output order, and failures.

use std::collections::BTreeMap;

use super::CommentPurpose;
use crate::model::{ChangeGroup, ChangeGroupState, Plan, PlanCounts, ZoneCode, ZonePlan};
use crate::render::text::{self, DiffSections};

/// Content of a comment, computed once per plan.
pub struct CommentContent<'a> {
    /// Plan.
    pub plan: &'a Plan,
    /// Purpose of the comment.
    pub about: CommentPurpose,
    /// Totals of all zones.
    pub counts: PlanCounts,
    /// Change sets, those with deletions first.
    pub groups: Vec<ChangeSet<'a>>,
    /// Decisions as diff blocks.
    pub decisions: DiffSections,
    /// Unreadable zones, by message and help.
    pub unknown: BTreeMap<(&'a str, Option<&'a str>), Vec<&'a ZoneCode>>,
    /// Zones with collections that cannot be planned, by collection, message and help.
    pub blocked: BTreeMap<(String, &'a str, Option<&'a str>), Vec<&'a ZoneCode>>,
    /// Zones with deferrals, by reason.
    pub held: BTreeMap<String, Vec<&'a ZoneCode>>,
    /// Zones with notes about unchanged records, by note.
    pub notes: BTreeMap<&'a str, Vec<&'a ZoneCode>>,
    /// Records that no manifest declares any more, one sentence for each manifest and collection.
    pub undeclared: Vec<String>,
    /// Zones with unmanaged records, by description.
    pub released: BTreeMap<String, Vec<&'a ZoneCode>>,
}

/// Change set.
pub struct ChangeSet<'a> {
    /// Letter, the same as in the text output.
    pub letter: String,
    /// Change group with the zones.
    pub group: &'a ChangeGroup,
    /// First zone, which represents the group.
    pub zone: &'a ZonePlan,
    /// Totals of one zone.
    pub counts: PlanCounts,
}

impl<'a> CommentContent<'a> {
    /// Computes the content of a plan.
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
        let mut blocked: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (code, zone) in &plan.zones {
            if let Some(failure) = &zone.failure {
                let why = (failure.message.as_str(), failure.help.as_deref());
                unknown.entry(why).or_default().push(code);
            }
            if let Some(hold) = &zone.deferral {
                held.entry(hold.to_string()).or_default().push(code);
            }
            for step in &zone.collections {
                if let Err(failure) = &step.diff.outcome
                    && zone.failure.is_none()
                {
                    let why = (step.diff.id.to_string(), failure.message.as_str(), failure.help.as_deref());
                    blocked.entry(why).or_default().push(code);
                }
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
            blocked,
            held,
            decisions: text::diff_sections(plan, about == CommentPurpose::Drift),
            notes: text::notes(plan),
            undeclared: text::undeclared_sentences(plan),
            released: text::unmanaged_notes(plan),
        }
    }

    /// Returns true if the plan contains changes to approve. Ignores omitted content.
    pub fn has_something_to_approve(&self) -> bool {
        self.about == CommentPurpose::Plan && (self.plan.has_work() || self.counts.manual > 0)
    }

    /// Returns the number of zones that zonal could not read completely.
    pub fn not_asked(&self) -> usize {
        self.unknown.values().map(Vec::len).sum()
    }
}
