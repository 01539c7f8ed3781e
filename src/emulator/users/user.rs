//! User as read and written by the API.
//!
//! The emulator stores the fields relevant for a network. Other fields, such as addresses, are ignored.

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::allowed_values::{AllowedUserValues, GroupAssignability};
use super::user_block::{UserBlock, invalid};
use crate::emulator::error_response::ErrorResponse;
use crate::emulator::institution::InstitutionRequest;
use crate::emulator::response_document::{DocumentNode, DocumentPart};
use crate::emulator::table_put::{code, required_text};
use crate::emulator::table_response::ResponseContext;

/// User of one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmulatedUser {
    pub primary_id: String,
    pub first_name: String,
    pub last_name: String,
    /// `PUBLIC` or `STAFF`.
    pub record_type: String,
    /// `INTERNAL` or `EXTERNAL`.
    pub account_type: String,
    /// Source system of an external user.
    pub external_id: String,
    /// `ACTIVE` or `INACTIVE`.
    pub status: String,
    /// Code of `UserGroups`.
    pub user_group: String,
    pub expiry: Option<Date>,
    pub purge: Option<Date>,
    pub blocks: Vec<UserBlock>,
    pub roles: Vec<UserRole>,
    /// Linking ID in linked accounts, once a linked account exists.
    pub linking_id: Option<String>,
    /// Source account of a linked account.
    pub source: Option<LinkedAccountSource>,
}

/// Role of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRole {
    pub role_type: String,
    pub scope: String,
    pub status: String,
}

/// Account at another institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedAccountSource {
    /// Code of the institution.
    pub institution: String,
    /// Linking ID of the account.
    pub link_id: String,
}

/// Operation of a request. The vendor's OpenAPI has different error codes for create and update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOperation {
    Create,
    Update,
}

impl EmulatedUser {
    /// Returns the complete user.
    pub fn answer(&self, view: &ResponseContext<'_>, legal: &AllowedUserValues<'_>) -> DocumentNode {
        let mut parts = self.entry(view);
        parts.extend([
            value_part("record_type", &self.record_type, None),
            value_part(
                "user_group",
                &self.user_group,
                legal.name_of_group(&self.user_group).filter(|_| view.full()),
            ),
            value_part("account_type", &self.account_type, None),
        ]);
        if !self.external_id.is_empty() {
            parts.push(DocumentPart::Child("external_id", DocumentNode::Text(self.external_id.clone())));
        }
        for (name, date) in [("expiry_date", self.expiry), ("purge_date", self.purge)] {
            parts.extend(date.map(|date| DocumentPart::Child(name, DocumentNode::Text(format!("{date}Z")))));
        }
        if let Some(linking_id) = &self.linking_id {
            parts.push(DocumentPart::Child("linking_id", DocumentNode::Text(linking_id.clone())));
        }
        let blocks = self.blocks.iter().map(|block| block.answer(view, legal)).collect();
        parts.push(DocumentPart::List { around: Some("user_blocks"), item: "user_block", items: blocks });
        let roles = self.roles.iter().map(|role| {
            DocumentNode::Group(vec![
                value_part("status", &role.status, None),
                value_part("scope", &role.scope, None),
                value_part("role_type", &role.role_type, None),
            ])
        });
        parts.push(DocumentPart::List {
            around: Some("user_roles"),
            item: "user_role",
            items: roles.collect(),
        });
        DocumentNode::Group(parts)
    }

    /// Returns the user as shown in a list.
    pub fn entry(&self, view: &ResponseContext<'_>) -> Vec<DocumentPart> {
        let mut parts = Vec::new();
        if view.full() {
            let id =
                percent_encoding::utf8_percent_encode(&self.primary_id, percent_encoding::NON_ALPHANUMERIC);
            parts.push(DocumentPart::Attribute(
                "link",
                format!("{}/almaws/v1/users/{id}", view.settings.base_url),
            ));
        }
        for (name, text) in [
            ("primary_id", &self.primary_id),
            ("first_name", &self.first_name),
            ("last_name", &self.last_name),
        ] {
            parts.push(DocumentPart::Child(name, DocumentNode::Text(text.clone())));
        }
        parts.push(value_part("status", &self.status, None));
        if let Some(LinkedAccountSource { institution, link_id }) = &self.source {
            parts.push(DocumentPart::Child(
                "source_institution_code",
                DocumentNode::Text(institution.clone()),
            ));
            parts.push(DocumentPart::Child("source_link_id", DocumentNode::Text(link_id.clone())));
        }
        parts
    }

    /// Creates a user from a body, or updates the previous user.
    ///
    /// An update replaces all values, except values set by the zone, and roles if the body has none.
    pub fn merge_put_user(
        body: &Map<String, Value>,
        held: Option<&Self>,
        legal: &AllowedUserValues<'_>,
        visit: &InstitutionRequest<'_>,
    ) -> Result<Self, ErrorResponse> {
        let deed = if held.is_some() { UserOperation::Update } else { UserOperation::Create };
        let or = |said: &str, otherwise: &str| if said.is_empty() { otherwise } else { said }.to_owned();
        let value = |field: &str| code(body.get(field)).unwrap_or_default();
        let required = |field: &str| match value(field) {
            "" => Err(ErrorResponse::business(401_664, format!("Mandatory field is missing: {field}"))),
            text => Ok(text),
        };
        let mut user = Self {
            primary_id: required("primary_id")?.to_owned(),
            first_name: required_text(body, "first_name")?.to_owned(),
            last_name: required("last_name")?.to_owned(),
            record_type: or(value("record_type"), "PUBLIC"),
            account_type: account_type(required("account_type")?, held)?.to_owned(),
            external_id: required_text(body, "external_id")?.to_owned(),
            status: or(value("status"), "ACTIVE"),
            user_group: or(value("user_group"), held.map_or("", |held| &held.user_group)),
            expiry: date(body, "expiry_date")?,
            purge: date(body, "purge_date")?,
            blocks: UserBlock::merge_put_blocks(
                &list(body, "user_block")?,
                held.map_or(&[][..], |held| &held.blocks),
                legal,
                visit,
            )?,
            roles: roles(body, held)?,
            linking_id: held.and_then(|held| held.linking_id.clone()),
            source: held.and_then(|held| held.source.clone()),
        };
        if user.source.is_some() {
            user.blocks.iter_mut().for_each(UserBlock::tell_copy);
        }
        user.check(held, deed, legal)?;
        Ok(user)
    }

    fn check(
        &self,
        held: Option<&Self>,
        deed: UserOperation,
        legal: &AllowedUserValues<'_>,
    ) -> Result<(), ErrorResponse> {
        match (held, self.account_type.as_str(), self.external_id.as_str()) {
            (_, "INTERNAL", external) if !external.is_empty() => {
                return Err(ErrorResponse::business(401_853, "External Id must be empty for internal user."));
            }
            (None, "EXTERNAL", "") => {
                return Err(ErrorResponse::business(401_854, "External Id must be given for external user."));
            }
            (Some(held), "EXTERNAL", external)
                if held.account_type == "EXTERNAL" && held.external_id != external =>
            {
                let message = "The external id in DB does not fit the given value in xml - external id cannot be updated.";
                return Err(ErrorResponse::business(401_858, message));
            }
            _ => {}
        }
        // Unchanged values are not checked again: a linked account keeps the group assigned by a rule.
        let same =
            |held: &Self| (&held.user_group, &held.record_type) == (&self.user_group, &self.record_type);
        if self.user_group.is_empty() || held.is_some_and(same) {
            return Ok(());
        }
        match (legal.group(&self.user_group, &self.record_type), deed) {
            (GroupAssignability::Legal, _) => Ok(()),
            (GroupAssignability::Unknown, UserOperation::Create) => {
                Err(ErrorResponse::business(401_852, "Given user group is not legal."))
            }
            (GroupAssignability::Unknown, UserOperation::Update) => {
                Err(invalid("user group", &self.user_group))
            }
            (GroupAssignability::OfOthers, _) => Err(ErrorResponse::business(
                401_863,
                format!(
                    "Given user group type ({}) is not supported for given user record type ({}).",
                    self.user_group, self.record_type
                ),
            )),
        }
    }
}

/// Checks a change of the account type. Only internal users can become external (the vendor's schema).
fn account_type<'a>(said: &'a str, held: Option<&EmulatedUser>) -> Result<&'a str, ErrorResponse> {
    match (said, held.map(|held| held.account_type.as_str())) {
        ("INTERNAL", Some("EXTERNAL")) => {
            Err(ErrorResponse::business(401_859, "Action currently not supported."))
        }
        ("INTERNAL" | "EXTERNAL", _) => Ok(said),
        (_, _) => Err(ErrorResponse::business(
            401_857,
            "The given user account type is illegal (must be INTERNAL/EXTERNAL).",
        )),
    }
}

fn roles(body: &Map<String, Value>, held: Option<&EmulatedUser>) -> Result<Vec<UserRole>, ErrorResponse> {
    let value = |role: &Map<String, Value>, field: &str| code(role.get(field)).unwrap_or_default().to_owned();
    let sent = list(body, "user_role")?;
    let roles = sent.iter().map(|role| UserRole {
        role_type: value(role, "role_type"),
        scope: value(role, "scope"),
        status: value(role, "status"),
    });
    let roles: Vec<UserRole> = roles.collect();
    Ok(match (roles.is_empty(), held) {
        (true, Some(held)) => held.roles.clone(),
        (true, None) | (false, _) => roles,
    })
}

/// Returns the objects of a list, none without a list.
fn list<'a>(body: &'a Map<String, Value>, field: &str) -> Result<Vec<&'a Map<String, Value>>, ErrorResponse> {
    let malformed = || malformed_body(&format!("'{field}' is not a list."));
    match body.get(field) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_object().ok_or_else(malformed)).collect()
        }
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => Err(malformed()),
    }
}

/// Parses `2026-08-31Z`. Clients may omit the `Z`.
fn date(body: &Map<String, Value>, field: &str) -> Result<Option<Date>, ErrorResponse> {
    match required_text(body, field)? {
        "" => Ok(None),
        text => match text.trim_end_matches('Z').parse() {
            Ok(date) => Ok(Some(date)),
            Err(_) => Err(malformed_body(&format!("'{text}' is not a date."))),
        },
    }
}

/// Returns the error for an invalid body. The vendor's OpenAPI has one code for all cases.
pub fn malformed_body(what: &str) -> ErrorResponse {
    ErrorResponse::business(401_676, format!("No valid XML was given. {what}"))
}

fn value_part(name: &'static str, value: &str, words: Option<&str>) -> DocumentPart {
    let words = words.map(|words| ("desc", words.to_owned())).into_iter().collect();
    DocumentPart::Child(name, DocumentNode::Valued(value.to_owned(), words))
}
