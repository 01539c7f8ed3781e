//! Plans: selects, observes, compares, and checks. All steps of an apply before a person agrees.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::base_revision::{self, BaseRevision, BaseSource};
use super::comparison_base;
use super::effects::SessionEffects;
use super::error::SessionError;
use super::load::LoadedConfig;
use super::network_session::NetworkSession;
use super::observe_zones::{ObservedZones, observe_zones};
use super::observer::{SessionEvent, SessionNote, SessionObserver};
use super::provider_factory::ProviderFactory;
use super::reverted_run::{self, RestoreScope, RevertedRun};
use super::reviewed_plan::ReviewedPlan;
use super::selected_state::{SelectedState, select};
use super::selection::{DriftFilter, ManifestSelection};
use super::snapshot_reader::ObservedSnapshot;
use super::unknown_names::find_unknown_names;
use crate::analysis::{self, NetworkSettings};
use crate::guard::{GuardOverrides, UnusedOverride};
use crate::model::{
    AppliedOverride, Approval, ApprovedItem, ComparisonBase, ComparisonMode, DesiredState, Differences,
    Expectation, GuardOverride, ManifestReach, Network, ObservedState, Plan, PlanOrigin, Policy,
    ReviewSubject, RunAuthor, RunId, TwoWayWrites,
};
use crate::plan::revert::SkippedRecords;
use crate::plan::{change_origin, orphans, population, required_approvals};
use crate::{diff, guard, plan as planning};

/// Plan to make.
#[derive(Clone, Default)]
pub struct PlanRequest {
    /// Desired state.
    pub goal: PlanGoal,
    /// Reviewed plan, which limits the plan to what was reviewed.
    pub reviewed: Option<ReviewedPlan>,
    /// Zones and manifests.
    pub selection: ManifestSelection,
    /// Source of the base, besides the applied state.
    pub base: BaseSource,
    /// Differences to include.
    pub filter: DriftFilter,
    /// Overrides of guards and policies.
    pub overrides: Vec<GuardOverride>,
    /// Snapshot that stands in for the zones.
    pub snapshot: Option<ObservedSnapshot>,
    /// Handling of a plan without a base in production.
    pub two_way: TwoWayWrites,
    /// Limits a revert to collections that the store has images of.
    pub restore: Option<RestoreScope>,
}

/// Desired state of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlanGoal {
    /// Declared by the manifests.
    #[default]
    Manifests,
    /// Before this run.
    Revert(RunId),
}

/// Plan with all that its execution needs.
pub struct PlannedRun {
    /// Plan.
    pub plan: Plan,
    /// Desired state of the selected zones.
    pub desired: DesiredState,
    /// Base from the store; `None` without a store.
    pub base: Option<ComparisonBase>,
    /// Subject of approvals: the plan itself, or the reviewed plan.
    pub under_review: ReviewSubject,
    /// Factory of the zones' providers.
    pub providers: ProviderFactory,
}

impl PlanRequest {
    /// Requests the part of a reviewed plan that is still current.
    pub fn for_reviewed(reviewed: ReviewedPlan, selection: ManifestSelection) -> Self {
        Self {
            goal: reviewed.inputs.reverts.map_or(PlanGoal::Manifests, PlanGoal::Revert),
            base: reviewed.base.clone().map_or(BaseSource::None, BaseSource::Revision),
            filter: reviewed.filter,
            restore: reviewed.inputs.restores.as_deref().map(RestoreScope::of_plan),
            reviewed: Some(reviewed),
            selection,
            ..Self::default()
        }
    }

    /// Requests the revert of a run in some zones.
    pub fn for_revert(run: RunId, selection: ManifestSelection) -> Self {
        Self { goal: PlanGoal::Revert(run), selection, ..Self::default() }
    }

    /// Checks the request against the manifests, before any effect. The check of a revert needs the store.
    ///
    /// # Errors
    /// Returns [`SessionError::ReviewedPlan`] or [`SessionError::InvalidSelection`].
    pub fn check(&self, config: &LoadedConfig) -> Result<(), SessionError> {
        if let PlanGoal::Revert(_) = self.goal {
            return Ok(());
        }
        let limited = match &self.reviewed {
            Some(reviewed) => Some(reviewed.limit(&config.network, config.desired.clone())?),
            None => None,
        };
        let desired = limited.as_ref().unwrap_or(&config.desired);
        self.selection.check(&config.network, desired).map_err(SessionError::InvalidSelection)
    }
}

/// Plans. Sends only reads to the zones.
///
/// # Errors
/// Returns the error of the first failed step. A zone that does not answer is part of the plan.
pub async fn plan(
    session: &NetworkSession,
    request: PlanRequest,
    observer: &dyn SessionObserver,
) -> Result<PlannedRun, SessionError> {
    let NetworkSession { config, effects, .. } = session;
    // The desired state: declared by the manifests, or before a run.
    let reverted = match request.goal {
        PlanGoal::Manifests => None,
        PlanGoal::Revert(run) => {
            Some(reverted_run::load(session, run, request.restore.as_ref(), observer).await?)
        }
    };
    // A reviewed plan limits it and the selection narrows it.
    let reviewed = request.reviewed.as_ref();
    let mut selected = select(session, &request.selection, reviewed, reverted.as_ref(), observer).await?;
    // Approvals that cannot be read stop the plan before a zone is asked.
    let approvals = effects.config.approvals()?;
    // The base: applied last according to the snapshot or the store, or a revision.
    let mut base =
        comparison_base::load(session, &selected.scope, request.snapshot.as_ref(), observer).await?;
    if let (Some(base), Some(_)) = (&mut base, &reverted) {
        // A revert touches only its own records.
        base.orphans.clear();
    }
    comparison_base::keep_orphans_in_view(&config.network, &mut selected.desired, base.as_ref());
    let revision = base_revision::find(session, &request.base, base.as_ref(), observer).await?;
    if selected.desired.zones.is_empty() && selected.description.is_none() {
        observer.notice(&SessionEvent::Note(SessionNote::NothingDeclared));
    }
    // The observed state: from the zones or a snapshot.
    let collections = base_revision::collections_to_observe(&selected.desired, revision.as_ref());
    let accepted = base.as_ref().map(|base| &base.applied_state);
    let ObservedZones { observed, providers } =
        observe_zones(session, &collections, request.snapshot.as_ref(), accepted, observer).await?;
    let unknown = find_unknown_names(&selected.desired, &observed);
    if !unknown.is_empty() {
        return Err(SessionError::InvalidManifests(config.locate(unknown)));
    }
    // The rest is computed, away from the async threads.
    let input = PlanningInput {
        network: config.network.clone(),
        policies: config.policies.clone(),
        expectations: config.expectations.clone(),
        reach: population::manifests(&config.network, &config.desired, &config.selector_labels),
        now: effects.timestamp()?,
        origin: plan_origin(effects).await?,
        approvals,
        selected,
        base,
        revision,
        reverted,
        observed,
        request,
    };
    let computing = on_blocking_thread(move || accept_short_answers(input).and_then(compute_plan));
    let computed = effects.cancel.before_writing(computing).await?;
    let ComputedPlan { plan, desired, base, under_review } =
        computed.map_err(SessionError::UnusedOverrides)?;
    Ok(PlannedRun { plan, desired, base, under_review, providers })
}

/// Inputs of a plan, all read.
#[derive(Clone)]
pub struct PlanningInput {
    /// Network.
    pub network: Network,
    /// Policies.
    pub policies: Vec<Policy>,
    /// Expectations.
    pub expectations: Vec<Expectation>,
    /// Zones that each manifest applies to, whatever the selection.
    pub reach: BTreeMap<Arc<str>, ManifestReach>,
    /// Time of the plan.
    pub now: Timestamp,
    /// Time and author of the plan, for readers.
    pub origin: PlanOrigin,
    /// Approvals.
    pub approvals: Vec<Approval>,
    /// Desired state of the selected zones.
    pub selected: SelectedState,
    /// Base from the snapshot or the store.
    pub base: Option<ComparisonBase>,
    /// Base from a revision.
    pub revision: Option<BaseRevision>,
    /// Reverted run.
    pub reverted: Option<RevertedRun>,
    /// Observed state.
    pub observed: ObservedState,
    /// Request.
    pub request: PlanRequest,
}

/// Computed plan.
pub struct ComputedPlan {
    /// Plan.
    pub plan: Plan,
    /// Desired state, without records that a revert skips.
    pub desired: DesiredState,
    /// Base from the store.
    pub base: Option<ComparisonBase>,
    /// Subject of approvals.
    pub under_review: ReviewSubject,
}

/// Name of the check for answers that look cut off, for overrides.
const SHORT_ANSWER: &str = "short-answer";

/// Accepts the answers that look cut off, if a person has reviewed the plan without them and overrides the
/// check.
///
/// # Errors
/// Returns the override without effect.
fn accept_short_answers(mut input: PlanningInput) -> Result<PlanningInput, Vec<UnusedOverride>> {
    let is_consent = |given: &GuardOverride| given.guard == SHORT_ANSWER;
    let Some(at) = input.request.overrides.iter().position(is_consent) else { return Ok(input) };
    let GuardOverride { guard, reason, digest } = input.request.overrides.remove(at);
    if reason.trim().is_empty() {
        return Err(vec![UnusedOverride::NoReason { guard }]);
    }
    if input.observed.zones.values().all(|zone| zone.short_answers.is_empty()) {
        return Err(vec![UnusedOverride::FoundNothing { guard }]);
    }
    let mut without = input.clone();
    without.request.overrides.clear();
    let reviewed = compute_plan(without)?.plan.digest;
    if reviewed != digest {
        return Err(vec![UnusedOverride::OtherPlan { guard, digest: reviewed }]);
    }
    for zone in input.observed.zones.values_mut() {
        let accepted = std::mem::take(&mut zone.short_answers);
        zone.collections.extend(accepted.into_iter().map(|(id, observed)| (id, Ok(observed))));
    }
    Ok(input)
}

/// Compares and checks. Pure.
///
/// # Errors
/// Returns the overrides of the request without effect.
pub fn compute_plan(input: PlanningInput) -> Result<ComputedPlan, Vec<UnusedOverride>> {
    let PlanningInput {
        network,
        policies,
        expectations,
        reach,
        now,
        origin,
        approvals,
        selected,
        mut base,
        revision,
        reverted,
        observed,
        request,
    } = input;
    if let Some(base) = &mut base {
        orphans::spare(base, &observed);
    }
    // A record that differs from the result of the reverted run stays as it is.
    let (mut desired, skipped) = match &reverted {
        Some(reverted) => reverted.changes.split_by_record_state(&selected.desired, &observed),
        None => (selected.desired, SkippedRecords::default()),
    };
    desired.set_calendar_date(now);
    let mut differences = diff::three_way(&desired, &observed, base.as_ref());
    skipped.add_notes(&mut differences);
    // The origin of each difference: manifests, zone, or both.
    let compared = match (revision, &base, &reverted) {
        (Some(revision), _, _) => {
            let since_revision = diff::diff(&revision.desired, &observed);
            change_origin::by_revision(&mut differences, &since_revision, &observed);
            ComparisonMode::Revision(revision.commit)
        }
        (None, Some(base), None) => {
            change_origin::by_ledger(&mut differences, &desired, &observed, base);
            comparison_base::comparison_mode(base, &selected.scope)
        }
        (None, _, Some(_)) | (None, None, None) => ComparisonMode::TwoWay,
    };
    change_origin::settle(&mut differences, &desired);
    filter(&mut differences, request.filter);
    let mut plan = Plan {
        inputs: selected.inputs,
        service: match request.filter {
            DriftFilter::All => desired.service.clone(),
            DriftFilter::OnlyDrift => Vec::new(),
        },
        snapshot: request.snapshot.map(|snapshot| snapshot.name),
        compared,
        origin,
        ..planning::plan(&network, differences, &observed, selected.description)
    };
    plan.population.manifests = reach;
    plan.population.rows = population::rows(&plan, &desired);
    // Conflicts wait for a person; unreviewed changes wait for a review.
    change_origin::hold(&mut plan);
    let under_review = match &request.reviewed {
        Some(reviewed) => reviewed.admit(&mut plan),
        None => required_approvals::under_review(&plan),
    };
    // Approvals and overrides refer to the reviewed plan.
    plan.digest = under_review.plan;
    let mut before = NetworkSettings::from_observed(&network, &observed);
    before.leave_out(&selected.declared_settings);
    let after = before.with_plan_applied(&plan);
    plan.impacts = analysis::impact(&plan, &before, &after);
    plan.expectations = analysis::outlook(&network, &expectations, &before, &after);
    let mut approved = approved_overrides(&approvals, &plan);
    approved.extend(request.reviewed.into_iter().flat_map(|reviewed| reviewed.overrides));
    let overrides =
        GuardOverrides { given: &request.overrides, approved: &approved, two_way: &request.two_way };
    let unused = guard::review(&mut plan, &network, &policies, overrides, now);
    if !unused.is_empty() {
        return Err(unused);
    }
    let findings = plan.findings.clone();
    planning::hold(&mut plan, |code, _| guard::deferral_of_zone(&findings, code), |_, _| None);
    required_approvals::wait(&mut plan, &under_review, &network.approval, &approvals);
    Ok(ComputedPlan { plan, desired, base, under_review })
}

async fn plan_origin(effects: &SessionEffects) -> Result<PlanOrigin, SessionError> {
    let author = effects.cancel.before_writing(effects.origin.author()).await?;
    let RunAuthor { committer: _, commit, actor, pipeline } = author;
    Ok(PlanOrigin { created_at: Some((effects.clock)()), commit, actor, pipeline })
}

fn filter(differences: &mut Differences, filter: DriftFilter) {
    match filter {
        DriftFilter::All => {}
        DriftFilter::OnlyDrift => change_origin::only_drift(differences),
    }
}

/// Returns the overrides that approvals of a plan contain, with the names of the approvers.
fn approved_overrides(approvals: &[Approval], plan: &Plan) -> Vec<GuardOverride> {
    let of_plan = (approvals.iter())
        .filter(|approval| approval.approves == ApprovedItem::Plan && approval.digest == plan.digest);
    let overrides = |approval: &Approval| {
        let by = approval.by.clone();
        let overridden = |AppliedOverride { guard, reason }: &AppliedOverride| GuardOverride {
            guard: guard.clone(),
            reason: format!("{reason} ({by})"),
            digest: plan.digest,
        };
        approval.overrides.iter().map(overridden).collect::<Vec<_>>()
    };
    of_plan.flat_map(overrides).collect()
}

async fn on_blocking_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime shuts down, and drops this task as well.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap in a test shows its line")]

    use super::*;
    use crate::session::SilentObserver;
    use crate::session::selection::SelectionScope;
    use crate::test_notation::{desired, observed};

    fn planning_input(tables: &str, request: PlanRequest) -> PlanningInput {
        let (network, desired) = desired(
            &["ALPHA"],
            "CodeTable groups\ntable: UserGroups\nrows: [{code: STAFF, description: Staff}]",
        );
        let observed = observed(&desired, tables);
        PlanningInput {
            reach: BTreeMap::new(),
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            policies: Vec::new(),
            expectations: Vec::new(),
            origin: PlanOrigin::default(),
            approvals: Vec::new(),
            selected: SelectedState {
                desired,
                description: None,
                inputs: Default::default(),
                scope: SelectionScope::default(),
                declared_settings: Default::default(),
            },
            base: None,
            revision: None,
            reverted: None,
            network,
            observed,
            request,
        }
    }

    #[test]
    fn plan_is_computed_without_effects() {
        let input = planning_input("code UserGroups en\nSTAFF Other", PlanRequest::default());
        let computed = compute_plan(input).unwrap();
        assert!(computed.plan.is_writable());
        assert_eq!(computed.under_review.plan, computed.plan.digest);
        let input = planning_input("code UserGroups en\nSTAFF Staff", PlanRequest::default());
        assert!(!compute_plan(input).unwrap().plan.has_work());
    }

    #[test]
    fn override_without_finding_is_an_error() {
        let tables = "code UserGroups en\nSTAFF Other";
        let plan = compute_plan(planning_input(tables, PlanRequest::default())).unwrap().plan;
        let (guard, reason) = ("deletes-per-collection".to_owned(), "agreed".to_owned());
        let overrides = vec![GuardOverride { guard: guard.clone(), reason, digest: plan.digest }];
        let request = PlanRequest { overrides, ..PlanRequest::default() };
        let unused = compute_plan(planning_input(tables, request)).err().unwrap();
        assert_eq!(unused, [UnusedOverride::FoundNothing { guard }]);
    }

    #[test]
    fn selection_is_checked_before_any_effect() {
        let (network, desired) = desired(&["ALPHA"], "CodeTable groups\ntable: UserGroups\nrows: []");
        let config = LoadedConfig {
            network,
            desired,
            policies: Vec::new(),
            expectations: Vec::new(),
            manifests: 2,
            selector_labels: BTreeMap::new(),
            warnings: Vec::new(),
            sources: [].into(),
        };
        let mut request = PlanRequest::default();
        assert!(request.check(&config).is_ok());
        request.selection.zones.zones.push("BETA".to_owned());
        assert!(
            matches!(request.check(&config), Err(SessionError::InvalidSelection(problems)) if problems.len() == 1)
        );
    }

    /// Compiles only if a service can move the future to another thread.
    #[expect(dead_code, reason = "checked at compile time")]
    fn future_is_send(session: &NetworkSession) {
        fn assert_send<T: Send>(_: T) {}
        assert_send(plan(session, PlanRequest::default(), &SilentObserver));
    }
}
