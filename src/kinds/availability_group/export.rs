//! The way back of availability groups: groups of one member each become one manifest with `perMember`.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{AvailabilityGroupSpec, CODE, COLLECTION};
use crate::export::ZoneSet;
use crate::kinds::KindSpec as _;
use crate::kinds::way_back::{ManifestNames, ObservedSettings, manifest, object, text};
use crate::manifest::write_yaml::{ManifestText, YamlPart};
use crate::model::{FieldValue, ObservedRecord};

/// Groups of one member each, with the member's code replaced.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct PerMemberForm {
    name: String,
    description: Option<String>,
    campuses: Vec<String>,
    libraries: Vec<String>,
}

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let mut forms: BTreeMap<PerMemberForm, (ZoneSet, Vec<&ObservedRecord>)> = BTreeMap::new();
    let mut single: Vec<&ObservedRecord> = Vec::new();
    for record in settings.of_network_zone(COLLECTION) {
        match per_member_form(record, settings) {
            Some((form, member)) => {
                let (members, records) = forms.entry(form).or_default();
                members.insert(member);
                records.push(record);
            }
            None => single.push(record),
        }
    }
    let mut manifests = Vec::new();
    let mut names = ManifestNames::default();
    for (form, (members, records)) in forms {
        if members.len() < 2 {
            single.extend(records);
            continue;
        }
        let applies_to = Some(settings.selector(&members)).filter(|selector| *selector != json!({}));
        let list = |codes: &[String]| (!codes.is_empty()).then(|| json!(codes));
        let per_member = object([
            ("appliesTo", applies_to),
            ("name", Some(json!(form.name))),
            ("description", form.description.as_ref().map(|text| json!(text))),
            ("campuses", list(&form.campuses)),
            ("libraries", list(&form.libraries)),
        ]);
        let name = names.next(&format!("{}-each", form.name.replace(CODE, "")));
        let spec = vec![("perMember", YamlPart::Value(per_member))];
        manifests.push(manifest(AvailabilityGroupSpec::NAME, name, spec));
    }
    for record in single {
        let Some(name) = text(record, "name") else { continue };
        let Some(members) = members_json(record, settings) else { continue };
        let mut spec = vec![("name", YamlPart::Value(json!(name)))];
        spec.extend(text(record, "description").map(|text| ("description", YamlPart::Value(json!(text)))));
        spec.push(("members", YamlPart::Value(members)));
        manifests.push(manifest(AvailabilityGroupSpec::NAME, names.next(name), spec));
    }
    manifests
}

/// Returns the form of a group of one member, if the member's code is part of its name.
fn per_member_form(
    record: &ObservedRecord,
    settings: &ObservedSettings<'_>,
) -> Option<(PerMemberForm, usize)> {
    let name = text(record, "name")?;
    let is_named = |index: &usize| name.contains(settings.network.zones[*index].code.as_str());
    // The longest code: one code can be the beginning of another.
    let members = settings.members();
    let member =
        members.zones().filter(is_named).max_by_key(|index| settings.network.zones[*index].code.0.len())?;
    let code = settings.network.zones[member].code.as_str();
    let description = text(record, "description").map(|text| text.replace(code, CODE));
    let own = |field: &str| -> Option<Vec<String>> {
        let places = record.fields.get(field).unwrap_or(&FieldValue::Null).texts();
        places.iter().map(|place| Some(place.strip_prefix(code)?.strip_prefix('/')?.to_owned())).collect()
    };
    let (campuses, libraries) = (own("campuses")?, own("libraries")?);
    let institutions = record.fields.get("institutions").unwrap_or(&FieldValue::Null).texts();
    let is_whole = institutions.len() == 1 && *institutions[0] == *code;
    let has_places = !campuses.is_empty() || !libraries.is_empty();
    let is_own = if has_places { institutions.is_empty() } else { is_whole };
    let form = PerMemberForm { name: name.replace(code, CODE), description, campuses, libraries };
    is_own.then_some((form, member))
}

/// Returns the members of a group; `None` for unknown members.
fn members_json(record: &ObservedRecord, settings: &ObservedSettings<'_>) -> Option<Json> {
    let value = |field: &str| record.fields.get(field).unwrap_or(&FieldValue::Null);
    let institutions = settings.member_set(value("institutions"))?;
    let places = |field: &str, name: &str| -> Option<Option<Json>> {
        let mut places = Vec::new();
        for place in value(field).texts() {
            let (member, code) = place.split_once('/')?;
            settings.member(member)?;
            places.push(json!({"institution": member, name: code}));
        }
        Some((!places.is_empty()).then_some(Json::Array(places)))
    };
    let selector = (!institutions.is_empty()).then(|| settings.selector(&institutions));
    let selector = selector.map(|found| if found == json!({}) { json!({"zones": "members"}) } else { found });
    Some(object([
        ("institutions", selector),
        ("campuses", places("campuses", "campus")?),
        ("libraries", places("libraries", "library")?),
    ]))
}
