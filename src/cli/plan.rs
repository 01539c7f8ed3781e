//! `zonal plan`: how every zone differs, without being able to write.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::against;
use super::approvals;
use super::base::Memory;
use super::config::{self, Config, Format};
use super::credentials::Keys;
use super::doors::Doors;
use super::exit::{self, ChangesCount, Exit};
use super::grouping::Grouping;
use super::opened::{self, Opened};
use super::outputs::Outputs;
use super::planfile::{self, Reviewed};
use super::progress::Progress;
use super::remembered::{self, Reach};
use super::selection::Selection;
use super::since;
use super::store::StoreArg;
use super::unfinished;
use super::world::World;
use crate::guard::Overrides;
use crate::model::network::Zone;
use crate::model::{
    Base, Compared, Desired, Event, MadeFrom, Network, Observed, Override, Plan, RunDeed, UnderReview,
    ZoneCode,
};
use crate::observe::observe;
use crate::plan::approval;
use crate::plan::revert::{Backwards, Kept};
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

/// What plan and apply are aimed at.
#[derive(Debug, Clone, Default, Args)]
pub struct Target {
    /// Lay this environment over the Network manifest
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub store: StoreArg,
    /// Only zones for which the manifests come to something else than at this git revision
    #[arg(long, value_name = "REV", help_heading = "Selection")]
    pub changed_since: Option<String>,
}

impl Target {
    /// The zones of a network that it is aimed at, whether anything is desired of them or not. `desired` is what
    /// is, of those that changed where only those are meant.
    pub fn zones(&self, network: &Network, desired: &Desired) -> BTreeSet<ZoneCode> {
        let changed = |code: &ZoneCode| self.changed_since.is_none() || desired.zones.contains_key(code);
        let zones = network.zones.iter().filter(|zone| self.selection.zones.selects(zone));
        zones.map(|zone| zone.code.clone()).filter(changed).collect()
    }
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

/// What is desired of the zones that a command is aimed at.
pub struct Prepared {
    /// The manifests.
    pub config: Config,
    /// What is desired of the zones that were selected.
    pub desired: Desired,
    /// What it was narrowed to, in words.
    pub selection: Option<String>,
    /// What a plan of it is made from.
    pub made_from: MadeFrom,
    /// The plan file that it is held against, where there is one.
    pub reviewed: Option<Reviewed>,
    /// What it is compared with.
    pub terms: Terms,
    /// Which store to remember by.
    pub store: StoreArg,
    /// What it covers.
    pub reach: Reach,
    /// The run that is taken back, where what is desired comes from the history.
    pub backwards: Option<Backwards>,
}

/// What the manifests are compared with, and which of the differences count.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// A snapshot that stands in for the zones.
    pub against: Option<PathBuf>,
    /// Where to look for what was applied last.
    pub memory: Memory,
    /// What is done about the differences.
    pub part: Part,
    /// What somebody takes upon them, where guards and policies stand in the way.
    pub overrides: Vec<Override>,
    /// Whether something will be kept in the store, or it is only looked at.
    pub access: Access,
}

/// Which differences are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// All.
    #[default]
    All,
    /// Those where the zone moved alone.
    OnlyDrift,
}

/// What has drifted, apart from what the manifests ask for since.
#[derive(Debug, Clone, Default, Args)]
pub struct Drifted {
    /// Only what has drifted: what the manifests changed since they were applied last stays for a later apply
    #[arg(long)]
    only_drift: bool,
    /// The git revision whose manifests were applied last; with --only-drift, what is committed
    #[arg(long, value_name = "REV")]
    base: Option<String>,
}

impl Drifted {
    /// Whether the flags say anything.
    pub fn is_asked_for(&self) -> bool {
        self.only_drift || self.base.is_some()
    }

    /// The flags, and a snapshot in place of the zones.
    pub fn terms(&self, against: Option<PathBuf>) -> Terms {
        let memory = match (&self.base, self.only_drift) {
            (Some(revision), _) => Memory::Revision(revision.clone()),
            (None, true) => Memory::Committed,
            (None, false) => Memory::None,
        };
        let part = if self.only_drift { Part::OnlyDrift } else { Part::All };
        Terms { against, memory, part, ..Terms::default() }
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

/// Loads the manifests, and narrows what they want to what the command is aimed at.
pub async fn prepare(
    target: &Target,
    directory: &Path,
    format: Format,
    world: &World,
) -> Result<Prepared, Exit> {
    let config = config::load(directory, target.environment.as_deref(), format, world)?;
    if format == Format::Json {
        config.warn(world);
    }
    let mut desired = narrow(&target.selection, &config, config.desired.clone(), world)?;
    let mut selection = target.selection.words();
    if let Some(since) = &target.changed_since {
        let words = since::narrow(since, &config, &mut desired, directory, world).await?;
        selection = Some(selection.into_iter().chain([words]).collect::<Vec<_>>().join(", "));
    }
    let made_from = plan::made_from(&config.network, &desired, &target.selection.kind);
    let terms = Terms::default();
    let store = target.store.clone();
    let reach =
        Reach { zones: target.zones(&config.network, &desired), kinds: target.selection.kind.clone() };
    Ok(Prepared {
        config,
        desired,
        selection,
        made_from,
        reviewed: None,
        terms,
        store,
        reach,
        backwards: None,
    })
}

/// What a selection leaves of what is desired.
pub fn narrow(
    selection: &Selection,
    config: &Config,
    desired: Desired,
    world: &World,
) -> Result<Desired, Exit> {
    let narrowed = selection.narrow(&config.network, desired).map_err(|problems| {
        problems.iter().for_each(|problem| {
            super::fail(world, problem);
        });
        Exit::Invalid
    })?;
    if let Some(shard) = selection.shard.filter(|_| narrowed.zones.is_empty()) {
        world.err.line(format!("note: there are no zones in shard {shard}, so there is nothing to do"));
    }
    Ok(narrowed)
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
