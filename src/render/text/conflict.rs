//! Text of conflicts, and number of records by change origin.

use super::formatting::thousands;
use crate::model::{
    ApplyMode, Change, ChangeAction, ChangeConflict, ConflictPolicy, FieldChange, FieldValue, Plan,
};

/// Returns the lines about a conflict: values, resolution and policy.
pub fn conflict_lines(change: &Change) -> Vec<String> {
    let Some(conflict) = &change.conflict else {
        return match change.mode {
            ApplyMode::KeptTheirs => {
                vec!["left, because it cannot be had without what is left to the zone".to_owned()]
            }
            ApplyMode::Apply | ApplyMode::Report | ApplyMode::Manual | ApplyMode::Postponed => Vec::new(),
        };
    };
    let mut told = values(change, conflict);
    let manifest = &conflict.manifest;
    told.push(match (conflict.then, change.mode) {
        (_, ApplyMode::Report) => "it is only reported".to_owned(),
        (ConflictPolicy::Defer, _) => format!(
            "look at it, then decide with `conflict: ours` or `conflict: theirs` in {manifest}, or make the \
             manifest say what the zone holds"
        ),
        (ConflictPolicy::Ours, _) => {
            format!("written all the same, because {manifest} says `conflict: ours`")
        }
        (ConflictPolicy::Theirs, _) => {
            format!("left to the zone, because both changed it and {manifest} says `conflict: theirs`")
        }
    });
    told
}

fn values(change: &Change, conflict: &ChangeConflict) -> Vec<String> {
    let by = match (&change.updated_by, &change.update_date) {
        (Some(by), Some(date)) => format!(" (by {by}, {date})"),
        (Some(by), None) => format!(" (by {by})"),
        (None, Some(date)) => format!(" ({date})"),
        (None, None) => String::new(),
    };
    let Some(applied) = &conflict.applied else {
        return vec![format!("it was gone when zonal applied it, and is there now{by}")];
    };
    let null = FieldValue::Null;
    let line = |name: &str, was: &FieldValue, is: &FieldValue, wanted: &str| {
        format!("`{name}` was {was} when zonal applied it; the zone now {is}{by}; the manifest now {wanted}")
    };
    match change.action {
        ChangeAction::Create => {
            let said = change.field_changes.iter().filter_map(|edit| Some((edit, applied.get(&edit.name)?)));
            let other = said.filter(|(edit, was)| **was != edit.after);
            let other = other.map(|(FieldChange { name, after, .. }, was)| {
                format!("`{name}` was {was} when zonal applied it; the manifest now {after}")
            });
            std::iter::once("the zone has removed it since zonal applied it".to_owned())
                .chain(other)
                .collect()
        }
        ChangeAction::Update => {
            let said = change.field_changes.iter().filter_map(|edit| Some((edit, applied.get(&edit.name)?)));
            said.map(|(FieldChange { name, before, after, .. }, was)| {
                line(name, was, before.as_ref().unwrap_or(&null), &after.to_string())
            })
            .collect()
        }
        ChangeAction::Delete => {
            let said =
                applied.iter().map(|(name, was)| (name, was, change.before.get(name).unwrap_or(&null)));
            said.filter(|(_, was, is)| was != is)
                .map(|(name, was, is)| line(name, was, is, "wants the record gone"))
                .collect()
        }
    }
}

/// Returns the number of records by change origin, in a sentence.
///
/// `None` if the origin is unknown or there are no records.
pub fn classes(plan: &Plan) -> Option<String> {
    if !plan.compared.has_base() {
        return None;
    }
    let counts = plan.counts();
    let alike = match counts.converged {
        0 => String::new(),
        number => format!(" ({} of them changed alike by both)", thousands(number as u64)),
    };
    let classes = [
        (counts.in_sync, format!("in sync{alike}")),
        (counts.pending, "pending".to_owned()),
        (counts.drifted, "drifted".to_owned()),
        (counts.conflict, "in conflict".to_owned()),
    ];
    let classes: Vec<String> = (classes.iter().filter(|(number, _)| *number > 0))
        .map(|(number, what)| format!("{} {what}", thousands(*number as u64)))
        .collect();
    (!classes.is_empty()).then(|| format!("Since it was applied last: {}.", classes.join(", ")))
}
