//! `zonal plan`: shows the changes that apply would make, without write access.

use std::path::{Path, PathBuf};

use super::CommandExit;
use super::approvals;
use super::base_revision::BaseSource;
use super::comparison_base;
use super::config::{ConfigDirectory, OutputFormat};
use super::context::CommandContext;
use super::credentials::ZoneKeys;
use super::plan_file;
use super::plan_outputs::PlanOutputArgs;
use super::progress::ProgressReporter;
use super::provider_factory::ProviderFactory;
use super::run_group::RunGroupArgs;
use super::selected_state::{SelectedState, prepare};
use super::snapshot_reader;
use super::target_args::{DriftArgs, DriftFilter, PlanOptions, TargetArgs};
use super::unfinished_runs;
use super::zone_readers::{self, ZoneReaders};
use crate::analysis::{self, NetworkSettings};
use crate::guard::GuardOverrides;
use crate::model::network::Zone;
use crate::model::{
    ApplyEvent, ComparisonBase, ComparisonMode, DesiredState, ObservedState, Plan, ReviewSubject,
    RunOperation,
};
use crate::observe::observe;
use crate::plan::required_approvals;
use crate::plan::revert::SkippedRecords;
use crate::render;
use crate::render::json::compact_lines::compact_lines;
use crate::render::markdown::CommentPurpose;
use crate::session::run_outcome::{self, DetailedExitCode};
use crate::store::{Store, StoreAccess};
use crate::{diff, guard, plan};
use clap::Args;

/// Show the changes that apply would make
///
/// Reads the zones with their read keys and cannot write.
#[derive(Debug, Args)]
pub struct PlanCommand {
    /// Exit with code 2 if there are changes
    #[arg(long)]
    detailed_exitcode: bool,
    /// Print the plan as JSON, in the format of `terraform show -json`
    #[arg(long)]
    json: bool,
    /// Save the plan to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Compare with a snapshot file instead of the zones (no API key needed)
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    #[command(flatten)]
    drifted: DriftArgs,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    grouping: RunGroupArgs,
    #[command(flatten)]
    outputs: PlanOutputArgs,
}

/// Plan with its inputs.
pub struct PlanResult {
    /// Manifests.
    pub config: ConfigDirectory,
    /// Desired state of the selected zones.
    pub desired: DesiredState,
    /// Plan.
    pub plan: Plan,
    /// Subject of approvals: the plan itself, or the reviewed plan file.
    pub under_review: ReviewSubject,
    /// Factory of the zones' providers.
    pub doors: ProviderFactory,
    /// API keys of the zones.
    pub keys: ZoneKeys,
    /// Store; `None` without a store.
    pub store: Option<Store>,
    /// Base from the store; `None` without a store.
    pub base: Option<ComparisonBase>,
}

impl PlanCommand {
    /// Plans for the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        if let Err(exit) = self.outputs.check(format, world) {
            return exit;
        }
        let about = match self.grouping.about(self.target.selection.shard, world) {
            Ok(about) => about,
            Err(exit) => return exit,
        };
        let terms = PlanOptions { access: about.access(), ..self.drifted.terms(self.snapshot.clone()) };
        let planned = match make_on(terms, &self.target, directory, format, world).await {
            Ok(planned) => planned,
            Err(exit) => return exit,
        };
        if let Err(exit) = unfinished_runs::note(planned.store.as_ref(), &planned.config.network, world).await
        {
            return exit;
        }
        match format {
            OutputFormat::Text => {
                world.out.print(self.outputs.stdout_text(render::text::plan(&planned.plan)))
            }
            OutputFormat::Json | OutputFormat::Lines => {
                world.out.print_line(compact_lines(&plan_file::plan_json(&planned.plan)));
            }
        }
        if let Some(file) = &self.out
            && let Err(exit) = plan_file::save(file, &planned.plan, world)
        {
            return exit;
        }
        let written = self.outputs.write(
            &planned.plan,
            CommentPurpose::Plan,
            self.out.as_deref(),
            directory,
            format,
            world,
        );
        if let Err(exit) = written {
            return exit;
        }
        let changes_count = if self.detailed_exitcode { DetailedExitCode::Yes } else { DetailedExitCode::No };
        let exits = run_outcome::of_plan(&planned.plan, changes_count);
        if let Err(exit) = about.remember(&planned, RunOperation::Plan, &exits, directory, world).await {
            return exit;
        }
        run_outcome::worst(&exits)
    }
}

/// Loads, observes, compares and plans: all steps of an apply before the confirmation.
///
/// `tell` receives the events, in addition to the progress display.
pub async fn make(
    target: &TargetArgs,
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
    tell: &(dyn Fn(&ApplyEvent) + Sync),
) -> Result<PlanResult, CommandExit> {
    let prepared = prepare(target, directory, format, world).await?;
    observe_and_plan(prepared, directory, format, world, tell).await
}

/// Plans like [`make`], with other options.
pub async fn make_on(
    terms: PlanOptions,
    target: &TargetArgs,
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
) -> Result<PlanResult, CommandExit> {
    let prepared = prepare(target, directory, format, world).await?;
    observe_and_plan(SelectedState { terms, ..prepared }, directory, format, world, &|_| {}).await
}

/// Observes the prepared state, compares and plans.
pub async fn observe_and_plan(
    prepared: SelectedState,
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
    tell: &(dyn Fn(&ApplyEvent) + Sync),
) -> Result<PlanResult, CommandExit> {
    let SelectedState { config, mut desired, selection, made_from, reviewed, terms, store, reach, backwards } =
        prepared;
    let store = match terms.access {
        StoreAccess::Read => store.open_read_only(&config.network, directory, world).await?,
        StoreAccess::Write => store.keep(&config.network, directory, world).await?,
    };
    let approvals = approvals::load(directory).map_err(|error| super::fail(world, error))?;
    let mut base = comparison_base::base(store.as_ref(), &config, &reach, world).await?;
    if let (Some(base), Some(_)) = (&mut base, &backwards) {
        // A revert touches only its own records.
        base.orphans.clear();
    }
    comparison_base::look_at(&mut desired, base.as_ref());
    let knows = base.as_ref().is_some_and(|base| !base.applied_state.zones.is_empty());
    let revision = match (&terms.memory, knows) {
        // The applied state in the store is more reliable than the last commit.
        (BaseSource::HeadRevision, true) => None,
        (memory, _) => memory.find(&config, directory, world).await?,
    };
    let wanted = revision.as_ref().map(|revision| revision.collections_to_observe(&desired));
    let wanted = wanted.as_ref().unwrap_or(&desired);
    let (observed, doors, keys) = match &terms.snapshot {
        Some(file) => {
            let observed = snapshot_reader::observe_in(file, &config, wanted, world).await?;
            (observed, ProviderFactory::offline(&config.network), ZoneKeys::default())
        }
        None => observe_zones(&config, wanted, directory, format, world, tell).await?,
    };
    if let Some(base) = &mut base {
        crate::plan::orphans::spare(base, &observed);
    }
    let mut kept = SkippedRecords::default();
    if let Some(backwards) = &backwards {
        (desired, kept) = backwards.split_by_record_state(&desired, &observed);
    }
    let mut differences = diff::three_way(&desired, &observed, base.as_ref());
    kept.add_notes(&mut differences);
    match (&revision, &base, &backwards) {
        (Some(then), _, _) => {
            let then = diff::diff(&then.desired, &observed);
            plan::change_origin::by_revision(&mut differences, &then, &observed);
        }
        (None, Some(base), None) => {
            plan::change_origin::by_ledger(&mut differences, &desired, &observed, base)
        }
        (None, _, Some(_)) | (None, None, None) => {}
    }
    plan::change_origin::settle(&mut differences, &desired);
    match terms.part {
        DriftFilter::All => {}
        DriftFilter::OnlyDrift => plan::change_origin::only_drift(&mut differences),
    }
    let mut plan = Plan {
        inputs: made_from,
        snapshot: terms.snapshot.map(|file| file.display().to_string()),
        compared: match (revision, &base, &backwards) {
            (Some(revision), _, _) => ComparisonMode::Revision(revision.commit),
            (None, Some(base), None) => comparison_base::comparison_mode(base, &reach),
            (None, _, Some(_)) | (None, None, None) => ComparisonMode::TwoWay,
        },
        ..plan::plan(&config.network, differences, &observed, selection)
    };
    plan::change_origin::hold(&mut plan);
    let under_review = match &reviewed {
        Some(reviewed) => {
            reviewed.admit(&mut plan);
            reviewed.under_review.clone()
        }
        None => required_approvals::under_review(&plan),
    };
    // Approvals and overrides refer to the reviewed plan.
    plan.digest = under_review.plan;
    let before = NetworkSettings::from_observed(&config.network, &observed);
    let after = before.with_plan_applied(&plan);
    plan.impacts = analysis::impact(&plan, &before, &after);
    plan.expectations = analysis::outlook(&config.expectations, &before, &after);
    let now = world.timestamp()?;
    let mut taken = approvals::overrides(&approvals, plan.digest);
    taken.extend(reviewed.iter().flat_map(|reviewed| reviewed.taken.iter().cloned()));
    let overrides = GuardOverrides { given: &terms.overrides, approved: &taken };
    let astray = guard::review(&mut plan, &config.network, &config.policies, overrides, now);
    if !astray.is_empty() {
        for each in &astray {
            super::fail(world, each.to_string());
        }
        return Err(CommandExit::Invalid);
    }
    let findings = plan.findings.clone();
    plan::hold(&mut plan, |code, _| guard::deferral_of_zone(&findings, code), |_, _| None);
    required_approvals::wait(&mut plan, &under_review, &config.network.approval, &approvals);
    Ok(PlanResult { config, desired, plan, under_review, doors, keys, store, base })
}

/// Reads the desired collections of the zones; needs no key if nothing is desired.
pub async fn observe_zones(
    config: &ConfigDirectory,
    wanted: &DesiredState,
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
    tell: &(dyn Fn(&ApplyEvent) + Sync),
) -> Result<(ObservedState, ProviderFactory, ZoneKeys), CommandExit> {
    let zones: Vec<&Zone> =
        config.network.zones.iter().filter(|zone| wanted.zones.contains_key(&zone.code)).collect();
    if zones.is_empty() {
        return Ok((
            ObservedState::default(),
            ProviderFactory::offline(&config.network),
            ZoneKeys::default(),
        ));
    }
    let ZoneReaders { doors, keys, readers } =
        zone_readers::open(config, &zones, directory, format, world).await?;
    let progress = ProgressReporter::new(world, "Reading", readers.len());
    let shown = |event: ApplyEvent| {
        tell(&event);
        progress.handle_event(&event);
    };
    let observed = tokio::select! {
        observed = observe(&readers, wanted, &shown) => observed,
        () = world.wait_for_interrupts(1) => {
            progress.finish();
            world.err.print_line("Interrupted while reading. No changes were made.");
            return Err(CommandExit::Interrupted);
        }
    };
    progress.finish();
    Ok((observed, doors, keys))
}
