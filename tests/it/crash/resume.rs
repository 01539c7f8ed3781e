//! Tests of resume after further events, for example edits or changed manifests.

use zonal::model::{Run, RunHost, RunId, RunState};
use zonal::store::StoreErrorType;

use super::every_request::is_as_undisturbed;
use super::request_gate::PauseSide;
use super::sandbox::{ProcessSandbox, ended};
use super::{TABLES, UninterruptedApply, running};

/// Runs a command and kills it after its first write.
async fn killed(words: &str) -> ProcessSandbox {
    let place = ProcessSandbox::new(TABLES).await;
    kill(&place, words).await;
    place
}

async fn kill(place: &ProcessSandbox, words: &str) {
    place.gate.hold_write(PauseSide::After);
    assert!(place.kill(words).await, "{words} ended by itself");
}

#[test]
fn apply_instead_of_resume_recovers_and_ends_run() {
    running(async {
        let expected = UninterruptedApply::of(TABLES).await;
        for side in [PauseSide::Before, PauseSide::After] {
            let place = ProcessSandbox::new(TABLES).await;
            place.gate.hold_write(side);
            assert!(place.kill("apply --yes").await);
            let applied = place.expect("apply --yes", 0).await;
            let note = "note: run-1 is incomplete; run `zonal resume run-1`";
            assert!(applied.err.contains(note), "{}", applied.err);
            assert_eq!(place.states().await, [RunState::Ended, RunState::Ended]);
            assert_eq!(place.gate.written(), expected.written);
            assert_eq!(place.holding(), expected.holding);
            assert_eq!(place.history().await, expected.history);
            let resumed = place.expect("resume run-1", 0).await;
            assert!(resumed.out.contains("Nothing to resume: run-1 has ended."), "{}", resumed.out);
        }
    });
}

#[test]
fn narrower_apply_recovers_writes_and_leaves_the_rest() {
    running(async {
        let expected = UninterruptedApply::of(TABLES).await;
        let place = killed("apply --yes").await;
        place.expect("apply --yes --zone 01D_A", 0).await;
        assert_eq!(place.states().await, [RunState::Ended, RunState::Running]);
        place.expect("resume", 0).await;
        assert_eq!(place.states().await, [RunState::Ended, RunState::Ended]);
        assert_eq!(place.gate.written(), expected.written);
        assert_eq!(place.history().await, expected.history);
    });
}

#[test]
fn writes_are_recovered_before_stale_run_is_rejected() {
    running(async {
        let place = killed("apply --yes").await;
        place.stage.edit("blocks.yaml", "Consortial block", "Block of the consortium");
        let resumed = place.expect("resume", 1).await;
        assert!(resumed.err.contains("with unknown outcome: "), "{}", resumed.err);
        let refused =
            "cannot apply the plan of run-1: CodeTable/block-descriptions changed since the plan was created";
        assert!(resumed.err.contains(refused), "{}", resumed.err);
        assert!(
            resumed.err.contains("help: run `zonal apply` to apply the current manifests"),
            "{}",
            resumed.err
        );
        assert!(!place.history().await.is_empty(), "the history should contain the received write");
        assert_eq!(place.states().await, [RunState::Interrupted]);
        place.expect("apply --yes", 0).await;
        assert_eq!(place.states().await, [RunState::Ended, RunState::Ended]);
    });
}

#[test]
fn edit_after_crash_is_reported_and_kept() {
    running(async {
        let place = killed("apply --yes --zone 01D_B").await;
        place.stage.happen(
            r#"edit {"zone": "01D_B", "kind": "code", "table": "UserBlockDescription", "by": "m.tremblay",
                "action": {"set_code": {"code": "CONSORTIA", "description": "Ours"}}}"#,
        );
        let holding = place.holding();
        let resumed = place.expect("resume", 5).await;
        assert!(resumed.err.contains("with unknown outcome: 1 changed since"), "{}", resumed.err);
        assert_eq!(place.holding(), holding);
        assert_eq!(place.history().await.len(), 1, "the history should contain the write as unverified");
        assert_eq!(place.states().await, [RunState::Ended]);
    });
}

#[test]
fn outcome_in_unreachable_zone_stays_unknown() {
    running(async {
        let expected = UninterruptedApply::of(TABLES).await;
        let place = killed("apply --yes").await;
        let mut command = place.command("resume");
        command.env("ZONAL_READ_01D_A", "wrong").env("ZONAL_READ_01D_B", "wrong");
        let resumed = ended(command.spawn().expect("process should start")).await;
        assert_eq!(resumed.code, Some(6), "{}{}", resumed.out, resumed.err);
        assert!(resumed.err.contains("cannot read back"), "{}", resumed.err);
        assert!(resumed.err.contains("Run `zonal resume run-1` to try again"), "{}", resumed.err);
        place.expect("resume", 0).await;
        is_as_undisturbed(&place, "asked again", &expected).await;
    });
}

#[test]
fn resumed_run_keeps_its_zone_selection() {
    running(async {
        let place = killed("apply --yes --zone 01D_B").await;
        place.expect("resume run-1", 0).await;
        assert_eq!(place.gate.written().into_values().sum::<usize>(), 1);
        let plan = place.expect("plan --detailed-exitcode", 2).await;
        assert!(!plan.out.contains("01D_B"), "{}", plan.out);
    });
}

#[test]
fn override_still_counts_when_the_run_is_resumed() {
    running(async {
        let place = ProcessSandbox::new(TABLES).await;
        place.stage.edit(
            "network.yaml",
            "  members:",
            "  guards: {limits: {deletes: {collection: {records: 1}}}}\n  members:",
        );
        let absent = "    - {columns: {ID: RECALLED}, absent: true}\n";
        place.stage.edit(
            "blocks.yaml",
            absent,
            &format!("{absent}    - {{columns: {{ID: ADDRESS}}, absent: true}}\n"),
        );
        let plan = place.expect("plan --json", 4).await;
        let plan: serde_json::Value = serde_json::from_str(&plan.out).expect("should be JSON");
        let digest = plan["reconciler"]["digest"].as_str().expect("plan should have a digest");
        kill(
            &place,
            &format!("apply --yes --override deletes-per-collection --reason meant --plan-digest {digest}"),
        )
        .await;
        place.expect("resume", 0).await;
        place.expect("plan --detailed-exitcode", 0).await;
    });
}

#[test]
fn approval_still_counts_when_partial_run_is_resumed() {
    running(async {
        let place = ProcessSandbox::new(TABLES).await;
        place.stage.edit(
            "network.yaml",
            "  members:",
            "  approval: {requiredFor: {only: [01D_A]}}\n  members:",
        );
        place.expect("plan --out plan.json", 0).await;
        place.expect("approve plan.json --by Lee", 0).await;
        // The first run applies a part of the plan file; the second starts with the rest.
        kill(&place, "apply plan.json --yes --zone 01D_A").await;
        kill(&place, "apply plan.json --yes --zone 01D_A").await;
        place.expect("resume run-2", 0).await;
        place.expect("apply plan.json --yes", 0).await;
        place.expect("plan --detailed-exitcode", 0).await;
    });
}

#[test]
fn second_concurrent_resume_is_rejected() {
    running(async {
        let place = killed("apply --yes").await;
        let store = place.store().await.expect("store should exist");
        let found = store.run(RunId(1)).await.expect("should answer").expect("should exist").run;
        let by = |process| Run {
            host: RunHost { name: "elsewhere".to_owned(), process },
            state: RunState::Running,
            ..found.clone()
        };
        store.take_up(found.clone(), by(1)).await.expect("run should be resumed");
        store.take_up(found.clone(), by(1)).await.expect("repeated resume should succeed");
        let error = store.take_up(found.clone(), by(2)).await.expect_err("second resume should fail");
        assert_eq!(error.class, StoreErrorType::Busy);
        assert_eq!(error.cause.to_string(), "another process has resumed run-1 meanwhile");
    });
}

#[test]
fn run_is_resumed_in_its_own_environment() {
    running(async {
        let place = ProcessSandbox::new(TABLES).await;
        let network =
            std::fs::read_to_string(place.stage.directory().join("network.yaml")).expect("should exist");
        let address = network.lines().find(|line| line.contains("baseUrl")).expect("should exist").trim();
        let environments = format!(
            "  environments: {{trial: {{{address}, environmentType: sandbox}}, other: {{{address}}}}}\n  members:"
        );
        place.stage.edit("network.yaml", "  members:", &environments);
        kill(&place, "apply --yes --environment trial").await;
        let here = place.expect("resume", 0).await;
        assert!(here.out.contains("Nothing to resume: every run has ended."), "{}", here.out);
        let wrong = place.expect("resume run-1 --environment other", 1).await;
        let words = "run-1 belongs to environment trial, not to other; remove `--environment`";
        assert!(wrong.err.contains(words), "{}", wrong.err);
        place.expect("resume run-1", 0).await;
        let there = place.expect("resume --environment trial", 0).await;
        assert!(there.out.contains("every run of environment trial has ended"), "{}", there.out);
        place.expect("plan --detailed-exitcode --environment trial", 0).await;
    });
}

#[test]
fn active_run_is_not_resumed() {
    running(async {
        let place = ProcessSandbox::new(TABLES).await;
        place.gate.hold_write(PauseSide::Before);
        let child = place.start("apply --yes");
        place.gate.held().await;
        let resumed = place.expect("resume", 1).await;
        assert!(resumed.err.contains("run-1 is still running on "), "{}", resumed.err);
        assert!(
            resumed.err.contains(&format!("(process {})", child.id().expect("should exist"))),
            "{}",
            resumed.err
        );
        let unknown = place.expect("resume run-9", 1).await;
        assert!(unknown.err.contains("run-9 not found"), "{}", unknown.err);
        // Processes of another machine cannot be checked, so only the last heartbeat counts.
        place.sql("UPDATE runs SET body = json_set(body, '$.host.name', 'elsewhere')").await;
        let resumed = place.expect("resume", 1).await;
        assert!(resumed.err.contains("run-1 is still running on elsewhere"), "{}", resumed.err);
        let plan = place.expect("plan", 0).await;
        assert!(!plan.err.contains("is incomplete"), "{}", plan.err);
        place.gate.free();
        assert_eq!(ended(child).await.code, Some(0));
    });
}

#[test]
fn silent_run_of_another_machine_is_resumed() {
    running(async {
        let expected = UninterruptedApply::of(TABLES).await;
        let place = killed("apply --yes").await;
        place.sql("UPDATE runs SET body = json_set(body, '$.host.name', 'elsewhere')").await;
        let resumed = place.expect("resume", 1).await;
        assert!(resumed.err.contains("still running on elsewhere"), "{}", resumed.err);
        place.sql("UPDATE runs SET last_heartbeat = last_heartbeat - 31").await;
        place.expect("resume --json", 0).await;
        is_as_undisturbed(&place, "from another machine", &expected).await;
    });
}
