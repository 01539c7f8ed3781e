//! One request to one server: sent within its budget, tried again where that helps, and its answer judged.
//!
//! Alma's API and a gateway are both reached by it.

pub mod api_key;
pub mod client;
pub mod error_body;
pub mod get_client;
pub mod request_path;
pub mod response;
pub mod retry;
