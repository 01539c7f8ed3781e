//! Prints the progress and the result of an apply: text, or one JSON value per line.

use std::collections::BTreeSet;

use super::CommandExit;
use super::config::OutputFormat;
use super::context::CommandContext;
use super::plan_view_args::text_view;
use crate::model::{ApplyEvent, ApplyMode, ApplyReport, Plan, RunId};
use crate::render;
use crate::render::github;
use crate::render::json::events;
use crate::render::json::stream_message::{StreamMessage, StreamMessageType};
use crate::render::text::{PlanDetail, PlanTextView};
use crate::session::run_outcome::ExecutedPlan;

/// Audience of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventAudience {
    /// People or programs, without special rules.
    None,
    /// GitHub runner, which executes lines with a command prefix.
    GitHub,
}

/// Output of an apply.
pub struct ApplyOutput<'a> {
    format: OutputFormat,
    runner: EventAudience,
    world: &'a CommandContext,
}

impl<'a> ApplyOutput<'a> {
    /// Creates the output for a format and an audience.
    pub fn new(format: OutputFormat, runner: EventAudience, world: &'a CommandContext) -> Self {
        Self { format, runner, world }
    }

    /// Prints the first line of the JSON stream.
    pub fn print_header(&self) {
        self.print_message(&events::version(&(self.world.now)()));
    }

    /// Prints an event.
    pub fn event(&self, event: &ApplyEvent) {
        events::messages(event, &(self.world.now)()).iter().for_each(|line| self.print_message(line));
    }

    /// Prints the plan.
    pub fn plan(&self, plan: &Plan, detail: PlanDetail) {
        match self.format {
            OutputFormat::Text => {
                let view = PlanTextView { detail, ..text_view(self.world) };
                let text = render::text::plan_view(plan, &view);
                self.world.out.print(self.escape_for_runner(text));
            }
            OutputFormat::Json | OutputFormat::Lines => {
                announce(plan, self.world, &|line| self.print_message(line))
            }
        }
    }

    /// Prints an empty line between a result and the next plan.
    pub fn separate_next_plan(&self) {
        if self.format == OutputFormat::Text {
            self.world.out.print_line("");
        }
    }

    /// Prints the result as text. For programs, the last line is the result of the whole command.
    pub fn print_text_result(&self, plan: &Plan, executed: &ExecutedPlan) {
        if self.format == OutputFormat::Text {
            self.print_result(plan, executed);
        }
    }

    /// Prints the result as the last JSON line.
    pub fn print_json_result(&self, plan: &Plan, executed: &ExecutedPlan) {
        if self.format != OutputFormat::Text {
            self.print_result(plan, executed);
        }
    }

    /// Prints the result.
    pub fn print_result(&self, plan: &Plan, ExecutedPlan { report, outcomes, run }: &ExecutedPlan) {
        match self.format {
            OutputFormat::Text if plan.is_denied() => {
                self.world.out.print_line("\nNothing was written: see what denies it above.");
            }
            OutputFormat::Text if report.zones.is_empty() => {}
            OutputFormat::Text => {
                let text = render::text::report_view(plan, report, &text_view(self.world));
                self.world.out.print(self.escape_for_runner(format!("\n{text}")));
            }
            OutputFormat::Json | OutputFormat::Lines => {
                let codes = outcomes.iter().map(|outcome| outcome.code()).collect();
                self.print_message(&events::apply_summary(report, codes, &(self.world.now)()));
            }
        }
        if let Some(words) = run.and_then(|run| farewell(run, report, outcomes)) {
            self.world.err.print_line(words);
        }
    }

    /// Prints a reminder that a revert does not change the manifests.
    pub fn remind_of_git(&self, executed: &ExecutedPlan) {
        if executed.report.has_written() {
            self.world.err.print_line(
                "Also revert the commit in git; otherwise the next apply makes these changes again.",
            );
        }
    }

    fn print_message(&self, line: &StreamMessage) {
        match self.format {
            OutputFormat::Json | OutputFormat::Lines => {
                self.world.out.print_line(serde_json::to_string(line).unwrap_or_default());
            }
            OutputFormat::Text => {}
        }
    }

    fn escape_for_runner(&self, text: String) -> String {
        match self.runner {
            EventAudience::GitHub => github::escape_workflow_command(&text),
            EventAudience::None => text,
        }
    }
}

/// Returns the next commands for a finished run; `None` for a run without writes.
fn farewell(run: RunId, report: &ApplyReport, exits: &BTreeSet<CommandExit>) -> Option<String> {
    match (exits.contains(&CommandExit::Interrupted), report.has_written()) {
        (true, _) => Some(format!("This was {run}; `zonal resume {run}` finishes it.")),
        (false, true) => Some(format!(
            "This was {run}; `zonal history {run}` shows it, `zonal revert {run}` takes it back."
        )),
        (false, false) => None,
    }
}

fn announce(plan: &Plan, world: &CommandContext, print: &dyn Fn(&StreamMessage)) {
    for finding in &plan.findings {
        print(&events::finding(finding, &(world.now)()));
    }
    for (code, zone) in plan.zones.iter().filter(|(_, zone)| zone.failure.is_none()) {
        for step in &zone.collections {
            if let Err(failure) = &step.diff.outcome {
                print(&events::not_planned(code, &step.diff.id, failure, &(world.now)()));
            }
        }
    }
    let steps = plan.zones.values().flat_map(|zone| &zone.collections);
    for change in steps.flat_map(|step| step.diff.outcome.iter().flat_map(|found| &found.changes)) {
        let kind = match change.mode {
            ApplyMode::Apply | ApplyMode::Manual => StreamMessageType::PlannedChange,
            ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs => {
                StreamMessageType::ResourceDrift
            }
        };
        print(&events::planned_change_message(change, kind, &(world.now)()));
    }
    print(&events::plan_summary(&plan.counts(), &(world.now)()));
}
