//! `kill -9` at every request of an apply, on both sides of the zone.

use futures::StreamExt as _;
use zonal::model::RunState;

use super::gate::Side;
use super::place::{Files, Place};
use super::{TABLES, Undisturbed, running};

/// Places that are tried at the same time.
const AT_ONCE: usize = 4;

/// Kills an apply at a request, resumes, and says whether there was anything to resume.
async fn killed_at(n: usize, side: Side, files: Files, expected: &Undisturbed) -> bool {
    let at = format!("killed {side:?} request {n}");
    let place = Place::new(files).await;
    place.gate.hold(n, side);
    assert!(place.kill("apply --yes").await, "{at}: it came to its end");
    let begun = !place.states().await.is_empty();
    let resumed = place.expect("resume", 0).await;
    if !begun {
        assert!(resumed.out.contains("Nothing to resume"), "{at}: {}{}", resumed.out, resumed.err);
        place.expect("apply --yes", 0).await;
    }
    is_as_undisturbed(&place, &at, expected).await;
    begun
}

/// Everything is where an apply that nobody disturbed would have brought it, and was done once.
async fn is_as_undisturbed(place: &Place, at: &str, expected: &Undisturbed) {
    assert_eq!(place.gate.written(), expected.written, "{at}: each write arrived once");
    assert_eq!(place.holding(), expected.holding, "{at}");
    assert_eq!(place.history().await, expected.history, "{at}");
    assert_eq!(place.states().await, [RunState::Ended], "{at}");
    let plan = place.expect("plan --detailed-exitcode", 0).await;
    assert!(plan.out.contains("No changes."), "{at}: {}", plan.out);
    assert!(!plan.err.contains("did not end"), "{at}: {}", plan.err);
    let again = place.expect("resume", 0).await;
    assert!(again.out.contains("Nothing to resume"), "{at}: {}{}", again.out, again.err);
    assert!(!place.file().with_extension("db-wal").exists(), "{at}: the store is one file");
}

/// Tries every request on both sides.
fn everywhere(files: Files) {
    running(async {
        let expected = &Undisturbed::of(files).await;
        let places = (1..=expected.requests).flat_map(|n| [(n, Side::Before), (n, Side::After)]);
        let tried = futures::stream::iter(places).map(|(n, side)| killed_at(n, side, files, expected));
        let begun: Vec<bool> = tried.buffer_unordered(AT_ONCE).collect().await;
        let (during, before): (Vec<bool>, Vec<bool>) = begun.into_iter().partition(|begun| *begun);
        assert!(during.len() > 10 && before.len() > 4, "{} and {}", during.len(), before.len());
    });
}

#[test]
fn an_apply_that_is_killed_at_any_request_is_finished_by_resume() {
    everywhere(TABLES);
}
