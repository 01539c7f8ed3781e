//! Checks expectations against the manifests or the zones.

use super::error::SessionError;
use super::network_session::NetworkSession;
use super::network_settings::{declared_settings, observed_settings};
use super::observer::SessionObserver;
use super::run_outcome::RunOutcome;
use super::snapshot_reader::ObservedSnapshot;
use crate::analysis::{self, NetworkSettings};
use crate::model::{Expectation, ExpectationResult, ExpectationVerdict, Network};
use crate::render::json::test::TestedAgainst;

/// Checked expectations.
pub struct TestedExpectations {
    /// Results, in the order of the manifests.
    pub results: Vec<ExpectationResult>,
    /// Result of the check.
    pub outcome: RunOutcome,
}

/// Checks all expectations of the manifests.
///
/// # Errors
/// Returns the error of an effect, if the zones or the snapshot cannot be read.
pub async fn test(
    session: &NetworkSession,
    against: TestedAgainst,
    snapshot: Option<&ObservedSnapshot>,
    observer: &dyn SessionObserver,
) -> Result<TestedExpectations, SessionError> {
    let expectations = &session.config.expectations;
    let settings = match against {
        TestedAgainst::Declared => declared_settings(session),
        TestedAgainst::Observed => {
            let questions = expectations.iter().map(|expectation| &expectation.question);
            observed_settings(session, questions, snapshot, observer).await?
        }
    };
    let verdicts = analysis::judge_all(expectations, &settings);
    let results = expectations.iter().cloned().zip(verdicts);
    let results: Vec<ExpectationResult> =
        results.map(|(expectation, judged)| ExpectationResult { expectation, judged }).collect();
    let outcome = outcome(&results, against, &session.config.network, &settings);
    Ok(TestedExpectations { results, outcome })
}

/// Returns the result: an unmet expectation takes precedence over an unknown result caused by an unreadable
/// zone.
fn outcome(
    results: &[ExpectationResult],
    against: TestedAgainst,
    network: &Network,
    settings: &NetworkSettings,
) -> RunOutcome {
    let is_unreadable = |expectation: &Expectation| {
        let needs = analysis::needs(&expectation.question, network);
        let mut collections = needs.iter().flat_map(|(zone, each)| each.iter().map(move |each| (zone, each)));
        collections.any(|(zone, collection)| settings.table(zone, collection).is_err())
    };
    let outcomes = results.iter().map(|ExpectationResult { expectation, judged }| match (judged, against) {
        (ExpectationVerdict::Met, _) => RunOutcome::Done,
        (ExpectationVerdict::Unknown(_), TestedAgainst::Observed) if is_unreadable(expectation) => {
            RunOutcome::Incomplete
        }
        (ExpectationVerdict::NotMet(_) | ExpectationVerdict::Unknown(_), _) => RunOutcome::Invalid,
    });
    outcomes.min().unwrap_or(RunOutcome::Done)
}
