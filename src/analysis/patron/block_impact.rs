//! Impact on the effects of copied patron blocks at members.

use std::collections::{BTreeMap, BTreeSet};

use super::blocks::{BlockEffect, BlockedService, CopiedBlock, effect, travels};
use crate::analysis::SettingsCollection;
use crate::analysis::impact::wording::{joined_with_and, members};
use crate::analysis::impact::{ImpactDraft, SettingsChange};
use crate::model::{ImpactEffect, MaybeKnown, ZoneCode};

/// Blocked services.
type Services = &'static [BlockedService];

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum BlockChange {
    /// Services blocked by a copied block: before, after.
    Copy(Services, Services),
    /// Services blocked by a block that a target institution sent back: before, after.
    Home(Services, Services),
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
                note(match block {
                    CopiedBlock::Copy => BlockChange::Copy(stops_before, stops_after),
                    CopiedBlock::Home => BlockChange::Home(stops_before, stops_after),
                });
            }
            match (block, is_network_block(&before), is_network_block(&after)) {
                (CopiedBlock::Home, false, true) => note(BlockChange::TravelsOn),
                (CopiedBlock::Home, true, false) => note(BlockChange::Stays),
                (CopiedBlock::Home | CopiedBlock::Copy, _, _) => {}
            }
        }
    }
    let drafts = zones_by_change.into_iter().map(|(block_change, zones)| {
        let affected = members(&zones, change.after);
        let sent_back = "patron blocks sent back by target institutions";
        let (effect, text) = match block_change {
            BlockChange::Copy(before, after) => (
                services_effect(before, after),
                format!("copied patron blocks {} at {affected}", instead(before, after)),
            ),
            BlockChange::Home(before, after) => (
                services_effect(before, after),
                format!("{sent_back} {} at {affected}", instead(before, after)),
            ),
            BlockChange::TravelsOn => (
                ImpactEffect::Gain,
                format!("{sent_back} are now copied from {affected} to the other members"),
            ),
            BlockChange::Stays => (
                ImpactEffect::Loss,
                format!("{sent_back} are no longer copied from {affected} to the other members"),
            ),
        };
        let causes = change.causes(|collection, zone| is_relevant(collection) && zones.contains(zone));
        ImpactDraft { effect, causes, members: zones, subjects: BTreeSet::new(), text }
    });
    drafts.collect()
}

/// Returns the effect on patrons: a loss if more services are blocked, and none less.
fn services_effect(before: Services, after: Services) -> ImpactEffect {
    let includes = |all: Services, some: Services| some.iter().all(|service| all.contains(service));
    match (includes(after, before), includes(before, after)) {
        (true, false) => ImpactEffect::Loss,
        (false, true) => ImpactEffect::Gain,
        (true, true) | (false, false) => ImpactEffect::Change,
    }
}

fn is_network_block(effect: &BlockEffect<'_>) -> bool {
    match effect {
        BlockEffect::Stops(_, definition) => travels(*definition),
        BlockEffect::Idle(_) => false,
    }
}

/// Returns the new effect as text.
fn instead(before: Services, after: Services) -> String {
    match (before, after) {
        ([], after) => format!("now block {}", services_text(after)),
        (before, []) => format!("no longer block {}", services_text(before)),
        (before, after) => format!("block {} instead of {}", services_text(after), services_text(before)),
    }
}

/// Returns `loans, renewals and hold requests`.
fn services_text(services: Services) -> String {
    joined_with_and(services.iter().map(|service| match service {
        BlockedService::Loan => "loans",
        BlockedService::Renew => "renewals",
        BlockedService::Hold => "hold requests",
        BlockedService::InterlibraryLoan => "interlibrary loans",
    }))
}
