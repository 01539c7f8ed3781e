//! Text of the history: newest first, grouped by run and collection.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::formatting::{ADD, BOLD, CHANGE, DIM, REMOVE, moment, safe, styled};
use super::value_change::value_change;
use crate::model::text_safety::escape_invisible;
use crate::model::{
    AppliedField, ChangeAction, CollectionId, FieldValue, HistoryEntry, Run, RunAuthor, RunId,
    VerificationStatus, ZoneCode,
};

/// Returns history entries with their runs.
pub fn history(entries: &[HistoryEntry], runs: &BTreeMap<RunId, Run>) -> String {
    let mut out = String::new();
    let mut run: Option<RunId> = None;
    let mut collection: Option<(&ZoneCode, &CollectionId)> = None;
    for entry in entries {
        if run != Some(entry.run) {
            head(&mut out, entry.run, runs.get(&entry.run));
            (run, collection) = (Some(entry.run), None);
        }
        let place = (&entry.address.zone, &entry.address.collection);
        if collection != Some(place) {
            // Writing to a String cannot fail; this also holds below.
            let _ = writeln!(out, "\n  {}", styled(BOLD, format_args!("{}/{}", place.0, place.1)));
            collection = Some(place);
        }
        self::entry(&mut out, entry);
    }
    out
}

/// Returns commit, actor and pipeline of a run, one line each; empty if unknown.
pub fn author(author: &RunAuthor) -> Vec<String> {
    let RunAuthor { committer, commit, actor, pipeline } = author;
    let short = |commit: &String| {
        let (hash, changed) = commit.strip_suffix('+').map_or((&**commit, ""), |hash| (hash, "+"));
        format!("{}{changed}", hash.chars().take(12).collect::<String>())
    };
    let commit = commit.as_ref().map(|commit| format!("commit {}", short(commit)));
    let by = committer.as_ref().map(|committer| format!("by {committer}"));
    let committed: Vec<String> = commit.into_iter().chain(by).collect();
    let mut lines = Vec::new();
    lines.extend((!committed.is_empty()).then(|| committed.join(" ")));
    lines.extend(actor.as_ref().map(|actor| format!("started by {actor}")));
    lines.extend(pipeline.clone());
    lines
}

fn head(out: &mut String, id: RunId, run: Option<&Run>) {
    if !out.is_empty() {
        out.push('\n');
    }
    let Some(run) = run else {
        let _ = writeln!(out, "{}", styled(BOLD, id));
        return;
    };
    let reverts = run.reverts.map(|of| format!(" of {of}")).unwrap_or_default();
    let what = format!("{id} {}{reverts}", run.operation.as_str());
    let _ = writeln!(out, "{}, {}, plan {}", styled(BOLD, what), moment(&run.started_at), run.plan.short());
    for line in author(&run.author) {
        let _ = writeln!(out, "  {}", styled(DIM, escape_invisible(&line)));
    }
}

fn entry(out: &mut String, entry: &HistoryEntry) {
    let done = &entry.done;
    let (style, symbol) = match done.action {
        ChangeAction::Create => (ADD, '+'),
        ChangeAction::Update => (CHANGE, '~'),
        ChangeAction::Delete => (REMOVE, '-'),
    };
    let symbol = styled(style, symbol);
    let name = match entry.address.key.0.is_empty() {
        true => safe(entry.address.collection.name()),
        false => safe(format_args!("{:?}", entry.address.key.to_string())),
    };
    let remark = format!("#{} {}, {} {}", entry.number, moment(&entry.at), done.manifest, done.declared_at);
    let _ =
        writeln!(out, "  {symbol} {name}  {}", styled(DIM, format_args!("# {}", escape_invisible(&remark))));
    if let Some(reason) = &done.reason {
        let _ = writeln!(out, "      {}", styled(DIM, format_args!("# {}", escape_invisible(reason))));
    }
    match entry.verification {
        VerificationStatus::Verified => {}
        VerificationStatus::Unverified => {
            let _ = writeln!(out, "      {} sent, but not verified", styled(REMOVE, '!'));
        }
    }
    let held = || done.before.iter().filter(|(_, value)| **value != FieldValue::Null);
    let width = |names: &mut dyn Iterator<Item = usize>| names.max().unwrap_or(0);
    match done.action {
        ChangeAction::Delete => {
            let width = width(&mut held().map(|(name, _)| safe(name).chars().count()));
            for (name, value) in held() {
                let name = safe(name);
                let _ = writeln!(out, "      {symbol} {name:width$} = {}", value_change(Some(value), None));
            }
        }
        ChangeAction::Create | ChangeAction::Update => {
            let width = width(&mut done.field_changes.iter().map(|edit| safe(&edit.name).chars().count()));
            for AppliedField { field: _, name, before, after } in &done.field_changes {
                let name = safe(name);
                let before = match done.action {
                    ChangeAction::Create => None,
                    ChangeAction::Update | ChangeAction::Delete => {
                        Some(before.as_ref().unwrap_or(&FieldValue::Null))
                    }
                };
                let _ = writeln!(out, "      {symbol} {name:width$} = {}", value_change(before, Some(after)));
            }
        }
    }
}
