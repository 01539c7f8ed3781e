//! One change as Terraform would show it.

use std::fmt::Write as _;

use super::words::{ADD, BOLD, CHANGE, DIM, HAND, REMOVE, styled, wrapped};
use super::{conflict, lines};
use crate::model::{
    Action, Change, Channel, CollectionId, Drift, Edit, Failure, Mode, Origin, Provenance, Value,
};

/// A change, without its zone: many zones may share it. Ends with an empty line.
pub fn change(out: &mut String, change: &Change, channel: Channel) {
    told(out, change, channel, fate(change.mode, change.action, change.drift));
}

/// The same, of a zone that was only looked at for drift.
pub fn drifted(out: &mut String, change: &Change, channel: Channel) {
    told(out, change, channel, state(change));
}

fn told(out: &mut String, change: &Change, channel: Channel, fate: &str) {
    let (style, symbol) = match (change.mode, change.action) {
        (Mode::Report | Mode::Later | Mode::Left, _) => (DIM, '.'),
        (Mode::ByHand, _) => (HAND, '>'),
        (Mode::Apply, Action::Create) => (ADD, '+'),
        (Mode::Apply, Action::Update) => (CHANGE, '~'),
        (Mode::Apply, Action::Delete) => (REMOVE, '-'),
    };
    let address = match change.address.key.0.is_empty() {
        true => change.address.collection.to_string(),
        false => format!("{}/{}", change.address.collection, change.address.key),
    };
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(out, "  {}", styled(BOLD, format_args!("# {address} {fate}")));
    for remark in remarks(change, channel) {
        for line in wrapped(&format!("({remark})"), 106) {
            let _ = writeln!(out, "  {}", styled(DIM, format_args!("# {line}")));
        }
    }
    let symbol = styled(style, symbol);
    let table = change.address.collection.name();
    let before = change
        .before
        .iter()
        .filter(|(_, value)| **value != Value::Null)
        .map(|(name, value)| (name, Some(value), None, None));
    let edits = change.edits.iter().map(|Edit { field: _, name, before, after, provenance }| {
        (name, before.as_ref(), Some(after), Some(provenance))
    });
    let lines: Vec<_> = match change.action {
        Action::Delete => before.collect(),
        Action::Create | Action::Update => edits.collect(),
    };
    let (opening, closing) = if lines.is_empty() { ("", "\n") } else { (" {", "    }\n\n") };
    let _ = match change.address.key.0.is_empty() {
        true => writeln!(out, "  {symbol} {table}{opening}"),
        false => writeln!(out, "  {symbol} {table} {:?}{opening}", change.address.key.to_string()),
    };
    let width = lines.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
    for (name, before, after, provenance) in lines {
        let value = match (change.action, before, after) {
            (_, before, after) if lines::are_several(before, after) => {
                let mut several = String::new();
                lines::write(&mut several, before, after);
                several
            }
            // What each of the records holds, nobody knows.
            (Action::Update, _, Some(after)) if change.each.is_some() => after.to_string(),
            (Action::Update, before, Some(after)) => {
                format!("{} -> {after}", before.map_or_else(|| "null".to_owned(), ToString::to_string))
            }
            (_, _, Some(after)) => after.to_string(),
            (_, Some(before), None) => before.to_string(),
            (_, None, None) => String::new(),
        };
        let by = provenance.filter(|by| by.override_index != change.provenance.override_index);
        let by = by.map(|by| styled(DIM, format_args!("  # {by}"))).unwrap_or_default();
        let _ = writeln!(out, "      {symbol} {name:width$} = {value}{by}");
    }
    out.push_str(closing);
}

/// What becomes of a record, in Terraform's words.
pub fn fate(mode: Mode, action: Action, drift: Drift) -> &'static str {
    match (mode, action) {
        (Mode::Apply, Action::Update) if drift == Drift::Detached => {
            "is detached from the network, and will be updated in-place"
        }
        (Mode::ByHand, Action::Update) if drift == Drift::Detached => {
            "is detached from the network, and must be updated by hand"
        }
        (Mode::Report, Action::Update) if drift == Drift::Detached => {
            "is detached from the network, which will only be reported"
        }
        (Mode::Later, Action::Update) if drift == Drift::Detached => {
            "is detached from the network, and stays so until a later apply"
        }
        (Mode::Left, Action::Update) if drift == Drift::Detached => {
            "is detached from the network, and is left to the zone"
        }
        (Mode::Left, Action::Create) => "is missing, and is left to the zone",
        (Mode::Left, Action::Update) => "differs, and is left to the zone",
        (Mode::Left, Action::Delete) => "should not be there, and is left to the zone",
        (Mode::Later, Action::Create) => "is missing, and left for a later apply",
        (Mode::Later, Action::Update) => "differs, and is left for a later apply",
        (Mode::Later, Action::Delete) => "should not be there, and is left for a later apply",
        (Mode::Apply, Action::Create) => "will be created",
        (Mode::Apply, Action::Update) => "will be updated in-place",
        (Mode::Apply, Action::Delete) => "will be destroyed",
        // What nobody has attested may be there or not.
        (Mode::ByHand, Action::Create) => "must be set up by hand",
        (Mode::ByHand, Action::Update) => "must be updated by hand",
        (Mode::ByHand, Action::Delete) => "must be removed by hand",
        (Mode::Report, Action::Create) => "is missing, and will only be reported",
        (Mode::Report, Action::Update) => "differs, and will only be reported",
        (Mode::Report, Action::Delete) => "should not be there, and will only be reported",
    }
}

/// What has become of a record, whatever will be done about it.
fn state(change: &Change) -> &'static str {
    match (change.origin, change.action) {
        (Some(Origin::Pending), Action::Create) => "is not there yet",
        (Some(Origin::Pending), Action::Update) => "is to be updated by the next apply",
        (Some(Origin::Pending), Action::Delete) => "is to be deleted by the next apply",
        (_, Action::Create) if change.mode == Mode::ByHand => "is not attested",
        (_, Action::Create) => "is missing",
        (_, Action::Update) if change.drift == Drift::Detached => "has been detached from the network",
        (_, Action::Update) => "has drifted",
        (_, Action::Delete) => "should not be there",
    }
}

/// What stands below the head of a change: who wants it, why, what it means, who was there last.
pub fn remarks(change: &Change, channel: Channel) -> Vec<String> {
    let Provenance { place: _, manifest, override_index: _ } = &change.provenance;
    let way = match channel {
        Channel::Api | Channel::Runbook => "",
        Channel::Gateway => ", over the gateway",
    };
    let mut remarks = vec![format!("{manifest}, {}{way}", change.provenance)];
    remarks.extend(change.origin.map(|origin| moved(origin).to_owned()));
    remarks.extend(conflict::told(change));
    remarks.extend(change.reason.clone());
    remarks.extend(change.notes.iter().map(ToString::to_string));
    remarks.extend(last_changed(change));
    remarks
}

/// Who was at the record last, where the zone says so.
pub fn last_changed(change: &Change) -> Option<String> {
    let attested = change.mode == Mode::ByHand;
    match (&change.updated_by, &change.update_date) {
        (Some(by), Some(date)) if attested => Some(format!("something else was attested by {by} on {date}")),
        (Some(by), Some(date)) => Some(format!("last changed by {by} on {date}")),
        (Some(by), None) => Some(format!("last changed by {by}")),
        (None, Some(date)) => Some(format!("last changed on {date}")),
        (None, None) => None,
    }
}

/// Who moved.
pub fn moved(origin: Origin) -> &'static str {
    match origin {
        Origin::Drifted => "drifted: the zone left what the manifests have said all along",
        Origin::Pending => "pending: the manifests changed, and the zone still holds what they said before",
        Origin::Conflict => "conflict: both the manifests and the zone changed it, each in its own way",
    }
}

/// A collection that cannot be planned. Ends with an empty line.
pub fn blocked(out: &mut String, id: &CollectionId, failure: &Failure, provenance: &Provenance) {
    let head = format_args!("# {id} cannot be planned");
    let _ = writeln!(out, "  {}", styled(BOLD, head));
    let _ = writeln!(out, "  {}", styled(DIM, format_args!("# ({}, {provenance})", provenance.manifest)));
    let _ = writeln!(out, "  {} {}", styled(REMOVE, '!'), failure);
    if let Some(help) = &failure.help {
        let _ = writeln!(out, "    help: {help}");
    }
    out.push('\n');
}
