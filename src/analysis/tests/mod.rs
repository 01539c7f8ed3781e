//! Each question, text in and text out: manifests and what zones hold here, facts there.

#![cfg(test)]

mod access;
pub(crate) mod network;
mod tasks;
mod undeclared_settings;
mod visibility;
