//! One test binary for everything that is tested from outside the library.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

mod approved;
mod browser;
mod cases;
mod changed_since;
mod conduct;
mod conformance;
mod every_request;
mod generated;
mod house;
mod interrupts;
mod keys;
mod killed;
mod ledgers;
mod meddling;
mod mutations;
mod outputs;
mod pipelines;
mod plan_files;
mod postgres;
mod properties;
mod prune_applied;
mod published;
mod rehearsal;
mod releases;
mod reverts;
mod script;
mod shards;
mod simulations;
mod snapshots;
mod sockets;
mod store_basics;
mod store_chain;
mod store_crashes;
mod store_leases;
mod store_place;
mod store_rights;
mod store_servers;
mod store_strangers;
mod windows;
