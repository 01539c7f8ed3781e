//! Tests of each question, from text to text: manifests or observed settings in, facts out.

#![cfg(test)]

mod access;
mod impact;
pub(crate) mod network;
mod tasks;
mod undeclared_settings;
mod visibility;
