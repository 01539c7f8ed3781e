//! Collections that several kinds write to: facts about a collection come from one place.
//!
//! A new kind is tested as soon as `KINDS` lists it, with its manifest in `examples/kinds`.

use std::collections::BTreeMap;
use std::path::Path;

use zonal::kinds::{self, GatewayCollection, KINDS};
use zonal::manifest::{self, SourceFile};
use zonal::model::{CollectionShape, DesiredCollection, FieldName};

/// Returns the desired collections of all zones, given the example of each kind.
fn desired(names: &[&str]) -> Vec<DesiredCollection> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/kinds");
    let source = |name: &str| {
        let file = format!("{name}.yaml");
        let text = std::fs::read_to_string(examples.join(&file)).expect("example should be readable");
        SourceFile { file: file.into(), text: Ok(text) }
    };
    let sources: Vec<SourceFile> = ["network"].iter().chain(names).map(|name| source(name)).collect();
    let loaded = manifest::load(&KINDS, &sources, None);
    let network = loaded.network.expect("example should have a network");
    let (desired, _) = kinds::expand(&network, &loaded.manifests);
    desired.zones.into_values().flatten().collect()
}

/// Returns the behavior of a collection: its shape without the menu path, which depends on the table.
fn behavior(collection: &DesiredCollection) -> CollectionShape {
    CollectionShape { menu: "".into(), ..CollectionShape::clone(&collection.shape) }
}

#[test]
fn kinds_agree_on_the_shape_of_each_common_collection() {
    let mut pairs = 0;
    let kinds: Vec<_> = KINDS.iter().filter(|kind| !kind.collections.is_empty()).collect();
    for (index, one) in kinds.iter().enumerate() {
        for other in &kinds[..index] {
            let is_common = |collection: &&DesiredCollection| {
                [one, other].iter().all(|kind| kind.collections.contains(&&*collection.id.kind))
            };
            if !one.collections.iter().any(|collection| other.collections.contains(collection)) {
                continue;
            }
            let both = desired(&[one.name, other.name]);
            let mut shapes = BTreeMap::new();
            for collection in both.iter().filter(is_common) {
                let maker = &collection.provenance.manifest;
                let (first, known) =
                    shapes.entry(&collection.id.kind).or_insert_with(|| (maker, behavior(collection)));
                assert_eq!(*known, behavior(collection), "{first} and {maker}: {}", collection.id);
            }
            pairs += 1;
        }
    }
    assert!(pairs >= 6, "only {pairs} pairs of kinds with a common collection");
}

#[test]
fn kind_writes_only_to_its_collections_with_their_keys_and_fields() {
    let gateway: Vec<&GatewayCollection> = KINDS.iter().flat_map(|kind| kind.gateway).collect();
    for (index, one) in gateway.iter().enumerate() {
        assert!(gateway[..index].iter().all(|other| other.kind != one.kind), "{} has two owners", one.kind);
    }
    for kind in KINDS.iter().filter(|kind| !kind.collections.is_empty()) {
        let mut all = desired(&[kind.name]);
        // Some examples need a manifest of another kind.
        all.retain(|collection| collection.provenance.manifest.starts_with(&format!("{}/", kind.name)));
        assert!(!all.is_empty(), "{}", kind.name);
        for DesiredCollection { id, key, shape, records, amendments, .. } in &all {
            assert!(kind.collections.contains(&&*id.kind), "{} does not list {id}", kind.name);
            assert_eq!(kinds::shape(id).as_ref(), Some(shape), "{id}");
            let key: Vec<&str> = key.iter().map(|field| &**field).collect();
            if &*id.kind == "CodeTable" {
                assert_eq!(key, ["code"], "{id}");
            }
            let Some(collection) = gateway.iter().find(|collection| collection.kind == &*id.kind) else {
                continue;
            };
            assert_eq!(key, collection.key, "{id}");
            let amended = amendments.iter().flat_map(|amendment| &amendment.amends).map(|edit| &edit.field);
            let declared = records.values().flat_map(|record| record.fields.keys());
            let of_shape = shape.required.iter().chain(shape.defaults.keys()).chain(&shape.switch);
            let fields: Vec<&FieldName> = declared.chain(amended).chain(of_shape).collect();
            for field in fields.into_iter().chain(&shape.attachment).chain(&shape.shadow) {
                assert!(collection.has_field(field), "{id} has no field `{field}`");
            }
        }
    }
}
