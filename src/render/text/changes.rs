//! Text of a change, in Terraform's format.

use std::fmt::Write as _;

use anstyle::Style;

use super::conflict;
use super::formatting::{ADD, BOLD, CHANGE, DIM, HAND, REMOVE, safe, styled, wrapped};
use super::value_change::value_change;
use crate::model::{
    ApplyMode, Change, ChangeAction, ChangeOrigin, Channel, CollectionId, DifferenceType, FieldChange,
    FieldValue, Provenance, ZoneFailure,
};

/// Writes a change without the zone, because many zones may share the change. Ends with an empty line.
pub fn change(out: &mut String, change: &Change, channel: Channel) {
    let fate = fate(change.mode, change.action, change.difference);
    let (style, symbol) = action_sign(change.mode, change.action);
    let address = change.address.without_zone();
    // Writing to a String cannot fail; this also holds below.
    let _ = writeln!(out, "  {}", styled(BOLD, format_args!("# {address} {fate}")));
    for remark in remarks(change, channel) {
        for line in wrapped(&format!("({remark})"), 106) {
            let _ = writeln!(out, "  {}", styled(DIM, format_args!("# {line}")));
        }
    }
    let symbol = styled(style, symbol);
    let table = safe(change.address.collection.name());
    let before = change
        .before
        .iter()
        .filter(|(_, value)| **value != FieldValue::Null)
        .map(|(name, value)| (safe(name), Some(value), None, None));
    let edits =
        change.field_changes.iter().map(|FieldChange { field: _, name, before, after, provenance }| {
            (safe(name), before.as_ref(), Some(after), Some(provenance))
        });
    let lines: Vec<_> = match change.action {
        ChangeAction::Delete => before.collect(),
        ChangeAction::Create | ChangeAction::Update => edits.collect(),
    };
    let (opening, closing) = if lines.is_empty() { ("", "\n") } else { (" {", "    }\n\n") };
    let _ = match change.address.key.0.is_empty() {
        true => writeln!(out, "  {symbol} {table}{opening}"),
        false => {
            let key = safe(format_args!("{:?}", change.address.key.to_string()));
            writeln!(out, "  {symbol} {table} {key}{opening}")
        }
    };
    let width = lines.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
    for (name, before, after, provenance) in lines {
        let before = match change.action {
            // Several matching records have no common previous value.
            ChangeAction::Update if change.matches.is_some() => None,
            ChangeAction::Update => before.or(Some(&FieldValue::Null)),
            ChangeAction::Create | ChangeAction::Delete => before,
        };
        let value = value_change(before, after);
        let by = provenance.filter(|by| by.override_index != change.provenance.override_index);
        let by = by.map(|by| styled(DIM, format_args!("  # {by}"))).unwrap_or_default();
        let _ = writeln!(out, "      {symbol} {name:width$} = {value}{by}");
    }
    out.push_str(closing);
}

/// Returns the sign of a change with its style.
pub(super) fn action_sign(mode: ApplyMode, action: ChangeAction) -> (Style, char) {
    match (mode, action) {
        (ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs, _) => (DIM, '.'),
        (ApplyMode::Manual, _) => (HAND, '>'),
        (ApplyMode::Apply, ChangeAction::Create) => (ADD, '+'),
        (ApplyMode::Apply, ChangeAction::Update) => (CHANGE, '~'),
        (ApplyMode::Apply, ChangeAction::Delete) => (REMOVE, '-'),
    }
}

/// Returns the effect on a record, in Terraform's wording.
pub fn fate(mode: ApplyMode, action: ChangeAction, drift: DifferenceType) -> &'static str {
    match (mode, action) {
        (ApplyMode::Apply, ChangeAction::Update) if drift == DifferenceType::Detached => {
            "is detached from the network, and will be updated in-place"
        }
        (ApplyMode::Manual, ChangeAction::Update) if drift == DifferenceType::Detached => {
            "is detached from the network, and must be updated by hand"
        }
        (ApplyMode::Report, ChangeAction::Update) if drift == DifferenceType::Detached => {
            "is detached from the network, which will only be reported"
        }
        (ApplyMode::Postponed, ChangeAction::Update) if drift == DifferenceType::Detached => {
            "is detached from the network, and stays so until a later apply"
        }
        (ApplyMode::KeptTheirs, ChangeAction::Update) if drift == DifferenceType::Detached => {
            "is detached from the network, and is left to the zone"
        }
        (ApplyMode::KeptTheirs, ChangeAction::Create) => "is missing, and is left to the zone",
        (ApplyMode::KeptTheirs, ChangeAction::Update) => "differs, and is left to the zone",
        (ApplyMode::KeptTheirs, ChangeAction::Delete) => "should not be there, and is left to the zone",
        (ApplyMode::Postponed, ChangeAction::Create) => "is missing, and left for a later apply",
        (ApplyMode::Postponed, ChangeAction::Update) => "differs, and is left for a later apply",
        (ApplyMode::Postponed, ChangeAction::Delete) => "should not be there, and is left for a later apply",
        (ApplyMode::Apply, ChangeAction::Create) => "will be created",
        (ApplyMode::Apply, ChangeAction::Update) => "will be updated in-place",
        (ApplyMode::Apply, ChangeAction::Delete) => "will be destroyed",
        // A record without attestation may or may not exist.
        (ApplyMode::Manual, ChangeAction::Create) => "must be set up by hand",
        (ApplyMode::Manual, ChangeAction::Update) => "must be updated by hand",
        (ApplyMode::Manual, ChangeAction::Delete) => "must be removed by hand",
        (ApplyMode::Report, ChangeAction::Create) => "is missing, and will only be reported",
        (ApplyMode::Report, ChangeAction::Update) => "differs, and will only be reported",
        (ApplyMode::Report, ChangeAction::Delete) => "should not be there, and will only be reported",
    }
}

/// Returns the comments of a change: declaration, origin, conflict, reason, notes and last author.
pub fn remarks(change: &Change, channel: Channel) -> Vec<String> {
    let way = match channel {
        Channel::Api | Channel::Runbook => "",
        Channel::Gateway => ", over the gateway",
    };
    let mut remarks = vec![format!("{}{way}", change.provenance.declaration())];
    remarks.extend(change.origin.map(|origin| origin_text(origin).to_owned()));
    remarks.extend(conflict::conflict_lines(change));
    remarks.extend(change.reason.clone());
    remarks.extend(change.notes.iter().map(ToString::to_string));
    remarks.extend(last_changed(change));
    remarks
}

/// Returns the author and date of the last change, if known from the zone.
pub fn last_changed(change: &Change) -> Option<String> {
    let attested = change.mode == ApplyMode::Manual;
    match (&change.updated_by, &change.update_date) {
        (Some(by), Some(date)) if attested => Some(format!("something else was attested by {by} on {date}")),
        (Some(by), Some(date)) => Some(format!("last changed by {by} on {date}")),
        (Some(by), None) => Some(format!("last changed by {by}")),
        (None, Some(date)) => Some(format!("last changed on {date}")),
        (None, None) => None,
    }
}

/// Returns the description of a change origin.
pub fn origin_text(origin: ChangeOrigin) -> &'static str {
    match origin {
        ChangeOrigin::Drifted => "drifted: the zone left what the manifests have said all along",
        // Also for records that an interrupted run did not reach, where no manifest changed.
        ChangeOrigin::Pending => "pending: not applied yet",
        ChangeOrigin::Conflict => "conflict: both the manifests and the zone changed it, each in its own way",
    }
}

/// Writes a collection that cannot be planned. Ends with an empty line.
pub fn write_failed_collection(
    out: &mut String,
    id: &CollectionId,
    failure: &ZoneFailure,
    provenance: &Provenance,
) {
    let head = format_args!("# {id} cannot be planned");
    let _ = writeln!(out, "  {}", styled(BOLD, head));
    let _ = writeln!(out, "  {}", styled(DIM, format_args!("# ({})", provenance.declaration())));
    let _ = writeln!(out, "  {} {}", styled(REMOVE, '!'), safe(failure));
    if let Some(help) = &failure.help {
        let _ = writeln!(out, "    help: {}", safe(help));
    }
    out.push('\n');
}
