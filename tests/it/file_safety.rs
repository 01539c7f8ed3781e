//! Files of the config directory and of the command line: links, special files, rights, and signals.

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::case_runner::{CaseNetwork, case, paused};

/// Maximum time of a command that must not wait.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Result of a process.
struct ProcessOutput {
    status: ExitStatus,
    text: String,
}

/// Starts the program in a directory, without the variables of this process.
fn zonal(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zonal"));
    command.args(arguments).current_dir(directory).env_clear().env("CANARY", "l8xxcanary-of-the-environment");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits for the end of a process, at most `AT_ONCE`.
fn finish(mut process: std::process::Child) -> ProcessOutput {
    let start = Instant::now();
    while process.try_wait().expect("process should be known").is_none() {
        if start.elapsed() > AT_ONCE {
            process.kill().expect("process should be killed");
            panic!("the process still runs after {AT_ONCE:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = process.wait_with_output().expect("output should be read");
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    ProcessOutput { status: output.status, text }
}

fn run(directory: &Path, arguments: &[&str]) -> ProcessOutput {
    finish(zonal(directory, arguments).spawn().expect("program should start"))
}

fn make_pipe(path: &Path) {
    let status = Command::new("mkfifo").arg(path).status().expect("`mkfifo` should be installed");
    assert!(status.success());
}

#[test]
fn special_files_and_links_out_of_the_directory_are_not_read() {
    let outside = tempfile::tempdir().expect("temporary directory");
    std::fs::write(outside.path().join("key"), "l8xxsecret: [").expect("file should be written");
    std::fs::create_dir(outside.path().join("folder")).expect("folder should be created");
    std::fs::write(outside.path().join("folder/k.yaml"), "l8xxsecret: [").expect("file should be written");
    let targets: [(&str, &str); 8] = [
        ("/proc/self/environ", "outside the config directory"),
        ("/dev/zero", "outside the config directory"),
        ("/dev/stdin", "outside the config directory"),
        ("OUTSIDE/key", "outside the config directory"),
        ("OUTSIDE/folder", "outside the config directory"),
        (".git/config", "a hidden file"),
        ("pipe", "it is a pipe"),
        ("missing", "No such file"),
    ];
    for (target, reason) in targets {
        let directory = tempfile::tempdir().expect("temporary directory");
        let here = directory.path();
        std::fs::create_dir(here.join(".git")).expect("folder should be created");
        std::fs::write(here.join(".git/config"), "l8xxsecret: [").expect("file should be written");
        make_pipe(&here.join("pipe"));
        let target = target.replace("OUTSIDE", &outside.path().to_string_lossy());
        symlink(&target, here.join("k.yaml")).expect("link should be created");
        let ProcessOutput { status, text } = run(here, &["validate"]);
        assert_eq!(status.code(), Some(1), "{target}: {text}");
        assert!(text.contains("k.yaml:1:1: error[Z0101]"), "{target}: {text}");
        assert!(text.contains(reason), "{target}: {text}");
        assert!(!text.contains("l8xx"), "{target}: {text}");
    }
}

#[test]
fn pipes_and_pattern_files_do_not_block() {
    for name in ["x.yaml", ".zonalignore", "sub/.zonalignore"] {
        let directory = tempfile::tempdir().expect("temporary directory");
        std::fs::create_dir(directory.path().join("sub")).expect("folder should be created");
        make_pipe(&directory.path().join(name));
        let ProcessOutput { status, text } = run(directory.path(), &["validate"]);
        assert_eq!(status.code(), Some(1), "{name}: {text}");
        assert!(text.contains(&format!("{name}:1:1")) && text.contains("it is a pipe"), "{name}: {text}");
    }
}

#[test]
fn large_manifest_is_not_read() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let file = std::fs::File::create(directory.path().join("x.yaml")).expect("file should be created");
    file.set_len(1 << 40).expect("sparse file");
    let ProcessOutput { text, .. } = run(directory.path(), &["validate"]);
    assert!(text.contains("error[Z0111]: the file is larger than 32 MiB"), "{text}");
    assert!(text.contains("help: split it into several files"), "{text}");
}

#[test]
fn mounted_volume_with_inner_links_is_read() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let mounted = directory.path();
    std::fs::create_dir(mounted.join("..2026_11_30")).expect("folder should be created");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    for entry in std::fs::read_dir(examples).expect("examples should exist").flatten() {
        let name = entry.file_name();
        if !name.to_string_lossy().ends_with(".yaml") {
            continue;
        }
        std::fs::copy(entry.path(), mounted.join("..2026_11_30").join(&name)).expect("file should be copied");
        symlink(Path::new("..data").join(&name), mounted.join(&name)).expect("link should be created");
    }
    symlink("..2026_11_30", mounted.join("..data")).expect("link should be created");
    let ProcessOutput { status, text } = run(mounted, &["validate"]);
    assert!(status.success() && text.starts_with("Valid: "), "{text}");
}

#[test]
fn key_files_are_small_regular_files_behind_any_link() {
    paused(async {
        let outside = tempfile::tempdir().expect("temporary directory");
        let place = outside.path().join("key");
        let stage = CaseNetwork::new(&case("network-blocks"));
        stage.edit("network.yaml", r#"read: {env: "ZONAL_READ_{code}"}"#, "read: {file: keys/read.key}");
        std::fs::create_dir(stage.directory().join("keys")).expect("folder should be created");
        symlink(&place, stage.directory().join("keys/read.key")).expect("link should be created");
        let read_key = "read-key-01OMNI_ALPHA";
        let content: [(Vec<u8>, i32, &str); 3] = [
            (read_key.into(), 0, ""),
            (vec![b'k'; 65 << 10], 1, "it is larger than 64 KiB"),
            (b"two words of a key".to_vec(), 1, "the value is not an API key"),
        ];
        for (key, code, reason) in content {
            std::fs::write(&place, &key).expect("file should be written");
            let printed = stage.output("zonal plan --zone 01OMNI_ALPHA").await;
            let text = format!("{}{}", printed.out, printed.err);
            assert_eq!(i32::from(printed.code), code, "{text}");
            assert!(text.contains(reason) && !text.contains("two words"), "{text}");
        }
        std::fs::remove_file(&place).expect("file should be removed");
        for special in ["/dev/zero", "pipe"] {
            let _ = std::fs::remove_file(&place);
            match special {
                "pipe" => make_pipe(&place),
                device => symlink(device, &place).expect("link should be created"),
            }
            let printed = stage.output("zonal plan --zone 01OMNI_ALPHA").await;
            assert!(printed.err.contains("expected a regular file"), "{special}: {}", printed.err);
        }
    });
}

#[test]
fn outputs_do_not_follow_links_and_dash_is_stdout() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let directory = stage.directory();
        // The walk through the manifests skips a hidden folder.
        std::fs::create_dir(directory.join(".out")).expect("folder should be created");
        std::fs::write(directory.join("victim"), "kept").expect("file should be written");
        symlink("../victim", directory.join(".out/linked.json")).expect("link should be created");
        symlink("../nowhere", directory.join(".out/dangling.json")).expect("link should be created");
        for file in [".out/linked.json", ".out/dangling.json"] {
            for option in ["plan --out", "plan --html", "snapshot --out"] {
                let printed = stage.expect(&format!("zonal {option} {file}"), 1).await;
                assert!(printed.err.contains("it is a symbolic link"), "{}", printed.err);
            }
        }
        assert_eq!(std::fs::read_to_string(directory.join("victim")).expect("file should exist"), "kept");
        assert!(!directory.join("nowhere").exists());

        let plan = stage.output("zonal plan --out -").await;
        let document: serde_json::Value =
            serde_json::from_str(&plan.out).expect("stdout should be only the plan");
        assert!(document.get("resource_changes").is_some() && !plan.err.contains("Saved"), "{}", plan.err);
        let snapshot = stage.output("zonal snapshot --out -").await;
        serde_json::from_str::<serde_json::Value>(&snapshot.out).expect("stdout should be only the snapshot");
        for taken in ["plan --out - --json", "plan --out - --html -"] {
            stage.expect(&format!("zonal {taken}"), 1).await;
        }
    });
}

#[test]
fn files_with_names_of_people_are_private() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        std::fs::create_dir(stage.directory().join(".zonal")).expect("folder should be created");
        for command in [
            "plan --out plan.json --json-out json.json",
            "snapshot --out snapshot.json",
            "apply --yes --zone 01OMNI_ALPHA",
        ] {
            stage.expect(&format!("zonal {command}"), 0).await;
        }
        for file in ["plan.json", "json.json", "snapshot.json", ".zonal/store.db"] {
            let found = std::fs::metadata(stage.directory().join(file)).expect("file should exist");
            assert_eq!(found.permissions().mode() & 0o777, 0o600, "{file}");
        }
        let ignored = std::fs::read_to_string(stage.directory().join(".zonal/.gitignore"));
        assert_eq!(ignored.expect("the folder should be ignored by git"), "*\n");
    });
}

#[test]
fn signals_end_a_blocked_command_at_once() {
    let directory = tempfile::tempdir().expect("temporary directory");
    make_pipe(&directory.path().join("plan.json"));
    for signal in ["-TERM", "-INT"] {
        let process = zonal(directory.path(), &["show", "plan.json"]).spawn().expect("program should start");
        std::thread::sleep(Duration::from_millis(500));
        let sent = Command::new("kill").args([signal, &process.id().to_string()]).status();
        assert!(sent.expect("`kill` should be installed").success());
        let start = Instant::now();
        let ProcessOutput { status, text } = finish(process);
        assert_eq!(status.code(), Some(130), "{signal}: {status} {text}");
        assert!(text.contains("Interrupted. No changes were made."), "{text}");
        assert!(start.elapsed() < Duration::from_secs(3), "{signal}: {:?}", start.elapsed());
    }
}

#[test]
fn plan_from_snapshot_opens_no_store_of_a_manifest() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        stage.expect("zonal snapshot --out snapshot.json", 0).await;
        let listener = TcpListener::bind("127.0.0.1:0").expect("socket");
        listener.set_nonblocking(true).expect("socket");
        let port = listener.local_addr().expect("socket").port();
        let spec = format!("spec:\n  store: postgres://zonal@127.0.0.1:{port}/zonal\n");
        stage.edit("network.yaml", "spec:\n", &spec);
        for command in [
            "validate",
            "plan --snapshot snapshot.json",
            "plan --snapshot snapshot.json --run-group night",
            "test --observed --snapshot snapshot.json",
        ] {
            stage.expect(&format!("zonal {command}"), 0).await;
            assert!(listener.accept().is_err(), "{command} opened the store");
        }
    });
}
