//! `zonal apply`: plans, asks, and makes it so.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use clap::Args;

use super::config::Format;
use super::exit::{self, Exit};
use super::grouping::Grouping;
use super::journal::{About, Turns};
use super::outputs;
use super::overriding::Overriding;
use super::plan::{self, Planned};
use super::prepared;
use super::revert::{self, TakeBack};
use super::reviewed::Reviewed;
use super::target::{Drifted, Target};
use super::telling::{Runner, Telling};
use super::unfinished;
use super::world::World;
use super::writing::{self, Begin, Manner, Written};
use crate::model::{Event, Plan, Report, RunDeed};
use crate::render;
use crate::render::github;
use crate::store::Access;

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
    turns: Turns,
    #[command(flatten)]
    overriding: Overriding,
    #[command(flatten)]
    drifted: Drifted,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    grouping: Grouping,
}

impl Apply {
    /// Applies the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &World) -> Exit {
        let format = if self.json { Format::Lines } else { Format::Text };
        let telling = Telling::new(format, if self.github { Runner::GitHub } else { Runner::None }, world);
        let about = match self.grouping.about(self.target.selection.shard, world) {
            Ok(about) => about,
            Err(exit) => return exit,
        };
        telling.begin();
        let planned = match self.plan(directory, format, world, &|event| telling.event(event)).await {
            Ok(planned) => planned,
            Err(exit) => return exit,
        };
        if let Err(exit) = unfinished::note(planned.store.as_ref(), &planned.config.network, world).await {
            return exit;
        }
        telling.plan(&planned.plan);
        if planned.plan.is_writable()
            && !self.yes
            && let Err(exit) = ask(world).await
        {
            return exit;
        }
        let reverts = planned.plan.made_from.reverts;
        let deed = if reverts.is_some() { RunDeed::Revert } else { RunDeed::Apply };
        let begin = Begin::New { deed, about: About { reverts, ..about } };
        let manner = Manner { begin, patience: self.turns.patience() };
        let written =
            writing::carry_out(&planned, manner, directory, format, world, &|event| telling.event(event))
                .await;
        let Written { report, mut exits, run } = match written {
            Ok(written) => written,
            Err(exit) => return exit,
        };
        let take_back = TakeBack { planned: &planned, report: &report, run, store: &self.target.store };
        // For programs, the last line is what the whole command came to.
        match format {
            Format::Text => {
                telling.end(&planned.plan, &report, &exits, run);
                exits.extend(take_back.run(&telling, directory, format, world).await);
            }
            Format::Json | Format::Lines => {
                exits.extend(take_back.run(&telling, directory, format, world).await);
                telling.end(&planned.plan, &report, &exits, run);
            }
        }
        if reverts.is_some() {
            revert::remind(&report, world);
        }
        if self.github {
            on_github(&planned.plan, &report, directory, format, world);
        }
        exit::worst(&exits)
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
            None => prepared::prepare(&self.target, directory, format, world).await?,
        };
        if self.drifted.is_asked_for() {
            prepared.terms = self.drifted.terms(None);
        }
        prepared.terms.overrides = self.overriding.overrides();
        prepared.terms.access = Access::Write;
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

/// Asks in Terraform's words, and takes nothing but `yes`.
pub async fn ask(world: &World) -> Result<(), Exit> {
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
