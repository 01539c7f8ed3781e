//! Edits by librarians outside zonal: rows set, added and deleted in the user interface, tables locked or
//! removed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open_hours::EmulatedOpenHour;
use super::table::{
    ApiAccess, EmulatedCodeRow, EmulatedCodeTable, EmulatedMappingRow, EmulatedMappingTable,
    EmulatedTableType, ModificationStamp,
};

/// Edit by one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LibrarianEdit {
    /// Code of the zone.
    pub zone: String,
    /// Type of the target.
    pub kind: EditTarget,
    /// Name of the table or letter in the API path, or IDs of the e-resource. Empty for targets without a
    /// name.
    #[serde(default)]
    pub table: String,
    /// Library of the rows. `null` for the institution.
    #[serde(default)]
    pub library: Option<String>,
    /// Author of the edit, the later `updated_by`.
    pub by: String,
    /// Trigger of the edit.
    #[serde(default)]
    pub when: EditTrigger,
    /// Action of the edit.
    pub action: EditAction,
}

/// Type of an edited object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditTarget {
    /// Code table.
    Code,
    /// Mapping table.
    Mapping,
    /// E-collection, e-service or portfolio.
    Electronic,
    /// Letter.
    Letter,
    /// Relations of `library`.
    Relations,
    /// Opening hours of `library`, or of the institution.
    OpenHours,
}

impl From<EmulatedTableType> for EditTarget {
    fn from(kind: EmulatedTableType) -> Self {
        match kind {
            EmulatedTableType::Code => Self::Code,
            EmulatedTableType::Mapping => Self::Mapping,
            EmulatedTableType::Electronic => Self::Electronic,
        }
    }
}

impl LibrarianEdit {
    /// Returns the name of the target among targets of the same type.
    pub(super) fn name(&self) -> &str {
        match self.kind {
            EditTarget::Code | EditTarget::Mapping | EditTarget::Electronic | EditTarget::Letter => {
                &self.table
            }
            EditTarget::Relations | EditTarget::OpenHours => self.library.as_deref().unwrap_or_default(),
        }
    }
}

/// Trigger of an edit. Only requests for the table in the zone count, from the time of scheduling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditTrigger {
    /// Immediately.
    #[default]
    Now,
    /// Right after the n-th successful GET of the table, so that the read data is stale.
    AfterReads(u64),
    /// Right after the n-th successful PUT of the table, so that the written data does not last.
    AfterWrites(u64),
}

/// Action on the target of an edit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum EditAction {
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
    /// Changes all rows with these column values.
    SetRow {
        /// Values by column: `column0` or the name in the header.
        find: BTreeMap<String, String>,
        /// New values by column.
        #[serde(default)]
        set: BTreeMap<String, String>,
        /// True to enable the rows.
        #[serde(default)]
        enabled: Option<bool>,
    },
    /// Adds a row at the end.
    AddRow {
        /// Values by column.
        columns: BTreeMap<String, String>,
    },
    /// Deletes all rows with these column values.
    DeleteRow {
        /// Values by column.
        find: BTreeMap<String, String>,
    },
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
    /// Changes or adds the relation with a library.
    SetRelation {
        /// Related library.
        library: String,
        /// All services of the related library.
        types: Vec<String>,
    },
    /// Removes the relation with a library.
    DeleteRelation {
        /// Related library.
        library: String,
    },
    /// Replaces the entry for the same days, or adds an entry.
    SetHours(Box<EmulatedOpenHour>),
    /// Deletes all entries with this description.
    DeleteHours {
        /// Description of the entries.
        description: String,
    },
    /// Makes an e-resource available to a group, and changes the group's settings.
    SetGroup {
        /// Name of the group.
        group: String,
        /// New texts by name, such as `public_note`. An empty text clears the setting.
        #[serde(default)]
        set: BTreeMap<String, String>,
    },
    /// Removes the availability to a group.
    DeleteGroup {
        /// Name of the group.
        group: String,
    },
    /// Changes another field of an e-resource.
    SetMember {
        /// Name of the field, such as `notes`.
        member: String,
        /// New value. An empty text clears the field.
        value: serde_json::Value,
    },
    /// Sets the API access to the table: read and write, read-only, or hidden.
    Access(ApiAccess),
    /// Removes the table.
    Remove,
}

/// Edit waiting for a trigger.
pub(super) struct ScheduledEdit {
    pub edit: LibrarianEdit,
    pub left: u64,
}

/// Cause of a failed edit, as a message.
pub(super) type EditError = String;

impl EmulatedCodeTable {
    pub(super) fn edit(
        &mut self,
        library: &str,
        action: &EditAction,
        stamp: ModificationStamp,
    ) -> Result<(), EditError> {
        let rows = self.rows.entry(library.to_owned()).or_default();
        if let EditAction::SetCode { code, description, language, enabled, default } = action {
            if *default == Some(true) {
                rows.iter_mut().for_each(|row| row.default = false);
            }
            let index = rows.iter().position(|row| row.code == *code).unwrap_or_else(|| {
                rows.push(EmulatedCodeRow::new(code, description.as_deref().unwrap_or(code)));
                rows.len() - 1
            });
            let row = &mut rows[index];
            if let Some(description) = description {
                let language = language.as_deref().unwrap_or("en").to_owned();
                row.descriptions.insert(language, description.clone());
            }
            row.enabled = enabled.unwrap_or(row.enabled);
            row.default = default.unwrap_or(row.default);
            row.updated = Some(stamp.clone());
        } else if let EditAction::DeleteCode { code } = action {
            let before = rows.len();
            rows.retain(|row| row.code != *code);
            if rows.len() == before {
                return Err(format!("`{}` has no row `{code}`", self.name));
            }
        } else if let EditAction::Access(access) = action {
            self.access = *access;
        } else if *action != EditAction::Remove {
            return Err(format!("`{}` is a code table: use set_code or delete_code", self.name));
        }
        self.updated = Some(stamp);
        Ok(())
    }
}

impl EmulatedMappingTable {
    pub(super) fn edit(
        &mut self,
        library: &str,
        action: &EditAction,
        stamp: ModificationStamp,
    ) -> Result<(), EditError> {
        if let EditAction::SetRow { find, set, enabled } = action {
            let (find, set) = (self.cells(find)?, self.cells(set)?);
            let mut found = false;
            for row in self.matching_rows(library, &find) {
                found = true;
                for (column, value) in &set {
                    row.columns[*column].clone_from(value);
                }
                row.enabled = enabled.unwrap_or(row.enabled);
                row.updated = Some(stamp.clone());
            }
            if !found {
                return Err(format!("`{}` has no matching row", self.code));
            }
        } else if let EditAction::AddRow { columns } = action {
            let mut row = EmulatedMappingRow::new(&[]);
            for (column, value) in self.cells(columns)? {
                row.columns[column] = value;
            }
            row.updated = Some(stamp.clone());
            self.rows.entry(library.to_owned()).or_default().push(row);
        } else if let EditAction::DeleteRow { find } = action {
            let find = self.cells(find)?;
            let rows = self.rows.entry(library.to_owned()).or_default();
            let before = rows.len();
            rows.retain(|row| !row_matches(row, &find));
            if rows.len() == before {
                return Err(format!("`{}` has no matching row", self.code));
            }
        } else if let EditAction::Access(access) = action {
            self.access = *access;
        } else if *action != EditAction::Remove {
            return Err(format!("`{}` is a mapping table: use set_row, add_row or delete_row", self.code));
        }
        self.updated = Some(stamp);
        Ok(())
    }

    /// Returns the values by column number. A column has the name in the header, or `column0` to `column6`.
    fn cells(&self, values: &BTreeMap<String, String>) -> Result<Vec<(usize, String)>, EditError> {
        let column = |name: &str| {
            let by_name = self.headers.iter().position(|header| header.name == name);
            by_name.or_else(|| name.strip_prefix("column")?.parse().ok().filter(|number| *number < 7))
        };
        values
            .iter()
            .map(|(name, value)| match column(name) {
                Some(number) => Ok((number, value.clone())),
                None => Err(format!("`{}` has no column `{name}`", self.code)),
            })
            .collect()
    }

    fn matching_rows<'a>(
        &'a mut self,
        library: &str,
        find: &'a [(usize, String)],
    ) -> impl Iterator<Item = &'a mut EmulatedMappingRow> {
        let rows = self.rows.entry(library.to_owned()).or_default();
        rows.iter_mut().filter(move |row| row_matches(row, find))
    }
}

fn row_matches(row: &EmulatedMappingRow, find: &[(usize, String)]) -> bool {
    find.iter().all(|(column, value)| row.columns[*column] == *value)
}
