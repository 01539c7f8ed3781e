//! Impact on the visibility of user groups to partners.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ImpactDraft;
use super::wording::{codes, members};
use crate::analysis::{NetworkSettings, SettingsCollection};
use crate::model::ZoneCode;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum VisibilityChange {
    Hidden,
    Shown,
}

/// Returns the impact of changed restrictions.
pub fn effects(
    zones: &BTreeSet<ZoneCode>,
    before: &NetworkSettings,
    after: &NetworkSettings,
) -> Vec<ImpactDraft> {
    let mut found: BTreeMap<(VisibilityChange, Arc<str>), BTreeSet<ZoneCode>> = BTreeMap::new();
    for zone in zones {
        let (Some(then), Some(now)) = (restricted_groups(zone, before), restricted_groups(zone, after))
        else {
            continue;
        };
        let mut note = |way, code: &Arc<str>| {
            found.entry((way, Arc::clone(code))).or_default().insert(zone.clone());
        };
        now.difference(&then).for_each(|code| note(VisibilityChange::Hidden, code));
        then.difference(&now).for_each(|code| note(VisibilityChange::Shown, code));
    }
    // One sentence for all user groups with the same change at the same members.
    let mut alike: BTreeMap<(VisibilityChange, BTreeSet<ZoneCode>), BTreeSet<Arc<str>>> = BTreeMap::new();
    for ((way, code), zones) in found {
        alike.entry((way, zones)).or_default().insert(code);
    }
    let said = alike.into_iter().map(|((way, zones), groups)| {
        let (of, groups) = (members(&zones, after), codes(&groups, "user group"));
        let says = match way {
            VisibilityChange::Hidden => format!("partners can no longer see {groups} of {of}"),
            VisibilityChange::Shown => format!("partners can now see {groups} of {of}"),
        };
        ImpactDraft { changed: zones, says }
    });
    said.collect()
}

/// Returns the known restricted user groups of a member.
fn restricted_groups(zone: &ZoneCode, settings: &NetworkSettings) -> Option<BTreeSet<Arc<str>>> {
    let table = settings.table(zone, &SettingsCollection::RestrictedUsers).ok()?;
    Some(table.entries().filter_map(|entry| Some(entry.text_field("userGroup")?.into())).collect())
}
