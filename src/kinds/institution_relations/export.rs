//! The way back of relations: members with the same partners share one relation, "all others" included.

use std::collections::BTreeMap;

use serde_json::json;

use super::InstitutionRelationsSpec;
use crate::export::ZoneSet;
use crate::kinds::KindSpec as _;
use crate::kinds::way_back::{ObservedSettings, common_partners, items, manifest, object, text};
use crate::manifest::write_yaml::ManifestText;

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let mut lists: [BTreeMap<usize, ZoneSet>; 2] = [BTreeMap::new(), BTreeMap::new()];
    let mut owners = ZoneSet::default();
    for record in settings.of_network_zone(InstitutionRelationsSpec::NAME) {
        let Some(owner) = text(record, "institution").and_then(|code| settings.member(code)) else {
            continue;
        };
        owners.insert(owner);
        for (list, field) in lists.iter_mut().zip(["pickupAt", "returnAt"]) {
            if let Some(codes) = record.fields.get(field)
                && let Some(partners) = settings.member_set(codes)
                && !partners.is_empty()
            {
                list.insert(owner, partners);
            }
        }
    }
    let [pickup, back] = lists.map(|list| common_partners(&list));
    let mut relations: BTreeMap<(Option<&ZoneSet>, Option<&ZoneSet>), ZoneSet> = BTreeMap::new();
    for owner in owners.zones() {
        relations.entry((pickup.get(&owner), back.get(&owner))).or_default().insert(owner);
    }
    let written = relations.iter().filter(|((pickup, back), _)| pickup.is_some() || back.is_some());
    let written: Vec<_> = written
        .map(|((pickup, back), institutions)| {
            let institutions =
                Some(settings.selector(institutions)).filter(|selector| *selector != json!({}));
            let at = |zones: &Option<&ZoneSet>| {
                let selector = settings.selector((*zones)?);
                Some(if selector == json!({}) { json!({"zones": "members"}) } else { selector })
            };
            object([("institutions", institutions), ("pickupAt", at(pickup)), ("returnAt", at(back))])
        })
        .collect();
    if written.is_empty() {
        return Vec::new();
    }
    let spec = vec![("relations", items(written))];
    vec![manifest(InstitutionRelationsSpec::NAME, "institution-relations".to_owned(), spec)]
}
