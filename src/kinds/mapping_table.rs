//! `MappingTable`: rows of an Alma mapping table.

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
use crate::manifest::unlisted_spec::UnlistedSpec;
use crate::manifest::unreadable::UnreadableParts;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::{
    CollectionOwner, CollectionShape, ComparisonOptions, ConflictPolicy, Diagnostic, Enforcement, FieldName,
    FieldValue, Network, TableName, UnlistedPolicy, ValueComparison,
};

/// Rows of an Alma mapping table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["table"]}, {"required": ["tableName"]}]))]
pub struct MappingTableSpec {
    /// Selector of the target zones. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// API code of the table. Excludes `tableName`.
    #[schemars(regex(pattern = FILLED))]
    pub table: Option<String>,
    /// Displayed name of the table, looked up in each zone's table list. Excludes `table`.
    #[schemars(regex(pattern = FILLED))]
    pub table_name: Option<String>,
    /// Language of the texts. Default: the zone's language.
    #[schemars(regex(pattern = FILLED))]
    pub language: Option<String>,
    /// Library code, for a table of a library.
    pub library: Option<Spanned<TextOrVariable>>,
    /// Key columns of a row: header names, or `column0` to `column6`.
    #[schemars(length(min = 1))]
    pub key: Vec<Spanned<String>>,
    /// Enforcement of the rows: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// Owner of the table, if the Network Zone's distribution jobs write it too: `undecided` (default; zonal does
    /// not write such a table), `zonal` (a write can detach the table from the network) or `network` (zonal only
    /// reports differences).
    #[serde(default)]
    pub owner: CollectionOwner,
    /// Comparison of texts by column, if the zone stores them in another form: `exact` (default), `trimmed`,
    /// `unicode`, `entities`, `lineEnds` or `caseInsensitive`. Not for key columns.
    #[serde(default)]
    pub compare: OrderedFields<ValueComparison>,
    /// Action for unlisted rows: `keep` (default), `disable` or `delete`, or a map with `action` and `except`.
    #[serde(default)]
    pub unlisted: UnlistedSpec<UnlistedPolicy>,
    /// Rows.
    #[serde(default)]
    pub rows: Vec<Spanned<MappingTableRowSpec>>,
    /// Overrides for some of the zones, in order. Later overrides take precedence.
    #[serde(default)]
    pub overrides: Vec<Spanned<RowOverrideSpec<MappingTableRowSpec>>>,
}

/// Row of a mapping table. zonal does not manage omitted columns.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MappingTableRowSpec {
    /// Texts by header name, or by `column0` to `column6`; `null` clears a text.
    pub columns: OrderedFields<Spanned<Nullable<TextOrVariable>>>,
    /// True for an enabled row.
    pub enabled: Option<Spanned<bool>>,
    /// True to delete the row.
    pub absent: Option<bool>,
    /// False in a row of an override to leave the shared row with this key to these zones: zonal does not
    /// manage it there.
    pub managed: Option<Spanned<bool>>,
}

impl KindSpec for MappingTableSpec {
    const NAME: &'static str = "MappingTable";
    const SUMMARY: &'static str = "Rows of a mapping table in the selected zones.";
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

/// Returns the shape of a mapping table with this menu path in Alma, for [`super::shape`].
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
        let compare = self.compare.0.iter().filter(|(_, comparison)| *comparison != ValueComparison::Exact);
        let compare = compare.map(|(column, comparison)| (names.get(&column.value), *comparison));
        let options = ComparisonOptions {
            has_key_field: true,
            compare: Some(Arc::new(compare.collect())),
            ..ComparisonOptions::default()
        };
        // The schema requires exactly one of the two fields.
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
            lost,
            applies_to: self.applies_to.as_ref(),
            enforcement: self.enforcement,
            on_conflict: self.conflict,
            owner: self.owner,
            options,
            unlisted: &self.unlisted,
            rows,
            overrides,
        }
    }

    fn check_columns(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for (index, column) in self.key.iter().enumerate() {
            if let Some(first) = self.key[..index].iter().find(|first| first.value == column.value) {
                let message = format!("column `{}` is listed twice in `key`", column.value);
                problems.push(
                    Diagnostic::error(diagnostic_codes::DUPLICATE_COLUMN, head.place(column.extent), message)
                        .with_secondary_span(head.place(first.extent), "first here")
                        .help("remove one of the columns"),
                );
            }
        }
        let rows = self.rows.iter().chain(self.overrides.iter().flat_map(|each| &each.value.rows));
        let columns = rows.flat_map(|row| row.value.columns.0.iter().map(|(column, _)| column));
        for (column, _) in &self.compare.0 {
            if self.key.iter().any(|key| key.value == column.value) {
                let message = format!("`compare` names the key column `{}`", column.value);
                problems.push(
                    Diagnostic::error(diagnostic_codes::COMPARED_KEY, head.place(column.extent), message)
                        .help("remove the column, and write the keys as the zone stores them"),
                );
            }
        }
        let compared = self.compare.0.iter().map(|(column, _)| column);
        for column in
            self.key.iter().chain(columns).chain(compared).filter(|column| !is_possible(&column.value))
        {
            let message = format!("invalid column name `{}`", column.value);
            problems.push(
                Diagnostic::error(diagnostic_codes::NO_SUCH_COLUMN, head.place(column.extent), message)
                    .help("use a header name, or `column0` to `column6`"),
            );
        }
        problems
    }
}

/// Returns true for a possible header name or one of the seven column names. `enabled` is a field of the row
/// itself, so a column of this name would be ambiguous.
pub(super) fn is_possible(column: &str) -> bool {
    let number = column.strip_prefix("column").filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    match number {
        Some(number) if !number.is_empty() => matches!(number.as_bytes(), [b'0'..=b'6']),
        Some(_) | None => !column.trim().is_empty() && column != ENABLED.as_ref(),
    }
}

/// Column names, interned.
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
        let MappingTableRowSpec { columns, enabled, absent, managed } = &spec.value;
        let mut fields: Vec<_> = (columns.0.iter())
            .map(|(name, text)| (self.get(&name.value), text.extent, RowValue::nullable(&text.value)))
            .collect();
        fields.extend(
            enabled.iter().map(|flag| (Arc::clone(&ENABLED), flag.extent, RowValue::Bool(flag.value))),
        );
        let lost_key = lost.field("columns");
        RowSpec { extent: spec.extent, fields, absent: *absent, managed: *managed, lost, lost_key }
    }
}
