//! Members of a user that no rule of a network concerns: names, addresses, identifiers, notes. Kept as sent.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::emulator::config::ExtraMembers;
use crate::emulator::endpoint::{DocumentPart, EndpointRequest, UnsetForm};
use crate::emulator::endpoints::stored_objects::members;

/// Texts of a user (the vendor's schema). A password is never kept.
const TEXTS: [&str; 15] = [
    "middle_name",
    "full_name",
    "pin_number",
    "job_description",
    "web_site_url",
    "birth_date",
    "force_password_change",
    "status_date",
    "last_patron_activity_date",
    "pref_first_name",
    "pref_middle_name",
    "pref_last_name",
    "pref_name_suffix",
    "is_researcher",
    "researcher",
];

/// Codes of a user.
const CODES: [&str; 6] =
    ["user_title", "job_category", "gender", "campus_code", "cataloger_level", "preferred_language"];

/// Lists of a user: the element around the items in XML, and the items.
const LISTS: [(&str, &str); 6] = [
    ("user_identifiers", "user_identifier"),
    ("user_notes", "user_note"),
    ("user_statistics", "user_statistic"),
    ("proxy_for_users", "proxy_for_user"),
    ("rs_libraries", "rs_library"),
    ("library_notices", "library_notice"),
];

/// Address, e-mail and telephone lists.
const CONTACTS: &str = "contact_info";

/// Names of nested members.
const NESTED: &[&str] = &[
    "address",
    "email",
    "phone",
    "line1",
    "line2",
    "line3",
    "line4",
    "line5",
    "city",
    "state_province",
    "postal_code",
    "country",
    "address_note",
    "start_date",
    "end_date",
    "address_type",
    "preferred",
    "segment_type",
    "email_address",
    "email_type",
    "phone_number",
    "phone_type",
    "preferred_sms",
    "description",
    "id_type",
    "value",
    "note",
    "status",
    "note_type",
    "note_text",
    "user_viewable",
    "popup_note",
    "created_by",
    "created_date",
    "statistic_category",
    "category_type",
    "statistic_note",
    "primary_id",
    "code",
];

/// Names of all these members, nested ones included.
static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let items = LISTS.iter().map(|(_, item)| *item);
    TEXTS.into_iter().chain(CODES).chain(items).chain([CONTACTS]).chain(NESTED.iter().copied()).collect()
});

/// Returns the members of a body that a user keeps.
pub fn kept_members(body: &Map<String, Value>) -> Map<String, Value> {
    let is_kept = |name: &str| {
        name == CONTACTS
            || TEXTS.contains(&name)
            || CODES.contains(&name)
            || LISTS.iter().any(|(_, item)| *item == name)
    };
    body.iter()
        .filter(|(name, value)| is_kept(name) && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Returns the members for a response. A switch adds the members without a value, as real zones show them.
pub fn member_parts(stored: &Map<String, Value>, request: &EndpointRequest<'_>) -> Vec<DocumentPart> {
    let mut parts: Vec<DocumentPart> = members(stored, &NAMES, request.full()).collect();
    if request.settings.extra_members == ExtraMembers::Omitted {
        return parts;
    }
    let is_missing = |name: &&&str| !stored.contains_key(**name);
    parts.extend(TEXTS.iter().filter(is_missing).map(|name| DocumentPart::Unset(name, UnsetForm::Text)));
    parts.extend(CODES.iter().filter(is_missing).map(|name| DocumentPart::Unset(name, UnsetForm::Code)));
    let lists = LISTS.iter().filter(|(_, item)| !stored.contains_key(*item));
    parts.extend(lists.map(|(around, item)| DocumentPart::wrapped_list(around, item, [])));
    parts
}
