//! What blocks that travel do at members, where that changes.

use std::collections::{BTreeMap, BTreeSet};

use super::wording::members;
use crate::analysis::NetworkSettings;
use crate::analysis::patron::blocks::{BlockEffect, BlockedService, CopiedBlock, effect, travels};
use crate::model::{MaybeKnown, ZoneCode};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum BlockChange {
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
pub fn effects(
    zones: &BTreeSet<ZoneCode>,
    before: &NetworkSettings,
    after: &NetworkSettings,
) -> Vec<super::ImpactDraft> {
    let mut found: BTreeMap<BlockChange, BTreeSet<ZoneCode>> = BTreeMap::new();
    for zone in zones {
        let mut note = |change| {
            found.entry(change).or_default().insert(zone.clone());
        };
        for arrived in [CopiedBlock::Copy, CopiedBlock::Home] {
            let (MaybeKnown::Known(then), MaybeKnown::Known(now)) =
                (effect(arrived, zone, before), effect(arrived, zone, after))
            else {
                continue;
            };
            if then.blocked_services() != now.blocked_services() {
                let (then, now) =
                    (services_text(then.blocked_services()), services_text(now.blocked_services()));
                note(match arrived {
                    CopiedBlock::Copy => BlockChange::Copy(then, now),
                    CopiedBlock::Home => BlockChange::Home(then, now),
                });
            }
            match (arrived, block_mark(&then), block_mark(&now)) {
                (CopiedBlock::Home, BlockMark::No, BlockMark::Yes) => note(BlockChange::TravelsOn),
                (CopiedBlock::Home, BlockMark::Yes, BlockMark::No) => note(BlockChange::Stays),
                (CopiedBlock::Home | CopiedBlock::Copy, _, _) => {}
            }
        }
    }
    let said = found.into_iter().map(|(change, zones)| {
        let at = members(&zones, after);
        let says = match change {
            BlockChange::Copy(then, now) => {
                format!("a block that came from elsewhere {} at {at}", instead(&then, &now))
            }
            BlockChange::Home(then, now) => {
                format!("a block that a partner sent home {} at {at}", instead(&then, &now))
            }
            BlockChange::TravelsOn => {
                format!("blocks that partners send home to {at} reach the other members")
            }
            BlockChange::Stays => {
                format!("blocks that partners send home to {at} no longer reach the other members")
            }
        };
        super::ImpactDraft { changed: zones, says }
    });
    said.collect()
}

enum BlockMark {
    Yes,
    No,
}

fn block_mark(effect: &BlockEffect<'_>) -> BlockMark {
    match effect {
        BlockEffect::Stops(_, definition) if travels(*definition) => BlockMark::Yes,
        BlockEffect::Stops(_, _) | BlockEffect::Idle(_) => BlockMark::No,
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

fn services_text(stops: &[BlockedService]) -> String {
    match stops.is_empty() {
        true => NOTHING.to_owned(),
        false => stops.iter().map(|stop| stop.as_str()).collect::<Vec<_>>().join(", "),
    }
}
