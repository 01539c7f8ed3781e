//! Runbook as Markdown: a table of zones and pages, and a checkbox for each step.

use std::fmt::Write as _;

use super::{EMPTY, NO, RunbookField, RunbookJson, RunbookPage, RunbookStep, RunbookZone, YES, label};
use crate::model::text_safety::escape_invisible;
use crate::model::{ChangeAction, FieldValue};
use crate::render::markdown::escape::{cell, code, page_prose};
use crate::render::text::count;

/// Returns the runbook as Markdown, with a checkbox per step.
pub fn markdown(runbook: &RunbookJson) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail; this also holds below.
    let _ = writeln!(out, "# Runbook for {}\n", page_prose(&runbook.network));
    if let Some(selection) = &runbook.selection {
        let _ = writeln!(out, "The runbook contains only {}.\n", page_prose(selection));
    }
    if runbook.zones.is_empty() {
        let _ = writeln!(out, "There are no manual steps.");
        return out;
    }
    let environment = runbook.environment.as_ref();
    let environment = environment
        .map(|name| format!(" --environment {}", escape_invisible(name).replace('`', "'")))
        .unwrap_or_default();
    let steps = runbook.zones.iter().map(steps_in_alma).sum();
    let _ = writeln!(
        out,
        "The runbook has {} in {}. Values are case-sensitive: type them exactly as shown, without the \
         surrounding backticks. When a zone is done, record it with \
         `zonal attest{environment} --zone CODE --all --by NAME`.\n",
        count(steps, "step"),
        count(runbook.zones.len(), "zone")
    );
    overview(&mut out, &runbook.zones);
    for zone in &runbook.zones {
        let zone_code = page_prose(&zone.code);
        let _ = writeln!(out, "\n## {} ({zone_code})", page_prose(&zone.name));
        if steps_in_alma(zone) > 0 {
            let _ = writeln!(out, "\nLog in to {zone_code}.");
        }
        for (index, page) in zone.pages.iter().enumerate() {
            let gap = if out.ends_with("\n\n") { "" } else { "\n" };
            let _ = writeln!(out, "{gap}### {}. {}\n", index + 1, page_prose(&page.title));
            page_markdown(&mut out, page);
        }
    }
    out
}

fn steps_in_alma(zone: &RunbookZone) -> usize {
    zone.pages.iter().filter(|page| page.in_alma).map(|page| page.steps.len()).sum()
}

/// Writes a table of what is to be done where.
fn overview(out: &mut String, zones: &[RunbookZone]) {
    let _ = writeln!(out, "| Zone | Page | Add | Change | Remove |\n| --- | --- | --- | --- | --- |");
    for zone in zones {
        for page in &zone.pages {
            let number = |action: ChangeAction| {
                let number = page.steps.iter().filter(|step| step.action == action).count();
                if number == 0 { String::new() } else { number.to_string() }
            };
            let (name, title) = (format!("{} ({})", zone.name, zone.code), page.title.clone());
            let title = if page.in_alma { title } else { format!("{title}, not in Alma") };
            let actions = [ChangeAction::Create, ChangeAction::Update, ChangeAction::Delete].map(number);
            let _ = writeln!(out, "| {} | {} | {} |", in_cell(&name), in_cell(&title), actions.join(" | "));
        }
    }
}

/// Escapes a text for a table cell.
fn in_cell(text: &str) -> String {
    page_prose(text).replace("\\|", "|").replace('|', "\\|")
}

fn page_markdown(out: &mut String, page: &RunbookPage) {
    let menu = page_prose(&page.menu);
    let _ = match (page.in_alma, menu.as_str()) {
        (false, _) => writeln!(out, "There is {menu}.\n"),
        (true, "") => Ok(()),
        (true, _) if menu.starts_with("page ") => writeln!(out, "Open the {menu}.\n"),
        (true, _) => writeln!(out, "Open {menu}.\n"),
    };
    for note in &page.notes {
        let _ = writeln!(out, "Note: {}.\n", page_prose(note));
    }
    page.steps.iter().for_each(|step| step_markdown(out, step, page.in_alma));
}

fn step_markdown(out: &mut String, step: &RunbookStep, in_alma: bool) {
    // Without a page there is nothing to tick.
    let bullet = if in_alma { "- [ ]" } else { "-" };
    let _ = writeln!(out, "{bullet} {}", sentence(step));
    if !step.entries.is_empty() {
        let _ = writeln!(out, "\n  | field | value |\n  | --- | --- |");
        for entry in &step.entries {
            let name = in_cell(&label(&entry.field));
            let _ = writeln!(out, "  | {name} | {} |", typed_value(&entry.value, cell));
        }
        out.push('\n');
    }
    for reason in &step.reasons {
        let _ = writeln!(out, "  Why: {}.", page_prose(reason));
    }
    let _ = match step.declared_at.is_revert() {
        true => writeln!(out, "  This is the {}.\n", page_prose(&step.declared_at.manifest)),
        false => writeln!(out, "  Declared in {}.\n", page_prose(&step.declared_at.declaration())),
    };
}

/// Returns the instruction of a step as a sentence.
fn sentence(step: &RunbookStep) -> String {
    let record = record(step);
    let values = !step.entries.is_empty();
    match (step.action, step.each, values) {
        (ChangeAction::Create, false, true) => {
            format!("Add {record} with these values, or make sure that it has them:")
        }
        (ChangeAction::Create, false, false) => format!("Add {record}, or make sure that it is there."),
        (ChangeAction::Update, false, true) => format!("Change {record} to these values:"),
        (ChangeAction::Update, false, false) => format!("Change {record}."),
        (ChangeAction::Delete, false, _) => format!("Remove {record}."),
        (ChangeAction::Create | ChangeAction::Update, true, true) => {
            format!("Change each record{record} to these values:")
        }
        (ChangeAction::Create | ChangeAction::Update, true, false) => format!("Change each record{record}."),
        (ChangeAction::Delete, true, _) => format!("Remove each record{record}."),
    }
}

/// Returns the record of a step in words: by its key, or for a step of several records by what they share.
fn record(step: &RunbookStep) -> String {
    let field = |entry: &RunbookField| {
        format!("{} {}", in_cell(&label(&entry.field)), typed_value(&entry.value, code))
    };
    let key = step.key.iter().map(field).collect::<Vec<_>>().join(", ");
    match (key.is_empty(), step.each) {
        (true, true) => String::new(),
        (false, true) => format!(" that has {key}"),
        (true, false) => "the one record".to_owned(),
        (false, false) => key,
    }
}

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
#[expect(clippy::expect_used, reason = "a failing test panics")]
mod tests {
    use super::{cell, code, markdown, typed_value};
    use crate::model::{ChangeAction, FieldValue, Provenance};
    use crate::render::runbook::{RunbookField, RunbookJson, RunbookPage, RunbookStep, RunbookZone};

    #[test]
    fn value_with_line_breaks_stays_in_one_line() {
        assert_eq!(typed_value(&"two\nlines".into(), code), "`two⏎lines`");
        assert_eq!(typed_value(&"A|B".into(), code), "`A|B`");
        assert_eq!(typed_value(&"A|B".into(), cell), "`A\\|B`");
    }

    fn field(field: &str, value: impl Into<FieldValue>) -> RunbookField {
        RunbookField { field: field.to_owned(), value: value.into() }
    }

    fn page(title: &str, menu: &str, in_alma: bool, steps: Vec<RunbookStep>) -> RunbookPage {
        let (collection, title, menu) = (title.replace(' ', ""), title.to_owned(), menu.to_owned());
        RunbookPage { collection, title, menu, in_alma, notes: Vec::new(), steps }
    }

    #[test]
    fn table_leads_to_the_pages_and_only_alma_has_boxes() {
        let declared_at: Provenance = serde_json::from_value(serde_json::json!({
            "filename": "a.yaml", "line": 1, "column": 1, "manifest": "LinkingRules/a", "override_index": null
        }))
        .expect("should be a place");
        let step = |action, entries: Vec<RunbookField>| RunbookStep {
            address: String::new(),
            action,
            key: vec![field("description", "Visitors")],
            each: false,
            position: Some(1),
            entries,
            reasons: Vec::new(),
            declared_at: declared_at.clone(),
        };
        let entries = vec![field("enabled", true), field("userGroup", "GUEST")];
        let runbook = RunbookJson {
            network: "omni".to_owned(),
            environment: None,
            selection: None,
            zones: vec![RunbookZone {
                code: "01A".to_owned(),
                name: "Alpha".to_owned(),
                pages: vec![
                    page(
                        "Linked Account Rules",
                        "Configuration > Linked Account Rules",
                        true,
                        vec![step(ChangeAction::Create, entries), step(ChangeAction::Delete, Vec::new())],
                    ),
                    page(
                        "Sync",
                        "no page in Alma; configure the service",
                        false,
                        vec![step(ChangeAction::Update, vec![field("enabled", false)])],
                    ),
                ],
            }],
        };
        let order: &'static [&'static str] = &["userGroup", "enabled"];
        let runbook = runbook.in_form_order(|kind| (kind == "LinkedAccountRules").then_some(order));
        insta::assert_snapshot!(markdown(&runbook), @r##"
        # Runbook for omni

        The runbook has 2 steps in 1 zone. Values are case-sensitive: type them exactly as shown, without the surrounding backticks. When a zone is done, record it with `zonal attest --zone CODE --all --by NAME`.

        | Zone | Page | Add | Change | Remove |
        | --- | --- | --- | --- | --- |
        | Alpha (01A) | Linked Account Rules | 1 |  | 1 |
        | Alpha (01A) | Sync, not in Alma |  | 1 |  |

        ## Alpha (01A)

        Log in to 01A.

        ### 1. Linked Account Rules

        Open Configuration > Linked Account Rules.

        - [ ] Add Description `Visitors` with these values, or make sure that it has them:

          | field | value |
          | --- | --- |
          | User group | `GUEST` |
          | Enabled | Yes |

          Declared in LinkingRules/a, a.yaml:1:1.

        - [ ] Remove Description `Visitors`.
          Declared in LinkingRules/a, a.yaml:1:1.

        ### 2. Sync

        There is no page in Alma; configure the service.

        - Change Description `Visitors` to these values:

          | field | value |
          | --- | --- |
          | Enabled | No |

          Declared in LinkingRules/a, a.yaml:1:1.
        "##);
    }
}
