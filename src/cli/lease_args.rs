//! Options for zones that another run writes to.

use clap::Args;

use crate::session::run_journal::LeaseWait;

/// Options for zones that another run writes to.
#[derive(Debug, Clone, Default, Args)]
pub struct LeaseArgs {
    /// Skip zones that another run is writing to
    #[arg(long)]
    no_wait: bool,
}

impl LeaseArgs {
    /// Returns the behavior that the flags select.
    pub fn lease_wait(&self) -> LeaseWait {
        if self.no_wait { LeaseWait::Skip } else { LeaseWait::Wait }
    }
}
