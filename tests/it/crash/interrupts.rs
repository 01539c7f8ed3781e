//! Tests of Ctrl-C, pressed once and twice during a write.

use std::time::Duration;

use tokio::time::timeout;
use zonal::model::RunState;

use super::every_request::is_as_undisturbed;
use super::request_gate::PauseSide;
use super::sandbox::{ProcessSandbox, ended, signal};
use super::{TABLES, UninterruptedApply, running};

#[test]
fn first_ctrl_c_finishes_only_writes_in_flight() {
    running(async {
        let expected = UninterruptedApply::of(TABLES).await;
        let place = ProcessSandbox::new(TABLES).await;
        place.gate.hold_write(PauseSide::After);
        let child = place.start("apply --yes");
        place.gate.held().await;
        signal(&child, "-INT");
        // The program receives the signal while the write is paused.
        tokio::time::sleep(Duration::from_millis(300)).await;
        place.gate.free();
        let ended = ended(child).await;
        assert_eq!(ended.code, Some(130), "{}{}", ended.out, ended.err);
        assert!(ended.err.contains("This was run-1; `zonal resume run-1` finishes it."), "{}", ended.err);
        assert_eq!(place.states().await, [RunState::Interrupted]);
        assert!(!place.history().await.is_empty(), "the history should contain the write in flight");
        let plan = place.run("plan").await;
        assert!(plan.err.contains("note: run-1 is incomplete; run `zonal resume run-1`"), "{}", plan.err);
        let resumed = place.expect("resume", 0).await;
        assert!(!resumed.err.contains("with unknown outcome"), "{}", resumed.err);
        is_as_undisturbed(&place, "interrupted once", &expected).await;
    });
}

#[test]
fn second_ctrl_c_stops_and_resume_recovers_writes() {
    running(async {
        let expected = UninterruptedApply::of(TABLES).await;
        for side in [PauseSide::Before, PauseSide::After] {
            let place = ProcessSandbox::new(TABLES).await;
            place.gate.hold_write(side);
            let child = place.start("apply --yes");
            place.gate.held().await;
            signal(&child, "-INT");
            tokio::time::sleep(Duration::from_millis(300)).await;
            signal(&child, "-INT");
            let ended =
                timeout(Duration::from_secs(10), ended(child)).await.expect("process should stop at once");
            assert_eq!(ended.code, Some(130), "{}{}", ended.out, ended.err);
            assert!(ended.err.contains("un `zonal resume run-1` to finish the run"), "{}", ended.err);
            assert_eq!(place.states().await, [RunState::Interrupted]);
            let resumed = place.expect("resume run-1", 0).await;
            assert!(resumed.err.contains("with unknown outcome"), "{}", resumed.err);
            is_as_undisturbed(&place, "interrupted twice", &expected).await;
        }
    });
}
