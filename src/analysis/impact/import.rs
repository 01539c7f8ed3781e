//! Impact on permissions to contribute records to the Network Zone.

use std::collections::{BTreeMap, BTreeSet};

use super::ImpactDraft;
use super::wording::members;
use crate::analysis::NetworkSettings;
use crate::analysis::import::{ImportPermission, permission};
use crate::model::{ImportQuestion, MaybeKnown, RecordType, ZoneCode};

/// Returns the impact of changed permissions.
pub fn effects(
    zones: &BTreeSet<ZoneCode>,
    before: &NetworkSettings,
    after: &NetworkSettings,
) -> Vec<ImpactDraft> {
    if zones.is_empty() {
        return Vec::new();
    }
    let mut changed: BTreeMap<(RecordType, ImportChange), BTreeSet<ZoneCode>> = BTreeMap::new();
    for member in before.members() {
        for record in [RecordType::Bibliographic, RecordType::Authority] {
            let question = ImportQuestion { member: member.code.clone(), record };
            let (MaybeKnown::Known((then, _)), MaybeKnown::Known((now, _))) =
                (permission(&question, before), permission(&question, after))
            else {
                continue;
            };
            let way = match (then, now) {
                (ImportPermission::Allowed, ImportPermission::Denied) => ImportChange::Denied,
                (ImportPermission::Denied, ImportPermission::Allowed) => ImportChange::Allowed,
                (ImportPermission::Allowed, ImportPermission::Allowed)
                | (ImportPermission::Denied, ImportPermission::Denied) => {
                    continue;
                }
            };
            changed.entry((record, way)).or_default().insert(member.code.clone());
        }
    }
    let said = changed.into_iter().map(|((record, way), who)| {
        let who = members(&who, after);
        let says = match way {
            ImportChange::Allowed => format!("{who} may now contribute {record} records to the Network Zone"),
            ImportChange::Denied => {
                format!("{who} may no longer contribute {record} records to the Network Zone")
            }
        };
        ImpactDraft { changed: zones.clone(), says }
    });
    said.collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ImportChange {
    Allowed,
    Denied,
}
