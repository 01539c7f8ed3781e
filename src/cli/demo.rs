//! `zonal demo`: the main job from beginning to end, on an embedded network that needs no account.
//!
//! Every step is a command line that is run as it would be from a shell; only its requests go to
//! the emulator in the same process.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use clap::Args;

use super::exit::Exit;
use super::world::World;
use crate::emulator::{Behaviour, Edit, EmulatedZone, Emulator};
use crate::manifest::{self, Source};

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

/// See the main job on a made-up consortium of 12 members
///
/// Validates, plans, applies, plans again, shows a librarian's edit as drift, and applies a reviewed plan
/// while they edit once more, on an embedded emulator: no account, no key, no network.
#[derive(Debug, Args)]
pub struct Demo {}

impl Demo {
    /// Runs the demo. Ends with 0 if every step came to what the words around it say.
    pub async fn run(&self, world: &World) -> Exit {
        match show(world).await {
            Ok(()) => Exit::Done,
            Err(message) => super::fail(world, message),
        }
    }
}

async fn show(world: &World) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| format!("no place for the example: {error}"))?;
    for (file, text) in EXAMPLE {
        std::fs::write(directory.path().join(file), text).map_err(|error| format!("{file}: {error}"))?;
    }
    let emulator = emulator()?;
    let stage = Stage { world, emulator: &emulator, directory: directory.path() };

    stage.say("A consortium of twelve members has written down which patron blocks travel between them:");
    stage.say("network-blocks.yaml wants four rows at every member. Are the manifests sound?");
    stage.command(&["validate"], Exit::Done).await?;
    stage.say("How does every member differ from them? Planning only looks: it has no key that could write.");
    stage.command(&["plan", "--detailed-exitcode"], Exit::Changes).await?;
    stage.say("Make it so. Every table is read again before it is written, and read back afterwards.");
    stage.command(&["apply", "--yes"], Exit::Done).await?;
    stage.say("Now every member is as decided, so a second plan is empty.");
    stage.command(&["plan", "--detailed-exitcode"], Exit::Done).await?;
    stage.say("A month later, someone at Delta University rewords a row in Alma's own user interface ...");
    stage.edit(EDIT)?;
    stage.say("... and the next plan says where, what, and who. It is kept in a file, to be reviewed.");
    stage.command(&["plan", "--detailed-exitcode", "--out", "plan.json"], Exit::Changes).await?;
    stage.say(
        "While the central office looks at it, they reword the row once more. What is applied now is what",
    );
    stage.say("was reviewed, or nothing: their edit stays, and everybody hears of it (exit code 5).");
    stage.edit(EDIT_MEANWHILE)?;
    stage.command(&["apply", "plan.json", "--yes"], Exit::Stale).await?;
    stage.say(
        "That is the main job. The example is in examples/quickstart; README.md says how to point it at a",
    );
    stage.say("sandbox of your own.");
    Ok(())
}

fn emulator() -> Result<Emulator, String> {
    let sources: Vec<Source> = EXAMPLE
        .iter()
        .map(|(file, text)| Source { file: (*file).into(), text: Ok((*text).to_owned()) })
        .collect();
    let network = manifest::load(&sources, Some(ENVIRONMENT)).network.ok_or("the example has no network")?;
    let zones = network.zones.iter().map(|zone| {
        EmulatedZone::from(zone, key("READ", zone.code.as_str()), Some(key("WRITE", zone.code.as_str())))
    });
    // As slow as a real zone, so that the pace is the one that people will see.
    let behaviour = Behaviour { latency_ms: 100, jitter_ms: 60, per_second: 50, ..Behaviour::default() };
    Ok(Emulator::new(zones.collect(), behaviour))
}

fn key(purpose: &str, code: &str) -> String {
    format!("demo-{purpose}-{code}")
}

struct Stage<'a> {
    world: &'a World,
    emulator: &'a Emulator,
    directory: &'a Path,
}

impl Stage<'_> {
    /// Somebody edits a table in Alma.
    fn edit(&self, edit: &str) -> Result<(), String> {
        let edit: Edit = serde_json::from_str(edit).map_err(|error| error.to_string())?;
        self.emulator.control().edit(edit).map_err(|error| error.to_string())
    }

    fn say(&self, words: &str) {
        let style = anstyle::AnsiColor::Cyan.on_default();
        self.world.out.line(format!("{style}# {words}{style:#}"));
    }

    /// Runs a command line of zonal's in a world whose zones are the emulator's.
    async fn command(&self, words: &[&str], expected: Exit) -> Result<(), String> {
        let bold = anstyle::Style::new().bold();
        let words: Vec<&str> = words.iter().copied().chain(["--environment", ENVIRONMENT]).collect();
        let shown = words.join(" ");
        self.world.out.line(format!("{bold}$ zonal {shown}{bold:#}"));
        let mut env = self.world.env.clone();
        for zone in self.emulator.control().zones() {
            for purpose in ["READ", "WRITE"] {
                env.insert(format!("ZONAL_{purpose}_{}", zone.code), key(purpose, &zone.code));
            }
        }
        let world = World {
            env,
            directory: self.directory.to_path_buf(),
            out: self.world.out.clone(),
            err: self.world.err.clone(),
            input: None,
            now: self.world.now,
            transport: Some(Arc::new(self.emulator.transport())),
            interrupts: self.world.interrupts.clone(),
        };
        let argv = std::iter::once("zonal").chain(words).map(OsString::from);
        // A command that runs another one: the compiler wants to know that this ends.
        let exit = Box::pin(super::run(argv.collect(), &world)).await;
        self.world.out.line("");
        match exit == expected {
            true => Ok(()),
            false if exit == Exit::Interrupted => Err("the demo was interrupted".to_owned()),
            false => Err(format!("`zonal {shown}` ended with {}, not with {}", exit.code(), expected.code())),
        }
    }
}
