//! GitHub's own surfaces: annotations at the manifests' lines, and outputs for the steps that follow.

use super::remarks::{Remark, Severity, remarks};
use super::text::count;
use crate::model::{GroupState, Place, Plan};

/// How many annotations of one type GitHub shows for a step.
const MOST: usize = 10;

/// Annotations as workflow commands, one in each line, the gravest first, no more than GitHub shows.
/// `root` is where the config directory lies in the repository: empty, or a path that ends with `/`.
pub fn annotations(plan: &Plan, root: &str) -> String {
    let remarks = remarks(plan);
    let mut out = String::new();
    for (severity, command) in
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Notice, "notice")]
    {
        let of_it: Vec<&Remark<'_>> = remarks.iter().filter(|remark| remark.severity() == severity).collect();
        let shown = if of_it.len() > MOST { MOST - 1 } else { of_it.len() };
        for remark in &of_it[..shown] {
            let place = remark.places.first().map(|place| self::place(place, root)).unwrap_or_default();
            let title = property(&remark.subject());
            out.push_str(&format!("::{command} {place}title={title}::{}\n", data(&remark.words())));
        }
        if of_it.len() > shown {
            let more = of_it.len() - shown;
            out.push_str(&format!("::{command} title=zonal::and {more} more, see the plan\n"));
        }
    }
    out
}

/// `file=..,line=..,col=..,` of a place.
fn place(place: &Place, root: &str) -> String {
    let file = property(&format!("{root}{}", place.file));
    format!("file={file},line={},col={},", place.start.line, place.start.column)
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// What later steps of a job may want to know, as lines `key=value`.
pub fn outputs(plan: &Plan) -> String {
    let counts = plan.counts();
    let unknown = plan.zones.values().filter(|zone| zone.failure.is_some()).count();
    let lines = [
        ("digest", plan.digest.to_string()),
        ("add", counts.add.to_string()),
        ("change", counts.change.to_string()),
        ("destroy", counts.destroy.to_string()),
        ("by_hand", counts.by_hand.to_string()),
        ("report", counts.report.to_string()),
        ("later", counts.later.to_string()),
        ("blocked", counts.blocked.to_string()),
        ("held", counts.held.to_string()),
        ("zones", plan.zones.len().to_string()),
        ("zones_changed", plan.zones_in(GroupState::Changes).to_string()),
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
