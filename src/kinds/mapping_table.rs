//! `MappingTable`: rows of one of Alma's mapping tables.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::row_checks::{self, RowSpec, RowValue};
use super::table_manifest::{RowOverrideSpec, TableManifest};
use super::{Expansion, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::{Nullable, OrderedFields, Spanned};
use crate::manifest::schema_check::FILLED;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::unreadable::UnreadableParts;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::{
    CollectionShape, ConflictPolicy, Diagnostic, Enforcement, FieldName, FieldValue, Network, TableName,
    UnlistedPolicy,
};

/// Rows that a mapping table shall have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["table"]}, {"required": ["tableName"]}]))]
pub struct MappingTableSpec {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// The API's code of the table. Excludes `tableName`.
    #[schemars(regex(pattern = FILLED))]
    pub table: Option<String>,
    /// The name that people see, looked up in each zone's own list. Excludes `table`.
    #[schemars(regex(pattern = FILLED))]
    pub table_name: Option<String>,
    /// The language of the texts; the zone's own where nothing is said.
    #[schemars(regex(pattern = FILLED))]
    pub language: Option<String>,
    /// Code of the library, for a table of a library.
    pub library: Option<Spanned<TextOrVariable>>,
    /// The columns that identify a row: names of headers, or `column0` to `column6`.
    #[schemars(length(min = 1))]
    pub key: Vec<Spanned<String>>,
    /// How strongly the rows are meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// What happens to rows that no manifest mentions.
    #[serde(default)]
    pub unlisted: UnlistedPolicy,
    /// The rows.
    #[serde(default)]
    pub rows: Vec<Spanned<MappingTableRowSpec>>,
    /// What is different in some of the zones, in order: later ones win.
    #[serde(default)]
    pub overrides: Vec<Spanned<RowOverrideSpec<MappingTableRowSpec>>>,
}

/// One row. A column that is left out is not zonal's and never changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MappingTableRowSpec {
    /// Texts by name of header, or by `column0` to `column6`; `null` clears one.
    pub columns: OrderedFields<Spanned<Nullable<TextOrVariable>>>,
    /// Whether the row counts.
    pub enabled: Option<Spanned<bool>>,
    /// True for a row that shall not be there.
    pub absent: Option<bool>,
}

impl KindSpec for MappingTableSpec {
    const NAME: &'static str = "MappingTable";
    const SUMMARY: &'static str = "Rows that a mapping table shall have in the zones it applies to.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::All;

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

impl ManifestSpec for MappingTableSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = self.check_columns(head);
        problems.extend(row_checks::check(&self.table(head.lost_spec()), head));
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        self.table(head.lost_spec()).expand(head, network, expansion);
    }
}

static ENABLED: LazyLock<FieldName> = LazyLock::new(|| "enabled".into());

static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        stage: 1,
        defaults: [(Arc::clone(&ENABLED), FieldValue::Bool(true))].into(),
        switch: Some(Arc::clone(&ENABLED)),
        menu: "the mapping table's own page (Configuration, in the area of the table)".into(),
        ..CollectionShape::default()
    })
});

/// How a mapping table behaves that a person finds in this place.
pub(super) fn shape(menu: &str) -> Arc<CollectionShape> {
    Arc::new(CollectionShape { menu: menu.into(), ..CollectionShape::clone(&SHAPE) })
}

impl MappingTableSpec {
    fn table<'a>(&'a self, lost: &'a UnreadableParts) -> TableManifest<'a> {
        let mut names = MappingColumnNames::default();
        let rows = names.rows(&self.rows, lost.field("rows"));
        let overrides = (self.overrides.iter())
            .map(|each| each.from_spec(lost.field("overrides"), |specs, lost| names.rows(specs, lost)))
            .collect();
        // The schema lets one of the two pass, and one only.
        let table = match (&self.table, &self.table_name) {
            (Some(code), _) => TableName::Code(code.as_str().into()),
            (None, title) => TableName::Title(title.as_deref().unwrap_or_default().into()),
        };
        TableManifest {
            kind: Self::NAME,
            table,
            language: self.language.as_deref(),
            library: self.library.as_ref(),
            key: self.key.iter().map(|column| names.get(&column.value)).collect(),
            shape: Arc::clone(&SHAPE),
            lost,
            applies_to: self.applies_to.as_ref(),
            enforcement: self.enforcement,
            on_conflict: self.conflict,
            unlisted: self.unlisted,
            rows,
            overrides,
        }
    }

    fn check_columns(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for (index, column) in self.key.iter().enumerate() {
            if let Some(first) = self.key[..index].iter().find(|first| first.value == column.value) {
                let message = format!("column `{}` is named twice in `key`", column.value);
                problems.push(
                    Diagnostic::error(diagnostic_codes::DUPLICATE_COLUMN, head.place(column.extent), message)
                        .with_secondary_span(head.place(first.extent), "first here")
                        .help("remove one of them"),
                );
            }
        }
        let rows = self.rows.iter().chain(self.overrides.iter().flat_map(|each| &each.value.rows));
        let columns = rows.flat_map(|row| row.value.columns.0.iter().map(|(column, _)| column));
        for column in self.key.iter().chain(columns).filter(|column| !is_possible(&column.value)) {
            let message = format!("a mapping table has no column `{}`", column.value);
            problems.push(
                Diagnostic::error(diagnostic_codes::NO_SUCH_COLUMN, head.place(column.extent), message)
                    .help("write the name of a header, or `column0` to `column6`"),
            );
        }
        problems
    }
}

/// Whether a name could be a header's or is one of the seven columns'. `enabled` is a field of the
/// row itself, so that a column of that name could not be told from it.
fn is_possible(column: &str) -> bool {
    let number = column.strip_prefix("column").filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    match number {
        Some(number) if !number.is_empty() => matches!(number.as_bytes(), [b'0'..=b'6']),
        Some(_) | None => !column.trim().is_empty() && column != ENABLED.as_ref(),
    }
}

/// Names of columns, each made once.
#[derive(Default)]
struct MappingColumnNames<'a>(BTreeMap<&'a str, FieldName>);

impl<'a> MappingColumnNames<'a> {
    fn get(&mut self, name: &'a str) -> FieldName {
        Arc::clone(self.0.entry(name).or_insert_with(|| name.into()))
    }

    fn rows(
        &mut self,
        specs: &'a [Spanned<MappingTableRowSpec>],
        lost: &'a UnreadableParts,
    ) -> Vec<RowSpec<'a>> {
        specs.iter().map(|spec| self.row(spec, lost.item(spec.extent))).collect()
    }

    fn row(&mut self, spec: &'a Spanned<MappingTableRowSpec>, lost: &'a UnreadableParts) -> RowSpec<'a> {
        let MappingTableRowSpec { columns, enabled, absent } = &spec.value;
        let mut fields: Vec<_> = (columns.0.iter())
            .map(|(name, text)| (self.get(&name.value), text.extent, RowValue::nullable(&text.value)))
            .collect();
        fields.extend(
            enabled.iter().map(|flag| (Arc::clone(&ENABLED), flag.extent, RowValue::Bool(flag.value))),
        );
        RowSpec { extent: spec.extent, fields, absent: *absent, lost, lost_key: lost.field("columns") }
    }
}
