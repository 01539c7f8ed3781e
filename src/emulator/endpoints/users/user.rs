//! User as read and written by the API.
//!
//! Rules concern only the fields relevant for a network. Other fields, such as addresses, are kept as sent.

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::allowed_values::{AllowedUserValues, GroupAssignability};
use super::user_block::{UserBlock, invalid};
use super::user_members::{kept_members, member_parts};
use crate::analysis::SettingsCollection;
use crate::emulator::endpoint::{DocumentNode, DocumentPart, EndpointRequest, ErrorResponse};
use crate::emulator::put_fields::{code, object_list, required_text};

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
    /// Date of the last change over the API.
    pub modified: Date,
    pub blocks: Vec<UserBlock>,
    pub roles: Vec<UserRole>,
    /// Linking ID in linked accounts, once a linked account exists.
    pub linking_id: Option<String>,
    /// Source account of a linked account.
    pub source: Option<LinkedAccountSource>,
    /// Other members, as sent.
    pub members: Map<String, Value>,
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

impl EmulatedUser {
    /// Returns the complete user.
    pub fn to_document(
        &self,
        request: &EndpointRequest<'_>,
        allowed: &AllowedUserValues<'_>,
    ) -> DocumentNode {
        let mut parts = self.entry(request);
        let group_name = allowed.description(&SettingsCollection::UserGroups, &self.user_group);
        let group_name = group_name.filter(|_| request.full());
        parts.extend([
            DocumentPart::code("record_type", &self.record_type),
            DocumentPart::Child("user_group", DocumentNode::labelled(&self.user_group, group_name)),
            DocumentPart::code("account_type", &self.account_type),
        ]);
        if !self.external_id.is_empty() {
            parts.push(DocumentPart::text("external_id", &self.external_id));
        }
        for (name, date) in [("expiry_date", self.expiry), ("purge_date", self.purge)] {
            parts.extend(date.map(|date| DocumentPart::text(name, format!("{date}Z"))));
        }
        parts.extend(self.linking_id.iter().map(|id| DocumentPart::text("linking_id", id)));
        let blocks = self.blocks.iter().map(|block| block.to_document(request, allowed));
        parts.push(DocumentPart::wrapped_list("user_blocks", "user_block", blocks));
        let roles = self.roles.iter().map(|role| {
            DocumentNode::Group(vec![
                DocumentPart::code("status", &role.status),
                DocumentPart::code("scope", &role.scope),
                DocumentPart::code("role_type", &role.role_type),
            ])
        });
        parts.push(DocumentPart::wrapped_list("user_roles", "user_role", roles));
        parts.extend(member_parts(&self.members, request));
        DocumentNode::Group(parts)
    }

    /// Returns the user as shown in a list.
    pub fn to_list_node(&self, request: &EndpointRequest<'_>) -> DocumentNode {
        DocumentNode::Group(self.entry(request))
    }

    fn entry(&self, request: &EndpointRequest<'_>) -> Vec<DocumentPart> {
        let mut parts = Vec::from_iter(request.link_part("users", &self.primary_id));
        parts.extend([
            DocumentPart::text("primary_id", &self.primary_id),
            DocumentPart::text("first_name", &self.first_name),
            DocumentPart::text("last_name", &self.last_name),
            DocumentPart::code("status", &self.status),
        ]);
        if let Some(LinkedAccountSource { institution, link_id }) = &self.source {
            parts.push(DocumentPart::text("source_institution_code", institution));
            parts.push(DocumentPart::text("source_link_id", link_id));
        }
        parts
    }

    /// Creates a user from a body, or updates the previous user.
    ///
    /// An update replaces all values, except values set by the zone, and roles if the body has none.
    pub fn merge_put_user(
        body: &Map<String, Value>,
        current: Option<&Self>,
        allowed: &AllowedUserValues<'_>,
        request: &EndpointRequest<'_>,
    ) -> Result<Self, ErrorResponse> {
        let or = |text: &str, default: &str| if text.is_empty() { default } else { text }.to_owned();
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
            account_type: account_type(required("account_type")?, current)?.to_owned(),
            external_id: required_text(body, "external_id")?.to_owned(),
            status: or(value("status"), "ACTIVE"),
            user_group: or(value("user_group"), current.map_or("", |current| &current.user_group)),
            expiry: date(body, "expiry_date")?,
            purge: date(body, "purge_date")?,
            modified: request.today(),
            blocks: UserBlock::merge_put_blocks(
                &list(body, "user_block")?,
                current.map_or(&[][..], |current| &current.blocks),
                allowed,
                request,
            )?,
            roles: roles(body, current)?,
            linking_id: current.and_then(|current| current.linking_id.clone()),
            source: current.and_then(|current| current.source.clone()),
            members: kept_members(body),
        };
        if user.source.is_some() {
            user.blocks.iter_mut().for_each(UserBlock::mark_if_copy);
        }
        user.check(current, allowed)?;
        Ok(user)
    }

    fn check(&self, current: Option<&Self>, allowed: &AllowedUserValues<'_>) -> Result<(), ErrorResponse> {
        match (current, self.account_type.as_str(), self.external_id.as_str()) {
            (_, "INTERNAL", external) if !external.is_empty() => {
                return Err(ErrorResponse::business(401_853, "External Id must be empty for internal user."));
            }
            (None, "EXTERNAL", "") => {
                return Err(ErrorResponse::business(401_854, "External Id must be given for external user."));
            }
            (Some(current), "EXTERNAL", external)
                if current.account_type == "EXTERNAL" && current.external_id != external =>
            {
                let message = "The external id in DB does not fit the given value in xml - external id cannot be updated.";
                return Err(ErrorResponse::business(401_858, message));
            }
            _ => {}
        }
        // Unchanged values are not checked again: a linked account keeps the group assigned by a rule.
        let same = |current: &Self| {
            (&current.user_group, &current.record_type) == (&self.user_group, &self.record_type)
        };
        if self.user_group.is_empty() || current.is_some_and(same) {
            return Ok(());
        }
        // The vendor's OpenAPI has different error codes for create and update.
        match (allowed.group(&self.user_group, &self.record_type), current) {
            (GroupAssignability::Legal, _) => Ok(()),
            (GroupAssignability::Unknown, None) => {
                Err(ErrorResponse::business(401_852, "Given user group is not legal."))
            }
            (GroupAssignability::Unknown, Some(_)) => Err(invalid("user group", &self.user_group)),
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
fn account_type<'a>(text: &'a str, current: Option<&EmulatedUser>) -> Result<&'a str, ErrorResponse> {
    match (text, current.map(|current| current.account_type.as_str())) {
        ("INTERNAL", Some("EXTERNAL")) => {
            Err(ErrorResponse::business(401_859, "Action currently not supported."))
        }
        ("INTERNAL" | "EXTERNAL", _) => Ok(text),
        (_, _) => Err(ErrorResponse::business(
            401_857,
            "The given user account type is illegal (must be INTERNAL/EXTERNAL).",
        )),
    }
}

fn roles(body: &Map<String, Value>, current: Option<&EmulatedUser>) -> Result<Vec<UserRole>, ErrorResponse> {
    let value = |role: &Map<String, Value>, field: &str| code(role.get(field)).unwrap_or_default().to_owned();
    let sent = list(body, "user_role")?;
    let roles = sent.iter().map(|role| UserRole {
        role_type: value(role, "role_type"),
        scope: value(role, "scope"),
        status: value(role, "status"),
    });
    let roles: Vec<UserRole> = roles.collect();
    Ok(match (roles.is_empty(), current) {
        (true, Some(current)) => current.roles.clone(),
        (true, None) | (false, _) => roles,
    })
}

fn list<'a>(body: &'a Map<String, Value>, field: &str) -> Result<Vec<&'a Map<String, Value>>, ErrorResponse> {
    object_list(body, field, || malformed_body(&format!("'{field}' is not a list.")))
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
