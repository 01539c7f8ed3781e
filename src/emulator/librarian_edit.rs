//! What librarians do behind zonal's back: rows set, added and deleted in the user interface, tables locked or gone.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open_hours::EmulatedOpenHour;
use super::table::{
    ApiAccess, EmulatedCodeRow, EmulatedCodeTable, EmulatedMappingRow, EmulatedMappingTable,
    EmulatedTableType, ModificationStamp,
};

/// One edit by one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LibrarianEdit {
    /// Code of the zone.
    pub zone: String,
    /// What is edited.
    pub kind: EditTarget,
    /// What the API's path calls the table or the letter, or the ids of the e-resource; nothing for what there is one of only.
    #[serde(default)]
    pub table: String,
    /// The library whose rows are meant; `null` for the institution's.
    #[serde(default)]
    pub library: Option<String>,
    /// Who does it: what `updated_by` will say.
    pub by: String,
    /// When it happens.
    #[serde(default)]
    pub when: EditTrigger,
    /// What is done.
    pub action: EditAction,
}

/// What librarians edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditTarget {
    /// A code table.
    Code,
    /// A mapping table.
    Mapping,
    /// An e-collection, e-service or portfolio.
    Electronic,
    /// A letter.
    Letter,
    /// The relations of `library`.
    Relations,
    /// The opening hours of `library`, or of the institution.
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
    /// What is edited, among those of its sort.
    pub(super) fn name(&self) -> &str {
        match self.kind {
            EditTarget::Code | EditTarget::Mapping | EditTarget::Electronic | EditTarget::Letter => {
                &self.table
            }
            EditTarget::Relations | EditTarget::OpenHours => self.library.as_deref().unwrap_or_default(),
        }
    }
}

/// When an edit happens. Requests of that table in that zone are counted from the moment the
/// edit is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditTrigger {
    /// At once.
    #[default]
    Now,
    /// Just after the n-th successful GET of the table, so that what was read is out of date.
    AfterReads(u64),
    /// Just after the n-th successful PUT of the table, so that what was written does not stay.
    AfterWrites(u64),
}

/// What is done to a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum EditAction {
    /// Changes the row with this code, or adds it at the end.
    SetCode {
        /// The code.
        code: String,
        /// The description; a new row without one is described by its code.
        #[serde(default)]
        description: Option<String>,
        /// The language of the description, `en` by default.
        #[serde(default)]
        language: Option<String>,
        /// Whether it is used.
        #[serde(default)]
        enabled: Option<bool>,
        /// Whether it is the default; the row that was so until now no longer is.
        #[serde(default)]
        default: Option<bool>,
    },
    /// Deletes the row with this code.
    DeleteCode {
        /// The code.
        code: String,
    },
    /// Changes each row whose columns hold these values.
    SetRow {
        /// Values by column: `column0` or the name of its header.
        find: BTreeMap<String, String>,
        /// New values by column.
        #[serde(default)]
        set: BTreeMap<String, String>,
        /// Whether it is used.
        #[serde(default)]
        enabled: Option<bool>,
    },
    /// Adds a row at the end.
    AddRow {
        /// Values by column.
        columns: BTreeMap<String, String>,
    },
    /// Deletes each row whose columns hold these values.
    DeleteRow {
        /// Values by column.
        find: BTreeMap<String, String>,
    },
    /// Changes a letter.
    SetLetter {
        /// The stylesheet.
        #[serde(default)]
        xsl: Option<String>,
        /// Whether it is sent.
        #[serde(default)]
        enabled: Option<bool>,
        /// What people call it.
        #[serde(default)]
        name: Option<String>,
    },
    /// Changes the relation with a library, or adds it.
    SetRelation {
        /// The other library.
        library: String,
        /// All that it does.
        types: Vec<String>,
    },
    /// Takes the relation with a library away.
    DeleteRelation {
        /// The other library.
        library: String,
    },
    /// Puts an entry in place of the one about the same days, or adds it.
    SetHours(Box<EmulatedOpenHour>),
    /// Deletes each entry that is called so.
    DeleteHours {
        /// What it is called.
        description: String,
    },
    /// Makes an e-resource available for a group, and changes what is said of the group there.
    SetGroup {
        /// Name of the group.
        group: String,
        /// New texts by name, `public_note`; an empty one clears.
        #[serde(default)]
        set: BTreeMap<String, String>,
    },
    /// Takes an e-resource away from a group.
    DeleteGroup {
        /// Name of the group.
        group: String,
    },
    /// Changes something else of an e-resource.
    SetMember {
        /// Name of the member, `notes`.
        member: String,
        /// What it becomes; an empty text clears it.
        value: serde_json::Value,
    },
    /// Lets the API see and change the table, see it, or neither.
    Access(ApiAccess),
    /// The table is no longer there.
    Remove,
}

/// An edit that waits for its moment.
pub(super) struct ScheduledEdit {
    pub edit: LibrarianEdit,
    pub left: u64,
}

/// Why an edit cannot be done, for the reader.
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
            return Err(format!("`{}` is a code table: use set_code and delete_code", self.name));
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
                return Err(format!("`{}` has no such row", self.code));
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
                return Err(format!("`{}` has no such row", self.code));
            }
        } else if let EditAction::Access(access) = action {
            self.access = *access;
        } else if *action != EditAction::Remove {
            return Err(format!("`{}` is a mapping table: use set_row, add_row, delete_row", self.code));
        }
        self.updated = Some(stamp);
        Ok(())
    }

    /// Columns by number. A column goes by its header's name, or by `column0` to `column6`.
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
