//! What blocks that travel do at members, where that changes.

use std::collections::{BTreeMap, BTreeSet};

use super::words::members;
use crate::meaning::Settings;
use crate::meaning::patron::blocks::{Arrived, Effect, Stop, effect, travels};
use crate::model::{Told, ZoneCode};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// What a block that came along keeps patrons from: then, now.
    Copy(String, String),
    /// The same of one that a partner has sent home.
    Home(String, String),
    /// A block that a partner has sent home reaches the other members.
    TravelsOn,
    /// It no longer does.
    Stays,
}

/// The effects of other definitions.
pub fn effects(zones: &BTreeSet<ZoneCode>, before: &Settings, after: &Settings) -> Vec<super::Effect> {
    let mut found: BTreeMap<Change, BTreeSet<ZoneCode>> = BTreeMap::new();
    for zone in zones {
        let mut note = |change| {
            found.entry(change).or_default().insert(zone.clone());
        };
        for arrived in [Arrived::Copy, Arrived::Home] {
            let (Told::Is(then), Told::Is(now)) =
                (effect(arrived, zone, before), effect(arrived, zone, after))
            else {
                continue;
            };
            if then.stops() != now.stops() {
                let (then, now) = (words(then.stops()), words(now.stops()));
                note(match arrived {
                    Arrived::Copy => Change::Copy(then, now),
                    Arrived::Home => Change::Home(then, now),
                });
            }
            match (arrived, marked(&then), marked(&now)) {
                (Arrived::Home, Marked::No, Marked::Yes) => note(Change::TravelsOn),
                (Arrived::Home, Marked::Yes, Marked::No) => note(Change::Stays),
                (Arrived::Home | Arrived::Copy, _, _) => {}
            }
        }
    }
    let said = found.into_iter().map(|(change, zones)| {
        let at = members(&zones, after);
        let says = match change {
            Change::Copy(then, now) => {
                format!("a block that came from elsewhere {} at {at}", instead(&then, &now))
            }
            Change::Home(then, now) => {
                format!("a block that a partner sent home {} at {at}", instead(&then, &now))
            }
            Change::TravelsOn => format!("blocks that partners send home to {at} reach the other members"),
            Change::Stays => {
                format!("blocks that partners send home to {at} no longer reach the other members")
            }
        };
        super::Effect { changed: zones, says }
    });
    said.collect()
}

enum Marked {
    Yes,
    No,
}

fn marked(effect: &Effect<'_>) -> Marked {
    match effect {
        Effect::Stops(_, definition) if travels(*definition) => Marked::Yes,
        Effect::Stops(_, _) | Effect::Idle(_) => Marked::No,
    }
}

/// What it does now.
fn instead(then: &str, now: &str) -> String {
    match (then, now) {
        (NOTHING, now) => format!("now stops {now}"),
        (then, NOTHING) => format!("no longer stops {then}"),
        (then, now) => format!("stops {now} instead of {then}"),
    }
}

const NOTHING: &str = "nothing";

fn words(stops: &[Stop]) -> String {
    match stops.is_empty() {
        true => NOTHING.to_owned(),
        false => stops.iter().map(|stop| stop.word()).collect::<Vec<_>>().join(", "),
    }
}
