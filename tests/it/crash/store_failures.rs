//! Failures of the store during a run: no further writes, and no lost journal lines.

use std::time::Duration;

use tokio::time::timeout;

use super::every_request::is_as_undisturbed;
use super::request_gate::PauseSide;
use super::sandbox::{ProcessSandbox, ended};
use super::{TABLES, UninterruptedApply, running};

#[test]
fn failed_journal_write_is_always_reported() {
    running(async {
        let expected = UninterruptedApply::of(TABLES).await;
        for (phase, sends) in [("intent", false), ("sent", false), ("responded", true), ("verified", true)] {
            let place = ProcessSandbox::new(TABLES).await;
            place.gate.hold(1, PauseSide::Before);
            let child = place.start("apply --yes");
            place.gate.held().await;
            let when = format!("BEFORE INSERT ON journal WHEN NEW.phase = '{phase}'");
            place
                .sql(&format!("CREATE TRIGGER broken {when} BEGIN SELECT RAISE(ABORT, 'no more room'); END"))
                .await;
            place.gate.free();
            let ended =
                timeout(Duration::from_secs(60), ended(child)).await.expect("process should end in time");
            assert_eq!(ended.code, Some(3), "{phase}: {}{}", ended.out, ended.err);
            assert!(ended.err.contains("no more room"), "{phase}: {}", ended.err);
            assert!(
                ended.err.contains("run `zonal resume run-1` when the store is available"),
                "{phase}: {}",
                ended.err
            );
            let written = place.gate.written().len();
            assert_eq!(written > 0, sends, "{phase}: {written} writes");
            assert!(written < expected.written.len(), "{phase}: {written} writes");
            place.sql("DROP TRIGGER broken").await;
            place.expect("resume", 0).await;
            is_as_undisturbed(&place, phase, &expected).await;
        }
    });
}

#[test]
fn full_disk_at_any_moment_loses_nothing() {
    running(async {
        let expected = UninterruptedApply::of(TABLES).await;
        let mut codes = std::collections::BTreeSet::new();
        // In blocks of 512 bytes: from too small for an empty store to large enough for the whole run.
        for blocks in (96..=480).step_by(24) {
            let place = ProcessSandbox::new(TABLES).await;
            // Creates a store without a run.
            place.gate.hold(1, PauseSide::Before);
            assert!(place.kill("apply --yes").await);
            let full = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" apply --yes");
            let mut command = tokio::process::Command::new("sh");
            command.args(["-c", &full, env!("CARGO_BIN_EXE_zonal")]);
            command.current_dir(place.stage.directory()).env_clear().envs(&place.stage.env);
            let ran =
                timeout(Duration::from_secs(60), command.output()).await.expect("process should end in time");
            let ran = ran.expect("sh should start");
            let said = String::from_utf8_lossy(&ran.stderr).into_owned();
            codes.insert(ran.status.code());
            match ran.status.code() {
                Some(0) => {}
                Some(3) => {
                    assert!(
                        said.contains("run `zonal resume run-1` when the store is available"),
                        "{blocks}: {said}"
                    );
                    place.expect("resume", 0).await;
                }
                Some(1) => {
                    assert!(place.gate.written().is_empty(), "{blocks}: {said}");
                    place.expect("resume", 0).await;
                    place.expect("apply --yes", 0).await;
                }
                other => panic!("{blocks}: {other:?} {said}"),
            }
            assert!(!said.contains("panicked"), "{blocks}: {said}");
            is_as_undisturbed(&place, &format!("{blocks} blocks"), &expected).await;
        }
        assert!(codes.contains(&Some(3)), "{codes:?}");
    });
}
