//! `zonal demo`: the main job from beginning to end, on an embedded network that needs no account.
//!
//! Every step is a command line that is run as it would be from a shell; only its requests go to
//! the emulator in the same process.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use clap::Args;
use tokio::sync::Notify;

use super::context::CommandContext;
use super::exit_code::CommandExit;
use crate::emulator::{EmulatedZone, Emulator, EmulatorConfig, EmulatorTransport, LibrarianEdit};
use crate::manifest::{self, SourceFile};
use crate::provider::transport::{Transport, TransportFuture};

/// The example that the demo runs, as it is in the repository.
const EXAMPLE: [(&str, &str); 2] = [
    ("network.yaml", include_str!("../../examples/quickstart/network.yaml")),
    ("network-blocks.yaml", include_str!("../../examples/quickstart/network-blocks.yaml")),
];
const ENVIRONMENT: &str = "emulator";

/// What a librarian does to one member after everything has been put right.
const EDIT: &str = r#"{"zone": "01OMNI_DELTA", "kind": "code", "table": "UserBlockDescription", "by": "m.tremblay",
    "action": {"set_code": {"code": "CONSORTIA", "description": "Blocked, see front desk"}}}"#;

/// And once more, while the central office looks at the plan.
const EDIT_MEANWHILE: &str = r#"{"zone": "01OMNI_DELTA", "kind": "code", "table": "UserBlockDescription",
    "by": "m.tremblay", "action": {"set_code": {"code": "CONSORTIA", "description": "Blocked, call Marie"}}}"#;

/// Writes that arrive before the first apply is killed.
const DOOMED_AFTER: u32 = 9;
/// The row that they edit.
const ROW: &str = "01OMNI_DELTA/CodeTable/UserBlockDescription/CONSORTIA";

/// See the main job on a made-up consortium of 12 members
///
/// Validates, plans, applies, is killed in the middle and resumes, shows a librarian's edit as drift, applies a
/// reviewed plan while they edit once more, and takes a run back, on an embedded emulator: no account, no key, no
/// network.
#[derive(Debug, Args)]
pub struct DemoCommand {}

impl DemoCommand {
    /// Runs the demo. Ends with 0 if every step came to what the words around it say.
    pub async fn run(&self, world: &CommandContext) -> CommandExit {
        match show(world).await {
            Ok(()) => CommandExit::Done,
            Err(message) => super::fail(world, message),
        }
    }
}

async fn show(world: &CommandContext) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| format!("no place for the example: {error}"))?;
    for (file, text) in EXAMPLE {
        std::fs::write(directory.path().join(file), text).map_err(|error| format!("{file}: {error}"))?;
    }
    let emulator = emulator()?;
    let stage = DemoSandbox { world, emulator: &emulator, directory: directory.path() };

    stage.print_step(
        "A consortium of twelve members has written down which patron blocks travel between them:",
    );
    stage.print_step("network-blocks.yaml wants four rows at every member. Are the manifests sound?");
    stage.command(&["validate"], CommandExit::Done).await?;
    stage.print_step(
        "How does every member differ from them? Planning only looks: it has no key that could write.",
    );
    stage.command(&["plan", "--detailed-exitcode"], CommandExit::Changes).await?;
    stage.print_step(
        "Make it so. Every table is read again before it is written, and read back afterwards. But this time",
    );
    stage.print_step("the machine is taken away in the middle, as `kill -9` would: some writes have arrived, some have not.");
    stage.kill(&["apply", "--yes"], DOOMED_AFTER).await?;
    stage.print_step(
        "Everything was written down before it was sent, so the run goes on where it stopped. What is not",
    );
    stage.print_step("certain is read back first; nothing is done twice.");
    stage.command(&["resume"], CommandExit::Done).await?;
    stage.print_step("Now every member is as decided, so a second plan is empty.");
    stage.command(&["plan", "--detailed-exitcode"], CommandExit::Done).await?;
    stage.print_step(
        "A month later, someone at Delta University rewords a row in Alma's own user interface ...",
    );
    stage.edit(EDIT)?;
    stage.print_step(
        "... and the nightly report says that it was they who moved, not the manifests: who, when, and from",
    );
    stage.print_step("what to what.");
    stage.command(&["drift"], CommandExit::Changes).await?;
    stage.print_step("The plan to put it back is kept in a file, to be reviewed.");
    stage.command(&["plan", "--detailed-exitcode", "--out", "plan.json"], CommandExit::Changes).await?;
    stage.print_step(
        "While the central office looks at it, they reword the row once more. What is applied now is what",
    );
    stage.print_step("was reviewed, or nothing: their edit stays, and everybody hears of it (exit code 5).");
    stage.edit(EDIT_MEANWHILE)?;
    stage.command(&["apply", "plan.json", "--yes"], CommandExit::Stale).await?;
    stage.print_step("Looked at again, it is put back after all ...");
    stage.command(&["apply", "--yes"], CommandExit::Done).await?;
    stage.print_step(
        "... and every change that was ever made can be explained, from what to what and by whom, ...",
    );
    stage.command(&["history", ROW], CommandExit::Done).await?;
    stage.print_step("... and taken back. Only what that run wrote, and only where it still stands.");
    stage.command(&["revert", "run-3", "--yes"], CommandExit::Done).await?;
    stage.print_step(
        "That is the main job. The example is in examples/quickstart; README.md says how to point it at a",
    );
    stage.print_step("sandbox of your own.");
    Ok(())
}

fn emulator() -> Result<Emulator, String> {
    let sources: Vec<SourceFile> = EXAMPLE
        .iter()
        .map(|(file, text)| SourceFile { file: (*file).into(), text: Ok((*text).to_owned()) })
        .collect();
    let network = manifest::load(&sources, Some(ENVIRONMENT)).network.ok_or("the example has no network")?;
    let zones = network.zones.iter().map(|zone| {
        EmulatedZone::from(zone, key("READ", zone.code.as_str()), Some(key("WRITE", zone.code.as_str())))
    });
    // As slow as a real zone, so that the pace is the one that people will see.
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
    /// Somebody edits a table in Alma.
    fn edit(&self, edit: &str) -> Result<(), String> {
        let edit: LibrarianEdit = serde_json::from_str(edit).map_err(|error| error.to_string())?;
        self.emulator.control().edit(edit).map_err(|error| error.to_string())
    }

    fn print_step(&self, words: &str) {
        let style = anstyle::AnsiColor::Cyan.on_default();
        self.world.out.print_line(format!("{style}# {words}{style:#}"));
    }

    /// Runs a command line of zonal's in a world whose zones are the emulator's.
    async fn command(&self, words: &[&str], expected: CommandExit) -> Result<(), String> {
        let (argv, shown) = self.command_line(words);
        let world = self.world(Arc::new(self.emulator.transport()));
        // A command that runs another one: the compiler wants to know that this ends.
        let exit = Box::pin(super::run(argv, &world)).await;
        self.world.out.print_line("");
        match exit == expected {
            true => Ok(()),
            false if exit == CommandExit::Interrupted => Err("the demo was interrupted".to_owned()),
            false => Err(format!("`zonal {shown}` ended with {}, not with {}", exit.code(), expected.code())),
        }
    }

    /// Runs a command line of zonal's until so many of its writes have arrived, and lets go of it then and there.
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
                Err(format!("`zonal {shown}` ended with {} before it could be killed", exit.code()))
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
        // The demo remembers in its own directory, whatever its user does otherwise.
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

/// A way to the network that answers no more once so many writes have arrived.
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
