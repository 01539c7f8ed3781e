//! Who may bring records into the Network Zone that could not before, and who no longer.

use std::collections::{BTreeMap, BTreeSet};

use super::Effect;
use super::words::members;
use crate::meaning::Settings;
use crate::meaning::import::{Permission, permission};
use crate::model::{ImportQuestion, RecordType, Told, ZoneCode};

/// The effects of other permissions.
pub fn effects(zones: &BTreeSet<ZoneCode>, before: &Settings, after: &Settings) -> Vec<Effect> {
    if zones.is_empty() {
        return Vec::new();
    }
    let mut changed: BTreeMap<(RecordType, Way), BTreeSet<ZoneCode>> = BTreeMap::new();
    for member in before.members() {
        for record in [RecordType::Bibliographic, RecordType::Authority] {
            let question = ImportQuestion { member: member.code.clone(), record };
            let (Told::Is((then, _)), Told::Is((now, _))) =
                (permission(&question, before), permission(&question, after))
            else {
                continue;
            };
            let way = match (then, now) {
                (Permission::Allowed, Permission::Denied) => Way::Closed,
                (Permission::Denied, Permission::Allowed) => Way::Opened,
                (Permission::Allowed, Permission::Allowed) | (Permission::Denied, Permission::Denied) => {
                    continue;
                }
            };
            changed.entry((record, way)).or_default().insert(member.code.clone());
        }
    }
    let said = changed.into_iter().map(|((record, way), who)| {
        let who = members(&who, after);
        let says = match way {
            Way::Opened => format!("{who} may now bring {record} records into the Network Zone"),
            Way::Closed => format!("{who} may no longer bring {record} records into the Network Zone"),
        };
        Effect { changed: zones.clone(), says }
    });
    said.collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Opened,
    Closed,
}
