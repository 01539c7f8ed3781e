//! Turns what flows into what people and programs read. Pure, and of our own it imports only `model`.
//!
//! Texts of plans and reports carry ANSI styles always; whoever prints them takes the styles off
//! where nobody wants them.

mod annotations;
pub mod csv;
pub mod diagnostics;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod runbook;
mod sanitize;
pub mod sarif;
pub mod text;

#[cfg(test)]
mod tests;
