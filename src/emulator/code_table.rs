//! Response and PUT of a code table: one language at a time, full replacement.

use std::collections::{BTreeMap, BTreeSet};

use super::error_response::ErrorResponse;
use super::response_document::{DocumentNode, DocumentPart};
use super::table::{EmulatedCodeRow, EmulatedCodeTable};
use super::table_put::{RowFlag, TablePut, required_text};
use super::table_response::{ResponseContext, language_name, sub_system};
use super::zone::EmulatedZone;

impl EmulatedCodeRow {
    /// Returns the description in a language.
    ///
    /// A missing description falls back to the default language. Alma's behavior is unknown.
    pub(super) fn description(&self, language: &str, zone: &EmulatedZone) -> &str {
        [language, &zone.default_language, "en"]
            .into_iter()
            .find_map(|language| self.descriptions.get(language))
            .or_else(|| self.descriptions.values().next())
            .map_or("", String::as_str)
    }
}

impl EmulatedCodeTable {
    /// Returns the table with rows.
    pub(super) fn to_document(&self, view: &ResponseContext<'_>) -> DocumentNode {
        let mut parts = self.entry(view);
        if view.full() {
            let language = view.language.to_owned();
            let name = language_name(view.language).to_owned();
            parts.push(DocumentPart::Child("language", DocumentNode::Valued(language, vec![("desc", name)])));
        }
        let rows = self.rows.get(view.library).map_or(&[][..], Vec::as_slice);
        let items = view.sort_rows(&self.name, rows).into_iter().map(|row| {
            let mut parts = vec![
                DocumentPart::Child("code", DocumentNode::Text(row.code.clone())),
                DocumentPart::Child(
                    "description",
                    DocumentNode::Text(row.description(view.language, view.zone).to_owned()),
                ),
            ];
            if view.full() || row.default {
                parts.push(DocumentPart::Child("default", DocumentNode::Flag(row.default)));
            }
            if view.full() || !row.enabled {
                parts.push(DocumentPart::Child("enabled", DocumentNode::Flag(row.enabled)));
            }
            view.stamp(&mut parts, row.updated.as_ref());
            DocumentNode::Group(parts)
        });
        parts.push(DocumentPart::List { around: Some("rows"), item: "row", items: items.collect() });
        DocumentNode::Group(parts)
    }

    /// Returns the table as shown in a list.
    pub(super) fn entry(&self, view: &ResponseContext<'_>) -> Vec<DocumentPart> {
        let mut parts = Vec::new();
        if view.full() {
            parts.push(DocumentPart::Attribute("link", view.table_link("code-tables", &self.name)));
        }
        parts.push(DocumentPart::Child("name", DocumentNode::Text(self.name.clone())));
        parts.push(DocumentPart::Child("description", DocumentNode::Text(self.description.clone())));
        parts.push(sub_system(&self.sub_system));
        parts.push(DocumentPart::Child("patron_facing", DocumentNode::Flag(self.patron_facing)));
        view.stamp(&mut parts, self.updated.as_ref());
        parts.push(view.scope());
        parts
    }

    /// Replaces the rows by the rows of a PUT, and returns the library of the rows.
    ///
    /// Omitted rows disappear in every language (reported by client authors, not proven).
    pub(super) fn replace(&mut self, put: &TablePut<'_>) -> Result<String, ErrorResponse> {
        let name = required_text(put.body, "name")?;
        if name.is_empty() {
            return Err(ErrorResponse::business(90100, "Code table name is empty."));
        }
        if name != self.name {
            let message = format!("The body holds code table {name}, the path names {}.", self.name);
            return Err(ErrorResponse::business(402119, message));
        }
        put.require(&["sub_system", "patron_facing", "scope"])?;
        let library = put.library(self.level, 90121)?;
        let held = self.rows.get(&library).map_or(&[][..], Vec::as_slice);
        let rows = merge_put_rows(put, held)?;
        if rows != held {
            self.updated = Some(put.stamp());
            self.rows.insert(library.clone(), rows);
        }
        Ok(library)
    }
}

/// Merges the rows of a PUT into the previous rows.
///
/// Keeps descriptions in other languages, and the stamps of unchanged rows.
fn merge_put_rows(
    put: &TablePut<'_>,
    held: &[EmulatedCodeRow],
) -> Result<Vec<EmulatedCodeRow>, ErrorResponse> {
    let held: BTreeMap<&str, &EmulatedCodeRow> = held.iter().map(|row| (row.code.as_str(), row)).collect();
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for sent in put.rows()? {
        let (code, description) = (required_text(sent, "code")?, required_text(sent, "description")?);
        if code.is_empty() || description.is_empty() {
            return Err(ErrorResponse::business(
                402119,
                "General error: a row needs a code and a description.",
            ));
        }
        if !seen.insert(code) {
            return Err(ErrorResponse::business(
                402119,
                format!("General error: the code {code} is there twice."),
            ));
        }
        let enabled = RowFlag::parse_flag(sent, "enabled")? != RowFlag::Off;
        let default = RowFlag::parse_flag(sent, "default")? == RowFlag::On;
        let same = |row: &EmulatedCodeRow| {
            row.description(put.language, put.zone) == description
                && (row.enabled, row.default) == (enabled, default)
        };
        rows.push(match held.get(code) {
            Some(row) if same(row) => (*row).clone(),
            Some(row) => {
                let mut row =
                    EmulatedCodeRow { enabled, default, updated: Some(put.stamp()), ..(*row).clone() };
                if row.description(put.language, put.zone) != description {
                    row.descriptions.insert(put.language.to_owned(), description.to_owned());
                }
                row
            }
            None => EmulatedCodeRow {
                code: code.to_owned(),
                descriptions: BTreeMap::from([(put.language.to_owned(), description.to_owned())]),
                enabled,
                default,
                updated: Some(put.stamp()),
            },
        });
    }
    if rows.iter().filter(|row| row.default).count() > 1 {
        return Err(ErrorResponse::business(90122, "There are multiple default codes."));
    }
    Ok(rows)
}
