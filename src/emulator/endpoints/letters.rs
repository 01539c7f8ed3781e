//! Letters: `conf/letters`. JSON or XML out, only XML in.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::emulator::config::LetterEnabled;
use crate::emulator::endpoint::{
    DocumentNode, DocumentPart, EditError, EditFormat, EmulatedEndpoint, EndpointEdit, EndpointEntry,
    EndpointRequest, EndpointResult, ErrorResponse, ModificationStamp, UnsetForm, XmlLayout, seed_each,
};
use crate::emulator::put_fields::{flag, required_text};
use crate::emulator::response_document::BodyFormat;

pub(super) const ENDPOINT: EndpointEntry = EndpointEntry {
    edits: Some(EditFormat {
        target: "letter `{}`",
        hint: "`{}` is a letter: use set_letter or remove",
        ..EditFormat::new::<LetterEdit>("letter", "Letter.")
    }),
    ..EndpointEntry::new(&["conf", "letters"], |zones| seed_each(zones, |_| EmulatedLetters::seed()))
};

/// Letter, or component of letters.
struct EmulatedLetter {
    code: String,
    name: String,
    /// Long description.
    description: String,
    enabled: bool,
    patron_facing: bool,
    /// True if changed since delivery by the vendor.
    customized: bool,
    /// Last change. `None` if unchanged since delivery.
    updated: Option<ModificationStamp>,
    /// XSL stylesheet.
    xsl: String,
}

/// Librarian edit of a letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LetterEdit {
    /// Changes a letter.
    SetLetter {
        /// XSL stylesheet.
        #[serde(default)]
        xsl: Option<String>,
        /// True if Alma sends the letter.
        #[serde(default)]
        enabled: Option<bool>,
        /// Display name.
        #[serde(default)]
        name: Option<String>,
    },
    /// Removes the target.
    Remove,
}

/// Letters of a zone, by code.
struct EmulatedLetters(BTreeMap<String, EmulatedLetter>);

impl EmulatedEndpoint for EmulatedLetters {
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        request.language("")?;
        match request.path {
            [] => {
                let entries = self.0.values().map(|letter| DocumentNode::Group(letter.entry(request)));
                request.reply_list("letters", "letter", Some(self.0.len()), entries)
            }
            [code] => {
                let letter = self.0.get(code).ok_or_else(|| no_letter(code))?;
                request.reply("letter", &letter.to_document(request))
            }
            _ => Err(ErrorResponse::routing_error()),
        }
    }

    /// Replaces a letter. Accepts only XML (60105 in the vendor's OpenAPI).
    fn write(&mut self, request: &EndpointRequest<'_>) -> EndpointResult {
        request.require_put()?;
        request.language("")?;
        let [code] = request.path else { return Err(ErrorResponse::routing_error()) };
        if request.call.body != Some(BodyFormat::Xml) {
            return Err(ErrorResponse::business(60105, "JSON is not supported for this API."));
        }
        let letter = self.0.get_mut(code).ok_or_else(|| no_letter(code))?;
        let body = request.parse_body("letter", &XmlLayout { coded: &[], lists: &[] })?;
        letter.replace(&body, request)?;
        request.reply("letter", &letter.to_document(request))
    }

    fn requested_name(&self, request: &EndpointRequest<'_>) -> Option<String> {
        request.path.first().cloned()
    }

    fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn edit(&mut self, edit: &EndpointEdit<'_>) -> Result<(), EditError> {
        let code = edit.name;
        let LetterEdit::SetLetter { xsl, enabled, name } = edit.parse_action()? else {
            self.0.remove(code);
            return Ok(());
        };
        let letter = self.0.get_mut(code).ok_or_else(|| format!("unknown letter `{code}`"))?;
        letter.xsl = xsl.unwrap_or_else(|| letter.xsl.clone());
        letter.enabled = enabled.unwrap_or(letter.enabled);
        letter.name = name.unwrap_or_else(|| letter.name.clone());
        letter.customized = true;
        letter.updated = Some(edit.stamp.clone());
        Ok(())
    }
}

impl EmulatedLetter {
    /// Returns the complete letter.
    fn to_document(&self, request: &EndpointRequest<'_>) -> DocumentNode {
        let mut parts = self.entry(request);
        parts.push(DocumentPart::text("xsl", &self.xsl));
        DocumentNode::Group(parts)
    }

    /// Returns the letter as shown in a list.
    fn entry(&self, request: &EndpointRequest<'_>) -> Vec<DocumentPart> {
        let full = request.full();
        let mut parts = Vec::from_iter(request.link_part("conf/letters", &self.code));
        parts.extend([
            DocumentPart::text("code", &self.code),
            yes_or_no("enabled", self.enabled),
            DocumentPart::text("name", &self.name),
        ]);
        if full {
            parts.push(DocumentPart::text("description", &self.description));
            parts.push(DocumentPart::text("channel", "EMAIL"));
        }
        parts.push(DocumentPart::text("retention_period", "60"));
        if full {
            parts.push(yes_or_no("customized", self.customized));
            parts.push(yes_or_no("patron_facing", self.patron_facing));
            parts.push(DocumentPart::described("labels", &self.code, &self.code));
            parts.extend(match &self.updated {
                Some(ModificationStamp { by, date }) => {
                    [DocumentPart::described("updated_by", by, by), DocumentPart::text("update_date", date)]
                }
                None => [
                    DocumentPart::Unset("updated_by", UnsetForm::Code),
                    DocumentPart::Unset("update_date", UnsetForm::Text),
                ],
            });
        }
        parts
    }

    /// Applies a PUT: changes the stylesheet and, depending on the configuration, `enabled`.
    ///
    /// Ignores the rest of the body silently (reported by client authors for the description).
    fn replace(
        &mut self,
        body: &Map<String, Value>,
        request: &EndpointRequest<'_>,
    ) -> Result<(), ErrorResponse> {
        let failed = |what: &str| ErrorResponse::business(60343, format!("The update failed: {what}."));
        let required = ["code", "name", "retention_period"];
        if let Some(field) = required.into_iter().find(|field| !body.contains_key(*field)) {
            return Err(failed(&format!("{field} is missing")));
        }
        if required_text(body, "code")? != self.code {
            return Err(failed("the code is that of another letter"));
        }
        let xsl = required_text(body, "xsl")?;
        if xsl.trim().is_empty() {
            return Err(failed("xsl is empty"));
        }
        let enabled = match (request.settings.letter_enabled, body.get("enabled")) {
            (LetterEnabled::Ignored, _) => None,
            (LetterEnabled::Respected, Some(Value::Object(code))) => flag(code, "value")?,
            (LetterEnabled::Respected, _) => flag(body, "enabled")?,
        };
        let enabled = enabled.unwrap_or(self.enabled);
        if (xsl, enabled) != (self.xsl.as_str(), self.enabled) {
            xsl.clone_into(&mut self.xsl);
            self.enabled = enabled;
            self.customized = true;
            self.updated = Some(request.stamp());
        }
        Ok(())
    }
}

/// Returns `{"value": "true", "desc": "Yes"}`: codes of a code table, not flags (the vendor's schema).
fn yes_or_no(name: &'static str, flag: bool) -> DocumentPart {
    DocumentPart::described(name, flag.to_string(), if flag { "Yes" } else { "No" })
}

fn no_letter(code: &str) -> ErrorResponse {
    ErrorResponse::invalid_parameter("letter code", code)
}

impl EmulatedLetters {
    /// Returns the initial letters: Alma's codes with the project's own texts.
    fn seed() -> Self {
        let footer = EmulatedLetter { patron_facing: false, ..seed("footer", "footer.xsl", "Sincerely") };
        let letters = [
            seed("FulOverdueAndLostLoanLetter", "Overdue and Lost Loan Letter", "Please return"),
            seed("FulPlaceOnHoldShelfLetter", "On Hold Shelf Letter", "Your item is on the hold shelf"),
            seed("ResourceSharingReceiveSlipLetter", "Resource Sharing Receive Slip Letter", "Received"),
            footer,
        ];
        Self(letters.map(|letter| (letter.code.clone(), letter)).into())
    }
}

fn seed(code: &str, name: &str, text: &str) -> EmulatedLetter {
    EmulatedLetter {
        code: code.to_owned(),
        name: name.to_owned(),
        description: format!("{name}, as delivered"),
        enabled: true,
        patron_facing: true,
        customized: false,
        updated: None,
        xsl: format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\">\n  \
             <xsl:template match=\"/\">\n    <html><body><p>{text} &amp;c.</p></body></html>\n  \
             </xsl:template>\n</xsl:stylesheet>\n"
        ),
    }
}
