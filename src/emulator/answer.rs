//! What the answers of both types of tables have in common.

use super::behaviour::{OptionalFields, RowOrder, Settings};
use super::document::{Node, Part};
use super::random::{mix, order, text};
use super::table::{Labelled, Stamp};
use super::zone::EmulatedZone;

/// Where and for whom an answer is made.
pub(super) struct View<'a> {
    pub zone: &'a EmulatedZone,
    pub settings: &'a Settings,
    pub language: &'a str,
    /// `""` for the institution.
    pub library: &'a str,
}

impl View<'_> {
    /// Whether optional fields are answered.
    pub fn full(&self) -> bool {
        self.settings.optional_fields == OptionalFields::Answered
    }

    /// The rows in the order of the answer.
    pub fn ordered<'a, T>(&self, table: &str, rows: &'a [T]) -> Vec<&'a T> {
        match self.settings.row_order {
            RowOrder::Kept => rows.iter().collect(),
            RowOrder::Shuffled => {
                let seed = mix(&[self.settings.seed, text(&self.zone.code), text(table)]);
                order(rows.len(), seed).into_iter().filter_map(|index| rows.get(index)).collect()
            }
        }
    }

    /// The link of a table, `path` being `code-tables` or `mapping-tables`.
    pub fn link(&self, path: &str, name: &str) -> String {
        link(self.settings, path, name)
    }

    pub fn scope(&self) -> Part {
        let desc = |text: &str| vec![("desc", text.to_owned())];
        let institution = Node::Valued(self.zone.code.clone(), desc(&self.zone.name));
        let library = Node::Valued(self.library.to_owned(), desc(self.library));
        Part::Child(
            "scope",
            Node::Group(vec![Part::Child("institution_id", institution), Part::Child("library_id", library)]),
        )
    }

    /// `updated_by` and `update_date`, where they are known and answered.
    pub fn stamp(&self, parts: &mut Vec<Part>, updated: Option<&Stamp>) {
        if let Some(Stamp { by, date }) = updated.filter(|_| self.full()) {
            parts.push(Part::Child("updated_by", Node::Text(by.clone())));
            parts.push(Part::Child("update_date", Node::Text(date.clone())));
        }
    }
}

pub(super) fn link(settings: &Settings, path: &str, name: &str) -> String {
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("{}/almaws/v1/conf/{path}/{name}", settings.base_url)
}

pub(super) fn sub_system(area: &Labelled) -> Part {
    Part::Child("sub_system", Node::Valued(area.value.clone(), vec![("desc", area.desc.clone())]))
}

/// What people call a language.
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
