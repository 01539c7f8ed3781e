//! Storm: random networks, faults, delays, kills and edits, and the laws that hold in all of them.
//!
//! `STORM_STEPS=100000 cargo test --test it storm` runs a longer storm, and `STORM_SEED=7` begins with this
//! seed. A step is a run, a kill, an edit, an undone table or a fault. The laws are checked on the log of the network:
//!
//! * The unowned cells of a PUT are those of the last reading of the table by the same process.
//! * This reading is at most a second old, on a clock that counts suspended time.
//! * No table is sent twice without a reading in between, and no table without a manifest.
//! * No PUT overwrites an edit that came before its reading, or an edit after the plan of a declared cell.
//! * No PUT rests on an answer that lacks rows.
//! * If every server changes rows of others, one run damages one zone.
//! * A collection reported as applied is as desired, and its other rows are unchanged.
//! * What a run replaced comes back with `restore`, unless someone changed it since.
//! * Records of the gateway keep the edits of others, and no write names an old revision.
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
mod sockets;
mod store_file;

use std::collections::BTreeMap;

use self::life::StormResult;
use crate::case_runner::paused;

/// Steps of the short storm in CI.
const SHORT: u64 = 1_500;
/// Steps over sockets, where every delay is real.
const SHORT_OVER_SOCKETS: u64 = 60;
/// Steps of command lines in CI.
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
fn storms(name: &str, short: u64, live: impl Fn(u64) -> StormResult) {
    let (first, limit) = (setting("STORM_SEED").unwrap_or(1), setting("STORM_STEPS").unwrap_or(short));
    let (mut steps, mut total) = (0, BTreeMap::<String, u64>::new());
    let mut seed = first;
    while steps < limit {
        let StormResult { happened, broken } = live(seed);
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
    storms("storm_breaks_no_law", SHORT, |seed| paused(life::live(seed, 1)));
}

#[test]
fn storm_over_sockets_breaks_no_law() {
    if setting("STORM_SOCKETS").is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("runtime should start");
        storms("storm_over_sockets_breaks_no_law", SHORT_OVER_SOCKETS, |seed| {
            runtime.block_on(life::live(seed, sockets::HASTE))
        });
    }
}

#[test]
fn storm_of_commands_breaks_no_law() {
    storms("storm_of_commands_breaks_no_law", SHORT_OF_COMMANDS, |seed| paused(commands::live(seed)));
}
