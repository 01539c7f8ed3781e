//! Answered resources and groups: members that a zone always answers, and lists of objects for notes and numbers (the vendor's schemas).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fields::{code, members};
use super::resource::ElectronicResourceType;
use crate::emulator::config::{EmulatorConfig, ExtraMembers, GroupCodes, OptionalFields};
use crate::emulator::endpoint::{DocumentNode, DocumentPart, UnsetForm};

/// Members of a resource in the documented form.
struct DocumentedMembers {
    texts: &'static [&'static str],
    codes: &'static [&'static str],
    flags: &'static [&'static str],
    lists: &'static [&'static str],
}

const COLLECTION: DocumentedMembers = DocumentedMembers {
    texts: &[
        "public_name_override",
        "description_override",
        "internal_description",
        "activation_date",
        "expected_activation_date",
        "alternative_title",
        "source",
        "creator",
        "url",
        "url_override",
        "proxy",
        "category",
        "authentication_note",
        "public_note",
        "cdi_local_notes",
        "provider_collection_id",
        "management_level_in_cz",
        "pending_deletion_date",
        "pending_deletion_reason",
        "alternative_collections",
    ],
    codes: &[
        "library",
        "is_selective",
        "process_type",
        "counter_platform",
        "po_line",
        "public_access_model",
        "license",
        "free",
        "proxy_enabled",
        "language",
    ],
    flags: &[
        "do_not_show_as_full_text_available_in_cdi_even_if_active_in_alma",
        "cdi_search_activation_status",
        "cdi_only_full_text_activation",
    ],
    lists: &["number", "linking_parameters", "notes"],
};

const SERVICE: DocumentedMembers = DocumentedMembers {
    texts: &[
        "public_description_override",
        "internal_description",
        "active_from_date",
        "active_until_date",
        "service_unavailable_date",
        "service_unavailable_until_date",
        "service_unavailable_reason",
        "parser",
        "parser_override",
        "parser_parameters",
        "parser_parameters_override",
        "dynamic_url",
        "dynamic_url_override",
        "proxy",
        "authentication_note",
        "public_note",
    ],
    codes: &[
        "service_temporarily_unavailable",
        "url_type",
        "link_resolver_plugin",
        "free",
        "crossref_supported",
        "crossref_enabled",
        "linking_level",
        "proxy_enabled",
    ],
    flags: &["activate_new_portfolios", "delete_removed_portfolios"],
    lists: &["linking_parameters", "notes"],
};

const PORTFOLIO: DocumentedMembers = DocumentedMembers {
    texts: &[
        "available_from_date",
        "available_until_date",
        "activation_date",
        "expected_activation_date",
        "internal_description",
        "authentication_note",
        "public_note",
        "ill_policy",
    ],
    codes: &[
        "availability",
        "material_type",
        "provenance",
        "library",
        "access_type",
        "counter_platform",
        "po_line",
        "license",
        "pda",
        "public_access_model",
    ],
    flags: &["is_local"],
    lists: &["number", "notes"],
};

/// Returns the members of a resource for a response.
pub fn resource_members(
    kind: ElectronicResourceType,
    current: &BTreeMap<String, Value>,
    settings: &EmulatorConfig,
) -> Vec<DocumentPart> {
    if settings.extra_members == ExtraMembers::Omitted {
        return members(current.iter(), settings);
    }
    let documented = match kind {
        ElectronicResourceType::Collection => COLLECTION,
        ElectronicResourceType::Service => SERVICE,
        ElectronicResourceType::Portfolio => PORTFOLIO,
    };
    let is_list = |name: &str| documented.lists.contains(&name);
    let mut parts = members(current.iter().filter(|(name, _)| !is_list(name)), settings);
    let missing = |name: &&&str| !current.contains_key(**name);
    let unset = |form| move |name: &&'static str| DocumentPart::Unset(name, form);
    parts.extend(documented.texts.iter().filter(missing).map(unset(UnsetForm::Text)));
    parts.extend(documented.codes.iter().filter(missing).map(unset(UnsetForm::Code)));
    parts.extend(documented.flags.iter().filter(missing).map(|name| DocumentPart::flag(name, false)));
    for name in documented.lists {
        let items = match current.get(*name) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(item) => std::slice::from_ref(item),
            None => &[],
        };
        let items = items.iter().map(|item| match *name {
            "notes" => note(item),
            _ => DocumentNode::Valued(code(item), vec![("link", String::new())]),
        });
        parts.push(DocumentPart::list(name, items));
    }
    parts
}

/// Returns a note: a seeded text, or an object sent by a client.
fn note(item: &Value) -> DocumentNode {
    let member = |name: &str| item.get(name).map(code).unwrap_or_default();
    let content = if item.is_object() { member("content") } else { code(item) };
    DocumentNode::Group(vec![
        DocumentPart::text_if_set("content", &content),
        DocumentPart::text_if_set("creation_date", &member("creation_date")),
        DocumentPart::text_if_set("created_by", &member("created_by")),
        DocumentPart::text_if_set("type", &member("type")),
    ])
}

/// Returns the value of a member as stored: a list of objects with one text each becomes the stored texts.
pub fn stored_form(name: &str, current: Option<&Value>, sent: &Value) -> Value {
    let (Value::Array(items), true) = (sent, matches!(name, "notes" | "number")) else { return sent.clone() };
    let text = |item: &Value| match item.get("content") {
        Some(content) => code(content),
        None => code(item),
    };
    let same = match current {
        Some(Value::Array(known)) => known.iter().map(text).eq(items.iter().map(text)),
        Some(known) => items.iter().map(text).eq([text(known)]),
        None => items.is_empty(),
    };
    match current {
        Some(known) if same => known.clone(),
        None if same => Value::Null,
        Some(_) | None => sent.clone(),
    }
}

/// Returns the node of a group with settings.
pub fn setting(
    (group, number): (&str, usize),
    texts: &BTreeMap<String, String>,
    settings: &EmulatorConfig,
) -> DocumentNode {
    let node = match settings.group_codes {
        GroupCodes::Names if settings.optional_fields == OptionalFields::Sparse => DocumentNode::code(group),
        GroupCodes::Names => DocumentNode::described(group, group),
        GroupCodes::Numbers => DocumentNode::described(number.to_string(), group),
        GroupCodes::Absent => DocumentNode::Group(vec![DocumentPart::Attribute("desc", group.to_owned())]),
    };
    let values: Vec<(&String, Value)> = texts
        .iter()
        .map(|(name, text)| match name.as_str() {
            "proxy_enabled" => (name, json!({"value": text})),
            _ => (name, json!(text)),
        })
        .collect();
    let mut parts = vec![DocumentPart::Child("group", node)];
    parts.extend(members(values.iter().map(|(name, value)| (*name, value)), settings));
    parts.extend(missing_group_members(texts, settings));
    DocumentNode::Group(parts)
}

/// Returns the documented members of a group with settings that the group lacks.
fn missing_group_members(present: &BTreeMap<String, String>, settings: &EmulatorConfig) -> Vec<DocumentPart> {
    if settings.extra_members == ExtraMembers::Omitted {
        return Vec::new();
    }
    let texts = ["proxy", "public_name", "authentication_note", "public_note", "access_model"];
    let texts = texts.into_iter().map(|name| (name, UnsetForm::Text));
    let members = std::iter::once(("proxy_enabled", UnsetForm::Code)).chain(texts);
    let missing = members.filter(|(name, _)| !present.contains_key(*name));
    let mut parts: Vec<_> = missing.map(|(name, form)| DocumentPart::Unset(name, form)).collect();
    if !present.contains_key("linking_parameters") {
        parts.push(DocumentPart::list("linking_parameters", []));
    }
    parts
}
