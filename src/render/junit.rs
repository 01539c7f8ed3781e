//! JUnit XML, which every CI shows: a suite for each zone, a case for each of its collections.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::legible::{brief, visible};
use super::text::{compared, conflict, fate, last_changed, moved, thousands};
use crate::model::{
    Action, Change, CollectionChanges, Counts, Failure, Finding, Plan, Step, Verdict, ZoneCode, ZonePlan,
};

/// Changes that are shown of one collection.
const CHANGES: usize = 20;
/// Fields that are shown of one change.
const FIELDS: usize = 8;

/// The plan as JUnit XML: what differs is a failure, be it held back or not, what could not be asked or
/// planned an error, and what a guard holds or wants approved a skip.
pub fn junit(plan: &Plan) -> String {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing into memory cannot fail.
    let _ = suites(&mut out, plan);
    let mut text = String::from_utf8(out.into_inner()).unwrap_or_default();
    text.push('\n');
    text
}

type Xml = Writer<Vec<u8>>;

/// One case of a suite.
struct Case {
    name: String,
    class: String,
    place: Option<(String, u32)>,
    verdict: Option<Said>,
}

/// What is wrong with a case.
struct Said {
    element: &'static str,
    sort: String,
    message: String,
    text: String,
}

fn suites(out: &mut Xml, plan: &Plan) -> io::Result<()> {
    let mut suites: Vec<(String, Vec<Case>)> = Vec::new();
    if !plan.findings.is_empty() {
        suites.push(("guards".to_owned(), plan.findings.iter().map(guard).collect()));
    }
    for (code, zone) in &plan.zones {
        suites.push((visible(code.as_str()), zone_cases(code, zone)));
    }
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let partial = plan.selection.as_ref().map(|selection| format!("Partial plan: only {selection}"));
    let mut root = BytesStart::new("testsuites");
    let name = [plan.network.clone()].into_iter().chain(partial).chain(compared(plan)).collect::<Vec<_>>();
    root.push_attribute(("name", visible(&name.join(". ")).as_str()));
    numbers(&mut root, suites.iter().flat_map(|(_, cases)| cases));
    out.write_event(Event::Start(root))?;
    for (name, cases) in &suites {
        let mut suite = BytesStart::new("testsuite");
        suite.push_attribute(("name", name.as_str()));
        numbers(&mut suite, cases.iter());
        out.write_event(Event::Start(suite))?;
        cases.iter().try_for_each(|case| self::case(out, case))?;
        out.write_event(Event::End(BytesEnd::new("testsuite")))?;
    }
    out.write_event(Event::End(BytesEnd::new("testsuites")))
}

fn numbers<'a>(element: &mut BytesStart<'_>, cases: impl Iterator<Item = &'a Case> + Clone) {
    let of = |name| {
        cases
            .clone()
            .filter_map(|case| case.verdict.as_ref())
            .filter(move |said| said.element == name)
            .count()
    };
    element.push_attribute(("tests", cases.clone().count().to_string().as_str()));
    element.push_attribute(("failures", of("failure").to_string().as_str()));
    element.push_attribute(("errors", of("error").to_string().as_str()));
    element.push_attribute(("skipped", of("skipped").to_string().as_str()));
}

fn case(out: &mut Xml, case: &Case) -> io::Result<()> {
    let mut element = BytesStart::new("testcase");
    element.push_attribute(("name", case.name.as_str()));
    element.push_attribute(("classname", case.class.as_str()));
    if let Some((file, line)) = &case.place {
        element.push_attribute(("file", file.as_str()));
        element.push_attribute(("line", line.to_string().as_str()));
    }
    let Some(said) = &case.verdict else { return out.write_event(Event::Empty(element)) };
    out.write_event(Event::Start(element))?;
    let mut inner = BytesStart::new(said.element);
    inner.push_attribute(("message", said.message.as_str()));
    // What is skipped has no type.
    if said.element != "skipped" {
        inner.push_attribute(("type", said.sort.as_str()));
    }
    match said.text.is_empty() {
        true => out.write_event(Event::Empty(inner))?,
        false => {
            out.write_event(Event::Start(inner))?;
            out.write_event(Event::Text(BytesText::new(&said.text)))?;
            out.write_event(Event::End(BytesEnd::new(said.element)))?;
        }
    }
    out.write_event(Event::End(BytesEnd::new("testcase")))
}

fn guard(finding: &Finding) -> Case {
    let message = visible(&finding.message);
    let element = match finding.verdict {
        Verdict::Deny => Some("failure"),
        Verdict::Hold | Verdict::RequireApproval => Some("skipped"),
        Verdict::Warn | Verdict::Overridden { .. } => None,
    };
    let zones = match finding.zones.as_slice() {
        [] => String::new(),
        zones => {
            format!(" [{}]", zones.iter().map(|zone| visible(zone.as_str())).collect::<Vec<_>>().join(", "))
        }
    };
    Case {
        // Cases of one name are one case.
        name: format!("{}: {message}{zones}", visible(&finding.guard)),
        class: "guards".to_owned(),
        place: finding.place.as_ref().map(|place| (visible(&place.file), place.start.line)),
        verdict: element.map(|element| Said {
            element,
            sort: "guard".to_owned(),
            message,
            text: finding.help.as_deref().map(visible).unwrap_or_default(),
        }),
    }
}

fn zone_cases(code: &ZoneCode, zone: &ZonePlan) -> Vec<Case> {
    let case = |step: &Step| {
        let verdict = match &step.diff.outcome {
            Err(failure) => Some(error(failure)),
            Ok(found) if found.changes.is_empty() => None,
            Ok(found) => Some(differs(found, zone, step)),
        };
        let place = &step.diff.provenance.place;
        Case {
            name: visible(&step.diff.id.to_string()),
            class: visible(code.as_str()),
            place: Some((visible(&place.file), place.start.line)),
            verdict,
        }
    };
    zone.collections.iter().map(case).collect()
}

fn error(failure: &Failure) -> Said {
    let sort = serde_json::to_value(failure.class).unwrap_or_default();
    Said {
        element: "error",
        sort: sort.as_str().unwrap_or_default().to_owned(),
        message: visible(&failure.message),
        text: failure.help.as_deref().map(visible).unwrap_or_default(),
    }
}

fn differs(found: &CollectionChanges, zone: &ZonePlan, step: &Step) -> Said {
    let Counts { add, change, destroy, report, by_hand, later, .. } = found.counts();
    let parts = [
        (add, "to add"),
        (change, "to change"),
        (destroy, "to destroy"),
        (by_hand, "by hand"),
        (report, "reported only"),
        (later, "left for later"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", thousands(*number as u64)))
        .collect();
    let held = zone.held(step).map(|hold| format!("; {}", visible(&hold.to_string()))).unwrap_or_default();
    let mut text: String = found.changes.iter().take(CHANGES).map(lines).collect();
    if let Some(more) = found.changes.len().checked_sub(CHANGES).filter(|more| *more > 0) {
        text.push_str(&format!("and {} more\n", thousands(more as u64)));
    }
    Said {
        element: "failure",
        sort: "difference".to_owned(),
        message: format!("{}{held}", parts.join(", ")),
        text: text.trim_end().to_owned(),
    }
}

fn lines(change: &Change) -> String {
    let key = match change.address.key.0.is_empty() {
        true => change.address.collection.to_string(),
        false => change.address.key.to_string(),
    };
    let mut text = format!("{} {}\n", visible(&key), fate(change.mode, change.action, change.drift));
    if let Some(origin) = change.origin {
        text.push_str(&format!("  ({})\n", moved(origin)));
    }
    for told in conflict(change).into_iter().chain(last_changed(change)) {
        text.push_str(&format!("  ({})\n", visible(&told)));
    }
    for edit in change.edits.iter().take(FIELDS) {
        let before = match (&edit.before, change.action) {
            (Some(before), Action::Update) if change.each.is_none() => format!("{} -> ", brief(before)),
            (_, Action::Create | Action::Update | Action::Delete) => String::new(),
        };
        text.push_str(&format!("  {} = {before}{}\n", visible(&edit.name), brief(&edit.after)));
    }
    if let Some(more) = change.edits.len().checked_sub(FIELDS).filter(|more| *more > 0) {
        text.push_str(&format!("  and {} more\n", thousands(more as u64)));
    }
    text
}
