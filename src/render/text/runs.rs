//! Text of the recorded runs, one line per run.

use super::formatting::{BOLD, REMOVE, count, moment, safe, styled};
use crate::model::{Run, RunState};
use crate::render::json::runs::RunJson;

/// Returns the runs in the given order.
pub fn runs(runs: &[RunJson]) -> String {
    let rows: Vec<[String; 5]> = runs.iter().map(cells).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut out = String::new();
    for (row, RunJson { run, killed }) in rows.iter().zip(runs) {
        let [id, deed, started, state, zones] =
            std::array::from_fn(|column| format!("{:width$}", row[column], width = widths[column]));
        let bad = *killed || run.exit_codes.iter().any(|code| *code != 0 && *code != 2);
        let state = if bad { styled(REMOVE, state) } else { state };
        let line = format!(
            "{}  {deed}  {started}  {state}  {zones}  {}",
            styled(BOLD, id),
            safe(optional_columns(run))
        );
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn cells(RunJson { run, killed }: &RunJson) -> [String; 5] {
    let reverts = run.reverts.map(|of| format!(" of {of}")).unwrap_or_default();
    let environment = run.environment.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
    let cells = [
        run.id.to_string(),
        format!("{}{reverts}{environment}", run.operation.as_str()),
        moment(&run.started_at),
        state(run, *killed),
        count(run.zones.len(), "zone"),
    ];
    cells.map(safe)
}

/// Returns the state of a run with its exit codes.
pub(super) fn state(run: &Run, killed: bool) -> String {
    let codes: Vec<String> = run.exit_codes.iter().map(u8::to_string).collect();
    let codes = if codes.is_empty() { String::new() } else { format!(", exit {}", codes.join(" ")) };
    match (run.state, killed) {
        (RunState::Running, true) => "killed".to_owned(),
        (RunState::Running, false) => "running".to_owned(),
        (RunState::Ended, _) => format!("ended{codes}"),
        (RunState::Interrupted, _) => format!("interrupted{codes}"),
    }
}

/// Returns the optional columns: shard, selection, run group and author.
fn optional_columns(run: &Run) -> String {
    let selection = run.selection.as_ref().filter(|_| run.shard.is_none());
    let parts = [
        run.shard.map(|shard| format!("shard {shard}")),
        selection.cloned(),
        run.group.as_ref().map(|group| format!("group {group}")),
        run.author.actor.clone().or_else(|| run.author.committer.clone()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}
