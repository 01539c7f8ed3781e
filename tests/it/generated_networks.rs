//! Generated networks: observed state, manifests, and the expected state by a second, much simpler
//! implementation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use zonal::emulator::{
    ColumnType, EmulatedCodeRow, EmulatedCodeTable, EmulatedMappingRow, EmulatedMappingTable,
    ModificationStamp, TableSeed,
};

/// Codes of the Network Zone and up to three members.
pub const CODES: [&str; 4] = ["01P_NETWORK", "01P_ALPHA", "01P_BETA", "01P_GAMMA"];
const AREA: (&str, &str) = ("INFRA", "General");

/// Network before the first apply.
#[derive(Clone)]
pub struct GeneratedScenario {
    pub zones: Vec<GeneratedZoneState>,
    pub manifests: Vec<GeneratedManifest>,
}

/// Short form: the observed state of the zones, and the manifests.
impl std::fmt::Debug for GeneratedScenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for GeneratedZoneState { code, group, language, codes, mappings } in &self.zones {
            writeln!(f, "\n{code} ({language}, {group})")?;
            for (table, rows) in ["P1", "P2"].iter().zip(codes) {
                for EmulatedCodeRow { code, descriptions, enabled, default, updated: _ } in rows {
                    writeln!(f, "  {table} {code} {descriptions:?} enabled {enabled} default {default}")?;
                }
            }
            for EmulatedMappingRow { columns, enabled, .. } in mappings {
                writeln!(f, "  M1 {columns:?} enabled {enabled}")?;
            }
        }
        self.manifests.iter().try_for_each(|manifest| write!(f, "---\n{}", manifest.yaml()))
    }
}

/// Initial contents of a zone.
#[derive(Debug, Clone)]
pub struct GeneratedZoneState {
    pub code: &'static str,
    /// Value of the variable `group`.
    pub group: &'static str,
    /// Language of the zone, `en` or `fr`.
    pub language: &'static str,
    /// Rows of the code tables `P1` and `P2`.
    pub codes: [Vec<EmulatedCodeRow>; 2],
    /// Rows of the mapping table `M1`.
    pub mappings: Vec<EmulatedMappingRow>,
}

/// Enforcement of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeneratedEnforcement {
    Enforce,
    CreateOnly,
    Report,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeneratedUnlisted {
    Keep,
    Disable,
    Delete,
}

/// Manifest of one code table or mapping table.
#[derive(Debug, Clone)]
pub struct GeneratedManifest {
    pub name: &'static str,
    pub table: GeneratedTable,
    pub language: Option<&'static str>,
    pub zones: GeneratedZones,
    pub enforcement: GeneratedEnforcement,
    pub unlisted: GeneratedUnlisted,
    pub rows: Vec<GeneratedRow>,
    pub over: Option<GeneratedOverride>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GeneratedTable {
    P1,
    P2,
    /// Mapping table, by code.
    M1,
    /// Mapping table, by title.
    M1ByName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeneratedZones {
    All,
    Members,
    Network,
}

#[derive(Debug, Clone)]
pub struct GeneratedOverride {
    /// Code of the overridden zone.
    pub zone: &'static str,
    pub enforcement: Option<GeneratedEnforcement>,
    pub rows: Vec<GeneratedRow>,
}

/// Row of a manifest.
///
/// `key` `VAR` stands for the zone's variable. In mapping tables `text` is the note, with `Some("")` to clear
/// the note, and `refers` is the referenced code.
#[derive(Debug, Clone)]
pub struct GeneratedRow {
    pub key: &'static str,
    pub text: Option<&'static str>,
    pub refers: Option<&'static str>,
    pub enabled: Option<bool>,
    pub default: Option<bool>,
    pub absent: bool,
}

impl GeneratedTable {
    pub fn is_code(self) -> bool {
        matches!(self, Self::P1 | Self::P2)
    }

    pub fn code(self) -> &'static str {
        match self {
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::M1 | Self::M1ByName => "M1",
        }
    }
}

impl GeneratedManifest {
    pub fn covers(&self, zone: &str) -> bool {
        match self.zones {
            GeneratedZones::All => true,
            GeneratedZones::Members => zone != CODES[0],
            GeneratedZones::Network => zone == CODES[0],
        }
    }

    /// Returns true if the manifest restores its rows in a zone after any edit.
    pub fn enforces(&self, held: &GeneratedZoneState) -> bool {
        self.covers(held.code) && self.enforcement_in(held.code) == GeneratedEnforcement::Enforce
    }

    fn override_in(&self, zone: &str) -> Option<&GeneratedOverride> {
        self.over.as_ref().filter(|over| over.zone == zone && self.covers(zone))
    }

    pub fn enforcement_in(&self, zone: &str) -> GeneratedEnforcement {
        self.override_in(zone).and_then(|over| over.enforcement).unwrap_or(self.enforcement)
    }

    /// Returns the desired rows of a zone by their keys in the zone.
    pub fn rows_in(&self, held: &GeneratedZoneState) -> BTreeMap<&'static str, GeneratedRow> {
        let key = |row: &GeneratedRow| if row.key == "VAR" { held.group } else { row.key };
        let mut rows: BTreeMap<_, _> = self.rows.iter().map(|row| (key(row), row.clone())).collect();
        for over in self.override_in(held.code).into_iter().flat_map(|over| &over.rows) {
            match rows.get_mut(key(over)) {
                Some(under) if !over.absent && !under.absent => {
                    under.text = over.text.or(under.text);
                    under.refers = over.refers.or(under.refers);
                    under.enabled = over.enabled.or(under.enabled);
                }
                Some(_) | None => drop(rows.insert(key(over), over.clone())),
            }
        }
        rows
    }

    /// Returns the manifest as YAML.
    pub fn yaml(&self) -> String {
        let mut out = String::new();
        let kind = if self.table.is_code() { "CodeTable" } else { "MappingTable" };
        let _ = writeln!(out, "apiVersion: zonal/v1\nkind: {kind}\nmetadata: {{name: {}}}\nspec:", self.name);
        let _ = match self.table {
            GeneratedTable::M1ByName => writeln!(out, "  tableName: Made-up mappings"),
            table => writeln!(out, "  table: {}", table.code()),
        };
        if !self.table.is_code() {
            let _ = writeln!(out, "  key: [ID]");
        }
        if let Some(language) = self.language {
            let _ = writeln!(out, "  language: {language}");
        }
        let zones = match self.zones {
            GeneratedZones::All => "all",
            GeneratedZones::Members => "members",
            GeneratedZones::Network => "network",
        };
        let _ = writeln!(out, "  appliesTo: {{zones: {zones}}}");
        let _ = writeln!(out, "  enforcement: {}", enforcement_text(self.enforcement));
        let _ = writeln!(out, "  unlisted: {}", format!("{:?}", self.unlisted).to_lowercase());
        let _ = writeln!(out, "  rows:{}", self.list(&self.rows, "    "));
        if let Some(GeneratedOverride { zone, enforcement, rows }) =
            self.over.as_ref().filter(|over| self.covers(over.zone))
        {
            let _ = writeln!(out, "  overrides:\n    - appliesTo: {{zones: all, only: [{zone}]}}");
            if let Some(enforcement) = enforcement {
                let _ = writeln!(out, "      enforcement: {}", enforcement_text(*enforcement));
            }
            let _ = writeln!(out, "      rows:{}", self.list(rows, "        "));
        }
        out
    }

    fn list(&self, rows: &[GeneratedRow], indent: &str) -> String {
        if rows.is_empty() {
            return " []".to_owned();
        }
        rows.iter().map(|row| format!("\n{indent}- {{{}}}", self.row(row))).collect()
    }

    fn row(&self, row: &GeneratedRow) -> String {
        let key = if row.key == "VAR" { "{var: group}".to_owned() } else { format!("{:?}", row.key) };
        let mut parts = Vec::new();
        if self.table.is_code() {
            parts.push(format!("code: {key}"));
            parts.extend(row.text.map(|text| format!("description: {text:?}")));
            parts.extend(row.default.map(|flag| format!("default: {flag}")));
        } else {
            let mut columns = vec![format!("ID: {key}")];
            columns.extend(row.refers.map(|code| format!("Group: {code:?}")));
            columns.extend(row.text.map(|text| match text {
                "" => "Note: null".to_owned(),
                text => format!("Note: {text:?}"),
            }));
            parts.push(format!("columns: {{{}}}", columns.join(", ")));
        }
        parts.extend(row.enabled.map(|flag| format!("enabled: {flag}")));
        if row.absent {
            parts.push("absent: true".to_owned());
        }
        parts.join(", ")
    }
}

fn enforcement_text(enforcement: GeneratedEnforcement) -> String {
    match enforcement {
        GeneratedEnforcement::Enforce => "enforce",
        GeneratedEnforcement::CreateOnly => "createOnly",
        GeneratedEnforcement::Report => "report",
    }
    .to_owned()
}

impl GeneratedScenario {
    /// Returns the `Network` manifest, with the members in the order of the zones.
    pub fn network_yaml(&self) -> String {
        let mut out = "apiVersion: zonal/v1\nkind: Network\nmetadata: {name: p}\nspec:\n  region: ca\n  \
                       credentials: {read: {env: 'R_{code}'}}\n  rate: {perSecond: 50}\n"
            .to_owned();
        let zone = |held: &GeneratedZoneState| {
            format!("{{code: {}, name: Made up, vars: {{group: {}}}}}", held.code, held.group)
        };
        for held in &self.zones {
            if held.code == CODES[0] {
                let _ = writeln!(out, "  networkZone: {}", zone(held));
            }
        }
        out.push_str("  members:\n");
        for held in self.zones.iter().filter(|held| held.code != CODES[0]) {
            let _ = writeln!(out, "    - {}", zone(held));
        }
        out
    }

    /// Returns the initial tables of a zone.
    pub fn seeds(held: &GeneratedZoneState) -> Vec<TableSeed> {
        let [p1, p2] = &held.codes;
        let code_table = |name: &str, rows: &[EmulatedCodeRow]| {
            rows.iter().cloned().fold(EmulatedCodeTable::new(name, name, AREA), EmulatedCodeTable::row)
        };
        let mapping = EmulatedMappingTable::new("M1", "Made-up mappings", AREA)
            .column("ID", ColumnType::Text)
            .column("Group", ColumnType::Code("P1".to_owned()))
            .column("Note", ColumnType::Text);
        let mapping = held.mappings.iter().cloned().fold(mapping, EmulatedMappingTable::row);
        vec![code_table("P1", p1).into(), code_table("P2", p2).into(), mapping.into()]
    }

    /// Returns true if a manifest deletes rows of a table in a zone.
    pub fn takes_away(&self, table: &str, held: &GeneratedZoneState) -> bool {
        self.manifests
            .iter()
            .filter(|manifest| manifest.table.code() == table && manifest.covers(held.code))
            .any(|manifest| {
                manifest.unlisted == GeneratedUnlisted::Delete
                    || manifest.rows_in(held).values().any(|row| row.absent)
            })
    }

    /// Returns the expected rows of a code table.
    pub fn expected_codes(&self, table: GeneratedTable, held: &GeneratedZoneState) -> Vec<EmulatedCodeRow> {
        let before = &held.codes[usize::from(table == GeneratedTable::P2)];
        let mut rows = before.clone();
        let manifests: Vec<&GeneratedManifest> =
            self.manifests.iter().filter(|each| each.table == table && each.covers(held.code)).collect();
        let mut default = None;
        for manifest in &manifests {
            let language = manifest.language.unwrap_or(held.language);
            let enforcement = manifest.enforcement_in(held.code);
            for (code, wanted) in manifest.rows_in(held) {
                let is_new = before.iter().all(|old| old.code != code);
                let there = rows.iter_mut().find(|row| row.code == code);
                match (enforcement, there, wanted.absent) {
                    (GeneratedEnforcement::Report, ..) | (_, None, true) => {}
                    // A row that another language has just created is still new.
                    (GeneratedEnforcement::CreateOnly, Some(_), _) if !is_new => {}
                    (_, Some(_), true) => rows.retain(|row| row.code != code),
                    (GeneratedEnforcement::Enforce | GeneratedEnforcement::CreateOnly, Some(row), false) => {
                        if let Some(text) = wanted.text.filter(|text| *text != shown(row, language, held)) {
                            row.descriptions.insert(language.to_owned(), text.to_owned());
                        }
                        row.enabled = wanted.enabled.unwrap_or(row.enabled);
                        if wanted.default == Some(true) && !row.default {
                            default = Some(code);
                        }
                        row.default = wanted.default.unwrap_or(row.default);
                    }
                    (_, None, false) => {
                        let text = wanted.text.expect("new row should have a description");
                        rows.push(EmulatedCodeRow {
                            code: code.to_owned(),
                            descriptions: BTreeMap::from([(language.to_owned(), text.to_owned())]),
                            enabled: wanted.enabled.unwrap_or(true),
                            default: wanted.default.unwrap_or(false),
                            updated: None,
                        });
                        if wanted.default == Some(true) {
                            default = Some(code);
                        }
                    }
                }
            }
        }
        let listed: BTreeSet<&str> =
            manifests.iter().flat_map(|each| each.rows_in(held).into_keys()).collect();
        for manifest in &manifests {
            if manifest.enforcement_in(held.code) == GeneratedEnforcement::Enforce {
                let unlisted = |row: &EmulatedCodeRow| {
                    !listed.contains(&*row.code) && before.iter().any(|old| old.code == row.code)
                };
                match manifest.unlisted {
                    GeneratedUnlisted::Keep => {}
                    GeneratedUnlisted::Disable => {
                        rows.iter_mut().filter(|row| unlisted(row)).for_each(|row| row.enabled = false);
                    }
                    GeneratedUnlisted::Delete => rows.retain(|row| !unlisted(row)),
                }
            }
        }
        if let Some(default) = default {
            rows.iter_mut().filter(|row| row.code != default).for_each(|row| row.default = false);
        }
        rows.iter_mut().for_each(|row| stamp(row, before.iter().find(|old| old.code == row.code)));
        rows
    }

    /// Returns the expected rows of the mapping table.
    pub fn expected_mappings(&self, held: &GeneratedZoneState) -> Vec<EmulatedMappingRow> {
        let before = &held.mappings;
        let mut rows = before.clone();
        let manifests: Vec<&GeneratedManifest> =
            self.manifests.iter().filter(|each| !each.table.is_code() && each.covers(held.code)).collect();
        for manifest in &manifests {
            let enforcement = manifest.enforcement_in(held.code);
            for (key, wanted) in manifest.rows_in(held) {
                let set = |row: &mut EmulatedMappingRow| {
                    for (column, value) in [(1, wanted.refers), (2, wanted.text)] {
                        if let Some(value) = value {
                            value.clone_into(&mut row.columns[column]);
                        }
                    }
                    row.enabled = wanted.enabled.unwrap_or(row.enabled);
                };
                let there = rows.iter_mut().find(|row| row.columns[0] == key);
                match (enforcement, there, wanted.absent) {
                    (GeneratedEnforcement::Report, ..)
                    | (GeneratedEnforcement::CreateOnly, Some(_), _)
                    | (_, None, true) => {}
                    (_, Some(_), true) => rows.retain(|row| row.columns[0] != key),
                    (GeneratedEnforcement::Enforce, Some(row), false) => set(row),
                    (_, None, false) => {
                        let mut row = EmulatedMappingRow::new(&[key]);
                        set(&mut row);
                        rows.push(row);
                    }
                }
            }
        }
        let listed: BTreeSet<&str> =
            manifests.iter().flat_map(|each| each.rows_in(held).into_keys()).collect();
        for manifest in &manifests {
            if manifest.enforcement_in(held.code) == GeneratedEnforcement::Enforce {
                let unlisted = |row: &EmulatedMappingRow| !listed.contains(&*row.columns[0]);
                match manifest.unlisted {
                    GeneratedUnlisted::Keep => {}
                    GeneratedUnlisted::Disable => {
                        rows.iter_mut().filter(|row| unlisted(row)).for_each(|row| row.enabled = false);
                    }
                    GeneratedUnlisted::Delete => rows.retain(|row| !unlisted(row)),
                }
            }
        }
        for row in &mut rows {
            let old = before.iter().find(|old| old.columns == row.columns && old.enabled == row.enabled);
            row.updated = old.map_or_else(|| Some(api_stamp()), |old| old.updated.clone());
        }
        rows
    }
}

/// Returns a zone's description of a row in a language, with the fallbacks of the emulator.
pub fn shown<'a>(row: &'a EmulatedCodeRow, language: &str, held: &GeneratedZoneState) -> &'a str {
    let found = [language, held.language, "en"].into_iter().find_map(|each| row.descriptions.get(each));
    found.or_else(|| row.descriptions.values().next()).map_or("", String::as_str)
}

/// Sets the modification stamp: unchanged rows keep theirs, changed rows get the API's.
fn stamp(row: &mut EmulatedCodeRow, old: Option<&EmulatedCodeRow>) {
    row.updated = None;
    row.updated = match old {
        Some(old) if EmulatedCodeRow { updated: None, ..old.clone() } == *row => old.updated.clone(),
        Some(_) | None => Some(api_stamp()),
    };
}

fn api_stamp() -> ModificationStamp {
    ModificationStamp { by: "API_USER".to_owned(), date: "2026-03-02Z".to_owned() }
}

// Generators.

const TEXTS: [&str; 4] = ["one", "two", "Énoncé: trois", "no"];
/// Codes that the manifests of a code table divide among themselves; `a` resembles `A`.
const OURS: [&str; 4] = ["A", "B", "C", "a"];
const LOCAL: [&str; 3] = ["L1", "L2", "L 3/x"];

/// Returns a generator of networks with two to four zones.
pub fn scenarios() -> impl Strategy<Value = GeneratedScenario> {
    let zones = (vec(held(), 2..=4), any::<bool>());
    let manifests = (
        weighted(0.9, manifest("p1-one", GeneratedTable::P1, &["A", "B", "VAR"])),
        weighted(0.5, manifest("p1-two", GeneratedTable::P1, &["C", "a"])),
        weighted(0.4, manifest("p1-french", GeneratedTable::P1, &["A", "C"])),
        weighted(0.4, manifest("p2-one", GeneratedTable::P2, &["A", "a"])),
        weighted(0.6, manifest("m1-one", GeneratedTable::M1, &["K1", "K2", "VAR"])),
        weighted(0.4, manifest("m1-two", GeneratedTable::M1ByName, &["K3"])),
    );
    (zones, manifests).prop_map(|((mut zones, french), (one, two, third, p2, m1, m2))| {
        for (index, held) in zones.iter_mut().enumerate() {
            held.code = CODES[index];
            if !french {
                held.language = "en";
            }
        }
        let manifests = [one, two, third, p2, m1, m2].into_iter().flatten().collect();
        let mut scenario = GeneratedScenario { zones, manifests };
        scenario.settle();
        scenario
    })
}

impl GeneratedScenario {
    /// Returns the network with the keys `D` and `K9` in place of `a` and `k1`. A new row `A` beside a row `a` is
    /// deferred by a guard, which only a person overrides.
    pub fn without_similar_keys(mut self) -> Self {
        for row in self.zones.iter_mut().flat_map(|zone| zone.codes.iter_mut().flatten()) {
            if row.code == "a" {
                row.code = "D".to_owned();
            }
        }
        for row in self.zones.iter_mut().flat_map(|zone| &mut zone.mappings) {
            for column in &mut row.columns {
                match column.as_str() {
                    "a" => *column = "D".to_owned(),
                    "k1" => *column = "K9".to_owned(),
                    _ => {}
                }
            }
        }
        for manifest in &mut self.manifests {
            let overridden = manifest.over.iter_mut().flat_map(|over| &mut over.rows);
            for row in manifest.rows.iter_mut().chain(overridden) {
                row.key = if row.key == "a" { "D" } else { row.key };
                row.refers = row.refers.map(|code| if code == "a" { "D" } else { code });
            }
        }
        self
    }

    /// Removes contradictions between manifests and incomplete new rows: validation would reject them.
    fn settle(&mut self) {
        let here: Vec<&str> = self.zones.iter().map(|held| held.code).collect();
        let french = self.manifests.iter().any(|manifest| manifest.name == "p1-french");
        let mut gone = BTreeSet::new();
        let mut default_taken = BTreeSet::new();
        let mut strict_about = BTreeSet::new();
        for manifest in &mut self.manifests {
            if manifest.over.as_ref().is_some_and(|over| !here.contains(&over.zone)) {
                manifest.over = None;
            }
            if manifest.zones == GeneratedZones::Members
                && manifest.over.as_ref().is_some_and(|over| over.zone == CODES[0])
                || manifest.zones == GeneratedZones::Network
                    && manifest.over.as_ref().is_some_and(|over| over.zone != CODES[0])
            {
                manifest.over = None;
            }
            if manifest.name == "p1-french" {
                manifest.language = Some("fr");
                manifest.over = None;
                manifest.rows.retain(|row| !row.absent && !gone.contains(row.key));
            } else if manifest.table == GeneratedTable::P1 && french {
                manifest.language = Some("en");
            }
            let strict = manifest.unlisted != GeneratedUnlisted::Keep;
            if manifest.name == "p1-french" || strict && !strict_about.insert(manifest.table.code()) {
                manifest.unlisted = GeneratedUnlisted::Keep;
            }
            let is_code = manifest.table.is_code();
            for row in &mut manifest.rows {
                if manifest.name == "p1-french" {
                    row.text = row.text.or(Some("en français"));
                    (row.enabled, row.default) = (None, None);
                }
                if row.default == Some(true) && (row.absent || !default_taken.insert(manifest.table)) {
                    row.default = None;
                }
            }
            for row in
                manifest.rows.iter_mut().chain(manifest.over.iter_mut().flat_map(|over| &mut over.rows))
            {
                if is_code && row.text == Some("") {
                    row.text = None;
                }
                if row.absent {
                    gone.insert(row.key);
                    (row.text, row.refers, row.enabled, row.default) = (None, None, None, None);
                }
            }
        }
        if french {
            // Without this text, a row would show an English text in French that is about to change.
            for row in self.zones.iter_mut().flat_map(|held| &mut held.codes[0]) {
                row.descriptions.entry("fr".to_owned()).or_insert_with(|| "déjà là".to_owned());
            }
        }
        for manifest in self.manifests.iter().filter(|manifest| manifest.table.is_code()) {
            let index = usize::from(manifest.table == GeneratedTable::P2);
            for held in self.zones.iter_mut().filter(|held| manifest.covers(held.code)) {
                for (code, row) in manifest.rows_in(held) {
                    let rows = &mut held.codes[index];
                    if !row.absent && row.text.is_none() && rows.iter().all(|row| row.code != code) {
                        rows.push(EmulatedCodeRow::new(code, "was there").in_language("fr", "était là"));
                    }
                }
            }
        }
    }

    /// Removes every deletion of rows from the manifests.
    pub fn without_deletions(mut self) -> Self {
        for manifest in &mut self.manifests {
            if manifest.unlisted == GeneratedUnlisted::Delete {
                manifest.unlisted = GeneratedUnlisted::Disable;
            }
            let over = manifest.over.iter_mut().map(|over| &mut over.rows);
            for rows in std::iter::once(&mut manifest.rows).chain(over) {
                rows.retain(|row| !row.absent);
            }
        }
        self.settle();
        self
    }

    /// Sets all zones to English.
    pub fn in_english(mut self) -> Self {
        self.zones.iter_mut().for_each(|held| held.language = "en");
        // If a zone does not report its language, `en` cannot be recognized as its own.
        let named = self.manifests.iter().any(|manifest| manifest.language.is_some());
        for manifest in self.manifests.iter_mut().filter(|manifest| manifest.table.is_code()) {
            manifest.language = manifest.language.or(named.then_some("en"));
        }
        self
    }
}

fn held() -> impl Strategy<Value = GeneratedZoneState> {
    (
        select(vec!["VISITOR", "WALKIN"]),
        select(vec!["en", "en", "fr"]),
        [code_rows(), code_rows()],
        mapping_rows(),
    )
        .prop_map(|(group, language, codes, mappings)| GeneratedZoneState {
            code: "",
            group,
            language,
            codes,
            mappings,
        })
}

fn code_rows() -> impl Strategy<Value = Vec<EmulatedCodeRow>> {
    let codes: Vec<&str> = OURS.iter().chain(&LOCAL).copied().chain(["VISITOR"]).collect();
    let row = (weighted(
        0.6,
        (
            select(TEXTS.to_vec()),
            of(select(TEXTS.to_vec())),
            weighted(0.8, select(vec![true])),
            any::<bool>(),
        ),
    ),);
    (vec(row, codes.len()), any::<proptest::sample::Index>(), any::<u8>()).prop_map(
        move |(rows, default, turn)| {
            let mut rows: Vec<EmulatedCodeRow> = codes
                .iter()
                .zip(rows)
                .filter_map(|(code, (row,))| {
                    let (english, french, enabled, stamped) = row?;
                    let row = EmulatedCodeRow::new(code, english);
                    let row = match french {
                        Some(french) => row.in_language("fr", french),
                        None => row,
                    };
                    let row = if enabled.is_some() { row } else { row.with_disabled() };
                    Some(if stamped { row.with_update("m.tremblay", "2023-09-14Z") } else { row })
                })
                .collect();
            let there = rows.len();
            // A third of the tables has no default row.
            if turn % 3 > 0 && there > 0 {
                rows[default.index(there)].default = true;
            }
            if there > 0 {
                rows.rotate_left(usize::from(turn) % there);
            }
            rows
        },
    )
}

fn mapping_rows() -> impl Strategy<Value = Vec<EmulatedMappingRow>> {
    let keys = ["K1", "K2", "K3", "k1", "VISITOR", "L1", "L2"];
    let row =
        weighted(0.6, (select(OURS.to_vec()), select(vec!["", "note", "no"]), any::<bool>(), any::<bool>()));
    vec(row, keys.len()).prop_map(move |rows| {
        let rows = keys.iter().zip(rows).filter_map(|(key, row)| {
            let (refers, note, enabled, hidden) = row?;
            // A column without a header still belongs to the zone.
            let hidden = if hidden { "kept" } else { "" };
            let row = EmulatedMappingRow::new(&[key, refers, note, "", "", hidden]);
            Some(EmulatedMappingRow { enabled, ..row }.with_update("j.okafor", "2022-02-03Z"))
        });
        rows.collect()
    })
}

fn manifest(
    name: &'static str,
    table: GeneratedTable,
    keys: &'static [&'static str],
) -> impl Strategy<Value = GeneratedManifest> {
    let enforcement = || {
        prop_oneof![
            5 => proptest::strategy::Just(GeneratedEnforcement::Enforce),
            1 => proptest::strategy::Just(GeneratedEnforcement::CreateOnly),
            1 => proptest::strategy::Just(GeneratedEnforcement::Report),
        ]
    };
    let unlisted = prop_oneof![
        3 => proptest::strategy::Just(GeneratedUnlisted::Keep),
        1 => proptest::strategy::Just(GeneratedUnlisted::Disable),
        1 => proptest::strategy::Just(GeneratedUnlisted::Delete),
    ];
    let rows = |chance| vec(weighted(chance, row()), keys.len()).prop_map(|rows| keyed(keys, rows));
    let over =
        (select(CODES.to_vec()), of(enforcement()), rows(0.5)).prop_map(|(zone, enforcement, rows)| {
            GeneratedOverride {
                zone,
                enforcement,
                rows: rows
                    .into_iter()
                    .filter(speaks)
                    .map(|row| GeneratedRow { default: None, ..row })
                    .collect(),
            }
        });
    let zones = select(vec![
        GeneratedZones::All,
        GeneratedZones::Members,
        GeneratedZones::Members,
        GeneratedZones::Network,
    ]);
    (zones, enforcement(), unlisted, rows(0.8), of(over)).prop_map(
        move |(zones, enforcement, unlisted, rows, over)| GeneratedManifest {
            name,
            table,
            language: None,
            zones,
            enforcement,
            unlisted,
            rows,
            over,
        },
    )
}

/// Returns true if a row of an override sets a field or removes the row.
fn speaks(row: &GeneratedRow) -> bool {
    row.absent || row.enabled.is_some() || row.text.is_some_and(|text| !text.is_empty())
}

fn keyed(keys: &[&'static str], rows: Vec<Option<GeneratedRow>>) -> Vec<GeneratedRow> {
    keys.iter().zip(rows).filter_map(|(key, row)| Some(GeneratedRow { key, ..row? })).collect()
}

fn row() -> impl Strategy<Value = GeneratedRow> {
    (
        weighted(0.8, select(vec!["one", "two", "trois", ""])),
        of(select(OURS.to_vec())),
        of(any::<bool>()),
        weighted(0.4, any::<bool>()),
        proptest::bool::weighted(0.15),
    )
        .prop_map(|(text, refers, enabled, default, absent)| GeneratedRow {
            key: "",
            text,
            refers,
            enabled,
            default,
            absent,
        })
}
