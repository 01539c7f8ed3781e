//! What things are called: zones, collections, records.

use std::fmt;
use std::sync::Arc;

/// Alma's institution code, `01OMNI_ALPHA`. It names a zone everywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneCode(pub Arc<str>);

impl ZoneCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ZoneCode {
    fn from(code: &str) -> Self {
        Self(code.into())
    }
}

impl fmt::Display for ZoneCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How a manifest names a collection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableName {
    /// By its technical code, `UserBlockDefinitions`: what the API's path holds.
    Code(Arc<str>),
    /// By the name that people see, `User Block Definitions`: looked up in each zone's own list.
    Title(Arc<str>),
    /// By nothing but its type: there is one such collection in a zone.
    Whole,
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => f.write_str(code),
            Self::Title(title) => write!(f, "{title:?}"),
            Self::Whole => Ok(()),
        }
    }
}

/// The unit that is read from and written to a zone in one request, within its zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CollectionId {
    /// The type of collection, `CodeTable`: says which part of a provider serves it.
    pub kind: Arc<str>,
    /// Which one of that type.
    pub table: TableName,
    /// The library it belongs to; `None` for the institution's own.
    pub library: Option<Arc<str>>,
    /// The language of its texts; `None` for whatever the zone answers in.
    pub language: Option<Arc<str>>,
}

impl CollectionId {
    /// Whether two names mean the same rows, in whatever language.
    pub fn shares_rows_with(&self, other: &Self) -> bool {
        let Self { kind, table, library, language: _ } = self;
        (kind, table, library) == (&other.kind, &other.table, &other.library)
    }

    /// Whether two names may mean the same rows, as far as can be told without asking the zone: what a title
    /// means, only the zone knows.
    pub fn may_share_rows_with(&self, other: &Self) -> bool {
        let titled = |id: &Self| matches!(id.table, TableName::Title(_));
        (&self.kind, &self.library) == (&other.kind, &other.library)
            && (self.table == other.table || titled(self) || titled(other))
    }

    /// The one collection of a type, of the institution itself.
    pub fn of_institution(kind: &str) -> Self {
        Self { kind: kind.into(), table: TableName::Whole, library: None, language: None }
    }

    /// The collection of a type that has this code.
    pub fn with_code(kind: &str, code: &str) -> Self {
        Self { table: TableName::Code(code.into()), ..Self::of_institution(kind) }
    }

    /// What its records are said to be in: the table, or the type where there is one of it only.
    pub fn name(&self) -> String {
        match &self.table {
            TableName::Code(_) | TableName::Title(_) => self.table.to_string(),
            TableName::Whole => self.kind.to_string(),
        }
    }

    /// The same collection without its language: what all its languages share.
    pub fn without_language(&self) -> Self {
        Self { language: None, ..self.clone() }
    }
}

/// `CodeTable/UserGroups`, `CodeTable/ItemPolicy[library=MAIN,language=fr]`, `ImportPermissions`.
impl fmt::Display for CollectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            TableName::Code(_) | TableName::Title(_) => write!(f, "{}/{}", self.kind, self.table)?,
            TableName::Whole => f.write_str(&self.kind)?,
        }
        match (&self.library, &self.language) {
            (None, None) => Ok(()),
            (Some(library), None) => write!(f, "[library={library}]"),
            (None, Some(language)) => write!(f, "[language={language}]"),
            (Some(library), Some(language)) => write!(f, "[library={library},language={language}]"),
        }
    }
}

/// A collection's name in its parts, as files and stores hold it.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct CollectionName {
    /// The type of collection.
    pub kind: Arc<str>,
    /// The code of a table, where it is called by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Arc<str>>,
    /// The title of a table, where it is called by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Arc<str>>,
    /// The library that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<Arc<str>>,
    /// The language of its texts, where a manifest names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Arc<str>>,
}

impl From<&CollectionId> for CollectionName {
    fn from(CollectionId { kind, table, library, language }: &CollectionId) -> Self {
        let (table, title) = match table {
            TableName::Code(code) => (Some(code.clone()), None),
            TableName::Title(title) => (None, Some(title.clone())),
            TableName::Whole => (None, None),
        };
        Self { kind: kind.clone(), table, title, library: library.clone(), language: language.clone() }
    }
}

impl From<CollectionName> for CollectionId {
    fn from(CollectionName { kind, table, title, library, language }: CollectionName) -> Self {
        let table = match (table, title) {
            (Some(code), _) => TableName::Code(code),
            (None, Some(title)) => TableName::Title(title),
            (None, None) => TableName::Whole,
        };
        Self { kind, table, library, language }
    }
}

/// What identifies a record within its collection: the values of the collection's key fields, in order.
/// Empty where a collection is one record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(pub Vec<Arc<str>>);

/// The parts joined by `|`; `%`, `|` and `/` inside a part are percent-encoded so that an address stays readable by machines.
impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("|")?;
            }
            for c in part.chars() {
                match c {
                    '%' => f.write_str("%25")?,
                    '|' => f.write_str("%7C")?,
                    '/' => f.write_str("%2F")?,
                    c => fmt::Write::write_char(f, c)?,
                }
            }
        }
        Ok(())
    }
}

/// Where a record lives: `01OMNI_ALPHA/CodeTable/UserBlockDescription/CONSORTIA`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordAddress {
    /// The zone.
    pub zone: ZoneCode,
    /// The collection in that zone.
    pub collection: CollectionId,
    /// The record in that collection.
    pub key: RecordKey,
}

impl fmt::Display for RecordAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.zone, self.collection)?;
        match self.key.0.is_empty() {
            true => Ok(()),
            false => write!(f, "/{}", self.key),
        }
    }
}

macro_rules! serialize_as_displayed {
    ($($type:ty),*) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
serialize_as_displayed!(ZoneCode, CollectionId, RecordKey, RecordAddress);
