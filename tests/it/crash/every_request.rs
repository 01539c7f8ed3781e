//! Kills apply at every request, before and after the zone processes it.

use futures::StreamExt as _;
use zonal::model::RunState;

use super::request_gate::PauseSide;
use super::sandbox::{ConfigFiles, ProcessSandbox};
use super::{RECORDS, TABLES, UninterruptedApply, running};

/// Number of sandboxes in parallel.
const AT_ONCE: usize = 4;

/// Kills an apply at a request and resumes it. Returns true if the run had to be resumed.
async fn killed_at(
    n: usize,
    side: PauseSide,
    files: ConfigFiles,
    store: Option<String>,
    expected: &UninterruptedApply,
) -> bool {
    let at = format!("killed {side:?} request {n}");
    let place = ProcessSandbox::on(files, store).await;
    place.gate.hold(n, side);
    assert!(place.kill("apply --yes").await, "{at}: the process ended by itself");
    let begun = !place.states().await.is_empty();
    let resumed = place.expect("resume", 0).await;
    if !begun {
        assert!(resumed.out.contains("Nothing to resume"), "{at}: {}{}", resumed.out, resumed.err);
        place.expect("apply --yes", 0).await;
    }
    is_as_undisturbed(&place, &at, expected).await;
    begun
}

/// Checks that the network, history and store equal those of an uninterrupted apply, with each write sent
/// once.
pub async fn is_as_undisturbed(place: &ProcessSandbox, at: &str, expected: &UninterruptedApply) {
    assert_eq!(place.gate.written(), expected.written, "{at}: each write should arrive once");
    assert_eq!(place.holding(), expected.holding, "{at}");
    assert_eq!(place.history().await, expected.history, "{at}");
    assert_eq!(place.states().await, [RunState::Ended], "{at}");
    let plan = place.expect("plan --detailed-exitcode", 0).await;
    assert!(plan.out.contains("No changes."), "{at}: {}", plan.out);
    assert!(!plan.err.contains("is incomplete"), "{at}: {}", plan.err);
    let again = place.expect("resume", 0).await;
    assert!(again.out.contains("Nothing to resume"), "{at}: {}{}", again.out, again.err);
    assert!(!place.file().with_extension("db-wal").exists(), "{at}: the store should be one file");
}

/// Tests every request, before and after the zone processes it.
fn everywhere(files: ConfigFiles) {
    running(async {
        let expected = &UninterruptedApply::of(files).await;
        let places = (1..=expected.requests).flat_map(|n| [(n, PauseSide::Before), (n, PauseSide::After)]);
        let tried = futures::stream::iter(places).map(|(n, side)| killed_at(n, side, files, None, expected));
        let begun: Vec<bool> = tried.buffer_unordered(AT_ONCE).collect().await;
        let (during, before): (Vec<bool>, Vec<bool>) = begun.into_iter().partition(|begun| *begun);
        assert!(during.len() > 8 && before.len() > 2, "{} and {}", during.len(), before.len());
    });
}

#[test]
fn apply_killed_at_any_request_can_be_resumed() {
    everywhere(TABLES);
}

#[test]
fn gateway_collection_killed_midway_is_completed_by_resume() {
    everywhere(RECORDS);
}

#[test]
fn killed_apply_is_resumed_from_a_server_store() {
    // The first database starts the server.
    let mut stores: Vec<String> = (0..12).map(|_| crate::postgres_server::database()).collect();
    running(async {
        let expected = &UninterruptedApply::of(TABLES).await;
        let mut begun = 0;
        for n in (1..=expected.requests).rev().step_by(3) {
            let Some(store) = stores.pop() else { break };
            let side = if n % 2 == 0 { PauseSide::Before } else { PauseSide::After };
            begun += usize::from(killed_at(n, side, TABLES, Some(store), expected).await);
        }
        assert!(begun > 4, "{begun}");
    });
}

/// Kills an apply just after its first write, then its resume at a request. Returns true if resume reached
/// the request: the number of remaining requests varies with the writes in flight.
async fn killed_twice(first: usize, n: usize, side: PauseSide, expected: &UninterruptedApply) -> bool {
    let at = format!("killed after request {first}, and {side:?} request {n} of resume");
    let place = ProcessSandbox::new(TABLES).await;
    place.gate.hold(first, PauseSide::After);
    assert!(place.kill("apply --yes").await, "{at}: the process ended by itself");
    place.gate.hold(n, side);
    let killed = place.kill("resume").await;
    place.expect("resume", 0).await;
    is_as_undisturbed(&place, &at, expected).await;
    killed
}

#[test]
fn resume_killed_at_any_request_can_be_resumed() {
    running(async {
        let expected = &UninterruptedApply::of(TABLES).await;
        let place = ProcessSandbox::new(TABLES).await;
        place.gate.hold_write(PauseSide::After);
        assert!(place.kill("apply --yes").await);
        let first = place.first_write();
        let before = place.gate.seen();
        let resumed = place.expect("resume run-1", 0).await;
        assert!(resumed.err.contains("with unknown outcome: "), "{}", resumed.err);
        let requests = place.gate.seen() - before;
        let places = (1..=requests).flat_map(|n| [(n, PauseSide::Before), (n, PauseSide::After)]);
        let tried = futures::stream::iter(places).map(|(n, side)| killed_twice(first, n, side, expected));
        let killed: Vec<bool> = tried.buffer_unordered(AT_ONCE).collect().await;
        let reached = killed.iter().filter(|killed| **killed).count();
        assert!(reached * 4 > killed.len() * 3, "{reached} of {}", killed.len());
    });
}
