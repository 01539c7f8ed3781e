//! The way back of the authority control task list: one manifest for the zones with the same settings.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{AuthorityTaskListSpec, LIST, NETWORK_DISMISSAL, REPORTS};
use crate::export::{SelectorFinder, ZoneSet};
use crate::kinds::KindSpec as _;
use crate::kinds::table_export::selector_json;
use crate::kinds::way_back::{ObservedSettings, flag, items, manifest, numbered, object, text};
use crate::manifest::write_yaml::{ManifestText, YamlPart};
use crate::model::alma_codes::{AuthorityReport, AuthorityRole};

/// Settings of one zone.
#[derive(PartialEq, Eq, PartialOrd, Ord, Default)]
struct TaskListProfile {
    /// Permissions by role: view, process, dismiss.
    roles: BTreeMap<AuthorityRole, [Option<bool>; 3]>,
    reports: BTreeMap<AuthorityReport, bool>,
}

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let mut profiles: BTreeMap<usize, TaskListProfile> = BTreeMap::new();
    for (zone, records) in settings.by_zone(LIST) {
        for record in records {
            let Some(role) = text(record, "role").and_then(AuthorityRole::from_word) else { continue };
            let flags = ["view", "process", "dismiss"].map(|field| flag(record, field));
            profiles.entry(zone).or_default().roles.insert(role, flags);
        }
    }
    for (zone, records) in settings.by_zone(REPORTS) {
        for record in records {
            let report = text(record, "reportType").and_then(AuthorityReport::from_word);
            if let (Some(report), Some(enabled)) = (report, flag(record, "enabled")) {
                profiles.entry(zone).or_default().reports.insert(report, enabled);
            }
        }
    }
    let mut dismissing: BTreeMap<AuthorityRole, ZoneSet> = BTreeMap::new();
    let mut decided: BTreeSet<usize> = BTreeSet::new();
    for record in settings.of_network_zone(NETWORK_DISMISSAL) {
        let member = text(record, "institution").and_then(|code| settings.member(code));
        let role = text(record, "role").and_then(AuthorityRole::from_word);
        let (Some(member), Some(role)) = (member, role) else { continue };
        decided.insert(member);
        if flag(record, "dismissForNetwork") == Some(true) {
            dismissing.entry(role).or_default().insert(member);
        }
    }
    let mut groups: BTreeMap<TaskListProfile, ZoneSet> = BTreeMap::new();
    for (zone, profile) in profiles {
        groups.entry(profile).or_default().insert(zone);
    }
    let mut groups: Vec<(TaskListProfile, ZoneSet)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, zones)| std::cmp::Reverse(zones.len()));
    let manifests = groups.iter().enumerate().map(|(index, (profile, zones))| {
        let mut spec: Vec<(&'static str, YamlPart)> = settings.applies_to(zones).into_iter().collect();
        if !profile.roles.is_empty() {
            spec.push(("roles", items(profile.roles.iter().map(|(role, flags)| role_json(*role, *flags)))));
        }
        // The list decides for all roles and members of the manifest.
        let mut finder = SelectorFinder::of_overrides(settings.network, zones);
        let dismissals: Vec<Json> = (dismissing.iter())
            .map(|(role, members)| (role, members.intersection(zones)))
            .filter(|(_, members)| !members.is_empty())
            .map(|(role, members)| {
                let members = selector_json(&finder.find(&members).terms);
                let members = Some(members).filter(|selector| *selector != json!({}));
                object([("role", Some(json!(role))), ("members", members)])
            })
            .collect();
        let members = zones.intersection(&settings.members());
        if !dismissals.is_empty() && members.zones().all(|member| decided.contains(&member)) {
            spec.push(("dismissForNetwork", items(dismissals)));
        }
        if !profile.reports.is_empty() {
            let with = |wanted: bool| {
                let reports: Vec<&AuthorityReport> = profile
                    .reports
                    .iter()
                    .filter(|(_, enabled)| **enabled == wanted)
                    .map(|(report, _)| report)
                    .collect();
                (!reports.is_empty()).then(|| json!(reports))
            };
            let reports = object([("enabled", with(true)), ("disabled", with(false))]);
            spec.push(("reportTypes", YamlPart::Value(reports)));
        }
        manifest(AuthorityTaskListSpec::NAME, numbered("authority-task-list", index), spec)
    });
    manifests.collect()
}

fn role_json(role: AuthorityRole, [view, process, dismiss]: [Option<bool>; 3]) -> Json {
    object([
        ("role", Some(json!(role))),
        ("view", view.map(Json::from)),
        ("process", process.map(Json::from)),
        ("dismiss", dismiss.map(Json::from)),
    ])
}
