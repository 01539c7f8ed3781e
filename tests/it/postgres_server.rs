//! A server of PostgreSQL that tests and benchmarks start for themselves, and that is gone when their process is.

#![expect(dead_code, reason = "tests and benchmarks need different parts of this")]
#![expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Keeps a server for as long as its standard input is open, however the process at the other end of it goes away.
/// Each line that comes in is an order, and answered with one line.
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

/// Whether a server waits for the disk. Only figures need that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskSync {
    /// As in earnest.
    Waited,
    /// What was written survives the server, but not the machine.
    Trusted,
}

/// A server with databases of its own. It goes away with this value, and with the process.
pub struct PostgresServer {
    port: u16,
    // Dropping it ends the server.
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    keeper: Child,
    databases: u32,
}

/// The address of a new, empty database, in the one server that all tests of this process share.
pub fn database() -> String {
    static SERVER: OnceLock<Mutex<PostgresServer>> = OnceLock::new();
    let server = SERVER.get_or_init(|| Mutex::new(PostgresServer::start(DiskSync::Trusted)));
    // A test that failed while it held the server has not harmed it.
    server.lock().unwrap_or_else(PoisonError::into_inner).database()
}

impl PostgresServer {
    /// Starts a server, which takes some seconds.
    pub fn start(disk: DiskSync) -> Self {
        let programs = programs();
        // Somebody else may take the port between the look and the start.
        let mut failures = Vec::new();
        for _ in 0..3 {
            let mut server = Self::launch(&programs, disk);
            match server.answer() {
                Ok(()) => return server,
                Err(failure) => failures.push(failure),
            }
        }
        panic!("PostgreSQL does not start: {failures:#?}")
    }

    fn launch(programs: &Path, disk: DiskSync) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("loopback has a free port").port();
        let mut command = shell();
        command.args(["-c", KEEP, "postgres"]).arg(programs).arg(port.to_string());
        command.arg(match disk {
            DiskSync::Waited => "on",
            DiskSync::Trusted => "off",
        });
        // Ctrl-C ends the tests, and then the server, by its closed input.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut keeper = spawned.expect("tests need a shell, and as root also setpriv");
        let orders = keeper.stdin.take().expect("it is a pipe");
        let answers = BufReader::new(keeper.stdout.take().expect("it is a pipe"));
        Self { port, orders, answers, keeper, databases: 0 }
    }

    /// The address of a new, empty database.
    pub fn database(&mut self) -> String {
        self.databases += 1;
        let name = format!("test_{}", self.databases);
        self.order(&format!("create {name}"));
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// Stops it: `fast` ends all connections in order, `immediate` is as good as a crash.
    pub fn stop(&mut self, how: &str) {
        self.order(&format!("stop {how}"));
    }

    /// Starts it again after a stop.
    pub fn start_again(&mut self) {
        self.order("start");
    }

    /// Asks everybody for a password from now on.
    pub fn ask_for_passwords(&mut self) {
        self.order("trust scram-sha-256");
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("the server's keeper is there");
        if let Err(failure) = self.answer() {
            panic!("PostgreSQL, told to `{order}`: {failure}");
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
        // Its keeper ends with its input; a moment later nothing of it is left.
        let _ = self.keeper.try_wait();
    }
}

/// Where the server's programs are.
fn programs() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = versions.into_iter().rev().chain(std::env::split_paths(&path));
    let found = places.find(|place| place.join("initdb").exists() && place.join("pg_ctl").exists());
    found.expect("tests need PostgreSQL: `apt-get install postgresql`")
}

/// A shell that may start a server, which refuses to be root.
fn shell() -> Command {
    let id = Command::new("id").arg("-u").output().expect("there is `id`");
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
