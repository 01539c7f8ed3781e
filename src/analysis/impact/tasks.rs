//! Impact on permissions in the authority control task list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ImpactDraft;
use super::wording::members;
use crate::analysis::authority_tasks::{NetworkDismissal, TaskAction, may};
use crate::analysis::{NetworkSettings, SettingsCollection};
use crate::model::network::ZoneRole;
use crate::model::{TasksQuestion, ZoneCode};

/// Returns the impact of changed permissions.
///
/// `lists` holds the zones with changed task lists. `matrix` holds the Network Zone if its dismissal matrix
/// changes.
pub fn effects(
    lists: &BTreeSet<ZoneCode>,
    matrix: &BTreeSet<ZoneCode>,
    before: &NetworkSettings,
    after: &NetworkSettings,
) -> Vec<ImpactDraft> {
    let mut found: BTreeMap<(Arc<str>, &str, bool), BTreeSet<ZoneCode>> = BTreeMap::new();
    for zone in before.zones().filter(|zone| lists.contains(&zone.code) || !matrix.is_empty()) {
        for role in roles(&zone.code, before, after) {
            let question = TasksQuestion { zone: zone.code.clone(), role: Arc::clone(&role), report: None };
            let mut note = |words, then: Option<bool>, now: Option<bool>| {
                if let (Some(then), Some(now)) = (then, now)
                    && then != now
                {
                    found.entry((Arc::clone(&role), words, now)).or_default().insert(zone.code.clone());
                }
            };
            for deed in TaskAction::ALL {
                let asked = |settings| may(&question, settings, deed).get().map(|(may, _)| *may);
                note(deed.description(), asked(before), asked(after));
            }
            if zone.role == ZoneRole::Member {
                let asked =
                    |settings| NetworkDismissal::permission_of(&question, settings).may().get().copied();
                note("dismiss entries for the whole network", asked(before), asked(after));
            }
        }
    }
    let said = found.into_iter().map(|((role, deed, now), zones)| {
        let may = if now { "may now" } else { "may no longer" };
        let says = format!("a {role} of {} {may} {deed}", members(&zones, after));
        ImpactDraft { changed: lists.union(matrix).cloned().collect(), says }
    });
    said.collect()
}

/// Returns all roles with a known permission.
fn roles(zone: &ZoneCode, before: &NetworkSettings, after: &NetworkSettings) -> BTreeSet<Arc<str>> {
    let tables = [before, after].into_iter().flat_map(|settings| {
        let own = settings.table(zone, &SettingsCollection::TaskList).ok();
        own.into_iter().chain(settings.of_network(&SettingsCollection::Dismissal).ok())
    });
    tables
        .flat_map(|table| table.entries().filter_map(|entry| Some(entry.text_field("role")?.into())))
        .collect()
}
