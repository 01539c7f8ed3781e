//! Sends one request to one server: within its budget, with retries, and with a classified response.
//!
//! Both Alma's API and a gateway use this module.

pub mod api_key;
pub mod client;
mod electronic_members;
pub mod error_body;
pub mod get_client;
pub mod reading_age;
pub mod request_path;
pub mod response;
pub mod retry;
pub mod retry_after;
mod unique_json;
