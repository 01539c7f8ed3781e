//! Code table: rows per language and library.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::emulator::modification_stamp::ModificationStamp;
use crate::emulator::table::{ApiAccess, CodeWithLabel, TableScope, yes};
use crate::emulator::zone::EmulatedZone;

/// Code table.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedCodeTable {
    /// Technical code, called `name` in the vendor's schema.
    pub name: String,
    /// Display name.
    pub description: String,
    /// Functional area.
    pub sub_system: CodeWithLabel,
    /// True if visible to patrons.
    #[serde(default)]
    pub patron_facing: bool,
    /// API access to the table.
    #[serde(default)]
    pub access: ApiAccess,
    /// Scope of the rows.
    #[serde(default)]
    pub level: TableScope,
    /// Last change of any row. `None` if unchanged since delivery.
    #[serde(default)]
    pub updated: Option<ModificationStamp>,
    /// Rows in order: the institution's under `""`, a library's under the library code.
    pub rows: BTreeMap<String, Vec<EmulatedCodeRow>>,
}

/// Row of a code table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedCodeRow {
    /// Code.
    pub code: String,
    /// Descriptions by language.
    pub descriptions: BTreeMap<String, String>,
    /// True if enabled, in all languages.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// True for the default row, in all languages.
    #[serde(default)]
    pub default: bool,
    /// Last change. `None` if unchanged since delivery.
    #[serde(default)]
    pub updated: Option<ModificationStamp>,
}

impl EmulatedCodeTable {
    /// Creates an open table without rows.
    pub fn new(name: &str, description: &str, sub_system: (&str, &str)) -> Self {
        Self {
            name: name.to_owned(),
            description: description.to_owned(),
            sub_system: sub_system.into(),
            rows: BTreeMap::from([(String::new(), Vec::new())]),
            ..Self::default()
        }
    }

    /// Adds a row of the institution.
    pub fn row(mut self, row: EmulatedCodeRow) -> Self {
        self.rows.entry(String::new()).or_default().push(row);
        self
    }

    /// Adds rows of the institution: codes and English descriptions.
    pub fn rows<'a>(self, rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        rows.into_iter()
            .fold(self, |table, (code, description)| table.row(EmulatedCodeRow::new(code, description)))
    }

    /// Returns the institution's row with this code.
    pub fn find(&self, code: &str) -> Option<&EmulatedCodeRow> {
        self.rows.get("")?.iter().find(|row| row.code == code)
    }
}

impl EmulatedCodeRow {
    /// Creates an enabled row with an English description.
    pub fn new(code: &str, description: &str) -> Self {
        Self {
            code: code.to_owned(),
            descriptions: BTreeMap::from([("en".to_owned(), description.to_owned())]),
            enabled: true,
            default: false,
            updated: None,
        }
    }

    /// Returns the description in a language.
    ///
    /// A missing description falls back to the default language. Alma's behavior is unknown.
    pub(in crate::emulator) fn description(&self, language: &str, zone: &EmulatedZone) -> &str {
        [language, &zone.default_language, "en"]
            .into_iter()
            .find_map(|language| self.descriptions.get(language))
            .or_else(|| self.descriptions.values().next())
            .map_or("", String::as_str)
    }

    /// Adds a description in another language.
    pub fn in_language(mut self, language: &str, description: &str) -> Self {
        self.descriptions.insert(language.to_owned(), description.to_owned());
        self
    }

    /// Makes the row the default of the table.
    pub fn as_default(self) -> Self {
        Self { default: true, ..self }
    }

    /// Disables the row.
    pub fn with_disabled(self) -> Self {
        Self { enabled: false, ..self }
    }

    /// Sets author and date of the last change.
    pub fn with_update(self, by: &str, date: &str) -> Self {
        Self { updated: Some(ModificationStamp::new(by, date)), ..self }
    }
}
