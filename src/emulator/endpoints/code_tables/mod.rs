//! Code tables: `conf/code-tables`. One language at a time, full replacement.

mod seed;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::table::{EmulatedCodeRow, EmulatedCodeTable};

pub(in crate::emulator) use self::seed::{local_groups, seed};

use crate::emulator::endpoint::{
    DocumentNode, DocumentPart, EditError, EditFormat, EndpointEdit, EndpointEntry, ErrorResponse,
    SettingsWriter, XmlLayout, observed_record, seed_each,
};
use crate::emulator::put_fields::{flag, required_text};
use crate::emulator::table::{ApiAccess, EmulatedTable, TableCollection, TablePut, TableView};
use crate::model::{CollectionId, FieldValue};

pub(super) const ENDPOINT: EndpointEntry = EndpointEntry {
    edits: Some(EditFormat {
        target: "table `{}` of this type",
        hint: "`{}` is a code table: use set_code or delete_code",
        ..EditFormat::new::<CodeTableEdit>("code", "Code table.")
    }),
    ..EndpointEntry::new(&["conf", EmulatedCodeTable::FOLDER], |zones| {
        seed_each(zones, |zone| seed(zone).into_iter().collect::<CodeTables>())
    })
};

/// Code tables of a zone.
pub(in crate::emulator) type CodeTables = TableCollection<EmulatedCodeTable>;

/// Librarian edit of a code table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CodeTableEdit {
    /// Changes the row with this code, or adds the row at the end.
    SetCode {
        /// Code of the row.
        code: String,
        /// Description. A new row without a description uses the code.
        #[serde(default)]
        description: Option<String>,
        /// Language of the description (default: `en`).
        #[serde(default)]
        language: Option<String>,
        /// True to enable the row.
        #[serde(default)]
        enabled: Option<bool>,
        /// True to make the row the default. The previous default row stops being the default.
        #[serde(default)]
        default: Option<bool>,
    },
    /// Deletes the row with this code.
    DeleteCode {
        /// Code of the row.
        code: String,
    },
    /// Sets the API access to the table: read and write, read-only, or hidden.
    Access(ApiAccess),
    /// Removes the target.
    Remove,
}

impl EmulatedTable for EmulatedCodeTable {
    const FOLDER: &'static str = "code-tables";
    const ROOT: &'static str = "code_table";
    const LAYOUT: XmlLayout = XmlLayout {
        coded: &["sub_system", "language", "institution_id", "library_id"],
        lists: &[("rows", "row")],
    };
    const NOT_CUSTOMIZABLE: u32 = 90123;

    fn code(&self) -> &str {
        &self.name
    }

    fn access(&self) -> ApiAccess {
        self.access
    }

    fn entry(&self, view: &TableView<'_>) -> Vec<DocumentPart> {
        let texts = [("name", self.name.as_str()), ("description", &self.description)];
        let flag = ("patron_facing", self.patron_facing);
        view.entry(Self::FOLDER, &texts, &self.sub_system, flag, self.updated.as_ref())
    }

    fn to_document(&self, view: &TableView<'_>) -> DocumentNode {
        let mut parts = self.entry(view);
        if view.full() {
            parts.push(DocumentPart::described("language", view.language, language_name(view.language)));
        }
        let rows = view.rows(&self.name, &self.rows).into_iter().map(|row| {
            let description = row.description(view.language, view.request.zone);
            let mut parts =
                vec![DocumentPart::text("code", &row.code), DocumentPart::text("description", description)];
            if view.full() || row.default {
                parts.push(DocumentPart::flag("default", row.default));
            }
            if view.full() || !row.enabled {
                parts.push(DocumentPart::flag("enabled", row.enabled));
            }
            view.add_stamp(&mut parts, row.updated.as_ref());
            DocumentNode::Group(parts)
        });
        parts.push(DocumentPart::wrapped_list("rows", "row", rows));
        DocumentNode::Group(parts)
    }

    /// Omitted rows disappear in every language (reported by client authors, not proven).
    fn replace(&mut self, put: &TablePut<'_>) -> Result<String, ErrorResponse> {
        put.check_code("name", &self.name, "Code", 90100)?;
        put.require(&["sub_system", "patron_facing", "scope"])?;
        let library = put.library(self.level, 90121)?;
        let current = self.rows.get(&library).map_or(&[][..], Vec::as_slice);
        let rows = merge_put_rows(put, current)?;
        if rows != current {
            self.updated = Some(put.request.stamp());
            self.rows.insert(library.clone(), rows);
        }
        Ok(library)
    }

    fn edit(&mut self, edit: &EndpointEdit<'_>) -> Result<(), EditError> {
        let rows = self.rows.entry(edit.library.to_owned()).or_default();
        match edit.parse_action()? {
            CodeTableEdit::SetCode { code, description, language, enabled, default } => {
                if default == Some(true) {
                    rows.iter_mut().for_each(|row| row.default = false);
                }
                let index = rows.iter().position(|row| row.code == code).unwrap_or_else(|| {
                    rows.push(EmulatedCodeRow::new(&code, description.as_deref().unwrap_or(&code)));
                    rows.len() - 1
                });
                let row = &mut rows[index];
                if let Some(description) = description {
                    row.descriptions.insert(language.unwrap_or_else(|| "en".to_owned()), description);
                }
                row.enabled = enabled.unwrap_or(row.enabled);
                row.default = default.unwrap_or(row.default);
                row.updated = Some(edit.stamp.clone());
            }
            CodeTableEdit::DeleteCode { code } => {
                if rows.extract_if(.., |row| row.code == code).count() == 0 {
                    return Err(format!("`{}` has no row `{code}`", self.name));
                }
            }
            CodeTableEdit::Access(access) => self.access = access,
            CodeTableEdit::Remove => {}
        }
        self.updated = Some(edit.stamp.clone());
        Ok(())
    }

    fn add_settings(&self, settings: &mut SettingsWriter<'_>) {
        let zone = settings.zone;
        let records = self.rows.get("").into_iter().flatten().map(|row| {
            let description = row.description(&zone.default_language, zone);
            let fields = [
                ("code".into(), FieldValue::from_text(&row.code)),
                ("description".into(), FieldValue::from_text(description)),
                ("enabled".into(), row.enabled.into()),
                ("default".into(), row.default.into()),
            ];
            observed_record(fields.into(), row.updated.as_ref())
        });
        settings.add(&CollectionId::with_code("CodeTable", &self.name), records);
    }
}

/// Merges the rows of a PUT into the current rows.
///
/// Keeps descriptions in other languages, and the stamps of unchanged rows.
fn merge_put_rows(
    put: &TablePut<'_>,
    current: &[EmulatedCodeRow],
) -> Result<Vec<EmulatedCodeRow>, ErrorResponse> {
    let general = |message: String| ErrorResponse::business(402119, format!("General error: {message}."));
    let current: BTreeMap<&str, &EmulatedCodeRow> =
        current.iter().map(|row| (row.code.as_str(), row)).collect();
    let (zone, language) = (put.request.zone, put.language);
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for sent in put.rows()? {
        let (code, description) = (required_text(sent, "code")?, required_text(sent, "description")?);
        if code.is_empty() || description.is_empty() {
            return Err(general("a row needs a code and a description".to_owned()));
        }
        if !seen.insert(code) {
            return Err(general(format!("the code {code} is there twice")));
        }
        let enabled = flag(sent, "enabled")? != Some(false);
        let default = flag(sent, "default")? == Some(true);
        let mut row = match current.get(code) {
            Some(row) => (*row).clone(),
            None => EmulatedCodeRow { descriptions: BTreeMap::new(), ..EmulatedCodeRow::new(code, "") },
        };
        let same_description = row.description(language, zone) == description;
        if !same_description {
            row.descriptions.insert(language.to_owned(), description.to_owned());
        }
        if !same_description || (row.enabled, row.default) != (enabled, default) {
            (row.enabled, row.default, row.updated) = (enabled, default, Some(put.request.stamp()));
        }
        rows.push(row);
    }
    if rows.iter().filter(|row| row.default).count() > 1 {
        return Err(ErrorResponse::business(90122, "There are multiple default codes."));
    }
    Ok(rows)
}

/// Returns the English name of a language.
fn language_name(code: &str) -> &str {
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
