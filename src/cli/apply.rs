//! `zonal apply`: plans, asks, and makes it so.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use clap::Args;

use super::config::Format;
use super::credentials::{self, Purpose};
use super::exit::{self, Exit};
use super::outputs;
use super::overriding::Overriding;
use super::plan::{self, Drifted, Planned, Target};
use super::planfile::Reviewed;
use super::progress::Progress;
use super::world::World;
use crate::apply::{Stop, roll_out};
use crate::model::network::Zone;
use crate::model::{Event, Mode, Plan, Report, ZonePlan};
use crate::render;
use crate::render::github;
use crate::render::json::events;
use crate::render::json::line::{Line, Type};

/// Make every zone hold what the manifests say
///
/// Shows the plan, asks, and writes. Each table is read again just before it is written, and
/// skipped if it moved; it is read back afterwards and compared. A zone that fails does not stop
/// the others. Ctrl-C finishes what is being written and begins nothing more.
#[derive(Debug, Args)]
pub struct Apply {
    /// A plan file that was reviewed: only what is in it is done, with the values of the manifests at hand
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print what happens as newline-delimited JSON; needs --yes
    #[arg(long, requires = "yes")]
    json: bool,
    /// Print annotations for GitHub of what was not done, and write its job summary
    #[arg(long)]
    github: bool,
    #[command(flatten)]
    overriding: Overriding,
    #[command(flatten)]
    drifted: Drifted,
    #[command(flatten)]
    target: Target,
}

impl Apply {
    /// Applies the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &World) -> Exit {
        let format = if self.json { Format::Lines } else { Format::Text };
        let print = |line: &Line| match format {
            Format::Json | Format::Lines => {
                world.out.line(serde_json::to_string(line).unwrap_or_default());
            }
            Format::Text => {}
        };
        print(&events::version(&(world.now)()));
        let tell = |event: &Event| events::lines(event, &(world.now)()).iter().for_each(print);
        let planned = match self.plan(directory, format, world, &tell).await {
            Ok(planned) => planned,
            Err(exit) => return exit,
        };
        match format {
            Format::Text => world.out.print(self.printed(render::text::plan(&planned.plan))),
            Format::Json | Format::Lines => announce(&planned.plan, world, &print),
        }
        if planned.plan.is_writable()
            && !self.yes
            && let Err(exit) = ask(world).await
        {
            return exit;
        }
        let report = match planned.plan.has_work() && !planned.plan.is_denied() {
            true => match write(&planned, directory, format, world, &tell).await {
                Ok(report) => report,
                Err(exit) => return exit,
            },
            false => Report::default(),
        };
        let exits = exit::of_apply(&planned.plan, &report);
        match format {
            Format::Text if planned.plan.is_denied() => {
                world.out.line("\nNothing was written: see what denies it above.");
            }
            Format::Text if report.zones.is_empty() => {}
            Format::Text => {
                let text = render::text::report(&planned.plan, &report);
                world.out.print(self.printed(format!("\n{text}")));
            }
            Format::Json | Format::Lines => {
                let codes = exits.iter().map(|exit| exit.code()).collect();
                print(&events::apply_summary(&report, codes, &(world.now)()));
            }
        }
        if self.github {
            on_github(&planned.plan, &report, directory, format, world);
        }
        exit::worst(&exits)
    }

    /// A text as it is printed: in a job on GitHub so that nothing in it is taken for an order to the runner.
    fn printed(&self, text: String) -> String {
        if self.github { github::quoted(&text) } else { text }
    }

    /// Plans, and holds back what a reviewed plan does not hold.
    async fn plan(
        &self,
        directory: &Path,
        format: Format,
        world: &World,
        tell: &(dyn Fn(&Event) + Sync),
    ) -> Result<Planned, Exit> {
        let reviewed = self.plan.as_ref().map(|file| Reviewed::open(file, world)).transpose()?;
        let mut prepared = match reviewed {
            Some(reviewed) => reviewed.prepare(&self.target, directory, format, world).await?,
            None => plan::prepare(&self.target, directory, format, world).await?,
        };
        if self.drifted.is_asked_for() {
            prepared.terms = self.drifted.terms(None);
        }
        prepared.terms.overrides = self.overriding.overrides();
        plan::look(prepared, directory, format, world, tell).await
    }
}

/// Tells GitHub what was not done, and the readers of the job what was.
fn on_github(plan: &Plan, report: &Report, directory: &Path, format: Format, world: &World) {
    let root = outputs::root(directory, world);
    let told = match plan.is_denied() {
        true => github::annotations(plan, &root),
        false => github::not_done(plan, report, &root),
    };
    match format {
        Format::Text => world.out.print(told),
        Format::Json | Format::Lines => world.err.print(told),
    }
    let text = match (plan.is_denied(), report.zones.is_empty()) {
        (true, _) => "Nothing was written: a guard or a policy denies it.".to_owned(),
        (false, true) => {
            "Nothing was written: there was nothing to do, or nothing that may begin.".to_owned()
        }
        (false, false) => render::text::report(plan, report),
    };
    outputs::summarize(plan, &text, world);
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

/// Asks in Terraform's words, and takes nothing but `yes`.
async fn ask(world: &World) -> Result<(), Exit> {
    let Some(input) = world.input.clone() else {
        return Err(super::fail(
            world,
            "nobody is there to approve the plan; pass --yes to apply without asking",
        ));
    };
    world.err.print(
        "\nDo you want to perform these actions?\n  zonal will perform the actions described above.\n  \
         Only 'yes' will be accepted to approve.\n\n  Enter a value: ",
    );
    // On a thread of its own: whoever waits for a terminal would not hear Ctrl-C.
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = String::new();
        let read = input.lock().unwrap_or_else(PoisonError::into_inner).read_line(&mut answer);
        read.is_ok().then_some(answer)
    });
    let answer = world.unless_interrupted(answer).await?.ok().flatten();
    world.err.line("");
    match answer.as_deref().map(str::trim) {
        Some("yes") => Ok(()),
        _ => {
            world.err.line("Apply cancelled. Nothing was written.");
            Err(Exit::Invalid)
        }
    }
}

async fn write(
    planned: &Planned,
    directory: &Path,
    format: Format,
    world: &World,
    tell: &(dyn Fn(&Event) + Sync),
) -> Result<Report, Exit> {
    let Planned { config, desired, plan, doors, keys } = planned;
    let network = &config.network;
    let writable = |zone: &&Zone| plan.zones.get(&zone.code).is_some_and(ZonePlan::is_writable);
    let zones: Vec<&Zone> = network.zones.iter().filter(writable).collect();
    let fetching = credentials::keys(network, &zones, Purpose::Write, directory, world);
    let write_keys = world
        .unless_interrupted(fetching)
        .await?
        .map_err(|problems| config.report(&problems, format, world))?;
    let shared = credentials::shared(&keys.zones, &write_keys.zones);
    if shared > 0 {
        let zones = render::text::count(shared, "zone");
        world.err.line(format!(
            "note: one key both reads and writes in {zones}; give `credentials` a `write` key of its own"
        ));
    }
    let writers = doors.writers(network, &write_keys);
    let progress = Progress::new(world, "Writing", writers.len());
    let shown = |event: Event| {
        tell(&event);
        progress.tell(&event);
    };
    let (halt, stop) = Stop::new();
    let running = roll_out(&writers, desired, None, plan, &network.rollout, &stop, &shown);
    tokio::pin!(running);
    let report = tokio::select! {
        report = &mut running => report,
        () = world.interrupted(1) => {
            halt.send_replace(true);
            progress.note("Interrupted: finishing what is being written, beginning nothing more. Again to stop at once.");
            tokio::select! {
                report = &mut running => report,
                () = world.interrupted(2) => {
                    progress.finish();
                    world.err.line(
                        "Stopped at once. What was being written may or may not be there; `zonal plan` shows what is left.",
                    );
                    return Err(Exit::Interrupted);
                }
            }
        }
    };
    progress.finish();
    Ok(report)
}
