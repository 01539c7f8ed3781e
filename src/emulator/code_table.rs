//! A code table on its way out and in: one language at a time, replaced wholly.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{View, language_name, sub_system};
use super::document::{Node, Part};
use super::put::{Flag, Put, text};
use super::refusal::Refusal;
use super::table::{CodeRow, CodeTable};
use super::zone::EmulatedZone;

impl CodeRow {
    /// The description in a language. One that is missing is answered in the default language;
    /// what Alma does is not known.
    pub(super) fn description(&self, language: &str, zone: &EmulatedZone) -> &str {
        [language, &zone.default_language, "en"]
            .into_iter()
            .find_map(|language| self.descriptions.get(language))
            .or_else(|| self.descriptions.values().next())
            .map_or("", String::as_str)
    }
}

impl CodeTable {
    /// The table with its rows.
    pub(super) fn answer(&self, view: &View<'_>) -> Node {
        let mut parts = self.entry(view);
        if view.full() {
            let language = view.language.to_owned();
            let name = language_name(view.language).to_owned();
            parts.push(Part::Child("language", Node::Valued(language, vec![("desc", name)])));
        }
        let rows = self.rows.get(view.library).map_or(&[][..], Vec::as_slice);
        let items = view.ordered(&self.name, rows).into_iter().map(|row| {
            let mut parts = vec![
                Part::Child("code", Node::Text(row.code.clone())),
                Part::Child("description", Node::Text(row.description(view.language, view.zone).to_owned())),
            ];
            if view.full() || row.default {
                parts.push(Part::Child("default", Node::Flag(row.default)));
            }
            if view.full() || !row.enabled {
                parts.push(Part::Child("enabled", Node::Flag(row.enabled)));
            }
            view.stamp(&mut parts, row.updated.as_ref());
            Node::Group(parts)
        });
        parts.push(Part::List { around: Some("rows"), item: "row", items: items.collect() });
        Node::Group(parts)
    }

    /// The table as a list shows it.
    pub(super) fn entry(&self, view: &View<'_>) -> Vec<Part> {
        let mut parts = Vec::new();
        if view.full() {
            parts.push(Part::Attribute("link", view.link("code-tables", &self.name)));
        }
        parts.push(Part::Child("name", Node::Text(self.name.clone())));
        parts.push(Part::Child("description", Node::Text(self.description.clone())));
        parts.push(sub_system(&self.sub_system));
        parts.push(Part::Child("patron_facing", Node::Flag(self.patron_facing)));
        view.stamp(&mut parts, self.updated.as_ref());
        parts.push(view.scope());
        parts
    }

    /// Takes the rows of a PUT in place of its own and says which library's they are. Rows that
    /// are left out are gone, in every language (reported by client authors, not proven).
    pub(super) fn replace(&mut self, put: &Put<'_>) -> Result<String, Refusal> {
        let name = text(put.body, "name")?;
        if name.is_empty() {
            return Err(Refusal::business(90100, "Code table name is empty."));
        }
        if name != self.name {
            let message = format!("The body holds code table {name}, the path names {}.", self.name);
            return Err(Refusal::business(402119, message));
        }
        put.require(&["sub_system", "patron_facing", "scope"])?;
        let library = put.library(self.level, 90121)?;
        let held = self.rows.get(&library).map_or(&[][..], Vec::as_slice);
        let rows = taken(put, held)?;
        if rows != held {
            self.updated = Some(put.stamp());
            self.rows.insert(library.clone(), rows);
        }
        Ok(library)
    }
}

/// The rows of a PUT, laid over the rows held so far: other languages and who changed an equal
/// row stay as they were.
fn taken(put: &Put<'_>, held: &[CodeRow]) -> Result<Vec<CodeRow>, Refusal> {
    let held: BTreeMap<&str, &CodeRow> = held.iter().map(|row| (row.code.as_str(), row)).collect();
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for sent in put.rows()? {
        let (code, description) = (text(sent, "code")?, text(sent, "description")?);
        if code.is_empty() || description.is_empty() {
            return Err(Refusal::business(402119, "General error: a row needs a code and a description."));
        }
        if !seen.insert(code) {
            return Err(Refusal::business(402119, format!("General error: the code {code} is there twice.")));
        }
        let enabled = Flag::of(sent, "enabled")? != Flag::Off;
        let default = Flag::of(sent, "default")? == Flag::On;
        let same = |row: &CodeRow| {
            row.description(put.language, put.zone) == description
                && (row.enabled, row.default) == (enabled, default)
        };
        rows.push(match held.get(code) {
            Some(row) if same(row) => (*row).clone(),
            Some(row) => {
                let mut row = CodeRow { enabled, default, updated: Some(put.stamp()), ..(*row).clone() };
                if row.description(put.language, put.zone) != description {
                    row.descriptions.insert(put.language.to_owned(), description.to_owned());
                }
                row
            }
            None => CodeRow {
                code: code.to_owned(),
                descriptions: BTreeMap::from([(put.language.to_owned(), description.to_owned())]),
                enabled,
                default,
                updated: Some(put.stamp()),
            },
        });
    }
    if rows.iter().filter(|row| row.default).count() > 1 {
        return Err(Refusal::business(90122, "There are multiple default codes."));
    }
    Ok(rows)
}
