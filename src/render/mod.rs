//! Turns what flows into what people and machines read. Pure, and of our own it imports only `model`.

pub mod diagnostics;
