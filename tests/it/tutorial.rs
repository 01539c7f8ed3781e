//! Follows `docs/from-live-zones.md`: runs its commands in a shell against `zonal emulate`, makes its edits, and
//! compares the printed output with the page.
//!
//! Blocks marked `console` have command lines after `$ `, each with its output; stdout of a command that fails also
//! has its stderr. A line `...` stands for any lines. Blocks marked `diff` are edits of a file, which their line
//! `--- FILE` names. `BLESS=1` writes the output to the page.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::cases::difference;

/// Address of the emulator in the page.
const ADDRESS: &str = "127.0.0.1:8080";

/// Reader of the page: a directory, a shell and an emulated network.
struct PageReader {
    home: tempfile::TempDir,
    directory: PathBuf,
    env: BTreeMap<String, String>,
    emulator: Option<Child>,
    address: String,
}

impl Drop for PageReader {
    fn drop(&mut self) {
        if let Some(emulator) = &mut self.emulator {
            // Ends only the own process; a failure means that it ended already.
            let _ = emulator.kill();
            let _ = emulator.wait();
        }
    }
}

impl PageReader {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("temporary directory");
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        std::os::unix::fs::symlink(examples, home.path().join("examples")).expect("link should be created");
        let bin = Path::new(env!("CARGO_BIN_EXE_zonal")).parent().expect("binary should have a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut env: BTreeMap<String, String> = BTreeMap::new();
        env.insert("PATH".to_owned(), format!("{}:{path}", bin.display()));
        env.insert("HOME".to_owned(), home.path().display().to_string());
        env.insert("GIT_CONFIG_NOSYSTEM".to_owned(), "1".to_owned());
        for role in ["AUTHOR", "COMMITTER"] {
            env.insert(format!("GIT_{role}_NAME"), "Ada".to_owned());
            env.insert(format!("GIT_{role}_EMAIL"), "ada@example.org".to_owned());
        }
        let directory = home.path().to_path_buf();
        Self { home, directory, env, emulator: None, address: ADDRESS.to_owned() }
    }

    /// Runs a command line, and returns its output as in the page.
    fn run(&mut self, command: &str) -> String {
        let command = command.replace("\\\n", "").replace(ADDRESS, &self.address);
        let (verb, rest) = command.split_once(' ').unwrap_or((&command, ""));
        match (verb, rest) {
            ("zonal", rest) if rest.starts_with("emulate ") => self.emulate(rest),
            ("source", file) => {
                let text = std::fs::read_to_string(self.directory.join(file)).expect("keys should exist");
                let keys = text.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
                self.env.extend(keys.map(|(name, key)| (name.to_owned(), key.to_owned())));
                String::new()
            }
            ("cd", folder) => {
                self.directory.push(folder);
                String::new()
            }
            ("curl", rest) => self.post(rest),
            _ => self.shell(&command),
        }
        .replace(&self.address, ADDRESS)
    }

    fn emulate(&mut self, arguments: &str) -> String {
        let config = r#"{"today": "2026-03-02Z"}"#;
        let mut command = Command::new(env!("CARGO_BIN_EXE_zonal"));
        command.args(arguments.split_whitespace()).args(["--listen", "127.0.0.1:0", "--config", config]);
        command.current_dir(&self.directory).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut emulator = command.spawn().expect("emulator should start");
        let mut lines = BufReader::new(emulator.stdout.take().expect("stdout should be piped")).lines();
        self.emulator = Some(emulator);
        let first = lines.next().expect("emulator should print").expect("line should be text");
        first.rsplit("http://").next().expect("address should follow").clone_into(&mut self.address);
        // The page leaves out the keys, and the process keeps its pipe.
        std::thread::spawn(move || lines.for_each(drop));
        format!("{first}\n...\n")
    }

    /// Sends the text after `-d`, as curl would.
    fn post(&self, arguments: &str) -> String {
        let (url, body) = arguments.split_once("-d").expect("curl should have -d");
        let body = body.trim().trim_matches('\'');
        let path = url.split(&self.address).nth(1).expect("address should be the emulator's").trim();
        let mut stream = TcpStream::connect(&self.address).expect("emulator should listen");
        let head = format!("POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        let kind = format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{kind}{body}").as_bytes()).expect("request should be sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answer should be text");
        let (_, body) = answer.split_once("\r\n\r\n").expect("answer should have a body");
        format!("{}\n", body.trim())
    }

    fn shell(&self, command: &str) -> String {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(&self.directory).env_clear().envs(&self.env);
        let printed = shell.output().expect("shell should run");
        let (out, err) = (String::from_utf8_lossy(&printed.stdout), String::from_utf8_lossy(&printed.stderr));
        let shown = if printed.status.success() { out.into_owned() } else { format!("{out}{err}") };
        shown.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }

    /// Makes an edit of the page in a file.
    fn edit(&self, block: &str) {
        let mut file = None;
        let mut hunks: Vec<(String, String)> = Vec::new();
        for line in block.lines() {
            if let Some(name) = line.strip_prefix("--- ") {
                file = Some(self.directory.join(name));
            } else if line.starts_with("@@") {
                hunks.push(Default::default());
            } else {
                let (before, after) = hunks.last_mut().expect("hunk should begin with @@");
                let text = line.get(1..).unwrap_or_default();
                if !line.starts_with('+') {
                    before.push_str(&format!("{text}\n"));
                }
                if !line.starts_with('-') {
                    after.push_str(&format!("{text}\n"));
                }
            }
        }
        let file = file.expect("edit should name its file");
        let mut text = std::fs::read_to_string(&file).expect("edited file should exist");
        for (before, after) in hunks {
            assert_eq!(text.matches(&before).count(), 1, "{} should have once:\n{before}", file.display());
            text = text.replace(&before, &after);
        }
        std::fs::write(&file, text).expect("edited file should be writable");
    }
}

/// Replaces what differs from run to run: hashes of commits, and how many calls are left.
fn normal(line: &str) -> String {
    let no_digits = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_hexdigit() || c == ',' { '0' } else { c }).collect()
    };
    match line.split_once("commit ") {
        Some((before, _)) if line.contains("✓ git") => format!("{before}commit"),
        Some(_) | None if line.contains("✓ calls") || line.contains(" digest ") => {
            no_digits(line).replace('0', "").split_whitespace().collect()
        }
        Some(_) | None => line.to_owned(),
    }
}

/// Returns true if the output is as the page shows it.
fn is_shown(shown: &[&str], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((&"...", rest)) => (0..=printed.len()).any(|skipped| is_shown(rest, &printed[skipped..])),
        Some((line, rest)) => printed
            .split_first()
            .is_some_and(|(found, others)| normal(line) == normal(found) && is_shown(rest, others)),
    }
}

/// Follows the page, and returns it with the true output.
fn follow(page: &str, reader: &mut PageReader) -> String {
    let mut found = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        found.push_str(&format!("{line}\n"));
        let Some(language) = line.strip_prefix("```").filter(|language| !language.is_empty()) else {
            continue;
        };
        let mut block: Vec<&str> = Vec::new();
        while let Some(line) = lines.next_if(|line| *line != "```") {
            block.push(line);
        }
        match language {
            "console" => found.push_str(&run_block(&block, reader)),
            "diff" => reader.edit(&block.join("\n")),
            _ => {}
        }
        if language != "console" {
            found.extend(block.iter().map(|line| format!("{line}\n")));
        }
        found.push_str(&format!("{}\n", lines.next().expect("block should end")));
    }
    found
}

fn run_block(block: &[&str], reader: &mut PageReader) -> String {
    let mut found = String::new();
    let mut lines = block.iter().copied().peekable();
    while let Some(line) = lines.next() {
        let mut command =
            line.strip_prefix("$ ").expect("console block should begin with a command").to_owned();
        while command.ends_with('\\') {
            command = format!("{command}\n{}", lines.next().expect("command should go on"));
        }
        let mut shown: Vec<&str> = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
            shown.push(line);
        }
        let printed = reader.run(&command);
        // Commands are apart by an empty line.
        let is_last = lines.peek().is_none();
        if !is_last && shown.last() == Some(&"") {
            shown.pop();
        }
        let output = match is_shown(&shown, &printed.lines().collect::<Vec<_>>()) {
            true => shown.iter().map(|line| format!("{line}\n")).collect(),
            false => printed,
        };
        let gap = if is_last || output.is_empty() { "" } else { "\n" };
        found.push_str(&format!("$ {command}\n{output}{gap}"));
    }
    found
}

#[test]
fn tutorial_shows_what_its_commands_print() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/from-live-zones.md");
    let page = std::fs::read_to_string(&file).expect("page should exist");
    let mut reader = PageReader::new();
    let found = follow(&page, &mut reader);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &found).expect("page should be writable");
    } else if found != page {
        let difference = difference(&page, &found);
        panic!("to accept the output, run `BLESS=1 cargo test --test it tutorial`\n{difference}");
    }
    // A green pull request: nothing of the directory is left uncommitted.
    assert_eq!(reader.shell("git status --porcelain"), "");
    assert!(reader.directory.starts_with(reader.home.path()));
}
