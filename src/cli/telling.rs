//! Tells what an apply does while it does it: in words, or as one JSON value in each line.

use std::collections::BTreeSet;

use super::config::Format;
use super::exit::Exit;
use super::world::World;
use crate::model::{Event, Mode, Plan, Report, RunId};
use crate::render;
use crate::render::github;
use crate::render::json::events;
use crate::render::json::line::{Line, Type};

/// Who reads along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// Nobody in particular.
    None,
    /// A runner of GitHub, which takes lines of a certain form for orders.
    GitHub,
}

/// What an apply says.
pub struct Telling<'a> {
    format: Format,
    runner: Runner,
    world: &'a World,
}

impl<'a> Telling<'a> {
    /// Tells in a format.
    pub fn new(format: Format, runner: Runner, world: &'a World) -> Self {
        Self { format, runner, world }
    }

    /// The first line, for programs.
    pub fn begin(&self) {
        self.line(&events::version(&(self.world.now)()));
    }

    /// What happens.
    pub fn event(&self, event: &Event) {
        events::lines(event, &(self.world.now)()).iter().for_each(|line| self.line(line));
    }

    /// What is going to be done.
    pub fn plan(&self, plan: &Plan) {
        match self.format {
            Format::Text => self.world.out.print(self.quoted(render::text::plan(plan))),
            Format::Json | Format::Lines => announce(plan, self.world, &|line| self.line(line)),
        }
    }

    /// What came of it.
    pub fn end(&self, plan: &Plan, report: &Report, exits: &BTreeSet<Exit>, run: Option<RunId>) {
        match self.format {
            Format::Text if plan.is_denied() => {
                self.world.out.line("\nNothing was written: see what denies it above.");
            }
            Format::Text if report.zones.is_empty() => {}
            Format::Text => {
                let text = render::text::report(plan, report);
                self.world.out.print(self.quoted(format!("\n{text}")));
            }
            Format::Json | Format::Lines => {
                let codes = exits.iter().map(|exit| exit.code()).collect();
                self.line(&events::apply_summary(report, codes, &(self.world.now)()));
            }
        }
        if let Some(words) = run.and_then(|run| farewell(run, report, exits)) {
            self.world.err.line(words);
        }
    }

    fn line(&self, line: &Line) {
        match self.format {
            Format::Json | Format::Lines => {
                self.world.out.line(serde_json::to_string(line).unwrap_or_default());
            }
            Format::Text => {}
        }
    }

    fn quoted(&self, text: String) -> String {
        match self.runner {
            Runner::GitHub => github::quoted(&text),
            Runner::None => text,
        }
    }
}

/// What can be done with a run that is over; nothing where it did nothing.
fn farewell(run: RunId, report: &Report, exits: &BTreeSet<Exit>) -> Option<String> {
    match (exits.contains(&Exit::Interrupted), report.has_written()) {
        (true, _) => Some(format!("This was {run}; `zonal resume {run}` finishes it.")),
        (false, true) => Some(format!(
            "This was {run}; `zonal history {run}` shows it, `zonal revert {run}` takes it back."
        )),
        (false, false) => None,
    }
}

fn announce(plan: &Plan, world: &World, print: &dyn Fn(&Line)) {
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
            Mode::Apply | Mode::ByHand => Type::PlannedChange,
            Mode::Report | Mode::Later | Mode::Left => Type::ResourceDrift,
        };
        print(&events::planned(change, kind, &(world.now)()));
    }
    print(&events::plan_summary(&plan.counts(), &(world.now)()));
}
