//! Everything outside the program that a command touches, in one value: so that a test can put
//! another world in its place and run a command as it is.

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal as _, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::watch;

use super::exit_code::CommandExit;
use crate::provider::transport::Transport;

/// Where answers come from. Shared with the thread that waits for one.
pub type InputStream = Arc<Mutex<Box<dyn BufRead + Send>>>;

/// The world that a command runs in.
pub struct CommandContext {
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// The working directory.
    pub directory: PathBuf,
    /// Results.
    pub out: OutputStream,
    /// Logs, progress and diagnostics.
    pub err: OutputStream,
    /// What the user answers; `None` where nobody is there to ask.
    pub input: Option<InputStream>,
    /// The time, in RFC 3339.
    pub now: fn() -> String,
    /// How requests travel; `None` for real sockets.
    pub transport: Option<Arc<dyn Transport>>,
    /// How often the user has asked to stop.
    pub interrupts: watch::Receiver<u32>,
}

impl CommandContext {
    /// The world of the process itself. Must be called within a tokio runtime, which listens for Ctrl-C
    /// and for the signal by which a pipeline cancels a job.
    pub fn of_process() -> io::Result<Self> {
        let (sender, interrupts) = watch::channel(0);
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    pressed = tokio::signal::ctrl_c() => if pressed.is_err() { return },
                    _ = terminate.recv() => {}
                }
                sender.send_modify(|count| *count += 1);
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

    /// The time, to compare with.
    ///
    /// # Errors
    /// [`Exit::Invalid`] where the clock cannot be understood, and the user has been told.
    pub fn timestamp(&self) -> Result<jiff::Timestamp, CommandExit> {
        let now = (self.now)();
        now.parse().map_err(|_| super::fail(self, format!("the clock says `{now}`, which is no time")))
    }

    /// Waits for something before anything was written, or until the user asks to stop.
    ///
    /// # Errors
    /// [`Exit::Interrupted`], and the user has been told.
    pub async fn unless_interrupted<T>(&self, waiting: impl Future<Output = T>) -> Result<T, CommandExit> {
        tokio::select! {
            done = waiting => Ok(done),
            () = self.wait_for_interrupts(1) => {
                self.err.print_line("Interrupted. Nothing was written.");
                Err(CommandExit::Interrupted)
            }
        }
    }

    /// Waits until the user has asked to stop so many times.
    pub async fn wait_for_interrupts(&self, times: u32) {
        let mut interrupts = self.interrupts.clone();
        if interrupts.wait_for(|count| *count >= times).await.is_err() {
            // Nobody can ask any more.
            std::future::pending::<()>().await;
        }
    }
}

/// What is at the other end of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminalKind {
    /// A terminal with colours.
    ColorTerminal,
    /// A terminal whose user wants no colours.
    PlainTerminal,
    /// A file or a pipe.
    Pipe,
    /// A pipe whose user insists on colours.
    ColorPipe,
}

/// Where text goes. Clones are the same place, so that lines of several commands do not mix.
#[derive(Clone)]
pub struct OutputStream {
    stream: Arc<Mutex<Box<dyn Write + Send>>>,
    lost: Arc<OnceLock<String>>,
    look: TerminalKind,
}

impl OutputStream {
    /// An output into `stream`.
    pub fn new(stream: impl Write + Send + 'static, look: TerminalKind) -> Self {
        Self { stream: Arc::new(Mutex::new(Box::new(stream))), lost: Arc::default(), look }
    }

    /// Prints a text, without its styles where nobody wants them. A reader that went away (`| head`)
    /// is no error: there is nobody left to tell.
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

    /// Why part of what was printed is not there, a reader that went away aside.
    pub fn write_error(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }

    /// Prints a line.
    pub fn print_line(&self, text: impl AsRef<str>) {
        self.print(format!("{}\n", text.as_ref()));
    }

    /// Whether someone watches as it comes.
    pub fn is_terminal(&self) -> bool {
        matches!(self.look, TerminalKind::ColorTerminal | TerminalKind::PlainTerminal)
    }

    /// Whether colours are wanted.
    pub fn is_styled(&self) -> bool {
        matches!(self.look, TerminalKind::ColorTerminal | TerminalKind::ColorPipe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place that takes nothing.
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
    async fn half_a_result_is_an_error_unless_the_reader_went_away() {
        assert_eq!(printed(io::ErrorKind::StorageFull).await, 1);
        assert_eq!(printed(io::ErrorKind::BrokenPipe).await, 0);
    }
}
