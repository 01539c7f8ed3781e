//! Use cases of the library: each a linear list of steps, with its effects handed in.
//!
//! A [`NetworkSession`] is one network, loaded once, with its store open. [`plan::plan`] and [`apply::apply`]
//! are the main use cases; a person can agree between them. Prints nothing, and accesses no files, environment
//! variables or clock of its own.

pub mod absorb;
mod adopt_records;
pub mod apply;
pub mod attestations;
pub mod base_revision;
pub mod capabilities;
mod changed_since;
mod comparison_base;
pub mod config_source;
pub mod doctor;
pub mod effect_future;
pub mod effects;
pub mod error;
pub mod execute_plan;
pub mod expectations;
pub mod explain;
pub mod export;
pub mod init_network;
pub mod key_list;
mod live_runs;
pub mod load;
pub mod merge_runs;
pub mod network_manifest;
mod network_session;
mod network_settings;
pub mod observe_zones;
pub mod observer;
pub mod plan;
pub mod plan_documents;
pub mod provider_factory;
pub mod record_run;
pub mod resume;
pub mod retired_records;
pub mod revert_wave;
pub mod reverted_run;
pub mod reviewed_plan;
pub mod run_details;
pub mod run_journal;
pub mod run_outcome;
pub mod run_recovery;
pub mod selected_state;
pub mod selection;
pub mod snapshot;
pub mod snapshot_reader;
mod superseded_runs;
pub mod table_inventory;
mod table_kinds;
mod table_lists;
pub mod unfinished_runs;
mod unknown_names;
pub mod unmanage;
pub mod zone_comparison;

pub use effects::{CancelSignal, SessionEffects};
pub use error::SessionError;
pub use network_session::{NetworkSession, scope};
pub use observer::{SessionEvent, SessionNote, SessionObserver, SilentObserver};
pub use run_outcome::RunOutcome;
