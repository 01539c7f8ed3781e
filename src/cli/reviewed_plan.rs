//! Reviewed plan file: `apply` makes only changes that are also in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::CommandExit;
use super::base_revision::BaseSource;
use super::changed_since;
use super::comparison_base::CommandScope;
use super::config::OutputFormat;
use super::context::CommandContext;
use super::plan_file::{text_of, unreadable};
use super::revert;
use super::selected_state::{self, SelectedState};
use super::selection_args::SelectionArgs;
use super::target_args::{DriftFilter, PlanOptions, TargetArgs};
use crate::apply::goes_on;
use crate::model::{
    ApplyMode, Change, ChangeAction, CollectionId, ContentDigest, Deferral, DesiredState, FieldName,
    FieldValue, FindingEffect, GuardOverride, Plan, PlanInputs, PlanStep, ReviewSubject, RunId, ZoneCode,
    ZonePlan, looks_truncated,
};
use crate::plan::hold;
use crate::plan::plan_digest::DigestScope;
use crate::render::json::plan::{PlanFileError, PlanJson, ReconcilerJson, ResourceChangeJson, parse};

/// Reviewed plan file, used only to check which changes were approved.
pub struct ReviewedPlan {
    name: String,
    again: String,
    zonal: String,
    network: String,
    environment: Option<String>,
    selection: Option<String>,
    base: Option<String>,
    part: DriftFilter,
    made_from: PlanInputs,
    zones: BTreeSet<Arc<str>>,
    /// Digests of the changes by listed zone, as counted by approvals.
    changes: BTreeMap<ZoneCode, BTreeSet<ContentDigest>>,
    /// Changes whose digest matches the listed content.
    shown: BTreeMap<ZoneCode, Vec<Change>>,
    /// Number of records in each collection.
    existing: BTreeMap<(Arc<str>, String), usize>,
    /// Deleted records by collection, without the language.
    leaving: BTreeMap<(ZoneCode, CollectionId), BTreeSet<RecordIdentity>>,
    /// Collections with conflicts: a write there was never approved.
    undecided: BTreeSet<(ZoneCode, CollectionId)>,
    /// Subject of approvals, from the file's own changes.
    pub under_review: ReviewSubject,
    /// Overrides of the run, if the plan belongs to a run.
    pub taken: Vec<GuardOverride>,
}

impl ReviewedPlan {
    /// Opens the reviewed plan file.
    ///
    /// # Errors
    /// Prints the error in the file and returns the exit code.
    pub fn open(file: &Path, world: &CommandContext) -> Result<Self, CommandExit> {
        let text = text_of(file, world)?;
        let name = file.display().to_string();
        let again = format!("create a new plan and review it: `zonal plan --out {name}`");
        Self::parse(&text, name, again).map_err(|error| unreadable(file, &error, world))
    }

    /// Loads the plan of a run, without stale changes and with the run's overrides.
    ///
    /// # Errors
    /// Prints the error and returns [`CommandExit::Invalid`] if the plan in the store is not intact.
    pub fn of_run(run: RunId, text: &str, world: &CommandContext) -> Result<Self, CommandExit> {
        let again = "run `zonal apply` to apply the current manifests".to_owned();
        let begun = || {
            let mut file = parse(text)?;
            let approved_by = std::mem::take(&mut file.reconciler.reviewed_digests);
            let plan = file.reconciler.digest;
            leave_out_moved(&mut file.reconciler);
            let findings = std::mem::take(&mut file.reconciler.findings);
            let mut reviewed = Self::from_plan_json(file, text, format!("the plan of {run}"), again);
            if !approved_by.is_empty() {
                let zones = approved_by.into_iter().map(|(code, digest)| (ZoneCode(code), digest));
                reviewed.under_review = ReviewSubject { plan, zones: zones.collect() };
            }
            let digest = reviewed.under_review.plan;
            let taken = findings.into_iter().filter_map(|finding| match finding.verdict {
                FindingEffect::Overridden { reason } => {
                    Some(GuardOverride { guard: finding.guard.to_string(), reason, digest })
                }
                FindingEffect::Deny
                | FindingEffect::Defer
                | FindingEffect::RequireApproval
                | FindingEffect::Warn => None,
            });
            Ok(Self { taken: taken.collect(), ..reviewed })
        };
        begun().map_err(|error: PlanFileError| {
            super::fail(world, format!("cannot read the plan of {run} in the store: {error}"))
        })
    }

    /// Parses a plan file; `again` is the help text for an unusable plan.
    fn parse(text: &str, name: String, again: String) -> Result<Self, PlanFileError> {
        Ok(Self::from_plan_json(parse(text)?, text, name, again))
    }

    fn from_plan_json(file: PlanJson, text: &str, name: String, again: String) -> Self {
        // An inconsistent file still lists its changes.
        let shown = parse(text).and_then(Plan::try_from).ok();
        let PlanJson { zonal_version, resource_changes, reconciler, .. } = file;
        let leaving = records_to_delete(&resource_changes, &reconciler);
        let undecided = (reconciler.zones.iter())
            .flat_map(|zone| zone.collections.iter().map(move |each| (&zone.code, each)))
            .filter(|(_, each)| each.deferral == Some(Deferral::Conflict))
            .map(|(code, each)| (ZoneCode(code.clone()), CollectionId::from(each.id.clone())))
            .collect();
        let mut by_zone: BTreeMap<&str, Vec<ContentDigest>> = BTreeMap::new();
        for (address, detail) in &reconciler.changes {
            let zone = address.split('/').next().unwrap_or_default();
            by_zone.entry(zone).or_default().push(detail.digest);
        }
        let changes: BTreeMap<ZoneCode, BTreeSet<ContentDigest>> = by_zone
            .iter()
            .map(|(code, changes)| ((*code).into(), changes.iter().copied().collect()))
            .collect();
        let scope = DigestScope::new(&reconciler.network, reconciler.environment.as_deref());
        let zones: BTreeMap<ZoneCode, ContentDigest> =
            by_zone.into_iter().map(|(code, changes)| (code.into(), scope.zone(code, changes))).collect();
        let plan = scope.plan(zones.iter().map(|(code, digest)| (code.as_str(), *digest)));
        Self {
            under_review: ReviewSubject { plan, zones },
            taken: Vec::new(),
            name,
            again,
            zonal: zonal_version,
            network: reconciler.network,
            environment: reconciler.environment,
            selection: reconciler.selection,
            base: reconciler.base_revision,
            // Apply postpones the same changes as the plan.
            part: match reconciler.drift.values().any(|detail| detail.mode == ApplyMode::Postponed) {
                true => DriftFilter::OnlyDrift,
                false => DriftFilter::All,
            },
            made_from: reconciler.inputs,
            existing: (reconciler.zones.iter())
                .flat_map(|zone| zone.collections.iter().map(|each| (&zone.code, each)))
                .filter_map(|(code, each)| Some(((code.clone(), each.name.clone()), each.existing?)))
                .collect(),
            zones: reconciler.zones.into_iter().map(|zone| zone.code).collect(),
            shown: shown.iter().flat_map(|shown| as_they_are(shown, &changes)).collect(),
            changes,
            leaving,
            undecided,
        }
    }

    /// Loads the current manifests, reduced to the scope of the plan and the selection, and checks that the
    /// inputs match.
    ///
    /// # Errors
    /// Prints the differences and returns the exit code.
    pub async fn prepare(
        self,
        target: &TargetArgs,
        directory: &Path,
        format: OutputFormat,
        world: &CommandContext,
    ) -> Result<SelectedState, CommandExit> {
        if let Some(asked) =
            target.environment.as_ref().filter(|asked| Some(*asked) != self.environment.as_ref())
        {
            let made_for = match &self.environment {
                Some(environment) => format!("for environment {environment}"),
                None => "without an environment".to_owned(),
            };
            return Err(self.refuse(&[format!("the plan was created {made_for}, not for {asked}")], world));
        }
        let here = env!("CARGO_PKG_VERSION");
        if self.zonal != here {
            return Err(self.refuse(
                &[format!("the plan was created by zonal {}, this is zonal {here}", self.zonal)],
                world,
            ));
        }
        let environment = self.environment.clone();
        let store = target.store.clone();
        let everything =
            TargetArgs { environment, selection: SelectionArgs::default(), store, changed_since: None };
        let prepared = match self.made_from.reverts {
            Some(run) => revert::prepare(run, &everything, directory, format, world).await?,
            None => selected_state::prepare(&everything, directory, format, world).await?,
        };
        let SelectedState { config, desired, store, backwards, .. } = prepared;
        if config.network.name != self.network {
            let found = format!(
                "the plan was created for network {}, this is network {}",
                self.network, config.network.name
            );
            return Err(self.refuse(&[found], world));
        }
        let reviewed = self.narrow(desired);
        let kinds: Vec<String> = self.made_from.kinds.iter().map(ToString::to_string).collect();
        let reverts = self.made_from.reverts;
        let made_from = PlanInputs { reverts, ..crate::plan::made_from(&config.network, &reviewed, &kinds) };
        let differing = input_differences(&self.made_from, &made_from);
        if !differing.is_empty() {
            return Err(self.refuse(&differing, world));
        }
        let mut desired = selected_state::narrow(&target.selection, &config, reviewed, world)?;
        let mut selection = target.selection.description().or_else(|| self.selection.clone());
        if let Some(since) = &target.changed_since {
            let words = changed_since::narrow(since, &config, &mut desired, directory, world).await?;
            selection = Some(selection.into_iter().chain([words]).collect::<Vec<_>>().join(", "));
        }
        // The run can be resumed with the remaining inputs after the selection.
        let asked: Vec<String> = target.selection.kind.clone();
        let left = if asked.is_empty() { &kinds } else { &asked };
        let made_from = PlanInputs { reverts, ..crate::plan::made_from(&config.network, &desired, left) };
        let memory = self.base.clone().map_or(BaseSource::None, BaseSource::Revision);
        let terms = PlanOptions { snapshot: None, memory, part: self.part, ..PlanOptions::default() };
        let mut zones = target.zones(&config.network, &desired);
        zones.retain(|zone| self.zones.contains(&zone.0));
        let reach = CommandScope { zones, kinds };
        let reviewed = Some(self);
        Ok(SelectedState { config, desired, selection, made_from, reviewed, terms, store, reach, backwards })
    }

    /// Returns the desired state in the zones and kinds of the plan.
    fn narrow(&self, mut desired: DesiredState) -> DesiredState {
        desired.zones.retain(|code, collections| {
            crate::plan::selection::narrow(collections, |collection| {
                let kind = collection.provenance.manifest.split('/').next().unwrap_or_default();
                self.made_from.kinds.is_empty() || self.made_from.kinds.iter().any(|wanted| **wanted == *kind)
            });
            self.zones.contains(&code.0) && !collections.is_empty()
        });
        desired
    }

    fn refuse(&self, differing: &[String], world: &CommandContext) -> CommandExit {
        super::fail(world, format!("cannot apply {}: {}", self.name, differing.join("; ")));
        world.err.print_line(format!("help: {}", self.again));
        CommandExit::Invalid
    }

    /// Defers all collections with unreviewed changes.
    ///
    /// * A collection with a conflict in the reviewed plan.
    /// * A collection with a change outside the plan file: the zone changed since.
    /// * A collection that seems to have lost most of its records.
    ///
    /// A partly applied collection counts as reviewed.
    pub fn admit(&self, fresh: &mut Plan) {
        let scope = DigestScope::from(&*fresh);
        let is_reviewed = |code: &ZoneCode, change: &Change| {
            self.changes.get(code).is_some_and(|changes| changes.contains(&scope.change(change)))
        };
        let has_moved = |code: &ZoneCode, zone: &ZonePlan, step: &PlanStep| {
            let mut changes = step.diff.to_apply();
            changes.any(|change| !is_reviewed(code, change) && !self.goes_on(code, zone, change))
                || self.has_shrunk(code, zone, step)
        };
        let moved: BTreeSet<(ZoneCode, CollectionId)> = (fresh.zones.iter())
            .flat_map(|(code, zone)| zone.collections.iter().map(move |step| (code, zone, step)))
            .filter(|(code, zone, step)| has_moved(code, zone, step))
            .map(|(code, _, step)| (code.clone(), step.diff.id.clone()))
            .collect();
        let moved = |code: &ZoneCode, step: &PlanStep| {
            let place = (code.clone(), step.diff.id.clone());
            // Regardless of the current applied state.
            let undecided = self.undecided.contains(&place).then_some(Deferral::Conflict);
            undecided.or_else(|| moved.contains(&place).then_some(Deferral::Stale))
        };
        hold(fresh, |_, _| None, moved);
    }

    /// Returns true if a change is the rest of a reviewed change.
    ///
    /// An earlier apply of the same plan wrote the same record in another language.
    fn goes_on(&self, code: &ZoneCode, zone: &ZonePlan, now: &Change) -> bool {
        let Some(shown) = self.shown.get(code) else { return false };
        let shown = || shown.iter().filter(|shown| shown.address.key == now.address.key);
        let Some(approved) = shown().find(|shown| shown.address.collection == now.address.collection) else {
            return false;
        };
        let is_left = |shown: &Change| {
            let mut changes = zone.collections.iter().flat_map(|step| step.diff.to_apply());
            changes.any(|change| change.address == shown.address)
        };
        let in_another_language = |shown: &&Change| {
            let collection = &shown.address.collection;
            collection != &now.address.collection && collection.shares_rows_with(&now.address.collection)
        };
        let done: Vec<&Change> =
            shown().filter(in_another_language).filter(|shown| !is_left(shown)).collect();
        !done.is_empty() && goes_on(approved, now, &done)
    }

    /// Returns true if a zone returned so few records that the response looks truncated.
    ///
    /// Ignores records deleted by an earlier apply of the same plan.
    fn has_shrunk(&self, code: &ZoneCode, zone: &ZonePlan, step: &PlanStep) -> bool {
        let Ok(found) = &step.diff.outcome else { return false };
        let id = &step.diff.id;
        let Some(then) = self.existing.get(&(code.0.clone(), id.to_string())) else { return true };
        let leaving = self.leaving.get(&(code.clone(), id.without_language()));
        let gone = leaving.map_or(0, |leaving| {
            let shared = zone.collections.iter().filter(|other| other.diff.id.shares_rows_with(id));
            let left: BTreeSet<&RecordIdentity> = shared
                .flat_map(|other| other.diff.to_apply())
                .filter(|change| change.action == ChangeAction::Delete)
                .map(|change| &change.key)
                .collect();
            leaving.iter().filter(|key| !left.contains(key)).count()
        });
        looks_truncated(then.saturating_sub(gone), found.existing)
    }
}

/// Returns the changes in a plan file whose digests match their content.
fn as_they_are(
    shown: &Plan,
    changes: &BTreeMap<ZoneCode, BTreeSet<ContentDigest>>,
) -> BTreeMap<ZoneCode, Vec<Change>> {
    let scope = DigestScope::from(shown);
    let zones = shown.zones.iter().filter_map(|(code, zone)| Some((code, zone, changes.get(code)?)));
    let zones = zones.map(|(code, zone, changes)| {
        let all = zone.collections.iter().flat_map(|step| step.diff.to_apply());
        let as_it_is = |change: &&Change| changes.contains(&scope.change(change));
        (code.clone(), all.filter(as_it_is).cloned().collect())
    });
    zones.collect()
}

/// Removes stale changes from a run's plan: the run was not allowed to write them.
fn leave_out_moved(reconciler: &mut ReconcilerJson) {
    let ReconcilerJson { zones, changes, .. } = reconciler;
    let moved: BTreeSet<(&str, &str)> = (zones.iter())
        .flat_map(|zone| zone.collections.iter().map(move |each| (zone, each)))
        .filter(|(zone, each)| {
            zone.deferral == Some(Deferral::Stale) || each.deferral == Some(Deferral::Stale)
        })
        .map(|(zone, each)| (&*zone.code, &*each.name))
        .collect();
    changes.retain(|address, detail| {
        let zone = address.split('/').next().unwrap_or_default();
        !moved.contains(&(zone, &*detail.collection))
    });
}

/// Key of a record: fields and values.
type RecordIdentity = Vec<(FieldName, FieldValue)>;

/// Returns the records that a plan file deletes.
fn records_to_delete(
    resources: &[ResourceChangeJson],
    reconciler: &ReconcilerJson,
) -> BTreeMap<(ZoneCode, CollectionId), BTreeSet<RecordIdentity>> {
    let mut collections: BTreeMap<(&str, &str), CollectionId> = BTreeMap::new();
    for zone in &reconciler.zones {
        for each in &zone.collections {
            collections
                .insert((&zone.code, &each.name), CollectionId::from(each.id.clone()).without_language());
        }
    }
    let mut leaving: BTreeMap<(ZoneCode, CollectionId), BTreeSet<RecordIdentity>> = BTreeMap::new();
    for resource in
        resources.iter().filter(|resource| resource.change.actions.contains(&ChangeAction::Delete))
    {
        let Some(detail) = reconciler.changes.get(&resource.address) else { continue };
        let Some(id) = collections.get(&(&*resource.index, &*detail.collection)) else { continue };
        let place = (ZoneCode(resource.index.clone()), id.clone());
        leaving.entry(place).or_default().insert(detail.key.clone());
    }
    leaving
}

/// Returns the changed inputs of a plan, one line per input.
fn input_differences(then: &PlanInputs, now: &PlanInputs) -> Vec<String> {
    let mut lines = Vec::new();
    if then.network != now.network {
        lines.push("the connections in the Network manifest changed since the plan was created".to_owned());
    }
    for (manifest, digest) in &then.manifests {
        match now.manifests.get(manifest) {
            None => lines.push(format!("{manifest} was removed since the plan was created")),
            Some(found) if found != digest => {
                lines.push(format!("{manifest} changed since the plan was created"))
            }
            Some(_) => {}
        }
    }
    let added = now.manifests.keys().filter(|manifest| !then.manifests.contains_key(*manifest));
    lines.extend(added.map(|manifest| format!("{manifest} was added since the plan was created")));
    lines
}
