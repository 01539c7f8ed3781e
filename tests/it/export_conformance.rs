//! The way back of every kind: manifests of the kind, applied to a network and exported, come to the same network.
//!
//! `export_templates.json` has templates of manifests for each kind, and records that exist before. A text that starts
//! with `?` is one of its alternatives, and `~` is none; an item after `?maybe` may be missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value as Json, json};
use zonal::diff::diff;
use zonal::kinds::{self, KINDS, ManifestKind, ObservedSettings};
use zonal::manifest::write_yaml::write_manifests;
use zonal::manifest::{self, SourceFile};
use zonal::model::calendar::CalendarRules;
use zonal::model::network::ZoneRole;
use zonal::model::{
    ChangeAction, Channel, CollectionId, DesiredState, FieldValue, Network, ObservationSource,
    ObservedCollection, ObservedRecord, ObservedState, Severity,
};

/// Selectors for `?zones`.
const ZONES: &str =
    r#"~|~|{"labels":{"one":"x"}}|{"labels":{"one":"y"}}|{"only":["01_1"]}|{"except":["01_2"]}"#;
/// Texts for `?text`.
const TEXTS: &str = r#"one|two|a: b, {c}|# no|05|no|{"var":"v"}"#;

/// Templates of a kind.
#[derive(Debug, serde::Deserialize)]
struct KindTemplate {
    kind: String,
    /// Records of each zone that exist before.
    seeds: Vec<SeededRecord>,
    /// Specs of manifests.
    specs: Vec<Json>,
}

/// Record of each zone with the collection.
#[derive(Debug, serde::Deserialize)]
struct SeededRecord {
    collection: String,
    record: Map<String, Json>,
}

fn templates() -> Vec<KindTemplate> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/export_templates.json");
    let text = std::fs::read_to_string(file).expect("templates should be readable");
    serde_json::from_str(&text).expect("templates should be valid")
}

/// Random choices, one after the other.
struct Choices {
    bytes: Vec<u8>,
    next: usize,
}

impl Choices {
    fn choose(&mut self, alternatives: usize) -> usize {
        let byte = self.bytes.get(self.next).copied().unwrap_or_default();
        self.next += 1;
        usize::from(byte) % alternatives
    }

    /// Returns a template with random alternatives; `None` for the alternative `~`.
    fn fill(&mut self, template: &Json) -> Option<Json> {
        Some(match template {
            Json::Object(fields) => {
                let fields =
                    fields.iter().filter_map(|(name, value)| Some((name.clone(), self.fill(value)?)));
                Json::Object(fields.collect::<Map<_, _>>())
            }
            Json::Array(items) => match items.as_slice() {
                // An item that may be missing.
                [Json::String(maybe), item] if maybe == "?maybe" => match self.choose(3) {
                    0 => return None,
                    _ => self.fill(item)?,
                },
                items => Json::Array(items.iter().filter_map(|item| self.fill(item)).collect()),
            },
            Json::String(text) => match text.strip_prefix('?') {
                Some(alternatives) => {
                    let alternatives = match alternatives {
                        "zones" => ZONES,
                        "text" => TEXTS,
                        alternatives => alternatives,
                    };
                    let alternatives: Vec<&str> = alternatives.split('|').collect();
                    match alternatives[self.choose(alternatives.len())] {
                        "~" => return None,
                        flag @ ("true" | "false") => json!(flag == "true"),
                        object if object.starts_with('{') => {
                            serde_json::from_str(object).unwrap_or_else(|_| json!(object))
                        }
                        text => json!(text),
                    }
                }
                None => template.clone(),
            },
            other => other.clone(),
        })
    }
}

fn network(choices: &mut Choices) -> (String, Network) {
    let mut text = "apiVersion: zonal/v1\nkind: Network\nmetadata: {name: n}\nspec:\n  region: eu\n  \
                    credentials: {read: {env: \"R_{code}\"}}\n  networkZone: {code: 01_0, name: Network}\n  members:\n"
        .to_owned();
    for index in 1..=3 + choices.choose(4) {
        let one = match index {
            1 => "x",
            2 => "y",
            _ => ["x", "y"][choices.choose(2)],
        };
        let (variable, day) = (["WALKIN", "GUEST", "VISITOR"][choices.choose(3)], 1 + choices.choose(9));
        writeln!(
            text,
            "    - {{code: 01_{index}, name: Zone {index}, labels: {{one: {one}}}, vars: {{v: {variable}, d: \
             2027-12-0{day}Z}}, libraries: [{{code: MAIN, name: Main}}, {{code: LAW, name: Law}}], campuses: \
             [{{code: CITY, name: City}}]}}"
        )
        .expect("should write");
    }
    let file = SourceFile { file: "network.yaml".into(), text: Ok(text.clone()) };
    let loaded = manifest::load(&kinds::KINDS, &[file], None);
    (text, loaded.network.expect("network should be valid"))
}

/// Returns the desired state of manifests, or their first error.
fn expand(network_text: &str, manifests: String) -> Result<DesiredState, String> {
    let source = |file: &str, text: String| SourceFile { file: file.into(), text: Ok(text) };
    let sources = [source("network.yaml", network_text.to_owned()), source("kind.yaml", manifests)];
    let loaded = manifest::load(&kinds::KINDS, &sources, None);
    let network = loaded.network.expect("network should be valid");
    let (desired, problems) = kinds::expand(&network, &loaded.manifests);
    let mut problems = loaded.diagnostics.iter().chain(&problems);
    match problems.find(|problem| problem.severity == Severity::Error) {
        Some(problem) => Err(problem.message.clone()),
        None => Ok(desired),
    }
}

/// Returns the collections of a network in which nothing is declared yet.
fn untouched(
    network: &Network,
    template: &KindTemplate,
    kind: &ManifestKind,
    desired: &DesiredState,
) -> ObservedState {
    let seeds = &template.seeds;
    let mut state = ObservedState::default();
    for zone in &network.zones {
        let is_covered = |covers: kinds::ZoneCoverage| covers.covers(zone.role);
        let gateway = kind.gateway.iter().filter(|collection| is_covered(collection.reach));
        let mut ids: BTreeSet<CollectionId> =
            gateway.map(|collection| CollectionId::of_institution(collection.kind)).collect();
        ids.extend(kind.export_tables.iter().filter(|_| zone.role == ZoneRole::Member).map(|table| table()));
        ids.extend(
            desired.zones.get(&zone.code).into_iter().flatten().map(|collection| collection.id.clone()),
        );
        // Libraries are read together.
        if kind.name == "OpenHours" && zone.role == ZoneRole::Member {
            let library = |code: &str| Some(code.into());
            ids.extend(["MAIN", "LAW"].map(|code| CollectionId {
                library: library(code),
                ..CollectionId::of_institution(kind.name)
            }));
        }
        for id in ids {
            let records = seeds.iter().filter(|seed| *seed.collection == *id.kind);
            let record = |seed: &SeededRecord| {
                let fields = seed.record.iter();
                let value = |value: &Json| match value {
                    Json::Bool(flag) => FieldValue::Bool(*flag),
                    Json::Array(texts) => FieldValue::list(texts.iter().filter_map(Json::as_str)),
                    other => FieldValue::from(other.as_str().expect("seed should be a text")),
                };
                let fields = fields.map(|(name, json)| (name.as_str().into(), value(json)));
                ObservedRecord { fields: fields.collect(), ..ObservedRecord::default() }
            };
            let found = ObservedCollection {
                id: id.clone(),
                title: None,
                aliases: BTreeMap::new(),
                columns: Vec::new(),
                records: records.map(record).collect(),
                references: None,
                channel: Channel::Api,
                witness: ObservationSource::Zone,
            };
            state.zones.entry(zone.code.clone()).or_default().collections.insert(id, Ok(found));
        }
    }
    state
}

/// Returns a state with all changes of a desired state.
fn applied(desired: &DesiredState, observed: &ObservedState) -> Result<ObservedState, String> {
    let mut state = observed.clone();
    for (code, collections) in diff(desired, observed).zones {
        for collection in collections {
            let changes =
                collection.outcome.map_err(|failure| format!("{code}/{}: {failure}", collection.id))?;
            let answers = &mut state.zones.get_mut(&code).expect("zone should be read").collections;
            let Some(Ok(found)) = answers.get_mut(&collection.id) else {
                return Err(format!("{code}/{}: not read", collection.id));
            };
            for change in changes.changes {
                let is_meant = |record: &ObservedRecord| {
                    let value = |field| record.fields.get(field).unwrap_or(&FieldValue::Null);
                    let is_empty = |value: &FieldValue| value.texts().iter().all(|text| text.is_empty());
                    change.key.iter().all(|(field, key)| {
                        value(field) == key || is_empty(key) && *value(field) == FieldValue::Null
                    })
                };
                match change.action {
                    ChangeAction::Create => found.records.push(ObservedRecord {
                        fields: change.key.iter().cloned().collect(),
                        ..ObservedRecord::default()
                    }),
                    ChangeAction::Update => {}
                    ChangeAction::Delete => {
                        found.records.retain(|record| !is_meant(record));
                        continue;
                    }
                }
                let record = found.records.iter_mut().find(|record| is_meant(record));
                let record = record.ok_or_else(|| format!("{} should exist", change.address))?;
                record.fields.extend(change.field_changes.into_iter().map(|edit| (edit.field, edit.after)));
                let is_empty = |value: &FieldValue| value.as_text().is_some_and(str::is_empty);
                record.fields.retain(|_, value| *value != FieldValue::Null && !is_empty(value));
            }
        }
    }
    Ok(state)
}

/// Returns all records, in an order that does not depend on their history.
fn records(state: &ObservedState) -> Vec<String> {
    let mut all = Vec::new();
    for (code, zone) in &state.zones {
        for (id, found) in zone.collections.iter().filter_map(|(id, found)| Some((id, found.as_ref().ok()?)))
        {
            all.extend(found.records.iter().map(|record| format!("{code}/{id} {:?}", record.fields)));
        }
    }
    all.sort();
    all
}

/// Checks random manifests.
///
/// # Errors
/// Returns the reason why the manifests are not valid in the network.
fn check(template: &KindTemplate, choices: &mut Choices) -> Result<(), String> {
    let (network_text, network) = network(choices);
    let kind = KINDS.iter().find(|kind| kind.name == template.kind).expect("kind should exist");
    let manifests = template.specs.iter().enumerate().filter_map(|(index, spec)| {
        let spec = choices.fill(spec)?;
        let manifest = json!({"apiVersion": "zonal/v1", "kind": kind.name, "metadata": {"name": format!("m{index}")}, "spec": spec});
        Some(manifest.to_string())
    });
    let manifests = manifests.collect::<Vec<_>>().join("\n---\n");
    let desired = expand(&network_text, manifests.clone())?;
    let before = untouched(&network, template, kind, &desired);
    let state = applied(&desired, &before)?;

    let mut collections: BTreeMap<CollectionId, BTreeMap<usize, &ObservedCollection>> = BTreeMap::new();
    for (index, zone) in network.zones.iter().enumerate() {
        let answers = state.zones.get(&zone.code).into_iter().flat_map(|zone| &zone.collections);
        for (id, found) in answers.filter_map(|(id, found)| Some((id, found.as_ref().ok()?))) {
            collections.entry(id.clone()).or_default().insert(index, found);
        }
    }
    let settings = ObservedSettings { network: &network, calendar: CalendarRules::default(), collections };
    let export = kind.export.expect("kind should have a way back");
    let text = write_manifests(&export(&settings)).expect("should be YAML");
    let about = || format!("{}\n--- from\n{network_text}{manifests}\n--- exported\n{text}", kind.name);
    let exported = expand(&network_text, text.clone()).unwrap_or_else(|error| panic!("{error}\n{}", about()));
    // The exported manifests change nothing,
    let again = applied(&exported, &state).unwrap_or_else(|error| panic!("{error}\n{}", about()));
    assert_eq!(records(&again), records(&state), "{}", about());
    // and change the network before as the first manifests did.
    let same = applied(&exported, &before).unwrap_or_else(|error| panic!("{error}\n{}", about()));
    assert_eq!(records(&same), records(&state), "{}", about());
    Ok(())
}

#[test]
fn every_kind_with_a_way_back_has_templates() {
    let with_way_back: BTreeSet<&str> =
        KINDS.iter().filter(|kind| kind.export.is_some()).map(|kind| kind.name).collect();
    let templates = templates();
    let with_templates: BTreeSet<&str> = templates.iter().map(|template| template.kind.as_str()).collect();
    assert_eq!(with_way_back, with_templates);
}

#[test]
fn expansion_of_an_export_is_the_exported_network() {
    for template in templates() {
        if std::env::var("KIND").is_ok_and(|only| only != template.kind) {
            continue;
        }
        let invalid = std::cell::RefCell::new(Vec::new());
        let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
        let run = TestRunner::new(config).run(&vec(any::<u8>(), 200), |bytes| {
            invalid.borrow_mut().extend(check(&template, &mut Choices { bytes, next: 0 }).err());
            Ok(())
        });
        run.unwrap_or_else(|error| panic!("{}: {error}", template.kind));
        let invalid = invalid.into_inner();
        assert!(invalid.len() < 30, "{}: {} of 60: {:?}", template.kind, invalid.len(), invalid.last());
    }
}
