//! Addresses of zones, collections and records.

use std::fmt;
use std::sync::Arc;

/// Alma's institution code, `01OMNI_ALPHA`; the identifier of a zone everywhere.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[schemars(inline)]
pub struct ZoneCode(pub Arc<str>);

impl ZoneCode {
    /// Returns the code as text.
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

/// Name of a collection in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableName {
    /// Technical code, `UserBlockDefinitions`: the code in the API's path.
    Code(Arc<str>),
    /// Title in Alma, `User Block Definitions`: resolved through each zone's own list.
    Title(Arc<str>),
    /// No name: the zone has a single collection of this type.
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

/// Unit of one read or write request, within its zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CollectionId {
    /// Type of collection, `CodeTable`; selects the part of a provider that serves the collection.
    pub kind: Arc<str>,
    /// Name within the type.
    pub table: TableName,
    /// Library that owns the collection; `None` for the institution.
    pub library: Option<Arc<str>>,
    /// Language of the texts; `None` for the zone's default response.
    pub language: Option<Arc<str>>,
}

impl CollectionId {
    /// Returns true if both names refer to the same rows, in any language.
    pub fn shares_rows_with(&self, other: &Self) -> bool {
        let Self { kind, table, library, language: _ } = self;
        (kind, table, library) == (&other.kind, &other.table, &other.library)
    }

    /// Returns true if both names may refer to the same rows, without contacting the zone.
    ///
    /// Only the zone can resolve a title, so a title matches any name.
    pub fn may_share_rows_with(&self, other: &Self) -> bool {
        let titled = |id: &Self| matches!(id.table, TableName::Title(_));
        (&self.kind, &self.library) == (&other.kind, &other.library)
            && (self.table == other.table || titled(self) || titled(other))
    }

    /// Returns the single collection of a type, owned by the institution.
    pub fn of_institution(kind: &str) -> Self {
        Self { kind: kind.into(), table: TableName::Whole, library: None, language: None }
    }

    /// Returns the collection of a type with this code.
    pub fn with_code(kind: &str, code: &str) -> Self {
        Self { table: TableName::Code(code.into()), ..Self::of_institution(kind) }
    }

    /// Returns the display name: the table, or the type if the zone has a single collection of the type.
    pub fn name(&self) -> String {
        match &self.table {
            TableName::Code(_) | TableName::Title(_) => self.table.to_string(),
            TableName::Whole => self.kind.to_string(),
        }
    }

    /// Returns the same collection without its language, as shared by all languages.
    pub fn without_language(&self) -> Self {
        Self { language: None, ..self.clone() }
    }
}

/// Formats as `CodeTable/UserGroups`, `CodeTable/ItemPolicy[library=MAIN,language=fr]`, `ImportPermissions`.
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

/// Name of a collection in parts, for files and stores.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub struct CollectionName {
    /// Type of collection.
    pub kind: Arc<str>,
    /// Code of the table, if named by code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Arc<str>>,
    /// Title of the table, if named by title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Arc<str>>,
    /// Library that owns the collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<Arc<str>>,
    /// Language of the texts, if a manifest names a language.
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

/// Identity of a record within its collection: the values of the key fields, in order.
///
/// Empty for a collection with a single record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(pub Vec<Arc<str>>);

/// Joins the parts by `|`.
///
/// Percent-encodes `%`, `|` and `/` inside a part to keep addresses machine-readable.
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

/// Address of a record: `01OMNI_ALPHA/CodeTable/UserBlockDescription/CONSORTIA`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordAddress {
    /// Zone.
    pub zone: ZoneCode,
    /// Collection in the zone.
    pub collection: CollectionId,
    /// Record in the collection.
    pub key: RecordKey,
}

impl RecordAddress {
    /// Returns the address without the zone: `CodeTable/T/A`.
    pub fn without_zone(&self) -> String {
        match self.key.0.is_empty() {
            true => self.collection.to_string(),
            false => format!("{}/{}", self.collection, self.key),
        }
    }
}

impl fmt::Display for RecordAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.zone, self.without_zone())
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
serialize_as_displayed!(CollectionId, RecordKey, RecordAddress);
