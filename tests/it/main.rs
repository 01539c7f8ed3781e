//! One test binary for everything that is tested from outside the library.

mod cases;
mod house;
mod script;
