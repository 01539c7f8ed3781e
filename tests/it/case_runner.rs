//! Runs a case: a script of command lines against a network in process, under a paused clock.
//!
//! A case is a folder in `tests/cases`. Its `script.txt` is both the script and what came of it:
//! lines that begin with `$ ` are command lines of zonal, lines that begin with `@ ` happen to the
//! network (see [`Stage::happen`]), and what follows each is what was printed: stdout as it is,
//! what looks like the script behind `1| `, stderr behind `2| `, and `[exit N]` where N is not 0. `BLESS=1 cargo test` writes it anew.
//! The other files of the folder are the config directory.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;
use tokio::sync::watch;
use zonal::cli::{self, CommandContext, InputStream, OutputStream, TerminalKind};
use zonal::emulator::{EmulatedZone, Emulator, EmulatorConfig, GatewayKeys, TableSeed};
use zonal::manifest::{self, SourceFile};

/// Runs the script of a case and returns it with what was printed now.
pub fn run(case: &Path) -> String {
    let script = std::fs::read_to_string(case.join("script.txt")).expect("a case has a script.txt");
    paused(async {
        let stage = CaseNetwork::new(case);
        let mut played = String::new();
        for line in script.lines() {
            if let Some(comment) = line.strip_prefix('#') {
                played.push_str(&format!("#{comment}\n"));
            } else if let Some(command) = line.strip_prefix("$ ") {
                played.push_str(&format!("\n{line}\n{}", stage.command(command).await));
            } else if let Some(what) = line.strip_prefix("@ ") {
                played.push_str(&format!("\n{line}\n{}", stage.happen(what)));
            }
        }
        played
    })
}

/// A network and a config directory.
pub struct CaseNetwork {
    pub emulator: Emulator,
    pub env: BTreeMap<String, String>,
    directory: tempfile::TempDir,
}

impl CaseNetwork {
    /// Copies the case's config directory, and emulates its network as its first environment-less
    /// reading describes it.
    pub fn new(case: &Path) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        copy(case, directory.path());
        let mut sources = Vec::new();
        for entry in walk(directory.path()) {
            let file = entry
                .strip_prefix(directory.path())
                .expect("it was found below")
                .to_string_lossy()
                .into_owned();
            let text = std::fs::read_to_string(&entry).map_err(|error| error.to_string());
            sources.push(SourceFile { file: file.into(), text });
        }
        let loaded = manifest::load(&sources, None);
        let mut env = BTreeMap::new();
        let zones: Vec<EmulatedZone> = loaded
            .network
            .iter()
            .flat_map(|network| &network.zones)
            .map(|zone| {
                let key = |purpose: &str| format!("{purpose}-key-{}", zone.code);
                env.insert("BOGUS".to_owned(), "bogus".to_owned());
                env.insert("ZONAL_GATEWAY_READ".to_owned(), GatewayKeys::default().read);
                env.insert("ZONAL_GATEWAY_WRITE".to_owned(), GatewayKeys::default().write);
                env.insert(format!("ZONAL_READ_{}", zone.code), key("read"));
                env.insert(format!("ZONAL_WRITE_{}", zone.code), key("write"));
                EmulatedZone::from(zone, key("read"), Some(key("write")))
            })
            .collect();
        let behaviour = EmulatorConfig { latency_ms: 150, ..EmulatorConfig::default() };
        Self { emulator: Emulator::new(zones, behaviour), env, directory }
    }

    /// Runs a command line and returns what it printed, as a script shows it.
    pub async fn command(&self, command: &str) -> String {
        let (_sender, interrupts) = watch::channel(0);
        let CommandOutput { out, err, code } = self.run(command, None, interrupts).await;
        // What is printed must not be taken for part of the script when it is played again.
        let marked = |line: &str| match line.starts_with(['#', '$', '@']) {
            true => format!("1| {line}\n"),
            false => format!("{line}\n"),
        };
        let mut printed: String = out.lines().map(marked).collect();
        for line in err.lines() {
            printed.push_str(format!("2| {line}").trim_end());
            printed.push('\n');
        }
        if code != 0 {
            printed.push_str(&format!("[exit {code}]\n"));
        }
        printed
    }

    /// Runs a command line. `answer` is what the user types, `None` where nobody is there.
    pub async fn run(
        &self,
        command: &str,
        answer: Option<&str>,
        interrupts: watch::Receiver<u32>,
    ) -> CommandOutput {
        let typed =
            |answer: &str| Arc::new(Mutex::new(Box::new(io::Cursor::new(answer.to_owned())) as Box<_>));
        self.run_with(command, answer.map(typed), interrupts).await
    }

    /// The same, with answers from anywhere.
    pub async fn run_with(
        &self,
        command: &str,
        input: Option<InputStream>,
        interrupts: watch::Receiver<u32>,
    ) -> CommandOutput {
        let (out, err) = (CapturedOutput::default(), CapturedOutput::default());
        let world = CommandContext {
            env: self.env.clone(),
            directory: self.directory.path().to_path_buf(),
            out: OutputStream::new(out.clone(), TerminalKind::Pipe),
            err: OutputStream::new(err.clone(), TerminalKind::Pipe),
            input,
            now: || "2026-01-01T00:00:00Z".to_owned(),
            transport: Some(Arc::new(self.emulator.transport())),
            interrupts,
        };
        let words = command.split_whitespace().map(OsString::from).collect();
        let exit = cli::run(words, &world).await;
        let here = self.directory.path().display().to_string();
        let text = |captured: CapturedOutput| captured.text().replace(&here, "DIR");
        CommandOutput { out: text(out), err: text(err), code: exit.code() }
    }

    /// The config directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What happens to the network: `edit JSON`, `fault JSON`, `behaviour JSON` as at the emulator's
    /// own doors; `no faults`; `write FILE TEXT` for a file of the config directory; `unset NAME` and
    /// `set NAME VALUE` for the environment are for the test that owns the stage. `record JSON` edits what the
    /// gateway serves, `table ZONE JSON` puts a whole table, `group ZONE NAME` adds an availability group.
    /// `rows ZONE KIND TABLE`, `show FILE`, `records ZONE KIND`, `resource ZONE IDS` and `requests ZONE` show something.
    pub fn happen(&self, what: &str) -> String {
        let control = self.emulator.control();
        let (verb, rest) = what.split_once(' ').unwrap_or((what, ""));
        let json = || serde_json::from_str::<Json>(rest).expect("a script's JSON is JSON");
        let done = match verb {
            "edit" => serde_json::from_value(json())
                .map_err(|e| e.to_string())
                .and_then(|edit| control.edit(edit).map_err(|e| e.to_string())),
            "fault" => serde_json::from_value(json())
                .map_err(|e| e.to_string())
                .and_then(|fault| control.add_fault(fault).map_err(|e| e.to_string())),
            "behaviour" => {
                let mut merged = serde_json::to_value(control.behaviour()).expect("a behaviour is JSON");
                if let (Json::Object(merged), Json::Object(new)) = (&mut merged, json()) {
                    merged.extend(new);
                }
                serde_json::from_value(merged)
                    .map_err(|e| e.to_string())
                    .and_then(|behaviour| control.set_behaviour(behaviour).map_err(|e| e.to_string()))
            }
            "no" => {
                control.clear_faults();
                Ok(())
            }
            "write" => {
                let (file, text) = rest.split_once(' ').unwrap_or((rest, ""));
                let path = self.directory.path().join(file);
                let folder = path.parent().expect("a file is in a folder");
                std::fs::create_dir_all(folder)
                    .and_then(|()| std::fs::write(&path, text.replace("\\n", "\n")))
                    .map_err(|e| e.to_string())
            }
            "show" => {
                let Ok(text) = std::fs::read_to_string(self.directory.path().join(rest)) else {
                    return format!("  {rest} is not there\n");
                };
                return text.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect();
            }
            "group" => {
                let (zone, name) = rest.split_once(' ').expect("@ group ZONE NAME");
                control.add_group(zone, name).map_err(|e| e.to_string())
            }
            "rows" => return self.rows(rest),
            "record" => serde_json::from_value(json())
                .map_err(|e| e.to_string())
                .and_then(|edit| control.edit_record(&edit).map_err(|e| e.to_string())),
            "table" => {
                let (zone, seed) = rest.split_once(' ').expect("@ table ZONE JSON");
                serde_json::from_str::<TableSeed>(seed)
                    .map_err(|e| e.to_string())
                    .and_then(|seed| control.put_table(zone, seed).map_err(|e| e.to_string()))
            }
            "records" => {
                let (zone, kind) = rest.split_once(' ').expect("@ records ZONE KIND");
                let records = control.records(zone, kind).expect("the zone is there");
                return records.iter().map(|record| format!("  {record}\n")).collect();
            }
            "resource" => {
                let (zone, ids) = rest.split_once(' ').expect("@ resource ZONE IDS");
                let resource = control.resource(zone, ids).expect("the zone has the e-resource");
                let members = resource.members.iter().map(|(name, value)| format!("  {name} = {value}\n"));
                let groups = resource.groups.iter().map(|(name, said)| format!("  {name}: {said:?}\n"));
                return members.chain(groups).collect();
            }
            "requests" => {
                let mut log: Vec<String> = control
                    .requests()
                    .iter()
                    .filter(|request| request.zone.as_deref() == Some(rest))
                    .map(|request| format!("{} {} {:?}\n", request.method, request.path, request.status))
                    .collect();
                log.sort();
                control.clear_requests();
                return log.concat();
            }
            other => Err(format!("there is no `@ {other}`")),
        };
        done.map_or_else(|error| panic!("@ {what}: {error}"), |()| String::new())
    }

    fn rows(&self, rest: &str) -> String {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let [zone, kind, table] = words.as_slice() else { panic!("@ rows ZONE KIND TABLE") };
        let kind = serde_json::from_value(Json::String((*kind).to_owned())).expect("code or mapping");
        let table = self.emulator.control().table(zone, kind, table).expect("the zone has the table");
        let mut rows = Vec::new();
        lines(&serde_json::to_value(table).expect("a table is JSON"), &mut rows);
        rows.concat()
    }
}

/// Every object that looks like a row, one line each.
fn lines(json: &Json, out: &mut Vec<String>) {
    match json {
        Json::Object(object)
            if object.contains_key("columns") && !object.contains_key("headers")
                || object.contains_key("descriptions") =>
        {
            let mut row = object.clone();
            row.retain(|_, value| !value.is_null());
            out.push(format!("  {}\n", Json::Object(row)));
        }
        Json::Object(object) => object.values().for_each(|value| lines(value, out)),
        Json::Array(values) => values.iter().for_each(|value| lines(value, out)),
        _ => {}
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in walk(from) {
        let target = to.join(entry.strip_prefix(from).expect("it was found below"));
        std::fs::create_dir_all(target.parent().expect("a file is in a folder"))
            .expect("a folder can be made");
        std::fs::copy(&entry, target).expect("a file can be copied");
    }
}

fn walk(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).expect("the case's folder can be read") {
        let path = entry.expect("its entries too").path();
        match path.is_dir() {
            true => files.extend(walk(&path)),
            false if path.file_name().is_some_and(|name| name == "script.txt") => {}
            false => files.push(path),
        }
    }
    files.sort();
    files
}

/// What a command came to.
pub struct CommandOutput {
    pub out: String,
    pub err: String,
    pub code: u8,
}

/// Runs a test that waits, on a clock that does not.
pub fn paused<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime can be built").block_on(test)
}

/// The folder of a case.
pub fn case(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

/// An output that is kept.
#[derive(Clone, Default)]
pub struct CapturedOutput(Arc<Mutex<Vec<u8>>>);

impl CapturedOutput {
    /// What was written so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("nobody panicked while printing")).into_owned()
    }
}

impl Write for CapturedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked while printing").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
