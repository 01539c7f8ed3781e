//! zonal: config-as-code for library consortia that run Ex Libris Alma.
//!
//! The modules in the order of the flow:
//!
//! * [`model`]: the nouns; everything that flows, nothing that does anything.
//! * [`manifest`]: text to manifests with positions, or every problem at once.
//! * [`kinds`]: the catalogue of what a manifest can describe, each with its rules and its expansion.
//! * [`observe`]: asks each zone for what is desired of it.
//! * [`diff`]: desired and observed to changes.
//! * [`plan`]: changes to a plan: order, groups, cost, digests, approvals.
//! * [`guard`]: what guards and policies find in a plan.
//! * [`meaning`]: what all these settings come to for members and their users: questions, answers, reasons.
//! * [`apply`]: a plan to events, and to zones that hold what is desired.
//! * [`store`]: what zonal remembers: the ledger, the journal, the history.
//! * [`render`]: plans, reports and diagnostics to text and JSON.
//! * [`provider`]: the door to a zone.
//! * [`emulator`]: an Alma network on loopback.
//! * [`cli`]: the command line; the only place that touches the world outside.

pub mod analysis;
pub mod apply;
pub mod cli;
pub mod diff;
pub mod emulator;
pub mod guard;
pub mod kinds;
pub mod manifest;
pub mod model;
pub mod observe;
pub mod plan;
pub mod provider;
pub mod render;
pub mod store;
