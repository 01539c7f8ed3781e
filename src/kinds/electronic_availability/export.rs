//! The way back of availability: groups of one member each become `perMember`, all others `groups`.

use serde_json::{Value as Json, json};

use super::ElectronicAvailabilitySpec;
use super::declared_group::CODE;
use crate::kinds::KindSpec as _;
use crate::kinds::shared_forms::{SharedForm, VariableFields, ZoneSettings, shared_forms};
use crate::kinds::way_back::{ObservedSettings, ZoneRecord, items, manifest, text};
use crate::manifest::write_yaml::{ManifestText, YamlPart};
use crate::model::{FieldValue, ObservedRecord, TableName};

const GROUP: &str = "group";
/// Texts of a group, with their names in manifests.
const TEXTS: [(&str, &str); 4] = [
    ("proxy", "proxy"),
    ("public_name", "publicName"),
    ("authentication_note", "authenticationNote"),
    ("public_note", "publicNote"),
];
/// Fields that can be variables of a member.
const VARIABLE: VariableFields =
    VariableFields { names: &["proxy", "publicName", "authenticationNote", "publicNote"], text: |text| text };

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let mut manifests = Vec::new();
    for (id, answers) in settings.of_type(ElectronicAvailabilitySpec::NAME) {
        let TableName::Code(ids) = &id.table else { continue };
        let Some(observed) = answers.values().next() else { continue };
        let mut groups: Vec<Json> = Vec::new();
        let mut by_member = ZoneSettings::new();
        for record in &observed.records {
            let Ok(group) = group(record) else { continue };
            match per_member_name(record, settings) {
                Some((name, member)) => by_member.entry(member).or_default().push(renamed(&group, &name)),
                None => groups.push(group),
            }
        }
        let mut per_member: Vec<Json> = Vec::new();
        for SharedForm { form, zones } in shared_forms(&by_member, VARIABLE, settings.network) {
            let member = zones.zones().next().filter(|_| zones.len() == 1);
            if let (Some(member), Some(name)) = (member, form.get(GROUP).and_then(Json::as_str)) {
                // A group of one member is not a rule.
                groups
                    .push(renamed(&form, &name.replace(CODE, settings.network.zones[member].code.as_str())));
                continue;
            }
            let mut item = serde_json::Map::new();
            let selector = settings.selector(&zones);
            item.extend((selector != json!({})).then(|| ("appliesTo".to_owned(), selector)));
            item.extend(form.as_object().cloned().unwrap_or_default());
            per_member.push(Json::Object(item));
        }
        if groups.is_empty() && per_member.is_empty() {
            continue;
        }
        groups.sort_by_key(ToString::to_string);
        let mut spec = vec![resource(ids)];
        spec.extend((!groups.is_empty()).then(|| ("groups", items(groups))));
        spec.extend((!per_member.is_empty()).then(|| ("perMember", items(per_member))));
        let name = format!("availability-{}", ids.replace('.', "-"));
        let mut manifest = manifest(ElectronicAvailabilitySpec::NAME, name, spec);
        manifest.comments.extend(observed.title.clone());
        manifests.push(manifest);
    }
    manifests
}

/// Returns the reason why no manifest can declare a group.
pub(super) fn explain_omission(_: &ObservedSettings<'_>, record: ZoneRecord<'_>) -> Option<String> {
    group(record.record).err()
}

/// Returns the field with the IDs of a resource.
fn resource(ids: &str) -> (&'static str, YamlPart) {
    let (field, value) = match ids.split('.').collect::<Vec<_>>().as_slice() {
        [collection, service, id] => {
            ("portfolio", json!({"collection": collection, "service": service, "id": id}))
        }
        [collection, id] => ("service", json!({"collection": collection, "id": id})),
        _ => ("collection", json!(ids)),
    };
    (field, YamlPart::Value(value))
}

/// Returns a group with its settings.
///
/// # Errors
/// Returns the reason why no manifest can declare the group.
fn group(record: &ObservedRecord) -> Result<Json, String> {
    let name = text(record, GROUP).filter(|name| !name.trim().is_empty()).ok_or("the group has no name")?;
    if name.contains(CODE) {
        return Err(format!("its name contains the placeholder `{CODE}`"));
    }
    let proxy_enabled = match record.fields.get("proxy_enabled") {
        None | Some(FieldValue::Null) => None,
        Some(value) => match value.as_text() {
            Some("true") => Some("yes"),
            Some("false") => Some("no"),
            Some(_) | None => return Err(format!("`proxy_enabled` is {value}, expected true or false")),
        },
    };
    let mut group = serde_json::Map::new();
    group.insert(GROUP.to_owned(), json!(name));
    group.extend(proxy_enabled.map(|word| ("proxyEnabled".to_owned(), json!(word))));
    for (field, shown) in TEXTS {
        group.extend(text(record, field).map(|text| (shown.to_owned(), json!(text))));
    }
    Ok(Json::Object(group))
}

fn renamed(group: &Json, name: &str) -> Json {
    let mut group = group.as_object().cloned().unwrap_or_default();
    group.insert(GROUP.to_owned(), json!(name));
    Json::Object(group)
}

/// Returns the name of a group with a placeholder for the member's code, and the member.
fn per_member_name(record: &ObservedRecord, settings: &ObservedSettings<'_>) -> Option<(String, usize)> {
    let name = text(record, GROUP)?;
    let code = |member: usize| settings.network.zones[member].code.as_str();
    // The longest code: one code can be the beginning of another.
    let members = settings.members();
    let named = members.zones().filter(|member| name.contains(code(*member)));
    let member = named.max_by_key(|member| code(*member).len())?;
    let form = name.replace(code(member), CODE);
    (!form.replace(CODE, "").contains(['{', '}'])).then_some((form, member))
}
