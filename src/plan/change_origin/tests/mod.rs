//! Change origins, text in and text out.

mod applied_state;
mod revision;
