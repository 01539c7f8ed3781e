//! Context of a command: environment, clock and streams in one value, so that tests can replace them.

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::CommandExit;
use crate::local::{LocalMachine, ProcessClock, platform};
use crate::model::text_safety::escape_invisible;
use crate::provider::transport::{HttpSettings, HttpTransport, Transport};
use crate::session::{CancelSignal, SessionEffects};

/// Input stream for answers, shared with the thread that waits for a line.
pub type InputStream = Arc<Mutex<Box<dyn BufRead + Send>>>;

/// Message after an interrupt before the first write.
pub const INTERRUPTED: &str = "Interrupted. No changes were made.";

/// Process environment of a command.
pub struct CommandContext {
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Working directory.
    pub directory: PathBuf,
    /// Output for results.
    pub out: OutputStream,
    /// Output for logs, progress and diagnostics.
    pub err: OutputStream,
    /// Input of the user; `None` without a terminal.
    pub input: Option<InputStream>,
    /// Clock, in RFC 3339.
    pub now: fn() -> String,
    /// Transport of requests; `None` for real sockets.
    pub transport: Option<Arc<dyn Transport>>,
    /// Number of interrupts by the user.
    pub interrupts: watch::Receiver<u32>,
}

impl CommandContext {
    /// Returns the context of the process.
    ///
    /// Requires a tokio runtime, which listens for Ctrl-C and for SIGTERM, the signal of a canceled pipeline
    /// job.
    pub fn of_process() -> io::Result<Self> {
        let (sender, interrupts) = watch::channel(0);
        let mut terminate = platform::termination_signal()?;
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    pressed = tokio::signal::ctrl_c() => if pressed.is_err() { return },
                    _ = terminate.recv() => {}
                }
                sender.send_modify(|count| *count += 1);
                tokio::spawn(end_without_writes());
            }
        });
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let looks = |choice, terminal| match (choice, terminal) {
            (anstream::ColorChoice::Never, true) => TerminalKind::PlainTerminal,
            (anstream::ColorChoice::Never, false) => TerminalKind::Pipe,
            (_, true) => TerminalKind::ColorTerminal,
            (_, false) => TerminalKind::ColorPipe,
        };
        let out = looks(anstream::AutoStream::choice(&stdout), stdout.is_terminal());
        let err = looks(anstream::AutoStream::choice(&stderr), stderr.is_terminal());
        let stdin = io::stdin();
        Ok(Self {
            env: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
            directory: std::env::current_dir()?,
            out: OutputStream::new(stdout, out),
            err: OutputStream::new(stderr, err),
            input: stdin
                .is_terminal()
                .then(|| Arc::new(Mutex::new(Box::new(io::BufReader::new(stdin)) as Box<_>))),
            now: || jiff::Timestamp::now().to_string(),
            transport: None,
            interrupts,
        })
    }

    /// Returns the effects of the config directory on this machine.
    pub fn machine(&self, directory: &Path) -> LocalMachine {
        let clock = match self.transport {
            Some(_) => ProcessClock::Simulated,
            None => ProcessClock::System,
        };
        LocalMachine { clock, ..LocalMachine::new(directory, self.env.clone()) }
    }

    /// Returns the interrupts as a cancel signal.
    pub fn cancel_signal(&self) -> CancelSignal {
        CancelSignal::new(self.interrupts.clone())
    }

    /// Returns the transport of requests.
    pub fn transport(&self) -> Arc<dyn Transport> {
        open_transport(self.transport.as_ref())
    }

    /// Returns the effects of a session for a config directory.
    pub fn effects(&self, directory: &Path) -> SessionEffects {
        let machine = Arc::new(self.machine(directory));
        let transport = self.transport.clone();
        SessionEffects {
            transport: Arc::new(move || open_transport(transport.as_ref())),
            config: machine.clone(),
            keys: machine.clone(),
            origin: machine,
            clock: self.now,
            cancel: self.cancel_signal(),
        }
    }

    /// Waits for a future before the first write, or until the user interrupts.
    ///
    /// # Errors
    /// Prints a message and returns [`CommandExit::Interrupted`].
    pub async fn unless_interrupted<T>(&self, work: impl Future<Output = T>) -> Result<T, CommandExit> {
        tokio::select! {
            result = work => Ok(result),
            () = self.wait_for_interrupts(1) => {
                self.err.print_line(INTERRUPTED);
                Err(CommandExit::Interrupted)
            }
        }
    }

    /// Waits until the user has interrupted a number of times.
    pub async fn wait_for_interrupts(&self, times: u32) {
        self.cancel_signal().requested(times).await;
    }
}

/// Time for an interrupted command to end by itself.
const GRACE: Duration = Duration::from_millis(400);

/// True from the first stage of a command that writes to zones.
static HAS_WRITTEN: AtomicBool = AtomicBool::new(false);

/// Records that a command starts to write, so that an interrupt must not end the process at once.
pub fn note_first_write() {
    HAS_WRITTEN.store(true, Ordering::SeqCst);
}

/// Ends the process after an interrupt before the first write, unless the command ends by itself.
///
/// A command can wait in a system call, such as the read of a pipe, and then it notices no interrupt.
#[expect(clippy::exit, reason = "no other way out of a system call that does not return")]
async fn end_without_writes() {
    tokio::time::sleep(GRACE).await;
    if !HAS_WRITTEN.load(Ordering::SeqCst) {
        // The blocked command may hold the lock of stderr, so another thread prints.
        std::thread::spawn(|| writeln!(io::stderr(), "{INTERRUPTED}"));
        tokio::time::sleep(GRACE / 4).await;
        std::process::exit(i32::from(CommandExit::Interrupted.code()));
    }
}

fn open_transport(given: Option<&Arc<dyn Transport>>) -> Arc<dyn Transport> {
    match given {
        Some(transport) => Arc::clone(transport),
        None => Arc::new(HttpTransport::new(HttpSettings::default(), platform::uptime)),
    }
}

/// Type of an output device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminalKind {
    /// Terminal with colors.
    ColorTerminal,
    /// Terminal without colors.
    PlainTerminal,
    /// File or pipe.
    Pipe,
    /// Pipe with forced colors.
    ColorPipe,
}

/// Output stream; clones share the stream, so lines of several commands do not mix.
#[derive(Clone)]
pub struct OutputStream {
    stream: Arc<Mutex<Box<dyn Write + Send>>>,
    lost: Arc<OnceLock<String>>,
    look: TerminalKind,
}

impl OutputStream {
    /// Creates an output to `stream`.
    pub fn new(stream: impl Write + Send + 'static, look: TerminalKind) -> Self {
        Self { stream: Arc::new(Mutex::new(Box::new(stream))), lost: Arc::default(), look }
    }

    /// Prints a text, without styles on a plain output.
    ///
    /// Ignores a closed pipe (`| head`): no reader remains to receive an error.
    pub fn print(&self, text: impl AsRef<str>) {
        let text = text.as_ref();
        let plain;
        let text = match self.look {
            TerminalKind::ColorTerminal | TerminalKind::ColorPipe => text,
            TerminalKind::PlainTerminal | TerminalKind::Pipe => {
                plain = anstream::adapter::strip_str(text).to_string();
                plain.as_str()
            }
        };
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = stream.write_all(text.as_bytes()).and_then(|()| stream.flush())
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.lost.get_or_init(|| error.to_string());
        }
    }

    /// Returns the first write error, except for a closed pipe.
    pub fn write_error(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }

    /// Prints a line.
    pub fn print_line(&self, text: impl AsRef<str>) {
        self.print(format!("{}\n", text.as_ref()));
    }

    /// Prints a text without styles as one line. Names, messages and keys in the text cannot forge other lines.
    pub fn print_plain_line(&self, text: impl AsRef<str>) {
        self.print_line(escape_invisible(text.as_ref()));
    }

    /// Returns true for a terminal.
    pub fn is_terminal(&self) -> bool {
        matches!(self.look, TerminalKind::ColorTerminal | TerminalKind::PlainTerminal)
    }

    /// Returns the width of the terminal, in columns; `None` for files and pipes.
    pub fn columns(&self) -> Option<usize> {
        if self.is_terminal() { platform::terminal_columns() } else { None }
    }

    /// Returns true if colors are enabled.
    pub fn is_styled(&self) -> bool {
        matches!(self.look, TerminalKind::ColorTerminal | TerminalKind::ColorPipe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Output device that rejects all writes.
    struct FullDevice(io::ErrorKind);

    impl Write for FullDevice {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    async fn printed(kind: io::ErrorKind) -> u8 {
        let world = CommandContext {
            env: BTreeMap::new(),
            directory: PathBuf::from("."),
            out: OutputStream::new(FullDevice(kind), TerminalKind::Pipe),
            err: OutputStream::new(io::sink(), TerminalKind::Pipe),
            input: None,
            now: String::new,
            transport: None,
            interrupts: watch::channel(0).1,
        };
        crate::cli::run(["zonal", "schema"].map(Into::into).to_vec(), &world).await.code()
    }

    #[tokio::test]
    async fn incomplete_output_fails_unless_pipe_is_closed() {
        assert_eq!(printed(io::ErrorKind::StorageFull).await, 1);
        assert_eq!(printed(io::ErrorKind::BrokenPipe).await, 0);
    }
}
