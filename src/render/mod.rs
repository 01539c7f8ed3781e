//! What flows, to what people and programs read. Pure: bytes come out, nothing is printed.
//!
//! Texts carry ANSI styles always; whoever prints them takes the styles off where nobody wants them.

pub mod json;
pub mod text;
