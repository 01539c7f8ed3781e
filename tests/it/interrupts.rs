//! Tests of Ctrl-C and of the confirmation before an apply.

use std::io;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use tokio::sync::watch;
use zonal::cli::InputStream;

use crate::case_runner::{CaseNetwork, case, paused};

fn puts(stage: &CaseNetwork) -> usize {
    stage.emulator.control().requests().iter().filter(|request| request.method == "PUT").count()
}

#[test]
fn interrupted_plan_exits_with_130() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let printed = stage.interrupted("zonal plan", 100).await;
        assert_eq!(printed.code, 130);
        assert_eq!(printed.out, "");
        assert!(printed.err.contains("Interrupted while reading. No changes were made."), "{}", printed.err);
    });
}

#[test]
fn interrupted_apply_finishes_requests_in_flight() {
    paused(async {
        // Every moment of the run, from before the first request until after the last.
        let mut counts = std::collections::BTreeSet::new();
        for after in (0..3000).step_by(75) {
            let stage = CaseNetwork::new(&case("network-blocks"));
            let printed = stage.interrupted("zonal apply --yes", after).await;
            let written = puts(&stage);
            counts.insert(written);
            match printed.code {
                0 => assert_eq!(written, 24, "after {after} ms"),
                130 => assert!(written < 24, "after {after} ms: {}", printed.out),
                other => panic!("exit {other} after {after} ms: {}{}", printed.out, printed.err),
            }
            // Every sent write was verified before the run ended.
            assert!(!printed.out.contains("verification failed"), "{}", printed.out);
            stage.expect("zonal apply --yes", 0).await;
            assert_eq!(puts(&stage), 24, "each table should be written once");
        }
        assert!(counts.len() > 2, "the interrupts should hit the middle of the run: {counts:?}");
    });
}

#[test]
fn interrupt_does_not_wait_for_reads() {
    for path in ["/conf/test", "/conf/code-tables/UserBlockDescription"] {
        paused(async {
            let stage = CaseNetwork::new(&case("network-blocks"));
            // The first read belongs to the plan; the second precedes the write.
            stage.happen(&format!(
                r#"fault {{"zone": "01OMNI_ALPHA", "path": "{path}", "when": {{"after": {}}}, "effect": "hang"}}"#,
                if path == "/conf/test" { 0 } else { 1 }
            ));
            let start = tokio::time::Instant::now();
            let printed = stage.interrupted("zonal apply --yes --zone 01OMNI_ALPHA", 3000).await;
            assert_eq!(printed.code, 130, "{path}: {}{}", printed.out, printed.err);
            assert!(start.elapsed() < Duration::from_secs(5), "{path}: {:?}", start.elapsed());
        });
    }
}

/// User who presses Ctrl-C at the confirmation, and types nothing until the command ends.
struct CtrlCInput(watch::Sender<u32>, mpsc::Receiver<()>);

impl io::Read for CtrlCInput {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.send_modify(|count| *count += 1);
        let _ = self.1.recv();
        Ok(0)
    }
}

#[test]
fn interrupt_at_confirmation_cancels_apply() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let (press, interrupts) = watch::channel(0);
        let (_typing, typed) = mpsc::channel();
        let user = io::BufReader::new(CtrlCInput(press, typed));
        let input: InputStream = Arc::new(Mutex::new(Box::new(user)));
        let printed = stage.run_with("zonal apply", Some(input), interrupts).await;
        assert_eq!(printed.code, 130, "{}", printed.err);
        assert!(printed.err.ends_with("Interrupted. No changes were made.\n"), "{}", printed.err);
        assert_eq!(puts(&stage), 0);
    });
}

#[test]
fn interrupt_does_not_wait_for_key_commands() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let slow = r#"read: {command: [sleep, "20"]}"#;
        stage.edit("network.yaml", r#"read: {env: "ZONAL_READ_{code}"}"#, slow);
        let printed = stage.interrupted("zonal plan", 100).await;
        assert_eq!((printed.code, printed.out.as_str()), (130, ""), "{}", printed.err);
    });
}

#[test]
fn apply_accepts_only_yes_as_confirmation() {
    paused(async {
        for (answer, code) in [("yes\n", 0), ("y\n", 1), ("no\n", 1), ("\n", 1), ("", 1), ("YES\n", 1)] {
            let stage = CaseNetwork::new(&case("network-blocks"));
            let printed = stage.run("zonal apply", Some(answer), watch::channel(0).1).await;
            assert_eq!(printed.code, code, "{answer:?}");
            assert_eq!(puts(&stage), if code == 0 { 24 } else { 0 }, "{answer:?}");
            assert!(printed.err.contains("Only 'yes' will be accepted to approve."));
        }
    });
}

#[test]
fn apply_without_terminal_or_yes_writes_nothing() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let printed = stage.output("zonal apply").await;
        assert_eq!((printed.code, puts(&stage)), (1, 0));
        assert!(printed.err.contains("pass --yes"), "{}", printed.err);
    });
}

#[test]
fn interrupt_does_not_wait_for_policies() {
    // A rule that does not end: 20 to the power of 12 comparisons.
    let list = "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]";
    let endless = (0..12).fold("true".to_owned(), |rule, depth| format!("{list}.all(x{depth}, {rule})"));
    let policy = format!(
        "apiVersion: zonal/v1\nkind: Policy\nmetadata: {{name: endless}}\nspec:\n  scope: plan\n  rules:\n    \
         - {{name: rule, expression: '{endless}', message: no}}\n"
    );
    let stage = CaseNetwork::new(&case("network-blocks"));
    std::fs::write(stage.directory().join("policy.yaml"), policy).expect("policy should be written");
    // A paused clock would stand still while the rule runs.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("runtime should start");
    let printed = runtime.block_on(stage.interrupted("zonal plan", 5_000));
    runtime.shutdown_background();
    assert_eq!(printed.code, 130, "{}{}", printed.out, printed.err);
    assert_eq!(printed.out, "");
}
