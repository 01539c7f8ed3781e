//! Configuration as code for library consortia on Ex Libris Alma.
//!
//! The modules, in the order of the data flow:
//!
//! * [`model`]: the domain types.
//! * [`manifest`]: parses and validates YAML.
//! * [`kinds`]: the manifest kinds and their expansion into records.
//! * [`observe`]: reads the observed state.
//! * [`diff`]: compares desired, observed and applied state.
//! * [`plan`]: orders and groups changes.
//! * [`guard`]: evaluates guards and policies.
//! * [`analysis`]: evaluates effective settings: questions, explanations, expectations, impact.
//! * [`export`]: factors the rows of many zones into shared rows and overrides.
//! * [`apply`]: executes a plan.
//! * [`store`]: persists runs, applied state, journal, history, leases.
//! * [`render`]: output formats.
//! * [`session`]: use cases: plan, apply, resume, revert and the others, with their effects handed in.
//! * [`provider`]: clients for Alma's API and gateways.
//! * [`emulator`]: a local Alma API.
//! * [`cli`]: commands, and the only access to files, environment, clock and terminal.

pub mod analysis;
pub mod apply;
pub mod cli;
pub mod diff;
pub mod emulator;
pub mod export;
pub mod guard;
pub mod kinds;
pub mod local;
pub mod manifest;
pub mod model;
pub mod observe;
pub mod plan;
pub mod provider;
pub mod render;
pub mod session;
pub mod store;
#[cfg(test)]
mod test_notation;
