//! Exported manifests declare exactly what zones returned, whatever the zones contain.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::collection::{btree_map, vec};
use proptest::prelude::{Strategy, any};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use zonal::diff::diff;
use zonal::kinds::{self, export_table};
use zonal::manifest::write_yaml::write_manifests;
use zonal::manifest::{self, SourceFile};
use zonal::model::{
    Channel, CollectionId, FieldName, FieldValue, Network, ObservationSource, ObservedCollection,
    ObservedRecord, ObservedState, ObservedZone, Severity,
};

const TEXTS: [&str; 9] = ["one", "two", "yes", "05", "a: b, {c}", "# no", "'x\"", "two\nlines", "ünï"];
const CODES: [&str; 6] = ["A", "B", "C", "no", "1e3", "D: [x]"];

/// Row: description, enabled, default.
type GeneratedRow = (Option<&'static str>, bool, bool);

/// Zone: label, second label, variable, rows by code, or no such table.
type GeneratedZone = (&'static str, &'static str, &'static str, Option<BTreeMap<&'static str, GeneratedRow>>);

fn zones() -> impl Strategy<Value = Vec<GeneratedZone>> {
    let row = (proptest::option::of(select(&TEXTS[..])), any::<bool>(), any::<bool>());
    let rows = btree_map(select(&CODES[..]), row, 0..6);
    let zone = (
        select(&["x", "y"][..]),
        select(&["p", "q", "r"][..]),
        select(&TEXTS[..3]),
        proptest::option::weighted(0.9, rows),
    );
    vec(zone, 1..9)
}

fn network_text(zones: &[GeneratedZone]) -> String {
    let mut text = "apiVersion: zonal/v1\nkind: Network\nmetadata: {name: n}\nspec:\n  region: eu\n  \
                    credentials: {read: {env: \"R_{code}\"}}\n  networkZone: {code: 01_0, name: Network}\n  members:\n"
        .to_owned();
    for (index, (one, two, variable, _)) in zones.iter().enumerate() {
        let labels = format!("labels: {{one: {one}, two: {two}}}, vars: {{v: \"{variable}\"}}");
        writeln!(text, "    - {{code: 01_{}, name: Zone {index}, {labels}}}", index + 1)
            .expect("should write");
    }
    text
}

/// Returns the tables of the zones. The first generated zone also stands for the Network Zone.
fn observed(zones: &[GeneratedZone], id: &CollectionId, fields: &[FieldName; 2]) -> ObservedState {
    let mut state = ObservedState::default();
    for (index, (_, _, _, rows)) in zones.iter().take(1).chain(zones).enumerate() {
        let Some(rows) = rows else { continue };
        let record = |(code, (text, enabled, default)): (&&str, &GeneratedRow)| {
            let mut values: Vec<(FieldName, FieldValue)> = vec![
                (fields[0].clone(), FieldValue::from(*code)),
                ("enabled".into(), FieldValue::Bool(*enabled)),
            ];
            values.extend(text.map(|text| (fields[1].clone(), FieldValue::from(text))));
            if &*id.kind == "CodeTable" {
                values.push(("default".into(), FieldValue::Bool(*default)));
            }
            ObservedRecord { fields: values.into_iter().collect(), ..ObservedRecord::default() }
        };
        let mut columns = fields.to_vec();
        columns.extend(["enabled", "default"].map(FieldName::from));
        let found = ObservedCollection {
            id: id.clone(),
            title: None,
            aliases: BTreeMap::new(),
            columns,
            records: rows.iter().map(record).collect(),
            references: None,
            channel: Channel::Api,
            witness: ObservationSource::Zone,
        };
        let zone = ObservedZone {
            collections: BTreeMap::from([(id.clone(), Ok(found))]),
            ..ObservedZone::default()
        };
        state.zones.insert(format!("01_{index}").as_str().into(), zone);
    }
    state
}

fn tables<'o>(
    network: &Network,
    state: &'o ObservedState,
    id: &CollectionId,
) -> BTreeMap<usize, &'o ObservedCollection> {
    let found = network.zones.iter().enumerate().filter_map(|(index, zone)| {
        let answer = state.zones.get(&zone.code)?.collections.get(id)?;
        Some((index, answer.as_ref().ok()?))
    });
    found.collect()
}

fn check(zones: &[GeneratedZone], kind: &str, fields: [&str; 2]) {
    let id = CollectionId::with_code(kind, "T");
    let network_file = SourceFile { file: "network.yaml".into(), text: Ok(network_text(zones)) };
    let network = manifest::load(&kinds::KINDS, std::slice::from_ref(&network_file), None).network;
    let network = network.expect("network should be valid");
    let state = observed(zones, &id, &fields.map(FieldName::from));
    let tables = tables(&network, &state, &id);
    // A table without rows, or with two default rows, has no manifest or none that is exact.
    let Ok(table) = export_table(&id, "t", &tables, None, &network) else {
        assert!(tables.values().all(|found| found.records.is_empty()));
        return;
    };
    let text = write_manifests(&[table.manifest]).expect("should be YAML");
    let sources = [network_file, SourceFile { file: "t.yaml".into(), text: Ok(text.clone()) }];
    let loaded = manifest::load(&kinds::KINDS, &sources, None);
    let (desired, problems) =
        kinds::expand(&loaded.network.expect("network should be valid"), &loaded.manifests);
    let problems: Vec<_> = loaded.diagnostics.iter().chain(&problems).collect();
    assert!(problems.iter().all(|problem| problem.severity != Severity::Error), "{text}\n{problems:?}");
    let declared: Vec<_> = desired.zones.keys().collect();
    assert_eq!(declared, state.zones.keys().collect::<Vec<_>>(), "{text}");
    for (code, collections) in diff(&desired, &state).zones {
        for collection in collections {
            let changes = collection.outcome.unwrap_or_else(|failure| panic!("{code}: {failure}\n{text}"));
            assert!(changes.changes.is_empty(), "{code}: {:?}\n{text}", changes.changes[0]);
            assert_eq!(changes.unlisted, 0, "{code}\n{text}");
        }
    }
}

#[test]
fn exported_tables_declare_exactly_what_was_read() {
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&zones(), |zones| {
        // Only one row of a table is its default.
        let mut zones = zones;
        for (_, _, _, rows) in &mut zones {
            let mut has_default = false;
            for row in rows.iter_mut().flat_map(BTreeMap::values_mut) {
                row.2 &= !has_default;
                has_default |= row.2;
            }
        }
        check(&zones, "CodeTable", ["code", "description"]);
        check(&zones, "MappingTable", ["column0", "column1"]);
        Ok(())
    });
    run.expect("should hold");
}
