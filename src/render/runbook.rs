//! What people must do in Alma: exact steps, zone by zone, so that each is logged in to once.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::json::DeclarationJson;
use super::text::count;
use crate::model::{ApplyMode, Change, ChangeAction, CollectionDiff, FieldName, FieldValue, Plan};

/// All steps of a plan that are for people.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal runbook --json")]
pub struct RunbookJson {
    /// The network's name.
    pub network: String,
    /// The environment chosen; null for the manifest as it stands.
    pub environment: Option<String>,
    /// What the plan was narrowed to, in words; null where it covers everything.
    pub selection: Option<String>,
    /// The zones that somebody must log in to.
    pub zones: Vec<RunbookZone>,
}

/// One log-in.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunbookZone {
    /// Alma's institution code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The pages to open, in order.
    pub pages: Vec<RunbookPage>,
}

/// One page of Alma's configuration.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunbookPage {
    /// The collection, `LinkedAccountRules`.
    pub collection: String,
    /// Where it is found in Alma's menus; empty where that is not known.
    pub menu: String,
    /// What to do there, in order.
    pub steps: Vec<RunbookStep>,
}

/// One record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunbookStep {
    /// What `zonal attest` takes.
    pub address: String,
    /// What is done to the record.
    pub action: ChangeAction,
    /// What tells the record from others; where it is each of several, what they have in common.
    pub key: Vec<RunbookField>,
    /// Whether it is each record with that key, however many there are, possibly none.
    pub each: bool,
    /// What to type, field by field; empty where the record is removed.
    pub entries: Vec<RunbookField>,
    /// Why.
    pub reasons: Vec<String>,
    /// Where it is declared.
    pub declared_at: DeclarationJson,
}

/// One field and what it must hold.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunbookField {
    /// The field as zonal calls it.
    pub field: String,
    /// The value, exactly.
    pub value: FieldValue,
}

/// The steps of a plan.
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
        declared_at: (&change.provenance).into(),
    }
}

/// The runbook as Markdown, with a box to tick for each step.
pub fn markdown(runbook: &RunbookJson) -> String {
    let mut out = String::new();
    let steps: usize = runbook.zones.iter().flat_map(|zone| &zone.pages).map(|page| page.steps.len()).sum();
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(out, "# Runbook for {}\n", runbook.network);
    if let Some(selection) = &runbook.selection {
        let _ = writeln!(out, "Only {selection}.\n");
    }
    if steps == 0 {
        let _ = writeln!(out, "Nothing is left to be done by hand.");
        return out;
    }
    let environment = runbook.environment.as_ref();
    let environment = environment.map(|name| format!(" --environment {name}")).unwrap_or_default();
    let _ = writeln!(
        out,
        "{} in {}. Values are case-sensitive: type them exactly as they stand here, without the marks around them. \
         When a zone is done, say so: `zonal attest{environment} --zone CODE --all --by NAME`.",
        count(steps, "step"),
        count(runbook.zones.len(), "zone")
    );
    for zone in &runbook.zones {
        let _ = writeln!(out, "\n## {} ({})\n\nLog in to {}.", zone.name, zone.code, zone.code);
        for (index, page) in zone.pages.iter().enumerate() {
            let _ = writeln!(out, "\n### {}. {}\n", index + 1, page.collection);
            if !page.menu.is_empty() {
                let _ = writeln!(out, "Open {}.\n", page.menu);
            }
            page.steps.iter().for_each(|step| self::step_markdown(&mut out, step));
        }
    }
    out
}

fn step_markdown(out: &mut String, step: &RunbookStep) {
    let verb = if step.each && step.action == ChangeAction::Update { EACH } else { instruction(step.action) };
    let name = |field: &str| label(field).replace('|', "\\|");
    let key: Vec<String> = step
        .key
        .iter()
        .map(|entry| format!("{} {}", name(&entry.field), typed_value(&entry.value)))
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
            let _ = writeln!(out, "  | {} | {} |", name(&entry.field), typed_value(&entry.value));
        }
        out.push('\n');
    }
    for reason in &step.reasons {
        let _ = writeln!(out, "  Why: {reason}.");
    }
    let DeclarationJson { filename, line, column, manifest, .. } = &step.declared_at;
    let _ = writeln!(out, "  Declared in {manifest}, {filename}:{line}:{column}.\n");
}

/// How a step begins; what tells the record from others follows.
pub(super) fn instruction(action: ChangeAction) -> &'static str {
    match action {
        ChangeAction::Create => "Make sure that there is, or add,",
        ChangeAction::Update => "Change",
        ChangeAction::Delete => "Remove",
    }
}

/// How a step begins that is for each record of a sort.
pub(super) const EACH: &str = "In each record that has";

/// `Copy network blocks` for `copyNetworkBlocks`: people know fields by the words on the page.
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

/// What people do for no value.
pub(super) const EMPTY: &str = "(leave empty)";
/// What people see for a flag that is set.
pub(super) const YES: &str = "Yes";
/// What people see for a flag that is not set.
pub(super) const NO: &str = "No";

fn typed_value(value: &FieldValue) -> String {
    match value {
        FieldValue::Null => EMPTY.to_owned(),
        FieldValue::Bool(true) => YES.to_owned(),
        FieldValue::Bool(false) => NO.to_owned(),
        FieldValue::Text(text) => code_span(text),
        FieldValue::List(texts) => texts.iter().map(|text| code_span(text)).collect::<Vec<_>>().join(", "),
    }
}

/// A text between as many marks as it needs, so that nothing in it means anything to Markdown.
fn code_span(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let marks = "`".repeat(longest + 1);
    let text = text.replace('|', "\\|").replace('\n', "⏎");
    match text.starts_with('`') || text.ends_with('`') {
        true => format!("{marks} {text} {marks}"),
        false => format!("{marks}{text}{marks}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{code_span, label};

    #[test]
    fn fields_are_called_as_people_read_them() {
        assert_eq!(label("copyNetworkBlocks"), "Copy network blocks");
        assert_eq!(label("Network Block"), "Network Block");
        assert_eq!(label("public_name"), "Public name");
    }

    #[test]
    fn nothing_in_a_value_means_anything_to_markdown() {
        assert_eq!(code_span("A|B"), "`A\\|B`");
        assert_eq!(code_span("a`b"), "``a`b``");
        assert_eq!(code_span("`a"), "`` `a ``");
        assert_eq!(code_span("two\nlines"), "`two⏎lines`");
    }
}
