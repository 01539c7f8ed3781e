//! Runs a case: a script of command lines against a network in process, with a paused clock.
//!
//! A case is a folder in `tests/cases`. Its `script.txt` contains both the script and the output. Lines that
//! start with `$ ` are command lines of zonal. Lines that start with `@ ` change the network (see
//! [`CaseNetwork::happen`]). The output follows each line: stdout unchanged, stdout that resembles a script
//! line after `1| `, stderr after `2| `, and `[exit N]` for a code other than 0. `BLESS=1 cargo test`
//! rewrites the output. The other files of the folder are the config directory.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::watch;
use zonal::cli::{self, CommandContext, InputStream, OutputStream, TerminalKind};
use zonal::emulator::{EmulatedZone, Emulator, EmulatorConfig, GatewayKeys, TableSeed};
use zonal::manifest::source::UnreadableText;
use zonal::manifest::{self, SourceFile};
use zonal::provider::transport::Transport;

/// Runs the script of a case, and returns the script with its new output.
pub fn run(case: &Path) -> String {
    run_with_behaviour(case, "{}")
}

/// Runs the script of a case with other settings of the emulator, as JSON.
pub fn run_with_behaviour(case: &Path, settings: &str) -> String {
    let script = std::fs::read_to_string(case.join("script.txt")).expect("case should have a script.txt");
    paused(async {
        let stage = CaseNetwork::new(case);
        stage.happen(&format!("behaviour {settings}"));
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

/// Emulated network with a config directory.
pub struct CaseNetwork {
    pub emulator: Emulator,
    pub env: BTreeMap<String, String>,
    /// Transport of the commands; initially the emulator's.
    pub transport: Arc<dyn Transport>,
    directory: tempfile::TempDir,
}

impl CaseNetwork {
    /// Copies the case's config directory and emulates its network, read without an environment.
    pub fn new(case: &Path) -> Self {
        let directory = tempfile::tempdir().expect("temporary directory");
        copy(case, directory.path());
        let mut sources = Vec::new();
        for entry in walk(directory.path()) {
            let file = entry
                .strip_prefix(directory.path())
                .expect("path should be inside")
                .to_string_lossy()
                .into_owned();
            let text =
                std::fs::read_to_string(&entry).map_err(|error| UnreadableText::Other(error.to_string()));
            sources.push(SourceFile { file: file.into(), text });
        }
        let loaded = manifest::load(&zonal::kinds::KINDS, &sources, None);
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
        let emulator = Emulator::new(zones, behaviour);
        let transport = Arc::new(emulator.transport());
        Self { emulator, env, transport, directory }
    }

    /// Runs a command line, and returns its output in the format of a script.
    pub async fn command(&self, command: &str) -> String {
        let CommandOutput { out, err, code } = self.output(command).await;
        // Marks output that resembles a script line, so the next run does not execute it.
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

    /// Runs a command line without input and without interrupts.
    pub async fn output(&self, command: &str) -> CommandOutput {
        let (_sender, interrupts) = watch::channel(0);
        self.run(command, None, interrupts).await
    }

    /// Runs a command line. `answer` is the user's input, or `None` if stdin is not a terminal.
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

    /// Runs a command and presses Ctrl-C after `after` milliseconds.
    pub async fn interrupted(&self, command: &str, after: u64) -> CommandOutput {
        let (press, interrupts) = watch::channel(0);
        let pressing = async {
            tokio::time::sleep(Duration::from_millis(after)).await;
            press.send_modify(|count| *count += 1);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            printed = self.run(command, None, interrupts) => printed,
            () = pressing => unreachable!("the sender of interrupts never ends"),
        }
    }

    /// Runs a command line with any input stream.
    pub async fn run_with(
        &self,
        command: &str,
        input: Option<InputStream>,
        interrupts: watch::Receiver<u32>,
    ) -> CommandOutput {
        let (out, err) = (CapturedOutput::default(), CapturedOutput::default());
        let context = CommandContext { input, ..self.context(&out, &err, interrupts) };
        let exit = cli::run(command_words(command), &context).await;
        let here = self.directory.path().display().to_string();
        let text = |captured: CapturedOutput| captured.text().replace(&here, "DIR");
        CommandOutput { out: text(out), err: text(err), code: exit.code() }
    }

    /// Applies the example, and returns its network with a directory that has only the Network manifest.
    pub async fn applied_example() -> (Self, tempfile::TempDir) {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/consortium");
        let stage = Self::new(&example);
        stage.expect("zonal apply --environment emulator --yes", 0).await;
        let out = tempfile::tempdir().expect("temporary directory");
        std::fs::copy(example.join("network.yaml"), out.path().join("network.yaml"))
            .expect("should be copied");
        (stage, out)
    }

    /// Runs a command line, and checks its exit code.
    pub async fn expect(&self, command: &str, code: u8) -> CommandOutput {
        let output = self.output(command).await;
        assert_eq!(output.code, code, "{command}: {}{}", output.out, output.err);
        output
    }

    /// Returns the context of a command without input, which prints to these outputs.
    pub fn context(
        &self,
        out: &CapturedOutput,
        err: &CapturedOutput,
        interrupts: watch::Receiver<u32>,
    ) -> CommandContext {
        CommandContext {
            env: self.env.clone(),
            directory: self.directory.path().to_path_buf(),
            out: OutputStream::new(out.clone(), TerminalKind::Pipe),
            err: OutputStream::new(err.clone(), TerminalKind::Pipe),
            input: None,
            now: || "2026-01-01T00:00:00Z".to_owned(),
            transport: Some(Arc::clone(&self.transport)),
            interrupts,
        }
    }

    /// Returns the config directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Replaces a text in a file of the config directory, wherever the text stands.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.directory.path().join(file);
        let text = std::fs::read_to_string(&path).expect("file should exist");
        assert!(text.contains(from), "{file} does not contain {from}");
        std::fs::write(path, text.replace(from, to)).expect("file should be writable");
    }

    /// Executes an `@` line of a script:
    ///
    /// * `edit JSON`, `fault JSON`, `behaviour JSON`: as at the emulator's control endpoints
    /// * `no faults`: removes all faults
    /// * `write FILE TEXT`: writes a file of the config directory
    /// * `unset NAME`, `set NAME VALUE`: only for tests that own the [`CaseNetwork`]
    /// * `record JSON`: edits a record of the gateway
    /// * `table ZONE JSON`: replaces a whole table
    /// * `group ZONE NAME`: adds an availability group
    /// * `rows ZONE KIND TABLE`: returns the rows of a table
    /// * `show FILE`, `records ZONE KIND`, `resource ZONE IDS`, `requests ZONE`: return the contents
    pub fn happen(&self, what: &str) -> String {
        let control = self.emulator.control();
        let (verb, rest) = what.split_once(' ').unwrap_or((what, ""));
        let json = || serde_json::from_str::<Json>(rest).expect("script should contain JSON");
        let done = match verb {
            "edit" => serde_json::from_value(json())
                .map_err(|e| e.to_string())
                .and_then(|edit| control.edit(edit).map_err(|e| e.to_string())),
            "fault" => serde_json::from_value(json())
                .map_err(|e| e.to_string())
                .and_then(|fault| control.add_fault(fault).map_err(|e| e.to_string())),
            "behaviour" => {
                let mut merged = serde_json::to_value(control.behaviour()).expect("config should be JSON");
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
                let folder = path.parent().expect("file should have a parent");
                std::fs::create_dir_all(folder)
                    .and_then(|()| std::fs::write(&path, text.replace("\\n", "\n")))
                    .map_err(|e| e.to_string())
            }
            "show" => {
                let Ok(text) = std::fs::read_to_string(self.directory.path().join(rest)) else {
                    return format!("  {rest} is missing\n");
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
                let records = control.records(zone, kind).expect("zone should exist");
                return records.iter().map(|record| format!("  {record}\n")).collect();
            }
            "resource" => {
                let (zone, ids) = rest.split_once(' ').expect("@ resource ZONE IDS");
                let resource = control.resource(zone, ids).expect("zone should have the e-resource");
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
            other => Err(format!("unknown command `@ {other}`")),
        };
        done.map_or_else(|error| panic!("@ {what}: {error}"), |()| String::new())
    }

    fn rows(&self, rest: &str) -> String {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let [zone, kind, table] = words.as_slice() else { panic!("@ rows ZONE KIND TABLE") };
        let kind =
            serde_json::from_value(Json::String((*kind).to_owned())).expect("kind should be code or mapping");
        let table = self.emulator.control().table(zone, kind, table).expect("zone should have the table");
        let mut rows = Vec::new();
        lines(&serde_json::to_value(table).expect("table should be JSON"), &mut rows);
        rows.concat()
    }
}

/// Appends every object that resembles a row, one per line.
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
        let target = to.join(entry.strip_prefix(from).expect("path should be inside"));
        std::fs::create_dir_all(target.parent().expect("file should have a parent"))
            .expect("folder should be created");
        std::fs::copy(&entry, target).expect("file should be copied");
    }
}

fn walk(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).expect("case should be readable") {
        let path = entry.expect("entry should be readable").path();
        match path.is_dir() {
            true => files.extend(walk(&path)),
            false if path.file_name().is_some_and(|name| name == "script.txt") => {}
            false => files.push(path),
        }
    }
    files.sort();
    files
}

/// Result of a command.
pub struct CommandOutput {
    pub out: String,
    pub err: String,
    pub code: u8,
}

/// Runs a test on a paused clock, which only advances if all tasks wait.
pub fn paused<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("runtime should start").block_on(test)
}

/// Returns the words of a command line without quotes.
pub fn command_words(command: &str) -> Vec<OsString> {
    command.split_whitespace().map(OsString::from).collect()
}

/// Returns the folder of a case.
pub fn case(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

/// Output stream that keeps its text.
#[derive(Clone, Default)]
pub struct CapturedOutput(Arc<Mutex<Vec<u8>>>);

impl CapturedOutput {
    /// Returns the text written so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("lock should not be poisoned")).into_owned()
    }
}

impl Write for CapturedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("lock should not be poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
