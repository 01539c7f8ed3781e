//! Use cases of the library: each a linear list of steps, with its effects handed in.
//!
//! Prints nothing, and accesses no files, environment variables or clock of its own.

pub mod adopt_records;
pub mod run_outcome;
