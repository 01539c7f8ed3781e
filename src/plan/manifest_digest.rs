//! Digests of the desired state, to detect changes of meaning, independent of file and wording.
//!
//! Locations, comments, order and explanatory texts do not count. Neither do variables, overrides and
//! selectors: only their result counts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::plan_digest::digest_json;
use crate::model::network::{EnvironmentType, Zone, ZoneRole};
use crate::model::{
    Amendment, AmendmentOperation, AmendmentTarget, CollectionId, CollectionOwner, CollectionRole,
    CollectionShape, ConflictPolicy, ContentDigest, DesiredCollection, DesiredRecord, DesiredState,
    Enforcement, FieldAmendment, FieldName, FieldValue, Network, RecordKey, RecordReference, UnlistedPolicy,
    ValueComparison, ZoneCode,
};

/// Returns a digest per zone and manifest. Zones without desired state are left out.
pub fn digests(desired: &DesiredState) -> BTreeMap<ZoneCode, BTreeMap<Arc<str>, ContentDigest>> {
    let mut seen = SeenRecords::default();
    let zones = desired.zones.iter().map(|(code, collections)| {
        let mut said: BTreeMap<Arc<str>, Vec<ContentDigest>> = BTreeMap::new();
        for collection in collections.iter().filter(|each| each.standing == CollectionRole::Desired) {
            let digest = seen.collection(&[collection]);
            said.entry(Arc::clone(&collection.provenance.manifest)).or_default().push(digest);
        }
        (
            code.clone(),
            said.into_iter().map(|(manifest, digests)| (manifest, combined_digest(digests))).collect(),
        )
    });
    zones.collect()
}

/// Returns a digest per zone, independent of the manifests' names. Zones without desired state are left out.
pub fn zones(desired: &DesiredState) -> BTreeMap<ZoneCode, ContentDigest> {
    let mut seen = SeenRecords::default();
    let zones = desired.zones.iter().filter_map(|(code, collections)| {
        let mut by_id: BTreeMap<&CollectionId, Vec<&DesiredCollection>> = BTreeMap::new();
        for collection in collections.iter().filter(|collection| says_something(collection)) {
            by_id.entry(&collection.id).or_default().push(collection);
        }
        let digests: Vec<ContentDigest> = by_id.values().map(|together| seen.collection(together)).collect();
        (!digests.is_empty()).then(|| (code.clone(), combined_digest(digests)))
    });
    zones.collect()
}

fn says_something(collection: &DesiredCollection) -> bool {
    if collection.standing != CollectionRole::Desired {
        return false;
    }
    !collection.records.is_empty()
        || !collection.amendments.is_empty()
        || collection.unlisted != UnlistedPolicy::Keep
}

fn combined_digest(mut digests: Vec<ContentDigest>) -> ContentDigest {
    digests.sort_unstable();
    digest_json(&digests)
}

/// Returns the digest of the network settings that decide the target of writes.
pub fn network(network: &Network) -> ContentDigest {
    #[derive(Serialize)]
    struct NetworkContent<'a> {
        name: &'a str,
        environment: Option<&'a str>,
        gateway: Option<&'a str>,
        zones: BTreeMap<&'a ZoneCode, ContentDigest>,
    }
    digest_json(&NetworkContent {
        name: &network.name,
        environment: network.environment.as_deref(),
        gateway: network.gateway.as_ref().map(|gateway| gateway.url.as_str()),
        zones: network.zones.iter().map(|each| (&each.code, zone(each))).collect(),
    })
}

/// Returns the digest of the zone settings that decide the target of writes.
pub fn zone(zone: &Zone) -> ContentDigest {
    let role = match zone.role {
        ZoneRole::Network => "network",
        ZoneRole::Member => "member",
    };
    let environment = zone.environment_type.map(|environment| match environment {
        EnvironmentType::Production => "production",
        EnvironmentType::Sandbox => "sandbox",
    });
    digest_json(&(&zone.code, role, &zone.base_url, environment))
}

/// Cache of computed digests. Zones share most records, so records are identified by their memory address,
/// stable while borrowed.
#[derive(Default)]
struct SeenRecords<'a> {
    records: HashMap<*const DesiredRecord, ContentDigest>,
    shapes: HashMap<*const CollectionShape, ContentDigest>,
    /// Records of a manifest for a collection in the previous zone.
    lists: HashMap<(&'a str, &'a CollectionId), (&'a RecordSet, ContentDigest)>,
}

type RecordSet = BTreeMap<RecordKey, Arc<DesiredRecord>>;

impl<'a> SeenRecords<'a> {
    /// Returns the digest of one collection, declared by one or several manifests.
    fn collection(&mut self, together: &[&'a DesiredCollection]) -> ContentDigest {
        #[derive(Serialize)]
        struct CollectionContent<'c> {
            id: Option<&'c CollectionId>,
            keys: Vec<&'c [FieldName]>,
            unlisted: Option<UnlistedPolicy>,
            /// Enforcement of unlisted records. Each listed record has its own.
            enforcement: Option<Enforcement>,
            /// Conflict policies other than the default.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            on_conflict: Vec<ConflictPolicy>,
            /// Owners other than the default.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            owners: Vec<CollectionOwner>,
            /// Comparisons other than the default.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            comparisons: Vec<(&'c FieldName, ValueComparison)>,
            /// Keys of unlisted records that stay.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            unlisted_except: Vec<&'c str>,
            shapes: Vec<ContentDigest>,
            records: ContentDigest,
            amendments: ContentDigest,
        }
        let strictest = together.iter().max_by_key(|collection| collection.unlisted);
        let strict = strictest.filter(|collection| collection.unlisted != UnlistedPolicy::Keep);
        let mut keys: Vec<&[FieldName]> = together.iter().map(|collection| &*collection.key).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut shapes: Vec<ContentDigest> =
            together.iter().map(|collection| self.shape(&collection.shape)).collect();
        shapes.sort_unstable();
        shapes.dedup();
        let amendments = together.iter().flat_map(|collection| &collection.amendments);
        let on_conflict = together.iter().map(|collection| collection.on_conflict);
        let mut on_conflict: Vec<ConflictPolicy> =
            on_conflict.filter(|said| *said != ConflictPolicy::Defer).collect();
        on_conflict.sort_unstable();
        on_conflict.dedup();
        let owners = together.iter().map(|collection| collection.owner);
        let mut owners: Vec<CollectionOwner> =
            owners.filter(|owner| *owner != CollectionOwner::Undecided).collect();
        owners.sort_unstable();
        owners.dedup();
        let compare = together.iter().flat_map(|collection| &collection.options.compare);
        let mut comparisons: Vec<(&FieldName, ValueComparison)> =
            compare.flat_map(|compare| compare.iter()).map(|(field, how)| (field, *how)).collect();
        comparisons.sort_unstable();
        comparisons.dedup();
        let except = together.iter().flat_map(|collection| collection.options.unlisted_except.patterns());
        let mut unlisted_except: Vec<&str> = except.map(|pattern| &**pattern).collect();
        unlisted_except.sort_unstable();
        unlisted_except.dedup();
        digest_json(&CollectionContent {
            id: together.first().map(|collection| &collection.id),
            keys,
            unlisted: strict.map(|collection| collection.unlisted),
            enforcement: strict.map(|collection| collection.enforcement),
            on_conflict,
            owners,
            comparisons,
            unlisted_except,
            shapes,
            records: self.list(together),
            amendments: combined_digest(
                amendments.map(|amendment| digest_json(&AmendmentContent::from(amendment))).collect(),
            ),
        })
    }

    fn list(&mut self, together: &[&'a DesiredCollection]) -> ContentDigest {
        let name = |only: &'a DesiredCollection| (&*only.provenance.manifest, &only.id);
        if let [only] = together
            && let Some((before, digest)) = self.lists.get(&name(only))
            && are_the_same(before, &only.records)
        {
            return *digest;
        }
        let records = together.iter().flat_map(|collection| &collection.records);
        let mut records: Vec<(&RecordKey, ContentDigest)> =
            records.map(|(key, record)| (key, self.record(record))).collect();
        records.sort_unstable();
        let digest = digest_json(&records);
        if let [only] = together {
            self.lists.insert(name(only), (&only.records, digest));
        }
        digest
    }

    fn record(&mut self, record: &'a Arc<DesiredRecord>) -> ContentDigest {
        #[derive(Serialize)]
        struct RecordContent<'c> {
            fields: BTreeMap<&'c FieldName, &'c FieldValue>,
            absent: bool,
            enforcement: Enforcement,
            references: Vec<ReferenceContent<'c>>,
        }
        *self.records.entry(Arc::as_ptr(record)).or_insert_with(|| {
            let DesiredRecord { fields, absent, enforcement, provenance: _, references, notes: _ } =
                &**record;
            digest_json(&RecordContent {
                fields: fields.iter().map(|(field, said)| (field, &said.value)).collect(),
                absent: *absent,
                enforcement: *enforcement,
                references: references.iter().map(ReferenceContent::from).collect(),
            })
        })
    }

    fn shape(&mut self, shape: &'a Arc<CollectionShape>) -> ContentDigest {
        #[derive(Serialize)]
        struct ShapeContent<'c> {
            stage: u8,
            required: &'c [FieldName],
            defaults: &'c BTreeMap<FieldName, FieldValue>,
            exclusive: &'c [FieldName],
            shared: &'c [FieldName],
            switch: Option<&'c FieldName>,
            attachment: Option<&'c FieldName>,
        }
        *self.shapes.entry(Arc::as_ptr(shape)).or_insert_with(|| {
            let CollectionShape { stage, required, defaults, exclusive, shared, switch, attachment, .. } =
                &**shape;
            let (switch, attachment) = (switch.as_ref(), attachment.as_ref());
            digest_json(&ShapeContent {
                stage: *stage,
                required,
                defaults,
                exclusive,
                shared,
                switch,
                attachment,
            })
        })
    }
}

/// Returns true if two zones share the same records in memory.
fn are_the_same(one: &RecordSet, other: &RecordSet) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|((key, record), (other_key, other))| Arc::ptr_eq(record, other) && key == other_key)
}

#[derive(Serialize)]
struct ReferenceContent<'a> {
    to: &'a CollectionId,
    fields: &'a [(FieldName, Arc<str>)],
}

impl<'a> From<&'a RecordReference> for ReferenceContent<'a> {
    fn from(RecordReference { to, fields, what: _ }: &'a RecordReference) -> Self {
        Self { to, fields }
    }
}

#[derive(Serialize)]
struct AmendmentContent<'a> {
    select: &'a [(FieldName, FieldValue)],
    expected: bool,
    enforcement: Enforcement,
    amends: Vec<(&'a FieldName, AmendmentOperationContent<'a>, Option<ReferenceContent<'a>>)>,
}

impl<'a> From<&'a Amendment> for AmendmentContent<'a> {
    fn from(amendment: &'a Amendment) -> Self {
        let Amendment { select, expected, amends, enforcement, provenance: _ } = amendment;
        let amends = amends.iter().map(|FieldAmendment { field, to, reference, provenance: _ }| {
            (field, AmendmentOperationContent::from(to), reference.as_ref().map(ReferenceContent::from))
        });
        Self {
            select,
            expected: *expected == AmendmentTarget::Required,
            enforcement: *enforcement,
            amends: amends.collect(),
        }
    }
}

/// Content of an [`AmendmentOperation`] for the digest.
#[derive(Serialize)]
enum AmendmentOperationContent<'a> {
    Value(&'a FieldValue),
    Filled(&'a FieldValue),
    With(&'a str),
    Without(&'a str),
    Passing(&'a str, &'a FieldName),
    Stopping(&'a str, &'a FieldName),
}

impl<'a> From<&'a AmendmentOperation> for AmendmentOperationContent<'a> {
    fn from(to: &'a AmendmentOperation) -> Self {
        match to {
            AmendmentOperation::Set(value) => Self::Value(value),
            AmendmentOperation::SetIfEmpty(value) => Self::Filled(value),
            AmendmentOperation::AddToList(text) => Self::With(text),
            AmendmentOperation::RemoveFromList(text) => Self::Without(text),
            AmendmentOperation::AllowInRule { text, operator } => Self::Passing(text, operator),
            AmendmentOperation::BlockInRule { text, operator } => Self::Stopping(text, operator),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_notation::desired;

    /// Returns the zones of ALPHA and BETA with equal digests for both manifests.
    fn same(one: &str, other: &str) -> Vec<&'static str> {
        let digests = |manifests: &str| zones(&desired(&["ALPHA", "BETA"], manifests).1);
        let (one, other) = (digests(one), digests(other));
        let codes = ["ALPHA", "BETA"];
        codes.into_iter().filter(|code| one.get(&(*code).into()) == other.get(&(*code).into())).collect()
    }

    const ROWS: &str = "CodeTable t\ntable: T\nrows: [{code: A, description: One}, {code: B, absent: true}]";

    #[test]
    fn wording_of_manifests_does_not_change_the_digest() {
        let both = vec!["ALPHA", "BETA"];
        let longer = "CodeTable other\ntable: T  # a comment\nappliesTo: {only: [ALPHA, BETA]}\n\
                      rows:\n  - {absent: true, code: B}\n  - {description: One, code: A}";
        assert_eq!(same(ROWS, longer), both);
        let overridden = "CodeTable t\ntable: T\nrows: [{code: A, description: Two}, {code: B, absent: true}]\n\
                          overrides:\n  - {appliesTo: {}, rows: [{code: A, description: One}]}";
        assert_eq!(same(ROWS, overridden), both);
        let split = "CodeTable a\ntable: T\nrows: [{code: A, description: One}]\n---\n\
                     CodeTable b\ntable: T\nrows: [{code: B, absent: true}]";
        assert_eq!(same(ROWS, split), both);
    }

    #[test]
    fn content_of_manifests_changes_the_digest() {
        for other in [
            ROWS.replace("One", "Two"),
            ROWS.replace("description: One", "description: null"),
            ROWS.replace("code: B, absent: true", "code: B, description: Two"),
            ROWS.replace("table: T", "table: U"),
            ROWS.replace("table: T", "table: T\nlanguage: en"),
            ROWS.replace("table: T", "table: T\nunlisted: delete"),
            ROWS.replace("table: T", "table: T\nenforcement: report"),
        ] {
            assert_eq!(same(ROWS, &other), Vec::<&str>::new(), "{other}");
        }
        let one_zone = format!(
            "{ROWS}\noverrides:\n  - {{appliesTo: {{only: [BETA]}}, rows: [{{code: A, description: Un}}]}}"
        );
        assert_eq!(same(ROWS, &one_zone), ["ALPHA"]);
        assert_eq!(same(ROWS, &format!("{ROWS}\nappliesTo: {{except: [ALPHA]}}")), ["BETA"]);
    }

    #[test]
    fn each_manifest_has_its_own_digest_per_zone() {
        let (_, wanted) =
            desired(&["ALPHA", "BETA"], &format!("{ROWS}\n---\nCodeTable u\ntable: U\nrows: [{{code: A}}]"));
        let digests = digests(&wanted);
        let alpha = &digests[&"ALPHA".into()];
        assert_eq!(alpha.keys().map(|name| &**name).collect::<Vec<_>>(), ["CodeTable/t", "CodeTable/u"]);
        assert_eq!(alpha, &digests[&"BETA".into()]);
        assert_ne!(alpha["CodeTable/t"], alpha["CodeTable/u"]);
    }

    #[test]
    fn network_digest_covers_addresses_but_not_names() {
        let (mut omni, _) = desired(&["ALPHA"], ROWS);
        let digest = network(&omni);
        omni.zones[1].name = "Another".to_owned();
        assert_eq!(network(&omni), digest);
        omni.zones[1].base_url.push_str("/elsewhere");
        assert_ne!(network(&omni), digest);
    }
}
