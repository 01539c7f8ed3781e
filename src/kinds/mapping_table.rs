//! `MappingTable`: rows of one of Alma's mapping tables.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::rows::{self, Row, Said};
use super::table::{OverrideSpec, Table};
use super::{Expansion, KindSpec, Reach, Spec};
use crate::manifest::check::FILLED;
use crate::manifest::lost::Lost;
use crate::manifest::selection::AppliesTo;
use crate::manifest::text::Text;
use crate::manifest::typed::{At, Fields, Nullable};
use crate::manifest::{Head, codes};
use crate::model::{
    Diagnostic, Enforcement, Field, Network, OnConflict, Shape, Table as TableName, Unlisted, Value,
};

/// Rows that a mapping table shall have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["table"]}, {"required": ["tableName"]}]))]
pub struct MappingTable {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
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
    pub library: Option<At<Text>>,
    /// The columns that identify a row: names of headers, or `column0` to `column6`.
    #[schemars(length(min = 1))]
    pub key: Vec<At<String>>,
    /// How strongly the rows are meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: OnConflict,
    /// What happens to rows that no manifest mentions.
    #[serde(default)]
    pub unlisted: Unlisted,
    /// The rows.
    #[serde(default)]
    pub rows: Vec<At<MappingTableRow>>,
    /// What is different in some of the zones, in order: later ones win.
    #[serde(default)]
    pub overrides: Vec<At<OverrideSpec<MappingTableRow>>>,
}

/// One row. A column that is left out is not zonal's and never changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MappingTableRow {
    /// Texts by name of header, or by `column0` to `column6`; `null` clears one.
    pub columns: Fields<At<Nullable<Text>>>,
    /// Whether the row counts.
    pub enabled: Option<At<bool>>,
    /// True for a row that shall not be there.
    pub absent: Option<bool>,
}

impl KindSpec for MappingTable {
    const NAME: &'static str = "MappingTable";
    const ABOUT: &'static str = "Rows that a mapping table shall have in the zones it applies to.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const REACH: Reach = Reach::All;

    fn shape(collection: &str) -> Option<Arc<Shape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

impl Spec for MappingTable {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        let mut problems = self.check_columns(head);
        problems.extend(rows::check(&self.table(head.lost_spec()), head));
        problems
    }

    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>) {
        self.table(head.lost_spec()).expand(head, network, expansion);
    }
}

static ENABLED: LazyLock<Field> = LazyLock::new(|| "enabled".into());

static SHAPE: LazyLock<Arc<Shape>> = LazyLock::new(|| {
    Arc::new(Shape {
        stage: 1,
        defaults: [(Arc::clone(&ENABLED), Value::Bool(true))].into(),
        switch: Some(Arc::clone(&ENABLED)),
        menu: "the mapping table's own page (Configuration, in the area of the table)".into(),
        ..Shape::default()
    })
});

/// How a mapping table behaves that a person finds in this place.
pub(super) fn shape(menu: &str) -> Arc<Shape> {
    Arc::new(Shape { menu: menu.into(), ..Shape::clone(&SHAPE) })
}

impl MappingTable {
    fn table<'a>(&'a self, lost: &'a Lost) -> Table<'a> {
        let mut names = Names::default();
        let rows = names.rows(&self.rows, lost.field("rows"));
        let overrides = (self.overrides.iter())
            .map(|each| each.read(lost.field("overrides"), |specs, lost| names.rows(specs, lost)))
            .collect();
        // The schema lets one of the two pass, and one only.
        let table = match (&self.table, &self.table_name) {
            (Some(code), _) => TableName::Code(code.as_str().into()),
            (None, title) => TableName::Title(title.as_deref().unwrap_or_default().into()),
        };
        Table {
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

    fn check_columns(&self, head: &Head) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for (index, column) in self.key.iter().enumerate() {
            if let Some(first) = self.key[..index].iter().find(|first| first.value == column.value) {
                let message = format!("column `{}` is named twice in `key`", column.value);
                problems.push(
                    Diagnostic::error(codes::DUPLICATE_COLUMN, head.place(column.extent), message)
                        .related(head.place(first.extent), "first here")
                        .help("remove one of them"),
                );
            }
        }
        let rows = self.rows.iter().chain(self.overrides.iter().flat_map(|each| &each.value.rows));
        let columns = rows.flat_map(|row| row.value.columns.0.iter().map(|(column, _)| column));
        for column in self.key.iter().chain(columns).filter(|column| !is_possible(&column.value)) {
            let message = format!("a mapping table has no column `{}`", column.value);
            problems.push(
                Diagnostic::error(codes::NO_SUCH_COLUMN, head.place(column.extent), message)
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
struct Names<'a>(BTreeMap<&'a str, Field>);

impl<'a> Names<'a> {
    fn get(&mut self, name: &'a str) -> Field {
        Arc::clone(self.0.entry(name).or_insert_with(|| name.into()))
    }

    fn rows(&mut self, specs: &'a [At<MappingTableRow>], lost: &'a Lost) -> Vec<Row<'a>> {
        specs.iter().map(|spec| self.row(spec, lost.item(spec.extent))).collect()
    }

    fn row(&mut self, spec: &'a At<MappingTableRow>, lost: &'a Lost) -> Row<'a> {
        let MappingTableRow { columns, enabled, absent } = &spec.value;
        let mut fields: Vec<_> = (columns.0.iter())
            .map(|(name, text)| (self.get(&name.value), text.extent, Said::nullable(&text.value)))
            .collect();
        fields.extend(enabled.iter().map(|flag| (Arc::clone(&ENABLED), flag.extent, Said::Bool(flag.value))));
        Row { extent: spec.extent, fields, absent: *absent, lost, lost_key: lost.field("columns") }
    }
}
