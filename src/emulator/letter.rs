//! A letter on its way out and in: JSON or XML out, XML alone in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::View;
use super::behaviour::LetterEnabled;
use super::document::{Node, Part};
use super::put::{Flag, text};
use super::refusal::Refusal;
use super::table::Stamp;

/// A letter, or a component of letters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    /// Its code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// A longer description.
    pub description: String,
    /// How it is sent.
    pub channel: String,
    /// For how many days it is kept.
    pub retention_period: String,
    /// Whether it is sent.
    pub enabled: bool,
    /// Whether patrons get it.
    pub patron_facing: bool,
    /// Whether it differs from what the vendor delivers.
    #[serde(default)]
    pub customized: bool,
    /// Last change; `None` as delivered.
    #[serde(default)]
    pub updated: Option<Stamp>,
    /// The stylesheet.
    pub xsl: String,
}

impl Letter {
    /// The letter as it is answered on its own.
    pub(super) fn answer(&self, view: &View<'_>) -> Node {
        let mut parts = self.entry(view);
        parts.push(Part::Child("xsl", Node::Text(self.xsl.clone())));
        Node::Group(parts)
    }

    /// The letter as a list shows it.
    pub(super) fn entry(&self, view: &View<'_>) -> Vec<Part> {
        let mut parts = Vec::new();
        if view.full() {
            parts.push(Part::Attribute("link", view.link("letters", &self.code)));
        }
        parts.push(Part::Child("code", Node::Text(self.code.clone())));
        parts.push(Part::Child("enabled", yes_or_no(self.enabled)));
        parts.push(Part::Child("name", Node::Text(self.name.clone())));
        if view.full() {
            parts.push(Part::Child("description", Node::Text(self.description.clone())));
            parts.push(Part::Child("channel", Node::Text(self.channel.clone())));
        }
        parts.push(Part::Child("retention_period", Node::Text(self.retention_period.clone())));
        if view.full() {
            parts.push(Part::Child("customized", yes_or_no(self.customized)));
            parts.push(Part::Child("patron_facing", yes_or_no(self.patron_facing)));
            let labels = vec![("desc", self.code.clone())];
            parts.push(Part::Child("labels", Node::Valued(self.code.clone(), labels)));
            if let Some(Stamp { by, date }) = &self.updated {
                parts.push(Part::Child("updated_by", Node::Valued(by.clone(), vec![("desc", by.clone())])));
                parts.push(Part::Child("update_date", Node::Text(date.clone())));
            }
        }
        parts
    }

    /// Takes what a PUT may change: the stylesheet, and perhaps whether the letter is sent. The rest of
    /// the body is passed over in silence (reported by client authors of the description).
    pub(super) fn replace(
        &mut self,
        body: &Map<String, Value>,
        settings: LetterEnabled,
        stamp: Stamp,
    ) -> Result<(), Refusal> {
        let failed = |what: &str| Refusal::business(60343, format!("The update failed: {what}."));
        if let Some(field) =
            ["code", "name", "retention_period"].iter().find(|field| !body.contains_key(**field))
        {
            return Err(failed(&format!("{field} is missing")));
        }
        if text(body, "code")? != self.code {
            return Err(failed("the code is that of another letter"));
        }
        let xsl = text(body, "xsl")?;
        if xsl.trim().is_empty() {
            return Err(failed("xsl is empty"));
        }
        let enabled = match settings {
            LetterEnabled::Honoured => flag(body, "enabled")?.unwrap_or(self.enabled),
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

/// `{"value": "true", "desc": "Yes"}`: codes of a code table, not flags (the vendor's schema).
fn yes_or_no(flag: bool) -> Node {
    Node::Valued(flag.to_string(), vec![("desc", if flag { "Yes" } else { "No" }.to_owned())])
}

fn flag(body: &Map<String, Value>, field: &str) -> Result<Option<bool>, Refusal> {
    let object = match body.get(field) {
        Some(Value::Object(object)) => object,
        Some(_) | None => body,
    };
    let field = if std::ptr::eq(object, body) { field } else { "value" };
    Ok(match Flag::of(object, field)? {
        Flag::On => Some(true),
        Flag::Off => Some(false),
        Flag::Missing => None,
    })
}
