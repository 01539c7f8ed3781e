//! CSV output of the history (RFC 4180), one line per field change.
//!
//! Spreadsheets evaluate a cell that begins with `=`, `+`, `-` or `@` as a formula. Any user of a zone may
//! write such values. zonal therefore prefixes the cell with an apostrophe, the spreadsheet marker for
//! text, and escapes control characters. Programs read the JSON output, which contains unmodified values.

use std::collections::BTreeMap;

use crate::model::text_safety::escape_invisible;
use crate::model::{ChangeAction, FieldValue, HistoryEntry, Run, RunId, VerificationStatus};

/// Column names, in output order.
const COLUMNS: [&str; 24] = [
    "number",
    "at",
    "run",
    "operation",
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
    "declared_at",
    "reason",
    "verification",
    "committer",
    "commit",
    "actor",
    "pipeline",
    "plan",
    "hash",
];

/// Returns history entries with their runs as CSV.
///
/// A deleted record gets one line per field, a change without field changes one line.
pub fn history(entries: &[HistoryEntry], runs: &BTreeMap<RunId, Run>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing rows of equal length to memory cannot fail.
    let _ = writer.write_record(COLUMNS);
    for entry in entries {
        for (field, before, after) in fields(entry) {
            let cells = cells(entry, runs.get(&entry.run), [field, before, after]);
            let _ = writer.write_record(cells.map(harmless));
        }
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
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

/// Returns a value without quotes, with a line for each text of a list.
fn value_text(value: &FieldValue) -> String {
    match value {
        FieldValue::Null => String::new(),
        FieldValue::Bool(flag) => flag.to_string(),
        FieldValue::Text(text) => text.to_string(),
        FieldValue::List(texts) => texts.join("\n"),
    }
}

/// Returns a cell that no spreadsheet evaluates as a formula, and that is safe to print: only line breaks stay.
fn harmless(cell: String) -> String {
    let is_formula = cell.starts_with(FORMULA_STARTS);
    let lines: Vec<String> = cell.split('\n').map(escape_invisible).collect();
    format!("{}{}", if is_formula { "'" } else { "" }, lines.join("\n"))
}

/// First characters of formulas, also in their wide forms, and characters that spreadsheets skip before them.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn cell_that_spreadsheets_would_evaluate_is_text() {
        assert_eq!(harmless("Main Library".to_owned()), "Main Library");
        for wrong in ["=1", "+1", "-1", "@a", "\n=1", "＝1", "=HYPERLINK(\"x\",1)"] {
            assert_eq!(harmless(wrong.to_owned()), format!("'{wrong}"));
        }
    }

    #[test]
    fn cell_contains_no_control_character_except_line_breaks() {
        assert_eq!(harmless("a\u{1b}[2J\nb\u{9b}\u{202e}".to_owned()), "a\\u{1b}[2J\nb\\u{9b}\\u{202e}");
        assert_eq!(harmless("\t=1".to_owned()), "'\\t=1");
    }
}
