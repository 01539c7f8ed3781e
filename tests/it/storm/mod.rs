//! Storm: random networks, faults, delays, kills and edits, and the laws that hold in all of them.
//!
//! `STORM_STEPS=100000 cargo test --test it storm` runs a longer storm, and `STORM_SEED=7` begins with this
//! seed. A step is a run, a kill, an edit, an undone table or a fault. The laws are checked on the log of the network:
//!
//! * The unowned cells of a PUT are those of the last reading of the table by the same process.
//! * This reading is at most a second old, on a clock that counts suspended time.
//! * No table is sent twice without a reading in between, and no table without a manifest.
//! * No PUT overwrites an edit that came before its reading, or an edit after the plan of a declared cell.
//! * A collection reported as applied is as desired, and its other rows are unchanged.
//! * After the storm one apply reaches the desired state, and a second one sends no PUT.

mod commands;
mod contents;
mod fate;
mod gateway;
mod journal;
mod laws;
mod life;
mod network;
mod random;
mod restore_check;
mod service;
mod shortness;
mod store_file;

use std::collections::BTreeMap;

use self::life::{StormResult, live};
use crate::simulated_network::under_paused_clock;

/// Steps of the short storm in CI.
const SHORT: u64 = 1_500;
const SHORT_OF_COMMANDS: u64 = 500;
/// What happens in every storm, and is not a step.
const NOT_STEPS: [&str; 8] = [
    "Request",
    "Processed",
    "Mangled row",
    "Short answer",
    "Exit",
    "Restore",
    "Conflict",
    "Edit within the last second",
];

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("setting should be a number"))
}

/// Runs storms from the first seed on, until there are enough steps.
#[expect(clippy::print_stdout, reason = "`cargo test -- --show-output` shows the figures of a long storm")]
fn storms(name: &str, short: u64, live: impl AsyncFn(u64) -> StormResult) {
    let (first, limit) = (setting("STORM_SEED").unwrap_or(1), setting("STORM_STEPS").unwrap_or(short));
    let (mut steps, mut total) = (0, BTreeMap::<String, u64>::new());
    let mut seed = first;
    while steps < limit {
        let StormResult { happened, broken } = under_paused_clock(live(seed));
        assert!(
            broken.is_empty(),
            "seed {seed} breaks laws:\n{}\nrun it again: STORM_SEED={seed} STORM_STEPS=1 cargo test --test it {name}",
            broken.join("\n")
        );
        for (name, count) in happened {
            let is_step = !NOT_STEPS.iter().any(|other| name.starts_with(other));
            steps += if is_step { count } else { 0 };
            *total.entry(name).or_default() += count;
        }
        seed += 1;
    }
    println!("{name}: {steps} steps in {} storms: {total:?}", seed - first);
}

#[test]
fn storm_breaks_no_law() {
    storms("storm_breaks_no_law", SHORT, live);
}

#[test]
fn storm_of_commands_breaks_no_law() {
    storms("storm_of_commands_breaks_no_law", SHORT_OF_COMMANDS, commands::live);
}
