//! Turns what flows into what people and programs read. Pure, and of our own it imports only `model`.
//!
//! Texts of plans and reports carry ANSI styles always; whoever prints them takes the styles off
//! where nobody wants them.

pub mod diagnostics;
pub mod html;
pub mod json;
pub mod runbook;
pub mod text;
