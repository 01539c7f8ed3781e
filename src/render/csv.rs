//! For spreadsheets: the history as RFC 4180 has it, one line for each field that was set.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula and carries it out, and what
//! zones hold is written by many people. Such a cell gets an apostrophe before it, which spreadsheets take for "this is text".
//! Programs read the JSON, which says everything as it is.

use std::collections::BTreeMap;

use crate::model::{ChangeAction, FieldValue, HistoryEntry, Run, RunId, VerificationStatus};

/// The columns, in their order.
const COLUMNS: [&str; 24] = [
    "number",
    "at",
    "run",
    "deed",
    "network",
    "environment",
    "zone",
    "collection",
    "record",
    "address",
    "action",
    "field",
    "before",
    "after",
    "manifest",
    "place",
    "reason",
    "proof",
    "committer",
    "commit",
    "actor",
    "pipeline",
    "plan",
    "hash",
];

/// Entries of the history, and the runs that made them. A record that was deleted has one line for each field
/// that it held; a change that set no field has one line.
pub fn history(entries: &[HistoryEntry], runs: &BTreeMap<RunId, Run>) -> String {
    let mut out = String::new();
    write_row(&mut out, COLUMNS.map(str::to_owned));
    for entry in entries {
        for (field, before, after) in fields(entry) {
            write_row(&mut out, cells(entry, runs.get(&entry.run), [field, before, after]));
        }
    }
    out
}

fn fields(entry: &HistoryEntry) -> Vec<(String, String, String)> {
    let done = &entry.done;
    let fields: Vec<(String, String, String)> = match done.action {
        ChangeAction::Delete => (done.before.iter())
            .filter(|(_, value)| **value != FieldValue::Null)
            .map(|(name, value)| (name.to_string(), value_text(value), String::new()))
            .collect(),
        ChangeAction::Create | ChangeAction::Update => (done.field_changes.iter())
            .map(|edit| {
                let before = edit.before.as_ref().map(value_text).unwrap_or_default();
                (edit.name.to_string(), before, value_text(&edit.after))
            })
            .collect(),
    };
    if fields.is_empty() { vec![Default::default()] } else { fields }
}

fn cells(entry: &HistoryEntry, run: Option<&Run>, [field, before, after]: [String; 3]) -> [String; 24] {
    let HistoryEntry { number, run: id, at, network, environment, address, done, verification: proof, hash } =
        entry;
    let deed = run.map_or("", |run| run.operation.as_str());
    let action = match done.action {
        ChangeAction::Create => "create",
        ChangeAction::Update => "update",
        ChangeAction::Delete => "delete",
    };
    let proof = match proof {
        VerificationStatus::Verified => "verified",
        VerificationStatus::Unverified => "unverified",
    };
    let by = |said: fn(&Run) -> Option<&String>| run.and_then(said).cloned().unwrap_or_default();
    [
        number.to_string(),
        at.clone(),
        id.to_string(),
        deed.to_owned(),
        network.clone(),
        environment.clone().unwrap_or_default(),
        address.zone.to_string(),
        address.collection.to_string(),
        address.key.to_string(),
        address.to_string(),
        action.to_owned(),
        field,
        before,
        after,
        done.manifest.to_string(),
        done.declared_at.clone(),
        done.reason.clone().unwrap_or_default(),
        proof.to_owned(),
        by(|run| run.author.committer.as_ref()),
        by(|run| run.author.commit.as_ref()),
        by(|run| run.author.actor.as_ref()),
        by(|run| run.author.pipeline.as_ref()),
        run.map(|run| run.plan.to_string()).unwrap_or_default(),
        hash.to_string(),
    ]
}

/// A value without quotes; texts of a list stand in lines of their own.
fn value_text(value: &FieldValue) -> String {
    match value {
        FieldValue::Null => String::new(),
        FieldValue::Bool(flag) => flag.to_string(),
        FieldValue::Text(text) => text.to_string(),
        FieldValue::List(texts) => texts.join("\n"),
    }
}

fn write_row<const N: usize>(out: &mut String, cells: [String; N]) {
    let cells = cells.map(|cell| quote_cell(&harmless(&cell)));
    out.push_str(&cells.join(","));
    out.push_str("\r\n");
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: &str) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

fn quote_cell(cell: &str) -> String {
    match cell.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{harmless, quote_cell};

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_no_formula() {
        let cell = |text: &str| quote_cell(&harmless(text));
        assert_eq!(cell("Main Library"), "Main Library");
        assert_eq!(cell("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(cell("one\ntwo"), "\"one\ntwo\"");
        assert_eq!(cell("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
        for wrong in ["=1", "+1", "-1", "@a", "\t=1", "\r=1"] {
            assert!(cell(wrong).trim_start_matches('"').starts_with('\''), "{wrong:?}");
        }
    }
}
