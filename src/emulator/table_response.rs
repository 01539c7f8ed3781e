//! Common parts of code table and mapping table responses.

use super::config::{OptionalFields, RowOrder, ZoneConfig};
use super::random::{mix, order, text};
use super::response_document::{DocumentNode, DocumentPart};
use super::table::{CodeWithLabel, ModificationStamp};
use super::zone::EmulatedZone;

/// Context of a response: zone, settings, language and library.
pub(super) struct ResponseContext<'a> {
    pub zone: &'a EmulatedZone,
    pub settings: &'a ZoneConfig,
    pub language: &'a str,
    /// `""` for the institution.
    pub library: &'a str,
}

impl ResponseContext<'_> {
    /// Returns true if responses contain optional fields.
    pub fn full(&self) -> bool {
        self.settings.optional_fields == OptionalFields::Answered
    }

    /// Returns the rows in the order of the response.
    pub fn sort_rows<'a, T>(&self, table: &str, rows: &'a [T]) -> Vec<&'a T> {
        match self.settings.row_order {
            RowOrder::Kept => rows.iter().collect(),
            RowOrder::Shuffled => {
                let seed = mix(&[self.settings.seed, text(&self.zone.code), text(table)]);
                order(rows.len(), seed).into_iter().filter_map(|index| rows.get(index)).collect()
            }
        }
    }

    /// Returns the link of a table. `path` is `code-tables` or `mapping-tables`.
    pub fn table_link(&self, path: &str, name: &str) -> String {
        table_link(self.settings, path, name)
    }

    pub fn scope(&self) -> DocumentPart {
        let desc = |text: &str| vec![("desc", text.to_owned())];
        let institution = DocumentNode::Valued(self.zone.code.clone(), desc(&self.zone.name));
        let library = DocumentNode::Valued(self.library.to_owned(), desc(self.library));
        DocumentPart::Child(
            "scope",
            DocumentNode::Group(vec![
                DocumentPart::Child("institution_id", institution),
                DocumentPart::Child("library_id", library),
            ]),
        )
    }

    /// Adds `updated_by` and `update_date`, if known and if responses contain optional fields.
    pub fn stamp(&self, parts: &mut Vec<DocumentPart>, updated: Option<&ModificationStamp>) {
        if let Some(ModificationStamp { by, date }) = updated.filter(|_| self.full()) {
            parts.push(DocumentPart::Child("updated_by", DocumentNode::Text(by.clone())));
            parts.push(DocumentPart::Child("update_date", DocumentNode::Text(date.clone())));
        }
    }
}

pub(super) fn table_link(settings: &ZoneConfig, path: &str, name: &str) -> String {
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("{}/almaws/v1/conf/{path}/{name}", settings.base_url)
}

pub(super) fn sub_system(area: &CodeWithLabel) -> DocumentPart {
    DocumentPart::Child(
        "sub_system",
        DocumentNode::Valued(area.value.clone(), vec![("desc", area.desc.clone())]),
    )
}

/// Returns the English name of a language.
pub(super) fn language_name(code: &str) -> &str {
    match code {
        "en" => "English",
        "fr" => "French",
        "de" => "German",
        "es" => "Spanish",
        "it" => "Italian",
        "nl" => "Dutch",
        other => other,
    }
}
