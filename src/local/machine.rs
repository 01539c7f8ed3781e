//! Config directory and environment variables on this machine.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Config directory on this machine, with the environment variables of the process.
#[derive(Debug, Clone)]
pub struct LocalMachine {
    /// Config directory.
    pub directory: PathBuf,
    /// Environment variables.
    pub env: Arc<BTreeMap<String, String>>,
    /// Clock of the runtime.
    pub clock: ProcessClock,
}

/// Clock of the runtime, which decides how to wait for other processes and threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProcessClock {
    /// Clock of the system.
    #[default]
    System,
    /// Paused clock of a simulated network. The clock advances while all tasks wait, so waits must block.
    Simulated,
}

impl LocalMachine {
    /// Creates the effects of a config directory with the given variables, on the system clock.
    pub fn new(directory: impl Into<PathBuf>, env: BTreeMap<String, String>) -> Self {
        Self { directory: directory.into(), env: Arc::new(env), clock: ProcessClock::System }
    }

    /// Returns the value of a variable; `None` for an empty value.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.env.get(name).filter(|value| !value.is_empty()).cloned()
    }
}
