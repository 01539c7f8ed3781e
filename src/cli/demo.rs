//! `zonal demo`: the main workflow on an embedded network, without an Alma account.
//!
//! Each step runs a command line as a shell would. Only the requests go to the emulator in the same process.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use clap::Args;
use tokio::sync::Notify;

use super::CommandExit;
use super::context::CommandContext;
use crate::emulator::{EmulatedZone, Emulator, EmulatorConfig, EmulatorTransport, LibrarianEdit};
use crate::manifest::{self, SourceFile};
use crate::provider::transport::{Transport, TransportFuture};

/// Files of the demo's example, as in the repository.
const EXAMPLE: [(&str, &str); 2] = [
    ("network.yaml", include_str!("../../examples/quickstart/network.yaml")),
    ("network-blocks.yaml", include_str!("../../examples/quickstart/network-blocks.yaml")),
];
const ENVIRONMENT: &str = "emulator";

/// Edit by a librarian at one member after the first apply.
const EDIT: &str = r#"{"zone": "01OMNI_DELTA", "kind": "code", "table": "UserBlockDescription", "by": "m.tremblay",
    "action": {"set_code": {"code": "CONSORTIA", "description": "Blocked, see front desk"}}}"#;

/// Second edit, while the central office reviews the plan.
const EDIT_MEANWHILE: &str = r#"{"zone": "01OMNI_DELTA", "kind": "code", "table": "UserBlockDescription",
    "by": "m.tremblay", "action": {"set_code": {"code": "CONSORTIA", "description": "Blocked, call Marie"}}}"#;

/// Number of writes before the demo kills the first apply.
const DOOMED_AFTER: u32 = 9;
/// Address of the edited row.
const ROW: &str = "01OMNI_DELTA/CodeTable/UserBlockDescription/CONSORTIA";

/// Run a guided demo on an emulated consortium
///
/// The consortium has 12 invented members. The demo validates, plans and applies; kills and resumes the
/// apply; shows a librarian's edit as drift; applies a reviewed plan during another edit; and reverts a run.
/// An embedded emulator answers the requests: no account, no API key, no network access.
#[derive(Debug, Args)]
pub struct DemoCommand {}

impl DemoCommand {
    /// Runs the demo; ends with 0 if every step returned the announced exit code.
    pub async fn run(&self, world: &CommandContext) -> CommandExit {
        match show(world).await {
            Ok(()) => CommandExit::Done,
            Err(message) => super::fail(world, message),
        }
    }
}

async fn show(world: &CommandContext) -> Result<(), String> {
    let directory =
        tempfile::tempdir().map_err(|error| format!("cannot create a directory for the example: {error}"))?;
    for (file, text) in EXAMPLE {
        std::fs::write(directory.path().join(file), text).map_err(|error| format!("{file}: {error}"))?;
    }
    let emulator = emulator()?;
    let stage = DemoSandbox { world, emulator: &emulator, directory: directory.path() };

    stage.print_step(
        "A consortium of twelve members declares which patron blocks are copied between members:",
    );
    stage.print_step("network-blocks.yaml declares four rows for every member. Are the manifests valid?");
    stage.command(&["validate"], CommandExit::Done).await?;
    stage.print_step(
        "How does each member differ from the manifests? `plan` uses read keys, so it cannot write.",
    );
    stage.command(&["plan", "--detailed-exitcode"], CommandExit::Changes).await?;
    stage.print_step(
        "Apply the changes. zonal reads each table again before the write and verifies it after. This time the",
    );
    stage.print_step(
        "process is killed in the middle, as by `kill -9`: some writes have arrived, others have not.",
    );
    stage.kill(&["apply", "--yes"], DOOMED_AFTER).await?;
    stage.print_step(
        "The journal lists every write before it is sent, so the run continues at the point of the interruption.",
    );
    stage.print_step("zonal first reads back the writes without a response; no change is made twice.");
    stage.command(&["resume"], CommandExit::Done).await?;
    stage.print_step("Now every member is in sync, so a second plan is empty.");
    stage.command(&["plan", "--detailed-exitcode"], CommandExit::Done).await?;
    stage.print_step(
        "A month later, a librarian at Delta University edits a row in Alma's user interface ...",
    );
    stage.edit(EDIT)?;
    stage.print_step(
        "... and the nightly report shows the drift: the zone changed, not the manifests. It lists who, when, and",
    );
    stage.print_step("the values before and after.");
    stage.command(&["drift"], CommandExit::Changes).await?;
    stage.print_step("The plan that restores the row is saved to a file for review.");
    stage.command(&["plan", "--detailed-exitcode", "--out", "plan.json"], CommandExit::Changes).await?;
    stage.print_step(
        "While the central office reviews the plan, the librarian edits the row again. `apply` makes only the",
    );
    stage.print_step("reviewed changes, so the edit stays and zonal reports the row as stale (exit code 5).");
    stage.edit(EDIT_MEANWHILE)?;
    stage.command(&["apply", "plan.json", "--yes"], CommandExit::Stale).await?;
    stage.print_step("After another review, the row is restored ...");
    stage.command(&["apply", "--yes"], CommandExit::Done).await?;
    stage.print_step(
        "... and the history lists every change, with values before and after, and the author ...",
    );
    stage.command(&["history", ROW], CommandExit::Done).await?;
    stage.print_step(
        "... and a run can be reverted. Only its own changes are undone; records changed since are kept.",
    );
    stage.command(&["revert", "run-3", "--yes"], CommandExit::Done).await?;
    stage.print_step(
        "This was the main workflow. The example is in examples/quickstart; README.md explains how to use it with",
    );
    stage.print_step("your own sandbox.");
    Ok(())
}

fn emulator() -> Result<Emulator, String> {
    let sources: Vec<SourceFile> = EXAMPLE
        .iter()
        .map(|(file, text)| SourceFile { file: (*file).into(), text: Ok((*text).to_owned()) })
        .collect();
    let network = manifest::load(&crate::kinds::KINDS, &sources, Some(ENVIRONMENT))
        .network
        .ok_or("the example has no network")?;
    let zones = network.zones.iter().map(|zone| {
        EmulatedZone::from(zone, key("READ", zone.code.as_str()), Some(key("WRITE", zone.code.as_str())))
    });
    // Latency of a real zone, so the demo runs at a realistic pace.
    let behaviour =
        EmulatorConfig { latency_ms: 100, jitter_ms: 60, per_second: 50, ..EmulatorConfig::default() };
    Ok(Emulator::new(zones.collect(), behaviour))
}

fn key(purpose: &str, code: &str) -> String {
    format!("demo-{purpose}-{code}")
}

struct DemoSandbox<'a> {
    world: &'a CommandContext,
    emulator: &'a Emulator,
    directory: &'a Path,
}

impl DemoSandbox<'_> {
    /// Edits a table as a librarian would in Alma.
    fn edit(&self, edit: &str) -> Result<(), String> {
        let edit: LibrarianEdit = serde_json::from_str(edit).map_err(|error| error.to_string())?;
        self.emulator.control().edit(edit).map_err(|error| error.to_string())
    }

    fn print_step(&self, words: &str) {
        let style = anstyle::AnsiColor::Cyan.on_default();
        self.world.out.print_line(format!("{style}# {words}{style:#}"));
    }

    /// Runs a zonal command line against the emulator.
    async fn command(&self, words: &[&str], expected: CommandExit) -> Result<(), String> {
        let (argv, shown) = self.command_line(words);
        let world = self.world(Arc::new(self.emulator.transport()));
        // Boxed because the future is recursive: the command runs another command.
        let exit = Box::pin(super::run(argv, &world)).await;
        self.world.out.print_line("");
        match exit == expected {
            true => Ok(()),
            false if exit == CommandExit::Interrupted => Err("the demo was interrupted".to_owned()),
            false => Err(format!(
                "`zonal {shown}` ended with exit code {}, expected {}",
                exit.code(),
                expected.code()
            )),
        }
    }

    /// Runs a zonal command line and drops it after a number of writes.
    async fn kill(&self, words: &[&str], writes: u32) -> Result<(), String> {
        let (argv, shown) = self.command_line(words);
        let doom = Arc::new(Notify::new());
        let transport = FailingTransport {
            to: self.emulator.transport(),
            left: AtomicU32::new(writes),
            doom: doom.clone(),
        };
        let world = self.world(Arc::new(transport));
        tokio::select! {
            exit = Box::pin(super::run(argv, &world)) => {
                Err(format!("`zonal {shown}` ended with exit code {} before the kill", exit.code()))
            }
            () = doom.notified() => {
                self.world.out.print_line("[killed]\n");
                Ok(())
            }
        }
    }

    fn command_line(&self, words: &[&str]) -> (Vec<OsString>, String) {
        let bold = anstyle::Style::new().bold();
        let words: Vec<&str> = words.iter().copied().chain(["--environment", ENVIRONMENT]).collect();
        let shown = words.join(" ");
        self.world.out.print_line(format!("{bold}$ zonal {shown}{bold:#}"));
        (std::iter::once("zonal").chain(words).map(OsString::from).collect(), shown)
    }

    fn world(&self, transport: Arc<dyn Transport>) -> CommandContext {
        let mut env = self.world.env.clone();
        // The demo uses a store in its own directory, never the user's store.
        env.remove("ZONAL_STORE");
        for zone in self.emulator.control().zones() {
            for purpose in ["READ", "WRITE"] {
                env.insert(format!("ZONAL_{purpose}_{}", zone.code), key(purpose, &zone.code));
            }
        }
        CommandContext {
            env,
            directory: self.directory.to_path_buf(),
            out: self.world.out.clone(),
            err: self.world.err.clone(),
            input: None,
            now: self.world.now,
            transport: Some(transport),
            interrupts: self.world.interrupts.clone(),
        }
    }
}

/// Transport that stops answering after a number of writes.
struct FailingTransport {
    to: EmulatorTransport,
    left: AtomicU32,
    doom: Arc<Notify>,
}

impl Transport for FailingTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            let writes = request.method() != http::Method::GET;
            let answer = self.to.send(request).await;
            if writes && self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
                self.doom.notify_one();
                std::future::pending::<()>().await;
            }
            answer
        })
    }
}
