//! Text notation of tests: manifests, tables and applied state in, changes out.

mod applied_state;
mod states;

pub(crate) use applied_state::{differing_since_apply, ledger, prune};
pub(crate) use states::{desired, differing, observed, shown};
