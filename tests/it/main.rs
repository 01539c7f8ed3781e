//! Test binary of all tests from outside the library.

#![expect(clippy::expect_used, reason = "a failing test panics")]

mod api_keys;
mod applied_state;
mod approval_enforcement;
mod architecture_rules;
mod case_runner;
mod cases;
mod concurrent_edits;
mod crash;
mod expectation_mutations;
mod failure_simulations;
mod fuzz;
mod generated_networks;
mod git_revisions;
mod html_in_browser;
mod http_sockets;
mod interrupts;
mod kind_conformance;
mod library_sessions;
mod pipelines;
mod plan_files;
mod plan_outputs;
mod postgres_server;
mod predictions;
mod properties;
mod prune;
mod published_documents;
mod request_failures;
mod revert;
mod shards;
mod shared_collections;
mod simulated_network;
mod snapshots;
mod store_basics;
mod store_chain;
mod store_crash;
mod store_fixture;
mod store_foreign_databases;
mod store_leases;
mod store_permissions;
mod store_reconnect;
mod storm;
mod unmanage;
mod write_window;
