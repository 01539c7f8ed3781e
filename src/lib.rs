//! zonal: config-as-code for library consortia that run Ex Libris Alma.
//!
//! The modules in the order of the flow:
//!
//! * [`model`]: the nouns; everything that flows, nothing that does anything.
//! * [`manifest`]: text to manifests with positions, or every problem at once.
//! * [`kinds`]: the catalogue of what a manifest can describe, each with its rules and its expansion.
//! * [`render`]: what flows, as text and as JSON.
//! * [`provider`]: the door to a zone.
//! * [`emulator`]: an Alma network on loopback.

pub mod emulator;
pub mod kinds;
pub mod manifest;
pub mod model;
pub mod provider;
pub mod render;
