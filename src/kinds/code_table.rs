//! `CodeTable`: rows of one of Alma's code tables.

use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::rows::{self, Row, Said};
use super::table::{OverrideSpec, Table};
use super::{Expansion, KindSpec, Reach, Spec};
use crate::manifest::Head;
use crate::manifest::check::FILLED;
use crate::manifest::lost::Lost;
use crate::manifest::selection::AppliesTo;
use crate::manifest::text::Text;
use crate::manifest::typed::{At, Nullable};
use crate::model::{
    Diagnostic, Enforcement, Field, Network, OnConflict, Shape, Table as TableName, Unlisted, Value,
};

/// Rows that a code table shall have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CodeTable {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// Alma's code of the table.
    #[schemars(regex(pattern = FILLED))]
    pub table: String,
    /// The language of the descriptions; the zone's own where nothing is said. `enabled` and
    /// `default` are shared by all languages and need to be declared in one of them only.
    #[schemars(regex(pattern = FILLED))]
    pub language: Option<String>,
    /// Code of the library, for a table of a library.
    pub library: Option<At<Text>>,
    /// How strongly the rows are meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: OnConflict,
    /// What happens to rows that no manifest mentions.
    #[serde(default)]
    pub unlisted: Unlisted,
    /// The rows, by code.
    #[serde(default)]
    pub rows: Vec<At<CodeTableRow>>,
    /// What is different in some of the zones, in order: later ones win.
    #[serde(default)]
    pub overrides: Vec<At<OverrideSpec<CodeTableRow>>>,
}

/// One row. A field that is left out is not zonal's and never changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CodeTableRow {
    /// The code, which identifies the row.
    pub code: At<Text>,
    /// What people see; `null` clears it.
    pub description: Option<At<Nullable<Text>>>,
    /// Whether the code can be chosen.
    pub enabled: Option<At<bool>>,
    /// Whether it is what is chosen at first; one row of a table at most.
    pub default: Option<At<bool>>,
    /// True for a row that shall not be there.
    pub absent: Option<bool>,
}

impl KindSpec for CodeTable {
    const NAME: &'static str = "CodeTable";
    const ABOUT: &'static str = "Rows that a code table shall have in the zones it applies to.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const REACH: Reach = Reach::All;

    fn shape(collection: &str) -> Option<Arc<Shape>> {
        (collection == Self::NAME).then(|| Arc::clone(&NAMES.shape))
    }
}

impl Spec for CodeTable {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        rows::check(&self.table(head.lost_spec()), head)
    }

    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>) {
        self.table(head.lost_spec()).expand(head, network, expansion);
    }
}

/// How a code table behaves that a person finds in this place.
pub(super) fn shape(menu: &str) -> Arc<Shape> {
    Arc::new(Shape { menu: menu.into(), ..Shape::clone(&NAMES.shape) })
}

/// The fields of a row.
struct Names {
    code: Field,
    description: Field,
    enabled: Field,
    default: Field,
    key: Arc<[Field]>,
    shape: Arc<Shape>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let [code, description, enabled, default]: [Field; 4] =
        ["code", "description", "enabled", "default"].map(Field::from);
    let shape = Shape {
        stage: 0,
        required: vec![Arc::clone(&description)],
        defaults: [(Arc::clone(&enabled), Value::Bool(true)), (Arc::clone(&default), Value::Bool(false))]
            .into(),
        exclusive: vec![Arc::clone(&default)],
        shared: vec![Arc::clone(&enabled), Arc::clone(&default)],
        switch: Some(Arc::clone(&enabled)),
        menu: "the code table's own page (Configuration, in the area of the table)".into(),
        ..Shape::default()
    };
    let key = [Arc::clone(&code)].into();
    Names { code, description, enabled, default, key, shape: Arc::new(shape) }
});

impl CodeTable {
    fn table<'a>(&'a self, lost: &'a Lost) -> Table<'a> {
        let overrides = self.overrides.iter().map(|each| each.read(lost.field("overrides"), rows));
        Table {
            kind: Self::NAME,
            table: TableName::Code(self.table.as_str().into()),
            language: self.language.as_deref(),
            library: self.library.as_ref(),
            key: Arc::clone(&NAMES.key),
            shape: Arc::clone(&NAMES.shape),
            lost,
            applies_to: self.applies_to.as_ref(),
            enforcement: self.enforcement,
            on_conflict: self.conflict,
            unlisted: self.unlisted,
            rows: rows(&self.rows, lost.field("rows")),
            overrides: overrides.collect(),
        }
    }
}

fn rows<'a>(specs: &'a [At<CodeTableRow>], lost: &'a Lost) -> Vec<Row<'a>> {
    specs.iter().map(|spec| row(spec, lost.item(spec.extent))).collect()
}

fn row<'a>(spec: &'a At<CodeTableRow>, lost: &'a Lost) -> Row<'a> {
    let CodeTableRow { code, description, enabled, default, absent } = &spec.value;
    let mut fields = vec![(Arc::clone(&NAMES.code), code.extent, Said::Text(&code.value))];
    let text = description.iter().map(|text| (&NAMES.description, text.extent, Said::nullable(&text.value)));
    let enabled = enabled.iter().map(|flag| (&NAMES.enabled, flag.extent, Said::Bool(flag.value)));
    let default = default.iter().map(|flag| (&NAMES.default, flag.extent, Said::Bool(flag.value)));
    fields.extend(
        text.chain(enabled).chain(default).map(|(field, extent, said)| (Arc::clone(field), extent, said)),
    );
    Row { extent: spec.extent, fields, absent: *absent, lost, lost_key: lost }
}
