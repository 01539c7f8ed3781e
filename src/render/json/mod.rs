//! JSON output: the plan in Terraform's format, an apply as a stream of messages.
//!
//! All types of this module belong to published formats, with JSON Schemas generated from the types.

pub mod absorb;
pub mod compact_lines;
pub mod comparison;
pub mod doctor;
pub mod effective;
pub mod events;
pub mod explanation;
pub mod export;
pub mod history;
pub mod init;
pub mod plan;
pub mod report;
pub mod run_details;
pub mod runs;
pub mod snapshot;
pub mod stream_message;
pub mod tables;
pub mod test;
