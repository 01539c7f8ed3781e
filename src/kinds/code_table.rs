//! `CodeTable`: rows of an Alma code table.

use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::row_checks::{self, RowSpec, RowValue};
use super::table_manifest::{RowOverrideSpec, TableManifest};
use super::{Expansion, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::ManifestHeader;
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::schema_check::FILLED;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::unlisted_spec::UnlistedSpec;
use crate::manifest::unreadable::UnreadableParts;
use crate::model::{
    CollectionOwner, CollectionShape, ComparisonOptions, ConflictPolicy, Diagnostic, Enforcement, FieldName,
    FieldValue, Network, TableName, UnlistedPolicy, ValueComparison,
};

/// Rows of an Alma code table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CodeTableSpec {
    /// Selector of the target zones. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Alma's code of the table.
    #[schemars(regex(pattern = FILLED))]
    pub table: String,
    /// Language of the descriptions. Default: the zone's language. All languages share `enabled` and
    /// `default`; declare them in one language only.
    #[schemars(regex(pattern = FILLED))]
    pub language: Option<String>,
    /// Library code, for a table of a library.
    pub library: Option<Spanned<TextOrVariable>>,
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
    /// Comparison of texts, if the zone stores them in another form: `exact` (default), `trimmed`, `unicode`,
    /// `entities`, `lineEnds` or `caseInsensitive`.
    #[serde(default)]
    pub compare: CodeTableComparisonSpec,
    /// Action for unlisted rows: `keep` (default), `disable` or `delete`, or a map with `action` and `except`.
    #[serde(default)]
    pub unlisted: UnlistedSpec<UnlistedPolicy>,
    /// Rows, identified by code.
    #[serde(default)]
    pub rows: Vec<Spanned<CodeTableRowSpec>>,
    /// Overrides for some of the zones, in order. Later overrides take precedence.
    #[serde(default)]
    pub overrides: Vec<Spanned<RowOverrideSpec<CodeTableRowSpec>>>,
}

/// Comparison of the texts of a code table.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CodeTableComparisonSpec {
    /// Comparison of the displayed texts.
    #[serde(default)]
    pub description: ValueComparison,
}

/// Row of a code table. zonal does not manage omitted fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CodeTableRowSpec {
    /// Code; identifies the row.
    pub code: Spanned<TextOrVariable>,
    /// Displayed text; `null` clears the text.
    pub description: Option<Spanned<Nullable<TextOrVariable>>>,
    /// True if users can select the code.
    pub enabled: Option<Spanned<bool>>,
    /// True for the preselected row; at most one row per table.
    pub default: Option<Spanned<bool>>,
    /// True to delete the row.
    pub absent: Option<bool>,
    /// False in a row of an override to leave the shared row with this code to these zones: zonal does not
    /// manage it there.
    pub managed: Option<Spanned<bool>>,
}

impl KindSpec for CodeTableSpec {
    const NAME: &'static str = "CodeTable";
    const SUMMARY: &'static str = "Rows of a code table in the selected zones.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::All;

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        (collection == Self::NAME).then(|| Arc::clone(&NAMES.shape))
    }
}

impl ManifestSpec for CodeTableSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        row_checks::check(&self.table(head.lost_spec()), head)
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        self.table(head.lost_spec()).expand(head, network, expansion);
    }
}

/// Returns the shape of a code table with this menu path in Alma, for [`super::shape`].
pub(super) fn shape(menu: &str) -> Arc<CollectionShape> {
    Arc::new(CollectionShape { menu: menu.into(), ..CollectionShape::clone(&NAMES.shape) })
}

/// Field names, key and shape of code tables.
struct CodeRowFields {
    code: FieldName,
    description: FieldName,
    enabled: FieldName,
    default: FieldName,
    key: Arc<[FieldName]>,
    shape: Arc<CollectionShape>,
}

static NAMES: LazyLock<CodeRowFields> = LazyLock::new(|| {
    let [code, description, enabled, default]: [FieldName; 4] =
        ["code", "description", "enabled", "default"].map(FieldName::from);
    let shape = CollectionShape {
        stage: 0,
        required: vec![Arc::clone(&description)],
        defaults: [
            (Arc::clone(&enabled), FieldValue::Bool(true)),
            (Arc::clone(&default), FieldValue::Bool(false)),
        ]
        .into(),
        exclusive: vec![Arc::clone(&default)],
        shared: vec![Arc::clone(&enabled), Arc::clone(&default)],
        switch: Some(Arc::clone(&enabled)),
        menu: "the code table's own page (Configuration, in the area of the table)".into(),
        ..CollectionShape::default()
    };
    let key = [Arc::clone(&code)].into();
    CodeRowFields { code, description, enabled, default, key, shape: Arc::new(shape) }
});

impl CodeTableSpec {
    fn options(&self) -> ComparisonOptions {
        let description = self.compare.description;
        let compare =
            (description != ValueComparison::Exact).then(|| (Arc::clone(&NAMES.description), description));
        ComparisonOptions {
            has_key_field: false,
            compare: Some(Arc::new(compare.into_iter().collect())),
            ..ComparisonOptions::default()
        }
    }

    fn table<'a>(&'a self, lost: &'a UnreadableParts) -> TableManifest<'a> {
        let overrides = self.overrides.iter().map(|each| each.from_spec(lost.field("overrides"), rows));
        TableManifest {
            kind: Self::NAME,
            table: TableName::Code(self.table.as_str().into()),
            language: self.language.as_deref(),
            library: self.library.as_ref(),
            key: Arc::clone(&NAMES.key),
            lost,
            applies_to: self.applies_to.as_ref(),
            enforcement: self.enforcement,
            on_conflict: self.conflict,
            owner: self.owner,
            options: self.options(),
            unlisted: &self.unlisted,
            rows: rows(&self.rows, lost.field("rows")),
            overrides: overrides.collect(),
        }
    }
}

fn rows<'a>(specs: &'a [Spanned<CodeTableRowSpec>], lost: &'a UnreadableParts) -> Vec<RowSpec<'a>> {
    specs.iter().map(|spec| row(spec, lost.item(spec.extent))).collect()
}

fn row<'a>(spec: &'a Spanned<CodeTableRowSpec>, lost: &'a UnreadableParts) -> RowSpec<'a> {
    let CodeTableRowSpec { code, description, enabled, default, absent, managed } = &spec.value;
    let mut fields = vec![(Arc::clone(&NAMES.code), code.extent, RowValue::Text(&code.value))];
    let text =
        description.iter().map(|text| (&NAMES.description, text.extent, RowValue::nullable(&text.value)));
    let enabled = enabled.iter().map(|flag| (&NAMES.enabled, flag.extent, RowValue::Bool(flag.value)));
    let default = default.iter().map(|flag| (&NAMES.default, flag.extent, RowValue::Bool(flag.value)));
    fields.extend(
        text.chain(enabled).chain(default).map(|(field, extent, said)| (Arc::clone(field), extent, said)),
    );
    RowSpec { extent: spec.extent, fields, absent: *absent, managed: *managed, lost, lost_key: lost }
}
