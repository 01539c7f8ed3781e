//! Sources of API keys (environment, files, commands), and their use for their own zone only.

use crate::case_runner::{CaseNetwork, case, paused};

const NETWORK: &str = r#"
apiVersion: zonal/v1
kind: Network
metadata: {name: trio}
spec:
  region: eu
  environmentType: sandbox
  credentials: {read: {env: "ZONAL_READ_{code}"}, write: {env: "ZONAL_WRITE_{code}"}}
  networkZone: {code: 01T_NETWORK, name: Trio}
  members:
    - {code: 01T_A, name: Alpha, credentials: {read: {file: "keys/{code}.key"}, write: {env: "ZONAL_WRITE_{code}"}}}
    - {code: 01T_B, name: Beta, credentials: {read: {command: "echo read-key-{code}"}, write: {command: [echo, "write-key-{code}"]}}}
    - {code: 01T_C, name: Gamma}
"#;

fn stage() -> CaseNetwork {
    let stage = CaseNetwork::new(&case("selection"));
    let write = |file: &str, text: &str| {
        std::fs::write(stage.directory().join(file), text).expect("file should be writable")
    };
    write("network.yaml", NETWORK);
    std::fs::create_dir(stage.directory().join("keys")).expect("folder should be created");
    write("keys/01T_A.key", "read-key-01T_A\n");
    stage
}

/// Runs a test on the real clock, because key commands are real processes.
fn real<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("runtime should start").block_on(test)
}

#[test]
fn api_keys_come_from_environment_files_and_commands() {
    real(async {
        let stage = stage();
        stage.expect("zonal apply --yes", 0).await;
        stage.expect("zonal plan --detailed-exitcode", 0).await;
    });
}

#[test]
fn failing_key_command_is_reported_before_any_request() {
    real(async {
        for (command, reason) in [
            ("false", "the command failed with exit status: 1"),
            ("true", "the value is empty"),
            ("echo two words", "the value is not an API key"),
            ("no-such-program-at-all", "failed with exit status: 127"),
        ] {
            let stage = stage();
            let network = NETWORK.replace("echo read-key-{code}", command);
            std::fs::write(stage.directory().join("network.yaml"), network).expect("file should be writable");
            let printed = stage.expect("zonal plan", 1).await;
            assert!(printed.err.contains("error[Z0601]: no read key for 01T_B"), "{}", printed.err);
            assert!(printed.err.contains(reason), "{command}: {}", printed.err);
            assert!(!printed.err.contains("two words\n"), "the output of a key command should not be shown");
            assert_eq!(stage.emulator.control().requests().len(), 0, "{command}");
        }
    });
}

#[test]
fn plan_neither_needs_nor_uses_write_keys() {
    paused(async {
        let mut stage = CaseNetwork::new(&case("selection"));
        stage.env.retain(|name, _| !name.starts_with("ZONAL_WRITE"));
        stage.expect("zonal plan --detailed-exitcode", 2).await;
        let printed = stage.expect("zonal apply --yes", 1).await;
        assert_eq!(printed.err.matches("no write key for").count(), 3, "{}", printed.err);
        assert!(stage.emulator.control().requests().iter().all(|request| request.method == "GET"));
    });
}

#[test]
fn output_never_contains_an_api_key() {
    paused(async {
        for behaviour in
            ["{}", r#"{"gateway_errors": "html"}"#, r#"{"zones": {"01T_A": {"connection": "down"}}}"#]
        {
            let mut stage = CaseNetwork::new(&case("selection"));
            stage.happen(&format!("behaviour {behaviour}"));
            stage.env.insert("ZONAL_READ_01T_B".to_owned(), "a-key-that-nobody-knows".to_owned());
            for command in
                ["zonal plan", "zonal plan --json", "zonal apply --yes", "zonal apply --yes --json"]
            {
                let printed = stage.output(command).await;
                for text in [&printed.out, &printed.err] {
                    for key in stage.env.values() {
                        assert!(!text.contains(key), "{command} printed {key}: {text}");
                    }
                }
            }
        }
    });
}
