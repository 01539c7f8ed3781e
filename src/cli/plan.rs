//! `zonal plan`: how every zone differs, without being able to write.

use std::path::{Path, PathBuf};

use super::against;
use super::approvals;
use super::base::Memory;
use super::config::{Config, Format};
use super::credentials::Keys;
use super::doors::Doors;
use super::exit::{self, ChangesCount, Exit};
use super::grouping::Grouping;
use super::opened::{self, Opened};
use super::outputs::Outputs;
use super::planfile;
use super::prepared::{Prepared, prepare};
use super::progress::Progress;
use super::remembered;
use super::target::{Drifted, Part, Target, Terms};
use super::unfinished;
use super::world::World;
use crate::guard::Overrides;
use crate::meaning::{self, Settings};
use crate::model::network::Zone;
use crate::model::{Base, Compared, Desired, Event, Observed, Plan, RunDeed, UnderReview};
use crate::observe::observe;
use crate::plan::approval;
use crate::plan::revert::Kept;
use crate::render;
use crate::render::json::layout::lines;
use crate::render::markdown::About;
use crate::store::{Access, Store};
use crate::{diff, guard, plan};
use clap::Args;

/// Show how every zone differs from the manifests
///
/// Reads the zones with their read keys and cannot write. What is shown is what apply would do now.
#[derive(Debug, Args)]
pub struct PlanCommand {
    /// Exit with 2 where there are changes
    #[arg(long)]
    detailed_exitcode: bool,
    /// Print the plan as JSON, in the shape of `terraform show -json`
    #[arg(long)]
    json: bool,
    /// Write the plan into this file, for `show` and `apply`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Compare with this snapshot instead of the zones; needs no key, sends nothing
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    #[command(flatten)]
    drifted: Drifted,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    grouping: Grouping,
    #[command(flatten)]
    outputs: Outputs,
}

/// A plan and what it was made from.
pub struct Planned {
    /// The manifests.
    pub config: Config,
    /// What is desired of the zones that were selected.
    pub desired: Desired,
    /// The plan.
    pub plan: Plan,
    /// What is to be approved of it, or of the plan file that it is held against.
    pub under_review: UnderReview,
    /// The doors that it was made through.
    pub doors: Doors,
    /// The keys that it was made with.
    pub keys: Keys,
    /// Where it is remembered what was applied; `None` where nothing is.
    pub store: Option<Store>,
    /// What was applied last, as the store knows it; `None` where there is no store.
    pub base: Option<Base>,
}

impl PlanCommand {
    /// Plans for the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &World) -> Exit {
        let format = if self.json { Format::Json } else { Format::Text };
        if let Err(exit) = self.outputs.check(format, world) {
            return exit;
        }
        let about = match self.grouping.about(self.target.selection.shard, world) {
            Ok(about) => about,
            Err(exit) => return exit,
        };
        let terms = Terms { access: about.access(), ..self.drifted.terms(self.against.clone()) };
        let planned = match make_on(terms, &self.target, directory, format, world).await {
            Ok(planned) => planned,
            Err(exit) => return exit,
        };
        if let Err(exit) = unfinished::note(planned.store.as_ref(), &planned.config.network, world).await {
            return exit;
        }
        match format {
            Format::Text => world.out.print(self.outputs.printed(render::text::plan(&planned.plan))),
            Format::Json | Format::Lines => {
                world.out.line(lines(&planfile::plan_json(&planned.plan)));
            }
        }
        if let Some(file) = &self.out
            && let Err(exit) = planfile::save(file, &planned.plan, world)
        {
            return exit;
        }
        let written =
            self.outputs.write(&planned.plan, About::Plan, self.out.as_deref(), directory, format, world);
        if let Err(exit) = written {
            return exit;
        }
        let changes_count = if self.detailed_exitcode { ChangesCount::Yes } else { ChangesCount::No };
        let exits = exit::of_plan(&planned.plan, changes_count);
        if let Err(exit) = about.remember(&planned, RunDeed::Plan, &exits, directory, world).await {
            return exit;
        }
        exit::worst(&exits)
    }
}

/// Loads, observes, compares and plans: everything that apply does before it asks. `tell` hears
/// what happens, beside the progress that is shown.
pub async fn make(
    target: &Target,
    directory: &Path,
    format: Format,
    world: &World,
    tell: &(dyn Fn(&Event) + Sync),
) -> Result<Planned, Exit> {
    let prepared = prepare(target, directory, format, world).await?;
    look(prepared, directory, format, world, tell).await
}

/// The same on other terms.
pub async fn make_on(
    terms: Terms,
    target: &Target,
    directory: &Path,
    format: Format,
    world: &World,
) -> Result<Planned, Exit> {
    let prepared = prepare(target, directory, format, world).await?;
    look(Prepared { terms, ..prepared }, directory, format, world, &|_| {}).await
}

/// Observes what was prepared, compares and plans.
pub async fn look(
    prepared: Prepared,
    directory: &Path,
    format: Format,
    world: &World,
    tell: &(dyn Fn(&Event) + Sync),
) -> Result<Planned, Exit> {
    let Prepared { config, mut desired, selection, made_from, reviewed, terms, store, reach, backwards } =
        prepared;
    let store = match terms.access {
        Access::Read => store.look(&config.network, directory, world).await?,
        Access::Write => store.keep(&config.network, directory, world).await?,
    };
    let approvals = approvals::load(directory).map_err(|error| super::fail(world, error))?;
    let mut base = remembered::base(store.as_ref(), &config, &reach, world).await?;
    if let (Some(base), Some(_)) = (&mut base, &backwards) {
        // What takes a run back touches nothing else.
        base.orphans.clear();
    }
    remembered::look_at(&mut desired, base.as_ref());
    let knows = base.as_ref().is_some_and(|base| !base.ledger.zones.is_empty());
    let revision = match (&terms.memory, knows) {
        // What was applied is known better than what was committed.
        (Memory::Committed, true) => None,
        (memory, _) => memory.find(&config, directory, world).await?,
    };
    let wanted = revision.as_ref().map(|revision| revision.beside(&desired));
    let wanted = wanted.as_ref().unwrap_or(&desired);
    let (observed, doors, keys) = match &terms.against {
        Some(file) => {
            let observed = against::observe_in(file, &config, wanted, world).await?;
            (observed, Doors::closed(&config.network), Keys::default())
        }
        None => ask(&config, wanted, directory, format, world, tell).await?,
    };
    if let Some(base) = &mut base {
        crate::plan::orphans::spare(base, &observed);
    }
    let mut kept = Kept::default();
    if let Some(backwards) = &backwards {
        (desired, kept) = backwards.standing(&desired, &observed);
    }
    let mut differences = diff::since(&desired, &observed, base.as_ref());
    kept.tell(&mut differences);
    match (&revision, &base, &backwards) {
        (Some(then), _, _) => {
            let then = diff::diff(&then.desired, &observed);
            plan::origin::by_revision(&mut differences, &then, &observed);
        }
        (None, Some(base), None) => plan::origin::by_ledger(&mut differences, &desired, &observed, base),
        (None, _, Some(_)) | (None, None, None) => {}
    }
    plan::origin::settle(&mut differences, &desired);
    match terms.part {
        Part::All => {}
        Part::OnlyDrift => plan::origin::only_drift(&mut differences),
    }
    let mut plan = Plan {
        made_from,
        against: terms.against.map(|file| file.display().to_string()),
        compared: match (revision, &base, &backwards) {
            (Some(revision), _, _) => Compared::Revision(revision.commit),
            (None, Some(base), None) => remembered::compared(base, &reach),
            (None, _, Some(_)) | (None, None, None) => Compared::TwoWays,
        },
        ..plan::plan(&config.network, differences, &observed, selection)
    };
    plan::origin::hold(&mut plan);
    let under_review = match &reviewed {
        Some(reviewed) => {
            reviewed.admit(&mut plan);
            reviewed.under_review.clone()
        }
        None => approval::under_review(&plan),
    };
    // What somebody has agreed to, or has taken upon them, is the plan that they have seen.
    plan.digest = under_review.plan;
    let before = Settings::observed(&config.network, &observed);
    let after = before.after(&plan);
    plan.impacts = meaning::impact(&plan, &before, &after);
    plan.expectations = meaning::outlook(&config.expectations, &before, &after);
    let now = world.timestamp()?;
    let mut taken = approvals::overrides(&approvals, plan.digest);
    taken.extend(reviewed.iter().flat_map(|reviewed| reviewed.taken.iter().cloned()));
    let overrides = Overrides { given: &terms.overrides, approved: &taken };
    let astray = guard::review(&mut plan, &config.network, &config.policies, overrides, now);
    if !astray.is_empty() {
        for each in &astray {
            super::fail(world, each.to_string());
        }
        return Err(Exit::Invalid);
    }
    let findings = plan.findings.clone();
    plan::hold(&mut plan, |code, _| guard::held(&findings, code), |_, _| None);
    approval::wait(&mut plan, &under_review, &config.network.approval, &approvals);
    Ok(Planned { config, desired, plan, under_review, doors, keys, store, base })
}

/// Asks the zones for what is wanted of them. Where nothing is, no key is asked for.
pub async fn ask(
    config: &Config,
    wanted: &Desired,
    directory: &Path,
    format: Format,
    world: &World,
    tell: &(dyn Fn(&Event) + Sync),
) -> Result<(Observed, Doors, Keys), Exit> {
    let zones: Vec<&Zone> =
        config.network.zones.iter().filter(|zone| wanted.zones.contains_key(&zone.code)).collect();
    if zones.is_empty() {
        return Ok((Observed::default(), Doors::closed(&config.network), Keys::default()));
    }
    let Opened { doors, keys, readers } = opened::open(config, &zones, directory, format, world).await?;
    let progress = Progress::new(world, "Reading", readers.len());
    let shown = |event: Event| {
        tell(&event);
        progress.tell(&event);
    };
    let observed = tokio::select! {
        observed = observe(&readers, wanted, &shown) => observed,
        () = world.interrupted(1) => {
            progress.finish();
            world.err.line("Interrupted while reading. Nothing was written.");
            return Err(Exit::Interrupted);
        }
    };
    progress.finish();
    Ok((observed, doors, keys))
}
