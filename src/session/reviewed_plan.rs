//! Reviewed plan: an apply makes only changes that are also in the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::{PlanSource, SessionError};
use super::observer::{SessionObserver, report_retired_records};
use super::plan_documents::parse_plan;
use super::retired_records::{RetiredRecords, RetiredRecordsPlace};
use super::selection::DriftFilter;
use crate::apply::goes_on;
use crate::kinds;
use crate::model::{
    ApplyMode, Change, ChangeAction, CollectionId, ContentDigest, Deferral, DesiredState, FieldName,
    FieldValue, FindingEffect, GuardOverride, Network, Plan, PlanInputs, PlanStep, ReviewSubject, RunId,
    ZoneCode, ZonePlan, looks_truncated,
};
use crate::plan::hold;
use crate::plan::plan_digest::DigestScope;
use crate::plan::selection::DeclarationScope;
use crate::render::json::plan::{PlanFileError, PlanJson, ReconcilerJson, ResourceChangeJson, parse};
use crate::store::RunDocument;

/// Reviewed plan, used only to check which changes were approved.
#[derive(Clone)]
pub struct ReviewedPlan {
    source: PlanSource,
    zonal: String,
    network: String,
    /// Environment of the plan.
    pub environment: Option<String>,
    /// Selection of the plan as text.
    pub selection: Option<String>,
    /// Revision used as the base.
    pub base: Option<String>,
    /// Differences in the plan.
    pub filter: DriftFilter,
    /// Inputs of the plan.
    pub inputs: PlanInputs,
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
    /// Changes of collection types that zonal no longer writes.
    retired: RetiredRecords,
    /// Subject of approvals, from the file's own changes.
    under_review: ReviewSubject,
    /// Overrides of the run, if the plan belongs to a run.
    pub overrides: Vec<GuardOverride>,
}

impl ReviewedPlan {
    /// Parses a reviewed plan file.
    ///
    /// # Errors
    /// Returns a [`PlanFileError`] if the text is not a plan.
    pub fn from_file(name: String, text: &str) -> Result<Self, PlanFileError> {
        // An inconsistent file still lists its changes.
        let shown = parse(text).and_then(Plan::try_from).ok();
        Ok(Self::from_document(parse(text)?, shown, PlanSource::File(name)))
    }

    /// Parses the stored plan of a run, without stale changes and with the run's overrides.
    ///
    /// # Errors
    /// Returns a [`PlanFileError`] if the stored text is not a plan.
    pub fn from_run(run: RunId, stored: &RunDocument) -> Result<Self, PlanFileError> {
        let mut document = parse_plan(stored)?;
        let plan = document.reconciler.digest;
        let reviewed_digests = std::mem::take(&mut document.reconciler.reviewed_digests);
        remove_stale_changes(&mut document.reconciler);
        let shown = parse_plan(stored).and_then(Plan::try_from).ok();
        let findings = std::mem::take(&mut document.reconciler.findings);
        let mut reviewed = Self::from_document(document, shown, PlanSource::Run(run));
        if !reviewed_digests.is_empty() {
            let zones = reviewed_digests.into_iter().map(|(code, digest)| (ZoneCode(code), digest));
            reviewed.under_review = ReviewSubject { plan, zones: zones.collect() };
        }
        let digest = reviewed.under_review.plan;
        let overrides = findings.into_iter().filter_map(|finding| match finding.effect {
            FindingEffect::Overridden { reason } => {
                Some(GuardOverride { guard: finding.guard.to_string(), reason, digest })
            }
            FindingEffect::Deny
            | FindingEffect::Defer
            | FindingEffect::RequireApproval
            | FindingEffect::Warn => None,
        });
        Ok(Self { overrides: overrides.collect(), ..reviewed })
    }

    fn from_document(document: PlanJson, shown: Option<Plan>, source: PlanSource) -> Self {
        let PlanJson { zonal_version, resource_changes, reconciler, .. } = document;
        let leaving = records_to_delete(&resource_changes, &reconciler);
        let mut retired = RetiredRecords::default();
        for detail in reconciler.changes.values() {
            retired.count(detail.collection.split(['/', '[']).next().unwrap_or_default(), 1);
        }
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
            overrides: Vec::new(),
            source,
            zonal: zonal_version,
            network: reconciler.network,
            environment: reconciler.environment,
            selection: reconciler.selection,
            base: reconciler.base_revision,
            // Apply postpones the same changes as the plan.
            filter: match reconciler.drift.values().any(|detail| detail.mode == ApplyMode::Postponed) {
                true => DriftFilter::OnlyDrift,
                false => DriftFilter::All,
            },
            inputs: reconciler.inputs,
            existing: (reconciler.zones.iter())
                .flat_map(|zone| zone.collections.iter().map(|each| (&zone.code, each)))
                .filter_map(|(code, each)| Some(((code.clone(), each.name.clone()), each.existing?)))
                .collect(),
            zones: reconciler.zones.into_iter().map(|zone| zone.code).collect(),
            shown: shown.iter().flat_map(|shown| as_they_are(shown, &changes)).collect(),
            changes,
            leaving,
            undecided,
            retired,
        }
    }

    /// Returns the manifests and records that the plan is limited to.
    pub fn declarations(&self) -> DeclarationScope {
        DeclarationScope::from(&self.inputs)
    }

    /// Returns true if the plan contains the zone.
    pub fn contains_zone(&self, code: &ZoneCode) -> bool {
        self.zones.contains(&code.0)
    }

    /// Checks that this zonal created the plan for the environment, if one is selected.
    ///
    /// # Errors
    /// Returns [`SessionError::ReviewedPlan`].
    pub fn check_origin(&self, selected_environment: Option<&str>) -> Result<(), SessionError> {
        if let Some(selected) = selected_environment.filter(|&name| Some(name) != self.environment.as_deref())
        {
            let created_for = match &self.environment {
                Some(environment) => format!("for environment {environment}"),
                None => "without an environment".to_owned(),
            };
            return Err(self.refuse(vec![format!("the plan was created {created_for}, not for {selected}")]));
        }
        let this = env!("CARGO_PKG_VERSION");
        if self.zonal != this {
            return Err(self.refuse(vec![format!(
                "the plan was created by zonal {}, this is zonal {this}",
                self.zonal
            )]));
        }
        Ok(())
    }

    /// Sends a note about changes of collection types that zonal no longer writes. Apply drops them.
    pub fn report_retired_changes(&self, observer: &dyn SessionObserver) {
        report_retired_records(
            self.retired.clone(),
            RetiredRecordsPlace::Plan(self.source.to_string()),
            observer,
        );
    }

    /// Returns the desired state in the zones and kinds of the plan.
    ///
    /// # Errors
    /// Returns [`SessionError::ReviewedPlan`] if it differs from the inputs of the plan.
    pub fn limit(&self, network: &Network, mut desired: DesiredState) -> Result<DesiredState, SessionError> {
        if network.name != self.network {
            let (theirs, ours) = (&self.network, &network.name);
            let difference = format!("the plan was created for network {theirs}, this is network {ours}");
            return Err(self.refuse(vec![difference]));
        }
        let scope = self.declarations();
        desired.zones.retain(|code, collections| {
            scope.narrow(code, collections);
            self.contains_zone(code) && !collections.is_empty()
        });
        desired.service.retain(|settings| scope.covers_settings(settings));
        let inputs = crate::plan::made_from(network, &desired, &scope);
        let mut reviewed = self.inputs.clone();
        // An older zonal also listed manifests of kinds without records.
        reviewed.manifests.retain(|manifest, _| kinds::may_have_records(manifest));
        let differences = input_differences(&reviewed, &inputs);
        if differences.is_empty() { Ok(desired) } else { Err(self.refuse(differences)) }
    }

    fn refuse(&self, differences: Vec<String>) -> SessionError {
        SessionError::ReviewedPlan { plan: self.source.clone(), differences }
    }

    /// Defers all collections with unreviewed changes.
    ///
    /// * A collection with a conflict in the reviewed plan.
    /// * A collection with a change outside the plan file: the zone changed since.
    /// * A collection that seems to have lost most of its records.
    ///
    /// A partly applied collection counts as reviewed. Returns the subject of approvals.
    pub fn admit(&self, fresh: &mut Plan) -> ReviewSubject {
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
        self.under_review.clone()
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
fn remove_stale_changes(reconciler: &mut ReconcilerJson) {
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
