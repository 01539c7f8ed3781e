//! Impact on the effects of copied patron blocks at members.

use std::collections::{BTreeMap, BTreeSet};

use super::wording::members;
use crate::analysis::NetworkSettings;
use crate::analysis::patron::blocks::{BlockEffect, BlockedService, CopiedBlock, effect, travels};
use crate::model::{MaybeKnown, ZoneCode};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum BlockChange {
    /// Services blocked by a copied block: before, after.
    Copy(String, String),
    /// Services blocked by a block that a target institution sent back: before, after.
    Home(String, String),
    /// Blocks sent back by target institutions now reach the other members.
    TravelsOn,
    /// Blocks sent back by target institutions no longer reach the other members.
    Stays,
}

/// Returns the impact of changed block definitions.
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
                format!("copied patron blocks {} at {at}", instead(&then, &now))
            }
            BlockChange::Home(then, now) => {
                format!("patron blocks sent back by target institutions {} at {at}", instead(&then, &now))
            }
            BlockChange::TravelsOn => {
                format!("patron blocks sent back by target institutions are now copied from {at} to the other members")
            }
            BlockChange::Stays => {
                format!("patron blocks sent back by target institutions are no longer copied from {at} to the other members")
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

/// Returns the new effect as text.
fn instead(then: &str, now: &str) -> String {
    match (then, now) {
        (NOTHING, now) => format!("now block {now}"),
        (then, NOTHING) => format!("no longer block {then}"),
        (then, now) => format!("block {now} instead of {then}"),
    }
}

const NOTHING: &str = "nothing";

fn services_text(stops: &[BlockedService]) -> String {
    match stops.is_empty() {
        true => NOTHING.to_owned(),
        false => stops.iter().map(|stop| stop.as_str()).collect::<Vec<_>>().join(", "),
    }
}
