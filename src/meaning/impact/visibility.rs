//! Which user groups partners see that they did not, and which no longer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Effect;
use super::words::{codes, members};
use crate::meaning::{Settings, Subject};
use crate::model::ZoneCode;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Hidden,
    Shown,
}

/// The effects of other restrictions.
pub fn effects(zones: &BTreeSet<ZoneCode>, before: &Settings, after: &Settings) -> Vec<Effect> {
    let mut found: BTreeMap<(Way, Arc<str>), BTreeSet<ZoneCode>> = BTreeMap::new();
    for zone in zones {
        let (Some(then), Some(now)) = (restricted(zone, before), restricted(zone, after)) else { continue };
        let mut note = |way, code: &Arc<str>| {
            found.entry((way, Arc::clone(code))).or_default().insert(zone.clone());
        };
        now.difference(&then).for_each(|code| note(Way::Hidden, code));
        then.difference(&now).for_each(|code| note(Way::Shown, code));
    }
    // Groups that fare alike at the same members are told in one sentence.
    let mut alike: BTreeMap<(Way, BTreeSet<ZoneCode>), BTreeSet<Arc<str>>> = BTreeMap::new();
    for ((way, code), zones) in found {
        alike.entry((way, zones)).or_default().insert(code);
    }
    let said = alike.into_iter().map(|((way, zones), groups)| {
        let (of, groups) = (members(&zones, after), codes(&groups, "user group"));
        let says = match way {
            Way::Hidden => format!("partners no longer see {groups} of {of}"),
            Way::Shown => format!("partners see {groups} of {of}"),
        };
        Effect { changed: zones, says }
    });
    said.collect()
}

/// The groups that a member hides, as far as they are known.
fn restricted(zone: &ZoneCode, settings: &Settings) -> Option<BTreeSet<Arc<str>>> {
    let table = settings.table(zone, &Subject::RestrictedUsers).ok()?;
    Some(table.entries().filter_map(|entry| Some(entry.text("userGroup")?.into())).collect())
}
