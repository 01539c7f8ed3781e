//! A manifest of a consortium kind at work: its zones, their variables, and the records it wants of them.
//!
//! Kinds of rows have their own way, see [`super::table`]; all others expand through this.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Expansion;
use crate::manifest::node::Extent;
use crate::manifest::selection::{self, AppliesTo};
use crate::manifest::text::Text;
use crate::manifest::typed::At;
use crate::manifest::{Head, codes};
use crate::model::network::{Role, Zone};
use crate::model::{
    Amend, AmendTo, Amendment, CollectionId, DesiredCollection, DesiredRecord, DesiredValue, Diagnostic,
    Enforcement, Expected, Key, Network, OnConflict, Place, Reference, Shape, Standing, Unlisted, Value,
};

/// One manifest and the network that it is expanded for.
pub struct Scope<'a, 'n> {
    /// The manifest.
    pub head: &'a Head,
    /// The network.
    pub network: &'n Network,
    expansion: &'a mut Expansion<'n>,
    lacking: BTreeMap<(Extent, String), Vec<&'n Zone>>,
    without: BTreeMap<(Extent, Arc<str>), Vec<&'n Zone>>,
}

impl<'a, 'n> Scope<'a, 'n> {
    /// `None` where part of the manifest or of the network could not be read: that has been told, and
    /// what it leaves would only be half of what is meant.
    pub fn new(head: &'a Head, network: &'n Network, expansion: &'a mut Expansion<'n>) -> Option<Self> {
        Self::of_parts(head, network, expansion).filter(|_| head.lost_spec().is_nothing())
    }

    /// The same of a manifest whose parts have nothing to do with each other: whoever takes one has to see to it that
    /// it is whole.
    pub fn of_parts(head: &'a Head, network: &'n Network, expansion: &'a mut Expansion<'n>) -> Option<Self> {
        let known = network.zones.iter().all(|zone| !zone.unread.code && !zone.unread.libraries);
        (!network.unread && known).then(|| Self {
            head,
            network,
            expansion,
            lacking: BTreeMap::new(),
            without: BTreeMap::new(),
        })
    }

    /// The zones that the manifest applies to: members where it says nothing.
    pub fn zones(&mut self, applies_to: Option<&At<AppliesTo>>) -> Vec<&'n Zone> {
        let network = self.network;
        let selected = selection::of_manifest(applies_to, network, self.head, &mut self.expansion.problems);
        selected.zones.into_iter().map(|zone| &network.zones[zone]).collect()
    }

    /// The network zone: every network has one, and it is the first of its zones.
    pub fn network_zone(&self) -> Option<&'n Zone> {
        self.network.zones.iter().find(|zone| zone.role == Role::Network)
    }

    /// All members, in the order of the network.
    pub fn members(&self) -> impl Iterator<Item = &'n Zone> + use<'n> {
        self.network.zones.iter().filter(|zone| zone.role == Role::Member)
    }

    /// The member with a code that the manifest names; one that is none is told.
    pub fn member(&mut self, code: &At<String>) -> Option<&'n Zone> {
        let found = self.members().find(|zone| zone.code.as_str() == code.value);
        if found.is_none() {
            let known = self.members().map(|zone| zone.code.as_str());
            let help = crate::manifest::suggest::among(&code.value, known);
            let message = format!("`{}` is no member of the network", code.value);
            let problem = Diagnostic::error(codes::UNKNOWN_CODE, self.head.place(code.extent), message);
            self.tell(problem.help(help));
        }
        found
    }

    /// A text in a zone; `None` where it is a variable that the zone lacks, which is told at the end.
    pub fn text(&mut self, text: &At<Text>, zone: &'n Zone) -> Option<Arc<str>> {
        match &text.value {
            Text::Plain(text) => Some(Arc::clone(text)),
            Text::Var(name) => match zone.vars.get(&name.value) {
                Some(value) => Some(value.as_str().into()),
                None if zone.unread.vars.contains(&name.value) => None,
                None => {
                    self.lacking.entry((name.extent, name.value.clone())).or_default().push(zone);
                    None
                }
            },
        }
    }

    /// The library of a zone that a text names; `None` where the zone has none of that code, which is
    /// told at the end.
    pub fn library(&mut self, library: &At<Text>, zone: &'n Zone) -> Option<Arc<str>> {
        let code = self.text(library, zone)?;
        if zone.libraries.iter().any(|known| *known.code == *code) {
            return Some(code);
        }
        self.without.entry((library.extent, code)).or_default().push(zone);
        None
    }

    /// Something is wrong with the manifest.
    pub fn tell(&mut self, problem: Diagnostic) {
        self.expansion.problems.push(problem);
    }

    /// An error at a place of the manifest.
    pub fn error(&mut self, code: &'static str, extent: Extent, message: impl Into<String>, help: &str) {
        self.tell(Diagnostic::error(code, self.head.place(extent), message).help(help));
    }

    /// A warning at a place of the manifest.
    pub fn warning(&mut self, code: &'static str, extent: Extent, message: impl Into<String>, help: &str) {
        self.tell(Diagnostic::warning(code, self.head.place(extent), message).help(help));
    }

    /// A collection of which nothing is wanted yet.
    pub fn collection(&self, id: CollectionId, key: &[&str], shape: &Arc<Shape>) -> Collection {
        Collection(DesiredCollection {
            id,
            shape: Arc::clone(shape),
            key: key.iter().map(|field| (*field).into()).collect(),
            unlisted: Unlisted::Keep,
            enforcement: Enforcement::Enforce,
            records: BTreeMap::new(),
            amendments: Vec::new(),
            on_conflict: OnConflict::default(),
            standing: Standing::Wanted,
            provenance: self.head.provenance(self.head.extent, None),
        })
    }

    /// A record that stands at a place of the manifest, and of which nothing is said yet.
    pub fn record(&self, extent: Extent) -> Entry<'a> {
        Entry {
            head: self.head,
            record: DesiredRecord {
                fields: BTreeMap::new(),
                absent: false,
                enforcement: Enforcement::Enforce,
                provenance: self.head.provenance(extent, None),
                references: Vec::new(),
                notes: Vec::new(),
            },
        }
    }

    /// An amendment that stands at a place of the manifest, of all records of its collection until it is
    /// told which.
    pub fn amendment(&self, extent: Extent, enforcement: Enforcement) -> Amendment {
        Amendment {
            select: Vec::new(),
            expected: Expected::Perhaps,
            amends: Vec::new(),
            enforcement,
            provenance: self.head.provenance(extent, None),
        }
    }

    /// One field of an amendment.
    pub fn amend(&self, field: &str, to: AmendTo, extent: Extent) -> Amend {
        let provenance = self.head.provenance(extent, None);
        Amend { field: field.into(), to, reference: None, provenance }
    }

    /// The manifest wants this of a zone. A collection of which nothing is wanted is left out.
    pub fn want(&mut self, zone: &Zone, collection: Collection) {
        let Collection(collection) = collection;
        let speaks = !collection.records.is_empty()
            || !collection.amendments.is_empty()
            || collection.unlisted != Unlisted::Keep;
        if speaks {
            self.judge_names(&collection);
            self.expansion.want(zone, collection);
        }
    }

    /// Tells what names nothing, or something that only looks like what is meant.
    fn judge_names(&mut self, collection: &DesiredCollection) {
        let mut empty = Vec::new();
        for record in collection.records.values() {
            for (field, DesiredValue { value, provenance }) in &record.fields {
                let is_name = collection.key.contains(field);
                let is_empty = match value {
                    Value::Null => collection.key.first() == Some(field),
                    Value::Bool(_) => false,
                    Value::Text(text) => is_name && text.trim().is_empty(),
                    Value::List(texts) => texts.iter().any(|text| text.trim().is_empty()),
                };
                if is_empty {
                    empty.push(provenance);
                } else if let Some(text) = value.as_text().filter(|text| is_name && text.trim() != *text) {
                    let message = format!("the name `{text}` begins or ends with a space");
                    let problem =
                        Diagnostic::warning(codes::SPACES_AROUND_KEY, provenance.place.clone(), message);
                    self.tell(problem.help("remove the space unless the zone's own name has it too"));
                }
            }
            let mut references = record.references.iter().flat_map(|reference| &reference.fields);
            if references.any(|(_, text)| text.trim().is_empty()) {
                let said = record.fields.values().find(|said| {
                    said.value == Value::Null && said.provenance.place != record.provenance.place
                });
                empty.push(said.map_or(&record.provenance, |said| &said.provenance));
            }
        }
        for amendment in &collection.amendments {
            let selects_empty = amendment.select.iter().any(|(_, value)| match value {
                Value::Null => true,
                Value::Text(text) => text.trim().is_empty(),
                Value::Bool(_) | Value::List(_) => false,
            });
            empty.extend(selects_empty.then_some(&amendment.provenance));
        }
        for Amend { to, provenance, .. } in collection.amendments.iter().flat_map(|each| &each.amends) {
            match to {
                AmendTo::With(text)
                | AmendTo::Without(text)
                | AmendTo::Passing { text, .. }
                | AmendTo::Stopping { text, .. } => {
                    empty.extend(text.trim().is_empty().then_some(provenance));
                }
                AmendTo::Value(_) | AmendTo::Filled(_) => {}
            }
        }
        for provenance in empty {
            self.tell(nameless(provenance.place.clone()));
        }
    }

    /// Whether a variable is lacking somewhere, so that what is found so far is not all that is meant.
    pub fn lacks(&self) -> bool {
        !self.lacking.is_empty()
    }

    /// Tells what is only known once every zone has been expanded.
    pub fn finish(self) {
        for ((extent, name), mut zones) in self.lacking {
            zones.dedup_by_key(|zone| &zone.code);
            self.expansion.lack_var(self.head, &name, extent, &zones);
        }
        for ((extent, code), mut zones) in self.without {
            zones.dedup_by_key(|zone| &zone.code);
            self.expansion.lack_library(self.head, &code, extent, &zones);
        }
    }
}

/// A text that names something, and is empty.
pub fn nameless(place: Place) -> Diagnostic {
    Diagnostic::error(codes::EMPTY_NAME, place, "a text that names something is empty")
        .help("give it a text, or leave it out")
}

/// What a manifest wants of one collection.
pub struct Collection(pub DesiredCollection);

impl Collection {
    /// The same, meant so strongly, and with this where the zone has moved as well; also what is added from now
    /// on.
    pub fn enforced(mut self, enforcement: Enforcement, on_conflict: OnConflict) -> Self {
        self.0.enforcement = enforcement;
        self.0.on_conflict = on_conflict;
        self
    }

    /// The same with this for records that no manifest mentions.
    pub fn unlisted(mut self, unlisted: Unlisted) -> Self {
        self.0.unlisted = unlisted;
        self
    }

    /// Adds a record. Of two with one key the first stays, and where that one stands is returned.
    pub fn add(&mut self, entry: Entry<'_>) -> Option<Arc<DesiredRecord>> {
        let mut record = entry.record;
        record.enforcement = self.0.enforcement;
        let part = |field| match record.fields.get(field).map(|value: &DesiredValue| &value.value) {
            Some(Value::Text(text)) => Arc::clone(text),
            Some(Value::Null | Value::Bool(_) | Value::List(_)) | None => "".into(),
        };
        let key = Key(self.0.key.iter().map(part).collect());
        if let Some(first) = self.0.records.get(&key) {
            return Some(Arc::clone(first));
        }
        self.0.records.insert(key, Arc::new(record));
        None
    }

    /// Adds an amendment.
    pub fn amend(&mut self, amendment: Amendment) {
        self.0.amendments.push(amendment);
    }
}

/// A record that is being described.
pub struct Entry<'a> {
    head: &'a Head,
    record: DesiredRecord,
}

impl Entry<'_> {
    /// The same with a field, said at a place of the manifest.
    pub fn with(mut self, field: &str, value: impl Into<Value>, extent: Extent) -> Self {
        let provenance = self.head.provenance(extent, None);
        self.record.fields.insert(field.into(), DesiredValue { value: value.into(), provenance });
        self
    }

    /// The same, with a field where the manifest says something of it.
    pub fn with_some(self, field: &str, said: Option<&At<impl Clone + Into<Value>>>) -> Self {
        match said {
            Some(said) => self.with(field, said.value.clone(), said.extent),
            None => self,
        }
    }

    /// The same, to be gone.
    pub fn absent(mut self) -> Self {
        self.record.absent = true;
        self
    }

    /// The same, which makes no sense without another record of the zone.
    pub fn referring(mut self, to: CollectionId, fields: &[(&str, &Arc<str>)], what: &'static str) -> Self {
        let fields = fields.iter().map(|(field, text)| ((*field).into(), Arc::clone(text))).collect();
        self.record.references.push(Reference { to, fields, what });
        self
    }

    /// The same, with what a change of it means.
    pub fn note(mut self, note: impl Into<Arc<str>>) -> Self {
        self.record.notes.push(note.into());
        self
    }
}
