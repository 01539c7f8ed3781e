//! Effects of the local machine for a session: config files, git, keys, clock, host, store location.
//!
//! Prints nothing.

pub mod approval_files;
pub mod attestation_file;
pub mod config_files;
mod config_source;
pub mod credentials;
pub mod export_folder;
mod git_revision;
mod machine;
pub mod platform;
pub mod regular_file;
mod run_origin;
pub mod store_location;
mod text_encoding;

pub use machine::{LocalMachine, ProcessClock};
