//! Response and PUT of a letter: JSON or XML out, only XML in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::config::LetterEnabled;
use super::error_response::ErrorResponse;
use super::response_document::{DocumentNode, DocumentPart};
use super::table::ModificationStamp;
use super::table_put::{RowFlag, required_text};
use super::table_response::ResponseContext;

/// Letter, or component of letters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedLetter {
    /// Code of the letter.
    pub code: String,
    /// Display name.
    pub name: String,
    /// Long description.
    pub description: String,
    /// Channel of delivery.
    pub channel: String,
    /// Retention period in days.
    pub retention_period: String,
    /// True if Alma sends the letter.
    pub enabled: bool,
    /// True for a letter to patrons.
    pub patron_facing: bool,
    /// True if changed since delivery by the vendor.
    #[serde(default)]
    pub customized: bool,
    /// Last change. `None` if unchanged since delivery.
    #[serde(default)]
    pub updated: Option<ModificationStamp>,
    /// XSL stylesheet.
    pub xsl: String,
}

impl EmulatedLetter {
    /// Returns the complete letter.
    pub(super) fn to_document(&self, view: &ResponseContext<'_>) -> DocumentNode {
        let mut parts = self.entry(view);
        parts.push(DocumentPart::Child("xsl", DocumentNode::Text(self.xsl.clone())));
        DocumentNode::Group(parts)
    }

    /// Returns the letter as shown in a list.
    pub(super) fn entry(&self, view: &ResponseContext<'_>) -> Vec<DocumentPart> {
        let mut parts = Vec::new();
        if view.full() {
            parts.push(DocumentPart::Attribute("link", view.table_link("letters", &self.code)));
        }
        parts.push(DocumentPart::Child("code", DocumentNode::Text(self.code.clone())));
        parts.push(DocumentPart::Child("enabled", yes_or_no(self.enabled)));
        parts.push(DocumentPart::Child("name", DocumentNode::Text(self.name.clone())));
        if view.full() {
            parts.push(DocumentPart::Child("description", DocumentNode::Text(self.description.clone())));
            parts.push(DocumentPart::Child("channel", DocumentNode::Text(self.channel.clone())));
        }
        parts
            .push(DocumentPart::Child("retention_period", DocumentNode::Text(self.retention_period.clone())));
        if view.full() {
            parts.push(DocumentPart::Child("customized", yes_or_no(self.customized)));
            parts.push(DocumentPart::Child("patron_facing", yes_or_no(self.patron_facing)));
            let labels = vec![("desc", self.code.clone())];
            parts.push(DocumentPart::Child("labels", DocumentNode::Valued(self.code.clone(), labels)));
            if let Some(ModificationStamp { by, date }) = &self.updated {
                parts.push(DocumentPart::Child(
                    "updated_by",
                    DocumentNode::Valued(by.clone(), vec![("desc", by.clone())]),
                ));
                parts.push(DocumentPart::Child("update_date", DocumentNode::Text(date.clone())));
            }
        }
        parts
    }

    /// Applies a PUT: changes the stylesheet and, depending on the configuration, `enabled`.
    ///
    /// Ignores the rest of the body silently (reported by client authors for the description).
    pub(super) fn replace(
        &mut self,
        body: &Map<String, Value>,
        settings: LetterEnabled,
        stamp: ModificationStamp,
    ) -> Result<(), ErrorResponse> {
        let failed = |what: &str| ErrorResponse::business(60343, format!("The update failed: {what}."));
        if let Some(field) =
            ["code", "name", "retention_period"].iter().find(|field| !body.contains_key(**field))
        {
            return Err(failed(&format!("{field} is missing")));
        }
        if required_text(body, "code")? != self.code {
            return Err(failed("the code is that of another letter"));
        }
        let xsl = required_text(body, "xsl")?;
        if xsl.trim().is_empty() {
            return Err(failed("xsl is empty"));
        }
        let enabled = match settings {
            LetterEnabled::Respected => flag(body, "enabled")?.unwrap_or(self.enabled),
            LetterEnabled::Ignored => self.enabled,
        };
        if (xsl, enabled) != (self.xsl.as_str(), self.enabled) {
            xsl.clone_into(&mut self.xsl);
            self.enabled = enabled;
            self.customized = true;
            self.updated = Some(stamp);
        }
        Ok(())
    }
}

/// Returns `{"value": "true", "desc": "Yes"}`: codes of a code table, not flags (the vendor's schema).
fn yes_or_no(flag: bool) -> DocumentNode {
    DocumentNode::Valued(flag.to_string(), vec![("desc", if flag { "Yes" } else { "No" }.to_owned())])
}

fn flag(body: &Map<String, Value>, field: &str) -> Result<Option<bool>, ErrorResponse> {
    let object = match body.get(field) {
        Some(Value::Object(object)) => object,
        Some(_) | None => body,
    };
    let field = if std::ptr::eq(object, body) { field } else { "value" };
    Ok(match RowFlag::parse_flag(object, field)? {
        RowFlag::On => Some(true),
        RowFlag::Off => Some(false),
        RowFlag::Missing => None,
    })
}
