//! Mutation tests of the example's expectations: changes one thing at a time, and lists the changes that
//! alter an answer but break no expectation.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{slice, thread};

use serde_json::Value as Json;
use zonal::analysis::{self, NetworkSettings};
use zonal::kinds;
use zonal::kinds::KindManifest;
use zonal::manifest::source::UnreadableText;
use zonal::manifest::source::{self, SourceFile, YamlDocument};
use zonal::manifest::yaml_node::{YamlNode, YamlValue};
use zonal::manifest::{self, LoadedManifests, diagnostic_codes};
use zonal::model::network::Library;
use zonal::model::{Diagnostic, ExpectationVerdict, Network, Severity};

/// Fields that no question reads, each with the reason. `*` stands for any key or position.
const UNREAD: [(&str, &str); 12] = [
    ("BlockSharing/network-blocks spec.blocks.0.id", "a copied block is identified by type and description"),
    ("BlockSharing/network-blocks spec.blocks.*.description.text", "text for people"),
    (
        "BlockSharing/network-blocks spec.blocks.1.description.code",
        "a block sent back is identified by its ID",
    ),
    ("LinkingRules/partners spec.externalGroups", "unusable rule conditions are a reason, not a fact"),
    ("AvailabilityGroup/* spec.description", "text for people"),
    ("AvailabilityGroup/* spec.perMember.description", "text for people"),
    ("UserGroups/* spec.groups.*.description", "text for people"),
    ("UserGroups/* spec.groups.*.recordTypes", "assignability of a group is a reason, not a fact"),
    ("UserGroups/* spec.rotaRules.rota", "all rules count, with any rota"),
    ("UserGroups/walk-in-users spec.displayLogic.hiddenService", "all rules count that hide any request"),
    ("UserGroups/alumni-of-ashby spec.displayLogic.hiddenService", "all rules count that hide any request"),
    ("UserGroups/alumni-elsewhere spec.displayLogic.hiddenService", "all rules count that hide any request"),
];

const EXPECTATIONS: &str = "expectations.yaml";

/// Example with one changed field.
struct ManifestMutant {
    /// Location and description of the change.
    told: String,
    /// Kind of the manifest.
    kind: String,
    /// Field, as `KIND/NAME a.b.0.c`.
    field: String,
    /// Changed file.
    source: SourceFile,
}

/// Result for a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum MutantOutcome {
    /// Every question has the same answer.
    Alike,
    /// Validation rejects the mutant.
    Refused,
    /// An expectation is not met.
    Noticed,
    /// An answer changes, but every expectation is met.
    Unnoticed,
}

#[test]
fn every_mutation_of_example_breaks_an_expectation() {
    let sources = sources();
    let found = try_all(&sources, mutants(&sources));
    let noticed = found.iter().filter(|(fate, _)| *fate == MutantOutcome::Noticed).count();
    let listed =
        |mutant: &ManifestMutant| UNREAD.iter().position(|(field, _)| is_within(&mutant.field, field));
    let unnoticed =
        || found.iter().filter(|(fate, _)| *fate == MutantOutcome::Unnoticed).map(|(_, mutant)| mutant);
    let lines: Vec<&str> =
        unnoticed().filter(|mutant| listed(mutant).is_none()).map(|mutant| &*mutant.told).collect();
    assert!(lines.is_empty(), "no expectation notices {}:\n{}", lines.len(), lines.join("\n"));
    let used: BTreeSet<usize> = unnoticed().filter_map(listed).collect();
    for (index, (field, why)) in UNREAD.iter().enumerate() {
        assert!(used.contains(&index), "{field} breaks an expectation now, or no longer exists: {why}");
    }
    assert!(noticed > 400, "only {noticed} mutants break an expectation");
}

#[test]
fn example_without_an_expectation_misses_mutations() {
    let mut sources = sources();
    let lost = "      - {member: 01MAPLE_ASHBY, record: authority, allowed: true, reason: Ashby keeps the authority file}\n";
    for source in sources.iter_mut().filter(|source| &*source.file == EXPECTATIONS) {
        let text = source.text.as_ref().expect("should be readable");
        assert!(text.contains(lost), "the example should contain the expectation");
        source.text = Ok(text.replace(lost, ""));
    }
    let mutants = mutants(&sources).into_iter();
    let mutants = mutants.filter(|mutant| &*mutant.source.file == "cataloging.yaml").collect();
    let found = try_all(&sources, mutants).into_iter();
    let unnoticed: Vec<String> =
        found.filter(|(fate, _)| *fate == MutantOutcome::Unnoticed).map(|(_, mutant)| mutant.told).collect();
    let exception = "{\"appliesTo\":{\"only\":[\"01MAPLE_ASHBY\"]},\"authority\":\"allow\"}";
    assert_eq!(
        unnoticed,
        [
            &*format!("cataloging.yaml:9: without exceptions: {exception}"),
            "cataloging.yaml:9: without authority: \"allow\"",
            "cataloging.yaml:9: authority: \"deny\" instead of \"allow\"",
        ]
    );
}

/// Returns the manifests of the example by file.
fn sources() -> Vec<SourceFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/consortium");
    let entries = std::fs::read_dir(&folder).expect("example should exist");
    let mut sources: Vec<SourceFile> = entries
        .map(|entry| {
            let entry = entry.expect("entry should be readable");
            let text = std::fs::read_to_string(entry.path())
                .map_err(|error| UnreadableText::Other(error.to_string()));
            SourceFile { file: entry.file_name().to_string_lossy().into(), text }
        })
        .collect();
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    sources
}

/// Returns the result for every mutant, computed on all cores.
fn try_all(sources: &[SourceFile], mutants: Vec<ManifestMutant>) -> Vec<(MutantOutcome, ManifestMutant)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut example = ExampleConfig::of(sources);
        let mut found = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = mutants.get(index) else { return found };
            found.push((index, example.fate(mutant)));
        }
    };
    let mut fates: Vec<(usize, MutantOutcome)> = thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("worker should not panic")).collect()
    });
    fates.sort();
    fates.into_iter().map(|(_, fate)| fate).zip(mutants).collect()
}

/// Unchanged example.
struct ExampleConfig {
    network: Network,
    settings: NetworkSettings,
    expectations: Vec<KindManifest>,
    /// Kinds with settings that questions read.
    kinds: BTreeSet<&'static str>,
    /// Manifests of these kinds, in the order of the files.
    telling: Vec<KindManifest>,
    /// All other manifests except expectations.
    others: Vec<KindManifest>,
}

impl ExampleConfig {
    fn of(sources: &[SourceFile]) -> Self {
        let (own, others): (Vec<SourceFile>, Vec<SourceFile>) =
            sources.iter().cloned().partition(|source| &*source.file == EXPECTATIONS);
        let LoadedManifests { network, manifests, diagnostics } =
            manifest::load(&kinds::KINDS, &others, None);
        assert!(!has_errors(&diagnostics), "{diagnostics:?}");
        let network = network.expect("example should have a network");
        let settings = declared(&network, &manifests).expect("example should be valid");
        let tells = |manifest: &&KindManifest| {
            let settings =
                declared(&network, slice::from_ref(manifest)).expect("part of the example should be valid");
            settings.zones().any(|zone| zone.tables().next().is_some())
        };
        let kinds: BTreeSet<&str> =
            manifests.iter().filter(tells).map(|manifest| manifest.head.kind).collect();
        let (telling, others) =
            manifests.into_iter().partition(|manifest| kinds.contains(manifest.head.kind));
        // The file alone has no network; its diagnostic does not matter here.
        let expectations = manifest::load(&kinds::KINDS, &own, None).manifests;
        let example = Self { network, settings, expectations, kinds, telling, others };
        assert!(
            example.holds(&example.network, &example.settings),
            "`zonal test` fails for the unchanged example"
        );
        example
    }

    /// Returns true if every expectation is met.
    fn holds(&self, network: &Network, settings: &NetworkSettings) -> bool {
        let (expectations, problems) = kinds::expectations(network, &self.expectations);
        !has_errors(&problems)
            && expectations
                .iter()
                .all(|each| analysis::check_expectation(each, settings) == ExpectationVerdict::Met)
    }

    /// Returns the result for a mutant. Manifests of other kinds are slow to check, so they only follow if
    /// every expectation is met.
    fn fate(&mut self, ManifestMutant { kind, source, .. }: &ManifestMutant) -> MutantOutcome {
        let is_network = kind == "Network";
        if !is_network && !self.kinds.contains(kind.as_str()) {
            return MutantOutcome::Alike;
        }
        let LoadedManifests { network, manifests, mut diagnostics } =
            manifest::load(&kinds::KINDS, slice::from_ref(source), None);
        diagnostics.retain(|problem| is_network || problem.code != diagnostic_codes::NO_NETWORK);
        if has_errors(&diagnostics) {
            return MutantOutcome::Refused;
        }
        let network = network.unwrap_or_else(|| self.network.clone());
        if is_network && parts(&network).eq(parts(&self.network)) {
            return MutantOutcome::Alike;
        }
        let is_here = |manifest: &KindManifest| manifest.head.file == source.file;
        let start = self.telling.iter().take_while(|manifest| !is_here(manifest)).count();
        let end = start + self.telling[start..].iter().take_while(|manifest| is_here(manifest)).count();
        let new = manifests.into_iter().filter(|manifest| self.kinds.contains(manifest.head.kind));
        let new: Vec<KindManifest> = new.collect();
        let changed = start..start + new.len();
        let own: Vec<KindManifest> = self.telling.splice(start..end, new).collect();
        let fate = match declared(&network, &self.telling) {
            None => MutantOutcome::Refused,
            Some(settings) if settings.says_the_same(&self.settings) => MutantOutcome::Alike,
            Some(settings) if !self.holds(&network, &settings) => MutantOutcome::Noticed,
            Some(_) => {
                let count = self.telling.len();
                self.telling.append(&mut self.others);
                let all = declared(&network, &self.telling);
                self.others = self.telling.split_off(count);
                all.map_or(MutantOutcome::Refused, |_| MutantOutcome::Unnoticed)
            }
        };
        self.telling.splice(changed, own);
        fate
    }
}

/// Returns the properties of zones that manifests can refer to, without display names.
fn parts(network: &Network) -> impl Iterator<Item = impl PartialEq> {
    network.zones.iter().map(|zone| {
        let campuses = zone.campuses.iter().map(|campus| (campus.code.clone(), campus.ip_ranges.clone()));
        let library =
            |library: &Library| (library.code.clone(), library.campus.clone(), library.ip_ranges.clone());
        (
            (zone.code.clone(), zone.role, zone.labels.clone(), zone.vars.clone()),
            campuses.collect::<Vec<_>>(),
            zone.libraries.iter().map(library).collect::<Vec<_>>(),
        )
    })
}

/// Returns the declared settings, or `None` if the manifests have errors.
fn declared(network: &Network, manifests: &[KindManifest]) -> Option<NetworkSettings> {
    let (desired, problems) = kinds::expand(network, manifests);
    (!has_errors(&problems)).then(|| NetworkSettings::from_desired(network, &desired))
}

fn has_errors(problems: &[Diagnostic]) -> bool {
    problems.iter().any(|problem| problem.severity == Severity::Error)
}

/// Returns true if a field equals `meant` or lies inside it.
fn is_within(field: &str, meant: &str) -> bool {
    let mut steps = field.split(['/', ' ', '.']);
    meant.split(['/', ' ', '.']).all(|step| steps.next().is_some_and(|other| step == "*" || step == other))
}

/// Returns every possible mutant once.
///
/// Items of maps and lists are removed one by one. Flags are inverted. Each number in a text increases by
/// one. Texts are replaced by other known words, or misspelled.
fn mutants(sources: &[SourceFile]) -> Vec<ManifestMutant> {
    let files = sources.iter().filter(|source| &*source.file != EXPECTATIONS);
    let files: Vec<Vec<YamlDocument>> = files.map(|source| source::documents(source).0).collect();
    let mut words = KnownWords(words_of_schema());
    for YamlDocument { root, .. } in files.iter().flatten() {
        words.learn("", root);
    }
    let mut mutants = Vec::new();
    for documents in &files {
        for (index, YamlDocument { file, root, .. }) in documents.iter().enumerate() {
            let text =
                |pointer| root.find(pointer).and_then(|found| found.node.as_text()).map_or("", |text| text);
            let (kind, name) = (text("/kind"), text("/metadata/name"));
            let mut found = Vec::new();
            changes(root, &FieldPath::default(), &words, &mut found);
            for DocumentChange { line, what, field, to } in found {
                let said = documents.iter().enumerate().map(|(each, YamlDocument { root, .. })| {
                    let mut said = root.to_json();
                    if each == index {
                        field.change(&mut said, to.clone());
                    }
                    said.to_string()
                });
                let text = said.collect::<Vec<String>>().join("\n---\n");
                mutants.push(ManifestMutant {
                    told: format!("{file}:{line}: {what}"),
                    kind: kind.to_owned(),
                    field: format!("{kind}/{name} {}", field.name()),
                    source: SourceFile { file: Arc::clone(file), text: Ok(text) },
                });
            }
        }
    }
    mutants
}

/// Change of a document.
struct DocumentChange {
    line: u32,
    what: String,
    field: FieldPath,
    /// New value, or `None` for a removal.
    to: Option<Json>,
}

/// Path to a field: keys and positions.
#[derive(Clone, Default)]
struct FieldPath(Vec<Result<Arc<str>, usize>>);

impl FieldPath {
    fn then(&self, step: Result<Arc<str>, usize>) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    /// Returns the last key of the path.
    fn key(&self) -> &str {
        self.0.iter().rev().find_map(|step| step.as_deref().ok()).unwrap_or_default()
    }

    fn name(&self) -> String {
        let step = |step: &Result<Arc<str>, usize>| match step {
            Ok(key) => key.to_string(),
            Err(index) => index.to_string(),
        };
        self.0.iter().map(step).collect::<Vec<String>>().join(".")
    }

    fn change(&self, document: &mut Json, to: Option<Json>) {
        let Some((last, way)) = self.0.split_last() else { return };
        let parent = way.iter().fold(document, |json, step| match step {
            Ok(key) => &mut json[&**key],
            Err(index) => &mut json[*index],
        });
        match (parent, last, to) {
            (Json::Object(fields), Ok(key), Some(to)) => drop(fields.insert(key.to_string(), to)),
            (Json::Object(fields), Ok(key), None) => drop(fields.shift_remove(&**key)),
            (Json::Array(items), Err(index), Some(to)) => items[*index] = to,
            (Json::Array(items), Err(index), None) => drop(items.remove(*index)),
            (parent, _, _) => panic!("{} is not in {parent}", self.name()),
        }
    }
}

fn changes(node: &YamlNode, field: &FieldPath, words: &KnownWords, found: &mut Vec<DocumentChange>) {
    let mut of = |node: &YamlNode, line: u32, field: FieldPath| {
        let shown: String = node.to_json().to_string().chars().take(70).collect();
        let what = format!("without {}: {shown}", field.key());
        found.push(DocumentChange { line, what, field: field.clone(), to: None });
        let others: Vec<Json> = match &node.value {
            YamlValue::Bool(flag) => vec![(!flag).into()],
            YamlValue::Number(text) => grown(text).into_iter().filter_map(|text| text.parse().ok()).collect(),
            YamlValue::Text(text) => words.others(field.key(), text).into_iter().map(Json::from).collect(),
            YamlValue::Null => Vec::new(),
            YamlValue::List(_) | YamlValue::Map(_) => {
                changes(node, &field, words, found);
                Vec::new()
            }
        };
        for to in others {
            let what = format!("{}: {to} instead of {shown}", field.key());
            found.push(DocumentChange { line, what, field: field.clone(), to: Some(to) });
        }
    };
    match &node.value {
        YamlValue::Map(entries) => {
            for (key, node) in entries {
                of(node, key.extent.start.line, field.then(Ok(Arc::clone(&key.text))));
            }
        }
        YamlValue::List(items) => {
            for (index, node) in items.iter().enumerate() {
                of(node, node.extent.start.line, field.then(Err(index)));
            }
        }
        YamlValue::Null | YamlValue::Bool(_) | YamlValue::Number(_) | YamlValue::Text(_) => {}
    }
}

/// Known values by key: from the schema and from the example.
struct KnownWords(BTreeMap<String, BTreeSet<String>>);

impl KnownWords {
    fn learn(&mut self, key: &str, node: &YamlNode) {
        match &node.value {
            YamlValue::Text(text) => {
                self.0.entry(key.to_owned()).or_default().insert(text.to_string());
            }
            YamlValue::List(items) => items.iter().for_each(|item| self.learn(key, item)),
            YamlValue::Map(entries) => entries.iter().for_each(|(key, node)| self.learn(&key.text, node)),
            YamlValue::Null | YamlValue::Bool(_) | YamlValue::Number(_) => {}
        }
    }

    /// Returns replacements for a text: the next known word, the text with an increased number, and the text
    /// misspelled.
    fn others(&self, key: &str, text: &str) -> BTreeSet<String> {
        let mut others: BTreeSet<String> = grown(text).into_iter().collect();
        let known = self.0.get(key).into_iter().flatten();
        let next = known
            .clone()
            .find(|word| word.as_str() > text)
            .or(known.clone().find(|word| word.as_str() != text));
        others.extend(next.cloned());
        if text.contains(|letter: char| letter.is_alphabetic()) {
            others.insert(format!("{text}X"));
        }
        others
    }
}

/// Returns copies of a text, each with a number increased by one.
fn grown(text: &str) -> Vec<String> {
    let mut grown = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(|letter: char| letter.is_ascii_digit()).map(|at| from + at) {
        let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
        from = start + digits;
        if let Ok(number) = text[start..from].parse::<u64>() {
            grown.push(format!("{}{:0digits$}{}", &text[..start], number + 1, &text[from..]));
        }
    }
    grown
}

/// Returns the choices of every enum property in the published schema.
fn words_of_schema() -> BTreeMap<String, BTreeSet<String>> {
    fn choice(schema: &Json, root: &Json, words: &mut BTreeSet<String>) {
        let pointer = schema["$ref"].as_str().and_then(|pointer| pointer.strip_prefix('#'));
        if let Some(named) = pointer.and_then(|pointer| root.pointer(pointer)) {
            choice(named, root, words);
        }
        words.extend(schema["const"].as_str().map(str::to_owned));
        words.extend(
            schema["enum"].as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned),
        );
        for several in ["anyOf", "oneOf"] {
            schema[several].as_array().into_iter().flatten().for_each(|one| choice(one, root, words));
        }
        if schema["items"].is_object() {
            choice(&schema["items"], root, words);
        }
    }
    fn walk(schema: &Json, root: &Json, found: &mut BTreeMap<String, BTreeSet<String>>) {
        if let Some(properties) = schema["properties"].as_object() {
            for (name, property) in properties {
                choice(property, root, found.entry(name.clone()).or_default());
            }
        }
        match schema {
            Json::Object(fields) => fields.values().for_each(|each| walk(each, root, found)),
            Json::Array(items) => items.iter().for_each(|each| walk(each, root, found)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/manifest.json");
    let text = std::fs::read_to_string(path).expect("schema should exist");
    let schema: Json = serde_json::from_str(&text).expect("schema should be JSON");
    let mut found = BTreeMap::new();
    walk(&schema, &schema, &mut found);
    found
}
