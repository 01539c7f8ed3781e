//! Runbook: manual steps for people in Alma, grouped by zone.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::markdown::escape::{cell, code, page_prose};
use super::text::count;
use crate::model::text_safety::escape_invisible;
use crate::model::{
    ApplyMode, Change, ChangeAction, CollectionDiff, FieldName, FieldValue, Plan, Provenance, REVERT_OF,
};

/// All manual steps of a plan.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal runbook --json")]
pub struct RunbookJson {
    /// Network name.
    pub network: String,
    /// Environment, or null without an environment.
    pub environment: Option<String>,
    /// Description of the selection, or null for a complete plan.
    pub selection: Option<String>,
    /// Zones with manual steps.
    pub zones: Vec<RunbookZone>,
}

/// Manual steps of a zone, after one login.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunbookZone {
    /// Alma institution code.
    pub code: String,
    /// Zone name.
    pub name: String,
    /// Pages, in order.
    pub pages: Vec<RunbookPage>,
}

/// Page of Alma's configuration.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunbookPage {
    /// Collection, for example `LinkedAccountRules`.
    pub collection: String,
    /// Alma menu path, or an empty string if unknown.
    pub menu: String,
    /// Notes about the collection, such as the reason why it is not changed over the API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Manual steps, in order.
    pub steps: Vec<RunbookStep>,
}

/// Manual step for a record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunbookStep {
    /// Record address, as accepted by `zonal attest`.
    pub address: String,
    /// Action on the record.
    pub action: ChangeAction,
    /// Record key, or the field values shared by all records of the step.
    pub key: Vec<RunbookField>,
    /// True if the step applies to every record with these values, possibly none.
    pub each: bool,
    /// Fields to enter; empty for a removed record.
    pub entries: Vec<RunbookField>,
    /// Reasons.
    pub reasons: Vec<String>,
    /// Location of the declaration.
    pub declared_at: Provenance,
}

/// Field with the value to enter.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunbookField {
    /// Field name in manifests.
    pub field: String,
    /// Exact value.
    pub value: FieldValue,
}

/// Returns the manual steps of a plan.
pub fn runbook(plan: &Plan) -> RunbookJson {
    let zones = plan.zones.iter().map(|(code, zone)| RunbookZone {
        code: code.to_string(),
        name: zone.name.clone(),
        pages: zone.collections.iter().filter_map(|step| page(&step.diff)).collect(),
    });
    RunbookJson {
        network: plan.network.clone(),
        environment: plan.environment.clone(),
        selection: plan.selection.clone(),
        zones: zones.filter(|zone| !zone.pages.is_empty()).collect(),
    }
}

fn page(diff: &CollectionDiff) -> Option<RunbookPage> {
    let found = diff.outcome.as_ref().ok()?;
    let steps: Vec<RunbookStep> =
        found.changes.iter().filter(|change| change.mode == ApplyMode::Manual).map(step).collect();
    (!steps.is_empty()).then(|| RunbookPage {
        collection: diff.id.to_string(),
        menu: diff.shape.menu.to_string(),
        notes: found.notes.clone(),
        steps,
    })
}

fn step(change: &Change) -> RunbookStep {
    let entry = |(field, value): (&FieldName, &FieldValue)| RunbookField {
        field: field.to_string(),
        value: value.clone(),
    };
    let key = change.matches.as_ref().unwrap_or(&change.key);
    let is_key = |field: &FieldName| key.iter().any(|(key, _)| key == field);
    let edits = change.field_changes.iter().filter(|edit| !is_key(&edit.field));
    RunbookStep {
        address: change.address.to_string(),
        action: change.action,
        key: key.iter().map(|(field, value)| entry((field, value))).collect(),
        each: change.matches.is_some(),
        entries: edits.map(|edit| entry((&edit.name, &edit.after))).collect(),
        reasons: change.reason.iter().cloned().chain(change.notes.iter().map(ToString::to_string)).collect(),
        declared_at: change.provenance.clone(),
    }
}

/// Returns the runbook as Markdown, with a checkbox per step.
pub fn markdown(runbook: &RunbookJson) -> String {
    let mut out = String::new();
    let steps: usize = runbook.zones.iter().flat_map(|zone| &zone.pages).map(|page| page.steps.len()).sum();
    // Writing to a String cannot fail; this also holds below.
    let _ = writeln!(out, "# Runbook for {}\n", page_prose(&runbook.network));
    if let Some(selection) = &runbook.selection {
        let _ = writeln!(out, "Only {}.\n", page_prose(selection));
    }
    if steps == 0 {
        let _ = writeln!(out, "No manual steps.");
        return out;
    }
    let environment = runbook.environment.as_ref();
    let environment = environment
        .map(|name| format!(" --environment {}", escape_invisible(name).replace('`', "'")))
        .unwrap_or_default();
    let _ = writeln!(
        out,
        "{} in {}. Values are case-sensitive: type them exactly as shown, without the surrounding backticks. \
         To record that a zone is done: `zonal attest{environment} --zone CODE --all --by NAME`.",
        count(steps, "step"),
        count(runbook.zones.len(), "zone")
    );
    for zone in &runbook.zones {
        let code = page_prose(&zone.code);
        let _ = writeln!(out, "\n## {} ({code})\n\nLog in to {code}.", page_prose(&zone.name));
        for (index, page) in zone.pages.iter().enumerate() {
            let _ = writeln!(out, "\n### {}. {}\n", index + 1, page_prose(&page.collection));
            if !page.menu.is_empty() {
                let _ = writeln!(out, "Open {}.\n", page_prose(&page.menu));
            }
            for note in &page.notes {
                let _ = writeln!(out, "Note: {}.\n", page_prose(note));
            }
            page.steps.iter().for_each(|step| self::step_markdown(&mut out, step));
        }
    }
    out
}

fn step_markdown(out: &mut String, step: &RunbookStep) {
    let verb = if step.each && step.action == ChangeAction::Update { EACH } else { instruction(step.action) };
    let name = |field: &str| page_prose(&label(field)).replace("\\|", "|").replace('|', "\\|");
    let key: Vec<String> = step
        .key
        .iter()
        .map(|entry| format!("{} {}", name(&entry.field), typed_value(&entry.value, code)))
        .collect();
    let colon = if step.entries.is_empty() { "." } else { ":" };
    let _ = match (key.is_empty(), step.each) {
        (true, true) => writeln!(out, "- [ ] In each record{colon}"),
        (true, false) => writeln!(out, "- [ ] {verb} the one record{colon}"),
        (false, _) => writeln!(out, "- [ ] {verb} {}{colon}", key.join(", ")),
    };
    if !step.entries.is_empty() {
        out.push('\n');
        let value = if step.each { "so that it is" } else { "value" };
        let _ = writeln!(out, "  | field | {value} |\n  | --- | --- |");
        for entry in &step.entries {
            let _ = writeln!(out, "  | {} | {} |", name(&entry.field), typed_value(&entry.value, cell));
        }
        out.push('\n');
    }
    for reason in &step.reasons {
        let _ = writeln!(out, "  Why: {}.", page_prose(reason));
    }
    let _ = match step.declared_at.manifest.starts_with(REVERT_OF) {
        true => writeln!(out, "  This is the {}.\n", page_prose(&step.declared_at.manifest)),
        false => writeln!(out, "  Declared in {}.\n", page_prose(&step.declared_at.declaration())),
    };
}

/// Returns the instruction of a step, without the record key.
pub(super) fn instruction(action: ChangeAction) -> &'static str {
    match action {
        ChangeAction::Create => "Make sure that there is, or add,",
        ChangeAction::Update => "Change",
        ChangeAction::Delete => "Remove",
    }
}

/// Instruction of a step for all matching records.
pub(super) const EACH: &str = "In each record that has";

/// Returns a field label as on the page in Alma: `Copy network blocks` for `copyNetworkBlocks`.
pub(super) fn label(field: &str) -> String {
    let mut label = String::new();
    for (index, c) in field.chars().enumerate() {
        match c {
            c if index == 0 => label.extend(c.to_uppercase()),
            '_' => label.push(' '),
            c if c.is_uppercase() && label.ends_with(|last: char| last.is_lowercase()) => {
                label.push(' ');
                label.extend(c.to_lowercase());
            }
            c => label.push(c),
        }
    }
    label
}

/// Instruction for an empty value.
pub(super) const EMPTY: &str = "(leave empty)";
/// Label of a set flag.
pub(super) const YES: &str = "Yes";
/// Label of a cleared flag.
pub(super) const NO: &str = "No";

/// Returns the value to type, as code for prose or for a table cell.
fn typed_value(value: &FieldValue, code: fn(&str) -> String) -> String {
    let typed = |text: &str| code(&text.replace('\n', "⏎"));
    match value {
        FieldValue::Null => EMPTY.to_owned(),
        FieldValue::Bool(true) => YES.to_owned(),
        FieldValue::Bool(false) => NO.to_owned(),
        FieldValue::Text(text) => typed(text),
        FieldValue::List(texts) => texts.iter().map(|text| typed(text)).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::{cell, code, label, typed_value};

    #[test]
    fn label_splits_words_of_field_name() {
        assert_eq!(label("copyNetworkBlocks"), "Copy network blocks");
        assert_eq!(label("Network Block"), "Network Block");
        assert_eq!(label("public_name"), "Public name");
    }

    #[test]
    fn value_with_line_breaks_stays_in_one_line() {
        assert_eq!(
            typed_value(
                &"two
lines"
                    .into(),
                code
            ),
            "`two⏎lines`"
        );
        assert_eq!(typed_value(&"A|B".into(), code), "`A|B`");
        assert_eq!(typed_value(&"A|B".into(), cell), "`A\\|B`");
    }
}
