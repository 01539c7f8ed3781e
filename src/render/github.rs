//! GitHub output: annotations at lines of manifests, and output values for later steps.

use sha2::{Digest as _, Sha256};

use super::annotations::{Annotation, AnnotationLevel, remarks, zones};
use super::fact_words::fell_short;
use super::text::count;
use crate::model::cut_list::cut_list;
use crate::model::text_safety::escape_invisible;
use crate::model::{
    self, ApplyReport, ChangeGroupState, ContentDigest, Diagnostic, ExpectationResult, Plan, SourceSpan,
    WriteOutcome, ZoneCode, ZoneFailure,
};

/// Maximum number of annotations of one type that GitHub shows for a step.
const MOST: usize = 10;

/// Returns a plan's annotations as workflow commands, one per line.
///
/// Severest annotations come first, no more of each type than GitHub shows. `root` is the path of the
/// configuration directory in the repository: empty, or with a trailing `/`.
pub fn annotations(plan: &Plan, root: &str) -> String {
    let remarks = remarks(plan);
    let mut out = String::new();
    for (severity, command) in [
        (AnnotationLevel::Error, "error"),
        (AnnotationLevel::Warning, "warning"),
        (AnnotationLevel::Notice, "notice"),
    ] {
        let of_it: Vec<&Annotation<'_>> =
            remarks.iter().filter(|remark| remark.severity() == severity).collect();
        let lines = of_it.iter().map(|remark| {
            let place = remark.places.first().map(|place| self::place(place, root)).unwrap_or_default();
            (format!("{place}title={}", property(&remark.subject())), remark.message())
        });
        commands(&mut out, command, lines.collect(), "see the plan");
    }
    out
}

/// Returns diagnostics as workflow commands, one per line, errors first, no more of each type than GitHub
/// shows.
pub fn diagnostics(found: &[Diagnostic], root: &str) -> String {
    let mut out = String::new();
    for (severity, command) in [(model::Severity::Error, "error"), (model::Severity::Warning, "warning")] {
        let of_it = found.iter().filter(|problem| problem.severity == severity);
        let lines = of_it.map(|Diagnostic { code, message, span: place, label, help, .. }| {
            let place = place.as_ref().map(|place| self::place(place, root)).unwrap_or_default();
            let label = label.as_ref().map(|label| format!(": {label}")).unwrap_or_default();
            let help = help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            (
                format!("{place}title={code}"),
                format!(
                    "{}{}{}",
                    escape_invisible(message),
                    escape_invisible(&label),
                    escape_invisible(&help)
                ),
            )
        });
        commands(&mut out, command, lines.collect(), "see the log");
    }
    out
}

/// Returns unmet expectations as workflow commands, no more than GitHub shows.
///
/// A command points to the first fact that differs.
pub fn expectations(tested: &[ExpectationResult], root: &str) -> String {
    let lines = tested.iter().filter_map(|ExpectationResult { expectation, judged }| {
        let shortfall = judged.shortfall()?;
        let place = shortfall.facts.first().map(|fact| self::place(&fact.span, root)).unwrap_or_default();
        let facts: Vec<String> = shortfall.facts.iter().map(fell_short).collect();
        let because = expectation.reason.as_ref().map(|because| format!("; expected because {because}"));
        let words = format!("{}: {}{}", expectation.question, facts.join("; "), because.unwrap_or_default());
        Some((
            format!("{place}title={}", property(&expectation.provenance.manifest)),
            escape_invisible(&words),
        ))
    });
    let mut out = String::new();
    commands(&mut out, "error", lines.collect(), "see the log");
    out
}

/// Returns failed, stale and deferred parts of an apply as workflow commands, no more than GitHub shows.
///
/// Equal messages become one command with all affected zones. Failures of one class count as equal, because
/// messages may name a request.
pub fn not_done(plan: &Plan, report: &ApplyReport, root: &str) -> String {
    let mut found: Vec<(String, String, String, Vec<&ZoneCode>)> = Vec::new();
    let mut add = |place: String, same: String, words: String, code| match found
        .iter_mut()
        .find(|(at, what, _, _)| *at == place && *what == same)
    {
        Some((_, _, _, zones)) => zones.push(code),
        None => found.push((place, same, words, vec![code])),
    };
    for (code, zone) in &report.zones {
        let steps = || plan.zones.get(code).into_iter().flat_map(|zone| &zone.collections);
        let place = |step: Option<&model::PlanStep>| {
            step.map(|step| self::place(&step.diff.provenance.span, root)).unwrap_or_default()
        };
        let refused =
            zone.zone_failure.as_ref().map(|failure| (format!("{:?}", failure.class), failure_text(failure)));
        let held = zone.deferral.as_ref().map(|hold| (hold.to_string(), hold.to_string()));
        for (same, words) in refused.into_iter().chain(held) {
            add(place(steps().next()), same, format!("nothing was written: {words}"), code);
        }
        for (id, outcome) in &zone.collections {
            let why = match outcome {
                WriteOutcome::Applied { .. } => continue,
                WriteOutcome::Stale { .. } => "stale, it moved since the plan".to_owned(),
                WriteOutcome::Failed { failure } => format!("failed: {}", failure_text(failure)),
                WriteOutcome::Blocked { by } => format!("blocked: it depends on {by}, which was not written"),
                WriteOutcome::VerifyFailed { .. } => "sent, but verification failed".to_owned(),
                WriteOutcome::Deferred { deferral: hold } => format!("nothing was written: {hold}"),
                WriteOutcome::Interrupted => "not tried, because the run was interrupted".to_owned(),
            };
            let same = match outcome {
                WriteOutcome::Failed { failure } => format!("{id} {:?}", failure.class),
                WriteOutcome::Applied { .. }
                | WriteOutcome::Stale { .. }
                | WriteOutcome::Blocked { .. }
                | WriteOutcome::VerifyFailed { .. }
                | WriteOutcome::Deferred { .. }
                | WriteOutcome::Interrupted => format!("{id} {why}"),
            };
            add(place(steps().find(|step| step.diff.id == *id)), same, format!("{id}: {why}"), code);
        }
    }
    let line = |(place, _, words, codes): (String, String, String, Vec<&ZoneCode>)| {
        (format!("{place}title={}", property(&zones(&codes))), escape_invisible(&words))
    };
    let mut out = String::new();
    commands(&mut out, "error", found.into_iter().map(line).collect(), "see the log");
    out
}

/// Returns the message and the help of a failure.
fn failure_text(failure: &ZoneFailure) -> String {
    let help = failure.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    format!("{}{help}", failure.message)
}

/// Appends workflow commands with properties and message, no more than GitHub shows.
fn commands(out: &mut String, command: &str, lines: Vec<(String, String)>, rest: &str) {
    let (shown, omitted) = cut_list(&lines, if lines.len() > MOST { MOST - 1 } else { MOST });
    for (properties, words) in shown {
        out.push_str(&format!("::{command} {properties}::{}\n", data(words)));
    }
    out.extend(omitted.map(|omitted| format!("::{command} title=zonal::{omitted}, {rest}\n")));
}

/// Returns a text in which the runner executes no workflow command.
///
/// The end token is a digest of the text, so that the text cannot contain the token.
pub fn escape_workflow_command(text: &str) -> String {
    let end = ContentDigest(Sha256::digest(text).into());
    let line_break = if text.ends_with('\n') { "" } else { "\n" };
    format!("::stop-commands::{end}\n{text}{line_break}::{end}::\n")
}

/// Returns a location as `file=..,line=..,col=..,`.
fn place(place: &SourceSpan, root: &str) -> String {
    let file = property(&escape_invisible(&format!("{root}{}", place.file)));
    format!("file={file},line={},col={},", place.start.line, place.start.column)
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns output values for later steps of a job, as lines `key=value`.
pub fn outputs(plan: &Plan) -> String {
    let counts = plan.counts();
    let unknown = plan.zones.values().filter(|zone| zone.failure.is_some()).count();
    let lines = [
        ("digest", plan.digest.to_string()),
        ("add", counts.add.to_string()),
        ("change", counts.change.to_string()),
        ("destroy", counts.destroy.to_string()),
        ("manual", counts.manual.to_string()),
        ("report", counts.report.to_string()),
        ("postponed", counts.postponed.to_string()),
        ("blocked", counts.blocked.to_string()),
        ("deferred", counts.deferred.to_string()),
        ("zones", plan.zones.len().to_string()),
        ("zones_changed", plan.zones_in(ChangeGroupState::Changes).to_string()),
        ("zones_unknown", unknown.to_string()),
        ("complete", plan.is_complete().to_string()),
        ("denied", plan.is_denied().to_string()),
        ("applyable", (plan.has_work() && !plan.is_denied()).to_string()),
        ("summary", format!("{}, in {}", totals(plan), count(plan.zones.len(), "zone"))),
    ];
    lines.iter().map(|(key, value)| format!("{key}={value}\n")).collect()
}

fn totals(plan: &Plan) -> String {
    let counts = plan.counts();
    format!("{} to add, {} to change, {} to destroy", counts.add, counts.change, counts.destroy)
}
