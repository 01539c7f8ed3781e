//! Output formats for people and programs.
//!
//! Rendering is pure, and imports only `model` from this crate. Texts of plans and reports always contain
//! ANSI styles. The caller removes the styles for plain output.

mod annotations;
pub mod csv;
pub mod decisions;
pub mod diagnostics;
pub mod effective_yaml;
mod fact_words;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
mod richest_fit;
pub mod runbook;
pub mod sarif;
mod serialized_name;
pub mod text;
mod text_difference;
mod word_difference;

#[cfg(test)]
mod hostile_texts;
#[cfg(test)]
mod tests;
