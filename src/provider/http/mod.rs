//! One request to one server: sent within its budget, tried again where that helps, and its answer judged.
//!
//! Alma's API and a gateway are both reached by it.

pub mod complaint;
pub mod getter;
pub mod path;
pub mod patience;
pub mod secret;
pub mod verdict;
pub mod wire;
