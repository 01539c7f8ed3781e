//! The way back of role privileges: one entry for each value and the members that have it.

use std::collections::BTreeMap;

use serde_json::json;

use super::{PRIVILEGES, SupportServicesSpec};
use crate::export::ZoneSet;
use crate::kinds::KindSpec as _;
use crate::kinds::way_back::{ObservedSettings, flag, items, manifest, object, text};
use crate::manifest::write_yaml::ManifestText;

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let mut entries: BTreeMap<(&str, &str, bool), ZoneSet> = BTreeMap::new();
    for record in settings.of_network_zone(PRIVILEGES) {
        let Some(member) = text(record, "institution").and_then(|code| settings.member(code)) else {
            continue;
        };
        let fields = (text(record, "role"), text(record, "privilege"), flag(record, "enabled"));
        if let (Some(role), Some(privilege), Some(enabled)) = fields {
            entries.entry((role, privilege, enabled)).or_default().insert(member);
        }
    }
    let privileges = entries.iter().map(|((role, privilege, enabled), zones)| {
        let selector = Some(settings.selector(zones)).filter(|selector| *selector != json!({}));
        object([
            ("appliesTo", selector),
            ("role", Some(json!(role))),
            ("privilege", Some(json!(privilege))),
            ("enabled", Some(json!(enabled))),
        ])
    });
    let spec = vec![("privileges", items(privileges))];
    match entries.is_empty() {
        true => Vec::new(),
        false => vec![manifest(SupportServicesSpec::NAME, "support-services".to_owned(), spec)],
    }
}
