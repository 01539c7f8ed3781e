//! Main workflow over sockets: `zonal emulate` serves, and other commands connect to it.

use std::time::Duration;

use tokio::sync::watch;
use zonal::cli::{self, CommandContext, CommandExit};

use crate::case_runner::{CapturedOutput, CaseNetwork, case, command_words};

/// Returns a context without a test transport: requests go to `baseUrl`.
fn world(
    stage: &CaseNetwork,
    out: &CapturedOutput,
    err: &CapturedOutput,
    interrupts: watch::Receiver<u32>,
) -> CommandContext {
    CommandContext { transport: None, ..stage.context(out, err, interrupts) }
}

#[test]
fn commands_work_against_emulator_over_sockets() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime should start");
    runtime.block_on(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let (served, noise) = (CapturedOutput::default(), CapturedOutput::default());
        let (stop, interrupts) = watch::channel(0);
        let serving = world(&stage, &served, &noise, interrupts);
        let command = "zonal emulate --environment emulator --listen 127.0.0.1:0 --keys-out keys.env";
        let emulator = cli::run(command_words(command), &serving);
        let client = async {
            let address = loop {
                if let Some(rest) = served.text().split("http://").nth(1) {
                    break format!("http://{}", rest.lines().next().expect("address should be on one line"));
                }
                assert!(!noise.text().contains("error"), "the emulator did not start: {}", noise.text());
                tokio::time::sleep(Duration::from_millis(10)).await;
            };
            stage.edit("network.yaml", "http://127.0.0.1:8080", &address);
            let keys =
                std::fs::read_to_string(stage.directory().join("keys.env")).expect("keys should be written");
            assert!(
                keys.lines().count() == 26 && keys.starts_with("export ZONAL_READ_01OMNI_NETWORK="),
                "{keys}"
            );

            for (command, expected, line) in [
                (
                    "zonal plan --detailed-exitcode",
                    CommandExit::Changes,
                    "Plan: 46 to add, 2 to change, 0 to destroy.",
                ),
                (
                    "zonal apply --yes",
                    CommandExit::Done,
                    "Apply complete! Records: 46 added, 2 changed, 0 destroyed.",
                ),
                (
                    "zonal plan --detailed-exitcode",
                    CommandExit::Done,
                    "No changes. Your network matches the configuration.",
                ),
            ] {
                let (out, err) = (CapturedOutput::default(), CapturedOutput::default());
                let world = world(&stage, &out, &err, watch::channel(0).1);
                let exit =
                    cli::run(command_words(&format!("{command} --environment emulator")), &world).await;
                assert_eq!(exit, expected, "{command}: {}{}", out.text(), err.text());
                assert!(out.text().contains(line), "{command}: {}", out.text());
            }
            stop.send_replace(1);
        };
        let (exit, ()) = tokio::join!(emulator, client);
        assert_eq!(exit, CommandExit::Done, "{}", noise.text());
    });
}

#[test]
fn emulator_serves_loopback_only() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime should start");
    runtime.block_on(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let (out, err) = (CapturedOutput::default(), CapturedOutput::default());
        let world = world(&stage, &out, &err, watch::channel(0).1);
        assert_eq!(
            cli::run(command_words("zonal emulate --listen 0.0.0.0:0"), &world).await,
            CommandExit::Invalid
        );
        assert!(err.text().contains("0.0.0.0 is not a loopback address"), "{}", err.text());
    });
}
