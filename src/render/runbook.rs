//! What people must do in Alma: exact steps, zone by zone, so that each is logged in to once.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::json::DeclaredAt;
use super::text::count;
use crate::model::{Action, Change, CollectionDiff, Field, Mode, Plan, Value};

/// All steps of a plan that are for people.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal runbook --json")]
pub struct Runbook {
    /// The network's name.
    pub network: String,
    /// The environment chosen; null for the manifest as it stands.
    pub environment: Option<String>,
    /// What the plan was narrowed to, in words; null where it covers everything.
    pub selection: Option<String>,
    /// The zones that somebody must log in to.
    pub zones: Vec<Zone>,
}

/// One log-in.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Zone {
    /// Alma's institution code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The pages to open, in order.
    pub pages: Vec<Page>,
}

/// One page of Alma's configuration.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Page {
    /// The collection, `LinkedAccountRules`.
    pub collection: String,
    /// Where it is found in Alma's menus; empty where that is not known.
    pub menu: String,
    /// What to do there, in order.
    pub steps: Vec<Step>,
}

/// One record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Step {
    /// What `zonal attest` takes.
    pub address: String,
    /// What is done to the record.
    pub action: Action,
    /// What tells the record from others; where it is each of several, what they have in common.
    pub key: Vec<Entry>,
    /// Whether it is each record with that key, however many there are, possibly none.
    pub each: bool,
    /// What to type, field by field; empty where the record is removed.
    pub entries: Vec<Entry>,
    /// Why.
    pub reasons: Vec<String>,
    /// Where it is declared.
    pub declared_at: DeclaredAt,
}

/// One field and what it must hold.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Entry {
    /// The field as zonal calls it.
    pub field: String,
    /// The value, exactly.
    pub value: Value,
}

/// The steps of a plan.
pub fn runbook(plan: &Plan) -> Runbook {
    let zones = plan.zones.iter().map(|(code, zone)| Zone {
        code: code.to_string(),
        name: zone.name.clone(),
        pages: zone.collections.iter().filter_map(|step| page(&step.diff)).collect(),
    });
    Runbook {
        network: plan.network.clone(),
        environment: plan.environment.clone(),
        selection: plan.selection.clone(),
        zones: zones.filter(|zone| !zone.pages.is_empty()).collect(),
    }
}

fn page(diff: &CollectionDiff) -> Option<Page> {
    let found = diff.outcome.as_ref().ok()?;
    let steps: Vec<Step> =
        found.changes.iter().filter(|change| change.mode == Mode::ByHand).map(step).collect();
    (!steps.is_empty()).then(|| Page {
        collection: diff.id.to_string(),
        menu: diff.shape.menu.to_string(),
        steps,
    })
}

fn step(change: &Change) -> Step {
    let entry = |(field, value): (&Field, &Value)| Entry { field: field.to_string(), value: value.clone() };
    let key = change.each.as_ref().unwrap_or(&change.key);
    let is_key = |field: &Field| key.iter().any(|(key, _)| key == field);
    let edits = change.edits.iter().filter(|edit| !is_key(&edit.field));
    Step {
        address: change.address.to_string(),
        action: change.action,
        key: key.iter().map(|(field, value)| entry((field, value))).collect(),
        each: change.each.is_some(),
        entries: edits.map(|edit| entry((&edit.name, &edit.after))).collect(),
        reasons: change.reason.iter().cloned().chain(change.notes.iter().map(ToString::to_string)).collect(),
        declared_at: (&change.provenance).into(),
    }
}

/// The runbook as Markdown, with a box to tick for each step.
pub fn markdown(runbook: &Runbook) -> String {
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

fn step_markdown(out: &mut String, step: &Step) {
    let verb = if step.each && step.action == Action::Update { EACH } else { ask(step.action) };
    let name = |field: &str| label(field).replace('|', "\\|");
    let key: Vec<String> =
        step.key.iter().map(|entry| format!("{} {}", name(&entry.field), typed(&entry.value))).collect();
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
            let _ = writeln!(out, "  | {} | {} |", name(&entry.field), typed(&entry.value));
        }
        out.push('\n');
    }
    for reason in &step.reasons {
        let _ = writeln!(out, "  Why: {reason}.");
    }
    let DeclaredAt { filename, line, column, manifest, .. } = &step.declared_at;
    let _ = writeln!(out, "  Declared in {manifest}, {filename}:{line}:{column}.\n");
}

/// How a step begins; what tells the record from others follows.
pub(super) fn ask(action: Action) -> &'static str {
    match action {
        Action::Create => "Make sure that there is, or add,",
        Action::Update => "Change",
        Action::Delete => "Remove",
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

fn typed(value: &Value) -> String {
    match value {
        Value::Null => EMPTY.to_owned(),
        Value::Bool(true) => YES.to_owned(),
        Value::Bool(false) => NO.to_owned(),
        Value::Text(text) => quoted(text),
        Value::List(texts) => texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "),
    }
}

/// A text between as many marks as it needs, so that nothing in it means anything to Markdown.
fn quoted(text: &str) -> String {
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
    use super::{label, quoted};

    #[test]
    fn fields_are_called_as_people_read_them() {
        assert_eq!(label("copyNetworkBlocks"), "Copy network blocks");
        assert_eq!(label("Network Block"), "Network Block");
        assert_eq!(label("public_name"), "Public name");
    }

    #[test]
    fn nothing_in_a_value_means_anything_to_markdown() {
        assert_eq!(quoted("A|B"), "`A\\|B`");
        assert_eq!(quoted("a`b"), "``a`b``");
        assert_eq!(quoted("`a"), "`` `a ``");
        assert_eq!(quoted("two\nlines"), "`two⏎lines`");
    }
}
