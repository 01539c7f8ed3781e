//! Consortium of any size, shared by all benchmarks.
//!
//! Half of the tables are code tables, half are mapping tables with four columns.

#![expect(dead_code, reason = "each benchmark uses only part of this module")]
#![expect(clippy::expect_used, reason = "a failing benchmark panics")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use zonal::emulator::{self, EmulatedMappingRow, EmulatedZone, Emulator, TableSeed};
use zonal::manifest::{self, SourceFile};
use zonal::model::{
    DesiredCollection, DesiredState, FieldName, FieldValue, Network, ObservedCollection, ObservedRecord,
    ObservedState, ObservedZone, Record, TableName,
};
use zonal::{diff, kinds, plan};

/// Size of a consortium.
#[derive(Debug, Clone, Copy)]
pub struct ConsortiumSize {
    /// Number of members, without the Network Zone, which has no desired records.
    pub members: usize,
    /// Number of tables per member.
    pub tables: usize,
    /// Number of rows per table.
    pub rows: usize,
}

/// Audience of the manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestAudience {
    /// Single manifest per table, for all members.
    Shared,
    /// Separate manifests per table and member.
    Own,
}

/// Observed state, compared with the desired state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneFill {
    /// Equal.
    Everything,
    /// Equal, except for the text of one row in a hundred.
    Drifted,
    /// Tables without rows.
    Nothing,
    /// Same number of rows, with different keys.
    Others,
}

/// Columns of every mapping table; the first column is the key.
const COLUMNS: [&str; 4] = ["Rule", "Location", "Policy", "Note"];

impl ConsortiumSize {
    /// Returns the config directory of the consortium.
    pub fn sources(self, manifests: ManifestAudience, base_url: &str, per_second: u32) -> Vec<SourceFile> {
        let mut sources = vec![source("network.yaml", self.network(base_url, per_second))];
        match manifests {
            ManifestAudience::Shared => sources.extend(
                (0..self.tables).map(|table| source(&format!("{table:03}.yaml"), self.table(table, None))),
            ),
            ManifestAudience::Own => sources.extend((0..self.members).map(|member| {
                let tables: Vec<String> =
                    (0..self.tables).map(|table| self.table(table, Some(member))).collect();
                source(&format!("{}.yaml", code(member)), tables.join("---\n"))
            })),
        }
        sources
    }

    fn network(self, base_url: &str, per_second: u32) -> String {
        let mut yaml = format!(
            "apiVersion: zonal/v1\nkind: Network\nmetadata: {{name: bench}}\nspec:\n  baseUrl: {base_url}\n  environmentType: sandbox\n  \
             credentials: {{read: {{env: \"KEY_{{code}}\"}}}}\n  rate: {{perSecond: {per_second}}}\n  \
             networkZone: {{code: 01BENCH_NETWORK, name: Network Zone}}\n  members:\n"
        );
        for member in 0..self.members {
            let code = code(member);
            // Writing to a String cannot fail.
            let _ = writeln!(yaml, "    - {{code: {code}, name: Member {member}, labels: {{size: large}}}}");
        }
        yaml
    }

    fn table(self, table: usize, member: Option<usize>) -> String {
        let kind = if is_code_table(table) { "CodeTable" } else { "MappingTable" };
        let of = member.map_or_else(String::new, |member| format!("-{member}"));
        let mut yaml =
            format!("apiVersion: zonal/v1\nkind: {kind}\nmetadata: {{name: table-{table}{of}}}\nspec:\n");
        if let Some(member) = member {
            let _ = writeln!(yaml, "  appliesTo: {{only: [{}]}}", code(member));
        }
        let _ = writeln!(yaml, "  table: {}", name(table));
        if !is_code_table(table) {
            let _ = writeln!(yaml, "  key: [{}]", COLUMNS[0]);
        }
        yaml.push_str("  rows:\n");
        for row in 0..self.rows {
            let [key, text, policy, note] = values(table, row);
            let _ = match is_code_table(table) {
                true => writeln!(yaml, "    - {{code: {key}, description: {text}, enabled: true}}"),
                false => writeln!(
                    yaml,
                    "    - columns: {{Rule: {key}, Location: {text}, Policy: {policy}, Note: {note}}}"
                ),
            };
        }
        yaml
    }

    /// Returns an emulator whose zones are filled according to `held`.
    pub fn emulate(self, network: &Network, held: ZoneFill, behaviour: emulator::EmulatorConfig) -> Emulator {
        let zones = network
            .zones
            .iter()
            .map(|zone| EmulatedZone::from(zone, zone.code.as_str(), Some(format!("write-{}", zone.code))));
        let emulator = Emulator::new(zones.collect(), behaviour);
        for zone in network.zones.iter().skip(1) {
            for table in 0..self.tables {
                let seed = self.seed(table, held);
                emulator.control().put_table(zone.code.as_str(), seed).expect("zone should exist");
            }
        }
        emulator
    }

    fn seed(self, table: usize, held: ZoneFill) -> TableSeed {
        let area = ("INFRA", "General");
        let rows = (0..self.rows).filter_map(|row| held.values(table, row));
        match is_code_table(table) {
            true => {
                let empty = emulator::EmulatedCodeTable::new(&name(table), &name(table), area);
                rows.fold(empty, |table, [key, text, ..]| {
                    table.row(emulator::EmulatedCodeRow::new(&key, &text))
                })
                .into()
            }
            false => {
                let empty = emulator::EmulatedMappingTable::new(&name(table), &name(table), area);
                let empty =
                    COLUMNS.iter().fold(empty, |table, name| table.column(name, emulator::ColumnType::Text));
                rows.fold(empty, |table, row| {
                    table.row(EmulatedMappingRow::new(&row.each_ref().map(String::as_str)))
                })
                .into()
            }
        }
    }
}

impl ZoneFill {
    /// Returns the values of a row in a zone, or `None` without rows.
    fn values(self, table: usize, row: usize) -> Option<[String; 4]> {
        let [key, text, policy, note] = values(table, row);
        match self {
            Self::Everything => Some([key, text, policy, note]),
            Self::Drifted if row % 100 == 7 => Some([key, format!("{text}, as we like it"), policy, note]),
            Self::Drifted => Some([key, text, policy, note]),
            Self::Nothing => None,
            Self::Others => Some([format!("LOCAL_{key}"), text, policy, note]),
        }
    }

    /// Returns the observed state of the zones, without requests.
    pub fn observed(self, desired: &DesiredState) -> ObservedState {
        let zones = desired.zones.iter().map(|(code, collections)| {
            let collections =
                collections.iter().map(|wanted| (wanted.id.clone(), Ok(self.collection(wanted))));
            (code.clone(), ObservedZone { collections: collections.collect(), ..ObservedZone::default() })
        });
        ObservedState { zones: zones.collect() }
    }

    fn collection(self, wanted: &DesiredCollection) -> ObservedCollection {
        let table = match &wanted.id.table {
            TableName::Code(name) | TableName::Title(name) => number(name),
            TableName::Whole => 0,
        };
        let mut columns: Vec<FieldName> = match is_code_table(table) {
            true => vec!["code".into(), "description".into(), "default".into()],
            false => (0..COLUMNS.len()).map(|number| format!("column{number}").into()).collect(),
        };
        let aliases = match is_code_table(table) {
            true => BTreeMap::new(),
            false => {
                COLUMNS.iter().zip(&columns).map(|(name, field)| ((*name).into(), field.clone())).collect()
            }
        };
        let texts = if is_code_table(table) { 2 } else { COLUMNS.len() };
        let rows = (0..wanted.records.len()).filter_map(|row| self.values(table, row));
        let records = rows.map(|row| {
            let mut fields: Record =
                columns.iter().take(texts).cloned().zip(row.iter().map(FieldValue::from_text)).collect();
            fields.insert("enabled".into(), FieldValue::Bool(true));
            if is_code_table(table) {
                fields.insert("default".into(), FieldValue::Bool(false));
            }
            ObservedRecord {
                fields,
                updated_by: Some("API_USER".to_owned()),
                update_date: Some("2026-03-02Z".to_owned()),
                ..ObservedRecord::default()
            }
        });
        let records = records.collect();
        columns.push("enabled".into());
        // A zone that does not report the source of its values is the harder case for the write order.
        let references = is_code_table(table).then(BTreeSet::new);
        ObservedCollection {
            id: wanted.id.clone(),
            title: None,
            aliases,
            columns,
            records,
            references,
            channel: zonal::model::Channel::Api,
            witness: zonal::model::ObservationSource::Zone,
        }
    }
}

/// Loads and expands a config directory, as the first step of every command.
pub fn load(sources: &[SourceFile]) -> (Network, DesiredState) {
    let loaded = manifest::load(&kinds::KINDS, sources, None);
    assert!(!loaded.has_errors(), "the manifests should be valid: {:?}", loaded.diagnostics.first());
    let network = loaded.network.expect("network should exist");
    let (desired, problems) = kinds::expand(&network, &loaded.manifests);
    assert!(problems.is_empty(), "the manifests should not conflict: {:?}", problems.first());
    (network, desired)
}

/// Compares and plans, as `zonal plan` does after observing.
pub fn make_plan(network: &Network, desired: &DesiredState, observed: &ObservedState) -> zonal::model::Plan {
    let differences = diff::diff(desired, observed);
    plan::plan(network, differences, observed, None)
}

fn source(file: &str, text: String) -> SourceFile {
    SourceFile { file: file.into(), text: Ok(text) }
}

fn code(member: usize) -> String {
    format!("01BENCH_{member:03}")
}

fn name(table: usize) -> String {
    format!("Table{table}")
}

fn number(name: &str) -> usize {
    name.strip_prefix("Table").and_then(|number| number.parse().ok()).expect("name should be generated")
}

fn is_code_table(table: usize) -> bool {
    table.is_multiple_of(2)
}

/// Returns a key and three texts.
fn values(table: usize, row: usize) -> [String; 4] {
    [
        format!("ROW_{row:05}"),
        format!("What people see of row {row} in table {table}"),
        format!("POLICY_{}", row % 20),
        format!("Agreed upon by working group {}", row % 7),
    ]
}
