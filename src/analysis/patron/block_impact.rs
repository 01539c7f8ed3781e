//! Impact on the effects of copied patron blocks at members.

use std::collections::{BTreeMap, BTreeSet};

use super::blocks::{BlockEffect, BlockedService, CopiedBlock, effect, travels};
use crate::analysis::SettingsCollection;
use crate::analysis::impact::wording::members;
use crate::analysis::impact::{ImpactDraft, SettingsChange};
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
pub fn impact(change: &SettingsChange<'_>) -> Vec<ImpactDraft> {
    let is_relevant = |collection: &SettingsCollection| {
        matches!(collection, SettingsCollection::BlockDefinitions | SettingsCollection::BlockDescriptions)
    };
    let mut zones_by_change: BTreeMap<BlockChange, BTreeSet<ZoneCode>> = BTreeMap::new();
    for zone in change.zones(is_relevant) {
        let mut note = |block_change| {
            zones_by_change.entry(block_change).or_default().insert(zone.clone());
        };
        for block in [CopiedBlock::Copy, CopiedBlock::Home] {
            let [MaybeKnown::Known(before), MaybeKnown::Known(after)] =
                change.both().map(|settings| effect(block, &zone, settings))
            else {
                continue;
            };
            let [stops_before, stops_after] = [&before, &after].map(BlockEffect::blocked_services);
            if stops_before != stops_after {
                let (before, after) = (services_text(stops_before), services_text(stops_after));
                note(match block {
                    CopiedBlock::Copy => BlockChange::Copy(before, after),
                    CopiedBlock::Home => BlockChange::Home(before, after),
                });
            }
            match (block, is_network_block(&before), is_network_block(&after)) {
                (CopiedBlock::Home, false, true) => note(BlockChange::TravelsOn),
                (CopiedBlock::Home, true, false) => note(BlockChange::Stays),
                (CopiedBlock::Home | CopiedBlock::Copy, _, _) => {}
            }
        }
    }
    let drafts = zones_by_change.into_iter().map(|(block_change, changed)| {
        let affected = members(&changed, change.after);
        let sent_back = "patron blocks sent back by target institutions";
        let text = match block_change {
            BlockChange::Copy(before, after) => {
                format!("copied patron blocks {} at {affected}", instead(&before, &after))
            }
            BlockChange::Home(before, after) => {
                format!("{sent_back} {} at {affected}", instead(&before, &after))
            }
            BlockChange::TravelsOn => {
                format!("{sent_back} are now copied from {affected} to the other members")
            }
            BlockChange::Stays => {
                format!("{sent_back} are no longer copied from {affected} to the other members")
            }
        };
        ImpactDraft { changed, text }
    });
    drafts.collect()
}

fn is_network_block(effect: &BlockEffect<'_>) -> bool {
    match effect {
        BlockEffect::Stops(_, definition) => travels(*definition),
        BlockEffect::Idle(_) => false,
    }
}

/// Returns the new effect as text.
fn instead(before: &str, after: &str) -> String {
    match (before, after) {
        (NOTHING, after) => format!("now block {after}"),
        (before, NOTHING) => format!("no longer block {before}"),
        (before, after) => format!("block {after} instead of {before}"),
    }
}

const NOTHING: &str = "nothing";

fn services_text(services: &[BlockedService]) -> String {
    match services.is_empty() {
        true => NOTHING.to_owned(),
        false => services.iter().map(|service| service.as_str()).collect::<Vec<_>>().join(", "),
    }
}
