//! PostgreSQL server for tests and benchmarks; ends with their process.

#![expect(dead_code, reason = "tests and benchmarks need different parts of this")]
#![expect(clippy::expect_used, reason = "a failing test panics")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Shell script that runs a server while its standard input is open, so the server ends with the test
/// process.
///
/// Each input line is a command, with a one-line response.
const KEEP: &str = r#"
PATH="$1:$PATH"; port="$2"; fsync="$3"
directory=$(mktemp -d) || exit 1
finish() { pg_ctl -D "$directory/data" -m immediate stop >/dev/null 2>&1; rm -rf "$directory"; }
trap finish EXIT
trap 'exit 1' HUP INT TERM
cd "$directory" || exit 1
start() {
  pg_ctl -D data -w -l log -o "-p $port -k '$directory' -c fsync=$fsync -c listen_addresses=127.0.0.1 \
    -c max_connections=300 -c log_statement=none" start >/dev/null
}
answer() { if "$@" >out 2>&1 </dev/null; then echo done; else echo "failed: $(cat out log | tr '\n' ' ')"; fi; }
found() { initdb -D data -A trust -U postgres -E UTF8 --locale=C --no-sync && start; }
again() { sed -i "s/ trust$/ $argument/" data/pg_hba.conf && pg_ctl -D data -w -m fast stop && start; }
touch log
answer found
while read -r order argument; do
  case "$order" in
    start) answer start ;;
    stop) answer pg_ctl -D data -w -m "$argument" stop ;;
    create) answer psql -h 127.0.0.1 -p "$port" -U postgres -c "CREATE DATABASE $argument" postgres ;;
    trust) answer again ;;
  esac
done
"#;

/// Disk synchronization of a server. Only benchmarks need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskSync {
    /// Waits for the disk, as in production.
    Waited,
    /// Does not wait: data survives a crash of the server, but not of the machine.
    Trusted,
}

/// Server with its own databases, stopped on drop or at the end of the process.
pub struct PostgresServer {
    port: u16,
    // Closing the input stops the server.
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    keeper: Child,
    databases: u32,
}

/// Returns the address of a new, empty database in the shared server of this process.
pub fn database() -> String {
    static SERVER: OnceLock<Mutex<PostgresServer>> = OnceLock::new();
    let server = SERVER.get_or_init(|| Mutex::new(PostgresServer::start(DiskSync::Trusted)));
    // A test that panicked with the lock has not harmed the server.
    server.lock().unwrap_or_else(PoisonError::into_inner).database()
}

impl PostgresServer {
    /// Starts a server, which takes some seconds.
    pub fn start(disk: DiskSync) -> Self {
        let programs = programs();
        // Another process may take the port between the check and the start.
        let mut failures = Vec::new();
        for _ in 0..3 {
            let mut server = Self::launch(&programs, disk);
            match server.answer() {
                Ok(()) => return server,
                Err(failure) => failures.push(failure),
            }
        }
        panic!("PostgreSQL failed to start: {failures:#?}")
    }

    fn launch(programs: &Path, disk: DiskSync) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("loopback port should be free").port();
        let mut command = shell();
        command.args(["-c", KEEP, "postgres"]).arg(programs).arg(port.to_string());
        command.arg(match disk {
            DiskSync::Waited => "on",
            DiskSync::Trusted => "off",
        });
        // Ctrl-C only ends the tests. The closed input then stops the server.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut keeper = spawned.expect("tests need a shell, and as root also setpriv");
        let orders = keeper.stdin.take().expect("stream should be a pipe");
        let answers = BufReader::new(keeper.stdout.take().expect("stream should be a pipe"));
        Self { port, orders, answers, keeper, databases: 0 }
    }

    /// Returns the address of a new, empty database.
    pub fn database(&mut self) -> String {
        self.databases += 1;
        let name = format!("test_{}", self.databases);
        self.order(&format!("create {name}"));
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// Stops the server: `fast` closes connections cleanly, `immediate` simulates a crash.
    pub fn stop(&mut self, how: &str) {
        self.order(&format!("stop {how}"));
    }

    /// Starts the server again after a stop.
    pub fn start_again(&mut self) {
        self.order("start");
    }

    /// Requires a password from all users from now on.
    pub fn ask_for_passwords(&mut self) {
        self.order("trust scram-sha-256");
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("server script should run");
        if let Err(failure) = self.answer() {
            panic!("PostgreSQL failed to `{order}`: {failure}");
        }
    }

    fn answer(&mut self) -> Result<(), String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(_) if line == "done\n" => Ok(()),
            Ok(_) => Err(line),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // The script ends when its input closes, and removes the server.
        let _ = self.keeper.try_wait();
    }
}

/// Returns the directory of the server's programs.
fn programs() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = versions.into_iter().rev().chain(std::env::split_paths(&path));
    let found = places.find(|place| place.join("initdb").exists() && place.join("pg_ctl").exists());
    found.expect("this test needs PostgreSQL: `apt-get install postgresql`, or `bash .ci/test`")
}

/// Returns a shell without root rights, because PostgreSQL refuses to run as root.
fn shell() -> Command {
    let id = Command::new("id").arg("-u").output().expect("`id` should be installed");
    if id.stdout != b"0\n" {
        return Command::new("sh");
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = match users.lines().any(|line| line.starts_with("postgres:")) {
        true => "postgres",
        false => "nobody",
    };
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={user}")).args(["--regid=nogroup", "--clear-groups", "sh"]);
    command.current_dir("/").env("TMPDIR", "/tmp");
    command
}
