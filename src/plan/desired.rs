//! What the manifests come to, by digest: so that one can tell whether they say the same as before,
//! wherever in which file they say it.
//!
//! Places, comments, order, and the words that explain a change do not count. Nor do the names of
//! variables, overrides and selections: only what they come to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::digest::of;
use crate::model::network::{EnvironmentType, Role, Zone};
use crate::model::{
    Amend, AmendTo, Amendment, CollectionId, Desired, DesiredCollection, DesiredRecord, Digest, Enforcement,
    Expected, Field, Key, Network, OnConflict, Reference, Shape, Standing, Unlisted, Value, ZoneCode,
};

/// By zone, what each manifest wants of it. A zone of which nothing is wanted is not in the map.
pub fn digests(desired: &Desired) -> BTreeMap<ZoneCode, BTreeMap<Arc<str>, Digest>> {
    let mut seen = Seen::default();
    let zones = desired.zones.iter().map(|(code, collections)| {
        let mut said: BTreeMap<Arc<str>, Vec<Digest>> = BTreeMap::new();
        for collection in collections.iter().filter(|each| each.standing == Standing::Wanted) {
            let digest = seen.collection(&[collection]);
            said.entry(Arc::clone(&collection.provenance.manifest)).or_default().push(digest);
        }
        (code.clone(), said.into_iter().map(|(manifest, digests)| (manifest, all(digests))).collect())
    });
    zones.collect()
}

/// By zone, what all manifests together want of it, whichever of them says it. A zone of which nothing is
/// wanted is not in the map.
pub fn zones(desired: &Desired) -> BTreeMap<ZoneCode, Digest> {
    let mut seen = Seen::default();
    let zones = desired.zones.iter().filter_map(|(code, collections)| {
        let mut by_id: BTreeMap<&CollectionId, Vec<&DesiredCollection>> = BTreeMap::new();
        for collection in collections.iter().filter(|collection| says_something(collection)) {
            by_id.entry(&collection.id).or_default().push(collection);
        }
        let digests: Vec<Digest> = by_id.values().map(|together| seen.collection(together)).collect();
        (!digests.is_empty()).then(|| (code.clone(), all(digests)))
    });
    zones.collect()
}

fn says_something(collection: &DesiredCollection) -> bool {
    if collection.standing != Standing::Wanted {
        return false;
    }
    !collection.records.is_empty()
        || !collection.amendments.is_empty()
        || collection.unlisted != Unlisted::Keep
}

fn all(mut digests: Vec<Digest>) -> Digest {
    digests.sort_unstable();
    of(&digests)
}

/// Of what of a network says where writes go.
pub fn network(network: &Network) -> Digest {
    #[derive(Serialize)]
    struct Content<'a> {
        name: &'a str,
        environment: Option<&'a str>,
        gateway: Option<&'a str>,
        zones: BTreeMap<&'a ZoneCode, Digest>,
    }
    of(&Content {
        name: &network.name,
        environment: network.environment.as_deref(),
        gateway: network.gateway.as_ref().map(|gateway| gateway.url.as_str()),
        zones: network.zones.iter().map(|each| (&each.code, zone(each))).collect(),
    })
}

/// Of what of a zone says where writes to it go.
pub fn zone(zone: &Zone) -> Digest {
    let role = match zone.role {
        Role::Network => "network",
        Role::Member => "member",
    };
    let environment = zone.environment_type.map(|environment| match environment {
        EnvironmentType::Production => "production",
        EnvironmentType::Sandbox => "sandbox",
    });
    of(&(&zone.code, role, &zone.base_url, environment))
}

/// What has been looked at before. Zones share most of their records, and those are told by where they
/// are in memory, where they stay as long as they are borrowed.
#[derive(Default)]
struct Seen<'a> {
    records: HashMap<*const DesiredRecord, Digest>,
    shapes: HashMap<*const Shape, Digest>,
    /// The records that a manifest wanted of a collection of the zone before.
    lists: HashMap<(&'a str, &'a CollectionId), (&'a Records, Digest)>,
}

type Records = BTreeMap<Key, Arc<DesiredRecord>>;

impl<'a> Seen<'a> {
    /// What is wanted of one collection, by one manifest or several.
    fn collection(&mut self, together: &[&'a DesiredCollection]) -> Digest {
        #[derive(Serialize)]
        struct Content<'c> {
            id: Option<&'c CollectionId>,
            keys: Vec<&'c [Field]>,
            unlisted: Option<Unlisted>,
            /// Of what is unlisted: a record has its own.
            enforcement: Option<Enforcement>,
            /// Where it is not simply that a person decides.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            on_conflict: Vec<OnConflict>,
            shapes: Vec<Digest>,
            records: Digest,
            amendments: Digest,
        }
        let strictest = together.iter().max_by_key(|collection| collection.unlisted);
        let strict = strictest.filter(|collection| collection.unlisted != Unlisted::Keep);
        let mut keys: Vec<&[Field]> = together.iter().map(|collection| &*collection.key).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut shapes: Vec<Digest> =
            together.iter().map(|collection| self.shape(&collection.shape)).collect();
        shapes.sort_unstable();
        shapes.dedup();
        let amendments = together.iter().flat_map(|collection| &collection.amendments);
        let on_conflict = together.iter().map(|collection| collection.on_conflict);
        let mut on_conflict: Vec<OnConflict> = on_conflict.filter(|said| *said != OnConflict::Stop).collect();
        on_conflict.sort_unstable();
        on_conflict.dedup();
        of(&Content {
            id: together.first().map(|collection| &collection.id),
            keys,
            unlisted: strict.map(|collection| collection.unlisted),
            enforcement: strict.map(|collection| collection.enforcement),
            on_conflict,
            shapes,
            records: self.list(together),
            amendments: all(amendments.map(|amendment| of(&AmendmentContent::from(amendment))).collect()),
        })
    }

    fn list(&mut self, together: &[&'a DesiredCollection]) -> Digest {
        let name = |only: &'a DesiredCollection| (&*only.provenance.manifest, &only.id);
        if let [only] = together
            && let Some((before, digest)) = self.lists.get(&name(only))
            && are_the_same(before, &only.records)
        {
            return *digest;
        }
        let records = together.iter().flat_map(|collection| &collection.records);
        let mut records: Vec<(&Key, Digest)> =
            records.map(|(key, record)| (key, self.record(record))).collect();
        records.sort_unstable();
        let digest = of(&records);
        if let [only] = together {
            self.lists.insert(name(only), (&only.records, digest));
        }
        digest
    }

    fn record(&mut self, record: &'a Arc<DesiredRecord>) -> Digest {
        #[derive(Serialize)]
        struct Content<'c> {
            fields: BTreeMap<&'c Field, &'c Value>,
            absent: bool,
            enforcement: Enforcement,
            references: Vec<ReferenceContent<'c>>,
        }
        *self.records.entry(Arc::as_ptr(record)).or_insert_with(|| {
            let DesiredRecord { fields, absent, enforcement, provenance: _, references, notes: _ } =
                &**record;
            of(&Content {
                fields: fields.iter().map(|(field, said)| (field, &said.value)).collect(),
                absent: *absent,
                enforcement: *enforcement,
                references: references.iter().map(ReferenceContent::from).collect(),
            })
        })
    }

    fn shape(&mut self, shape: &'a Arc<Shape>) -> Digest {
        #[derive(Serialize)]
        struct Content<'c> {
            stage: u8,
            required: &'c [Field],
            defaults: &'c BTreeMap<Field, Value>,
            exclusive: &'c [Field],
            shared: &'c [Field],
            switch: Option<&'c Field>,
            attachment: Option<&'c Field>,
        }
        *self.shapes.entry(Arc::as_ptr(shape)).or_insert_with(|| {
            let Shape { stage, required, defaults, exclusive, shared, switch, attachment, .. } = &**shape;
            let (switch, attachment) = (switch.as_ref(), attachment.as_ref());
            of(&Content { stage: *stage, required, defaults, exclusive, shared, switch, attachment })
        })
    }
}

/// Whether two zones share these very records.
fn are_the_same(one: &Records, other: &Records) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|((key, record), (other_key, other))| Arc::ptr_eq(record, other) && key == other_key)
}

#[derive(Serialize)]
struct ReferenceContent<'a> {
    to: &'a CollectionId,
    fields: &'a [(Field, Arc<str>)],
}

impl<'a> From<&'a Reference> for ReferenceContent<'a> {
    fn from(Reference { to, fields, what: _ }: &'a Reference) -> Self {
        Self { to, fields }
    }
}

#[derive(Serialize)]
struct AmendmentContent<'a> {
    select: &'a [(Field, Value)],
    expected: bool,
    enforcement: Enforcement,
    amends: Vec<(&'a Field, To<'a>, Option<ReferenceContent<'a>>)>,
}

impl<'a> From<&'a Amendment> for AmendmentContent<'a> {
    fn from(amendment: &'a Amendment) -> Self {
        let Amendment { select, expected, amends, enforcement, provenance: _ } = amendment;
        let amends = amends.iter().map(|Amend { field, to, reference, provenance: _ }| {
            (field, To::from(to), reference.as_ref().map(ReferenceContent::from))
        });
        Self {
            select,
            expected: *expected == Expected::InEach,
            enforcement: *enforcement,
            amends: amends.collect(),
        }
    }
}

/// [`AmendTo`] as it counts.
#[derive(Serialize)]
enum To<'a> {
    Value(&'a Value),
    Filled(&'a Value),
    With(&'a str),
    Without(&'a str),
    Passing(&'a str, &'a Field),
    Stopping(&'a str, &'a Field),
}

impl<'a> From<&'a AmendTo> for To<'a> {
    fn from(to: &'a AmendTo) -> Self {
        match to {
            AmendTo::Value(value) => Self::Value(value),
            AmendTo::Filled(value) => Self::Filled(value),
            AmendTo::With(text) => Self::With(text),
            AmendTo::Without(text) => Self::Without(text),
            AmendTo::Passing { text, operator } => Self::Passing(text, operator),
            AmendTo::Stopping { text, operator } => Self::Stopping(text, operator),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::tests::notation::desired;

    /// What two ways of saying something come to, in ALPHA and BETA.
    fn same(one: &str, other: &str) -> Vec<&'static str> {
        let digests = |manifests: &str| zones(&desired(&["ALPHA", "BETA"], manifests).1);
        let (one, other) = (digests(one), digests(other));
        let codes = ["ALPHA", "BETA"];
        codes.into_iter().filter(|code| one.get(&(*code).into()) == other.get(&(*code).into())).collect()
    }

    const ROWS: &str = "CodeTable t\ntable: T\nrows: [{code: A, description: One}, {code: B, absent: true}]";

    #[test]
    fn how_something_is_said_does_not_count() {
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
    fn what_is_said_counts() {
        for other in [
            ROWS.replace("One", "Two"),
            ROWS.replace("description: One", "description: null"),
            ROWS.replace("code: B, absent: true", "code: B, description: Two"),
            ROWS.replace("table: T", "table: U"),
            ROWS.replace("table: T", "table: T\nlanguage: en"),
            ROWS.replace("table: T", "table: T\nunlisted: remove"),
            ROWS.replace("table: T", "table: T\nenforcement: observe"),
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
    fn each_manifest_has_a_digest_of_its_own_in_each_zone() {
        let (_, wanted) =
            desired(&["ALPHA", "BETA"], &format!("{ROWS}\n---\nCodeTable u\ntable: U\nrows: [{{code: A}}]"));
        let digests = digests(&wanted);
        let alpha = &digests[&"ALPHA".into()];
        assert_eq!(alpha.keys().map(|name| &**name).collect::<Vec<_>>(), ["CodeTable/t", "CodeTable/u"]);
        assert_eq!(alpha, &digests[&"BETA".into()]);
        assert_ne!(alpha["CodeTable/t"], alpha["CodeTable/u"]);
    }

    #[test]
    fn where_a_network_writes_to_counts_and_what_it_is_called_there_does_not() {
        let (mut omni, _) = desired(&["ALPHA"], ROWS);
        let digest = network(&omni);
        omni.zones[1].name = "Another".to_owned();
        assert_eq!(network(&omni), digest);
        omni.zones[1].base_url.push_str("/elsewhere");
        assert_ne!(network(&omni), digest);
    }
}
