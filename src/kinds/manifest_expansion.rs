//! A manifest of a consortium kind at work: its zones, their variables, and the records it wants of them.
//!
//! Kinds of rows have their own way, see [`super::table`]; all others expand through this.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Expansion;
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::{self, AppliesToSpec};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::network::{Zone, ZoneRole};
use crate::model::{
    Amendment, AmendmentOperation, AmendmentTarget, CollectionId, CollectionRole, CollectionShape,
    ConflictPolicy, DesiredCollection, DesiredRecord, DesiredValue, Diagnostic, Enforcement, FieldAmendment,
    FieldValue, Network, RecordKey, RecordReference, SourceSpan, UnlistedPolicy,
};

/// One manifest and the network that it is expanded for.
pub struct ManifestExpansion<'a, 'n> {
    /// The manifest.
    pub head: &'a ManifestHeader,
    /// The network.
    pub network: &'n Network,
    expansion: &'a mut Expansion<'n>,
    lacking: BTreeMap<(NodeSpan, String), Vec<&'n Zone>>,
    without: BTreeMap<(NodeSpan, Arc<str>), Vec<&'n Zone>>,
}

impl<'a, 'n> ManifestExpansion<'a, 'n> {
    /// `None` where part of the manifest or of the network could not be read: that has been told, and
    /// what it leaves would only be half of what is meant.
    pub fn new(
        head: &'a ManifestHeader,
        network: &'n Network,
        expansion: &'a mut Expansion<'n>,
    ) -> Option<Self> {
        Self::of_parts(head, network, expansion).filter(|_| head.lost_spec().is_nothing())
    }

    /// The same of a manifest whose parts have nothing to do with each other: whoever takes one has to see to it that
    /// it is whole.
    pub fn of_parts(
        head: &'a ManifestHeader,
        network: &'n Network,
        expansion: &'a mut Expansion<'n>,
    ) -> Option<Self> {
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
    pub fn zones(&mut self, applies_to: Option<&Spanned<AppliesToSpec>>) -> Vec<&'n Zone> {
        let network = self.network;
        let selected = selection::of_manifest(applies_to, network, self.head, &mut self.expansion.problems);
        selected.zones.into_iter().map(|zone| &network.zones[zone]).collect()
    }

    /// The network zone: every network has one, and it is the first of its zones.
    pub fn network_zone(&self) -> Option<&'n Zone> {
        self.network.zones.iter().find(|zone| zone.role == ZoneRole::Network)
    }

    /// All members, in the order of the network.
    pub fn members(&self) -> impl Iterator<Item = &'n Zone> + use<'n> {
        self.network.zones.iter().filter(|zone| zone.role == ZoneRole::Member)
    }

    /// The member with a code that the manifest names; one that is none is told.
    pub fn member(&mut self, code: &Spanned<String>) -> Option<&'n Zone> {
        let found = self.members().find(|zone| zone.code.as_str() == code.value);
        if found.is_none() {
            let known = self.members().map(|zone| zone.code.as_str());
            let help = crate::manifest::suggestions::among(&code.value, known);
            let message = format!("`{}` is no member of the network", code.value);
            let problem =
                Diagnostic::error(diagnostic_codes::UNKNOWN_CODE, self.head.place(code.extent), message);
            self.report(problem.help(help));
        }
        found
    }

    /// A text in a zone; `None` where it is a variable that the zone lacks, which is told at the end.
    pub fn resolve_text(&mut self, text: &Spanned<TextOrVariable>, zone: &'n Zone) -> Option<Arc<str>> {
        match &text.value {
            TextOrVariable::Plain(text) => Some(Arc::clone(text)),
            TextOrVariable::Var(name) => match zone.vars.get(&name.value) {
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
    pub fn library(&mut self, library: &Spanned<TextOrVariable>, zone: &'n Zone) -> Option<Arc<str>> {
        let code = self.resolve_text(library, zone)?;
        if zone.libraries.iter().any(|known| *known.code == *code) {
            return Some(code);
        }
        self.without.entry((library.extent, code)).or_default().push(zone);
        None
    }

    /// Something is wrong with the manifest.
    pub fn report(&mut self, problem: Diagnostic) {
        self.expansion.problems.push(problem);
    }

    /// An error at a place of the manifest.
    pub fn error(&mut self, code: &'static str, extent: NodeSpan, message: impl Into<String>, help: &str) {
        self.report(Diagnostic::error(code, self.head.place(extent), message).help(help));
    }

    /// A warning at a place of the manifest.
    pub fn warning(&mut self, code: &'static str, extent: NodeSpan, message: impl Into<String>, help: &str) {
        self.report(Diagnostic::warning(code, self.head.place(extent), message).help(help));
    }

    /// A collection of which nothing is wanted yet.
    pub fn collection(
        &self,
        id: CollectionId,
        key: &[&str],
        shape: &Arc<CollectionShape>,
    ) -> CollectionDraft {
        CollectionDraft(DesiredCollection {
            id,
            shape: Arc::clone(shape),
            key: key.iter().map(|field| (*field).into()).collect(),
            unlisted: UnlistedPolicy::Keep,
            enforcement: Enforcement::Enforce,
            records: BTreeMap::new(),
            amendments: Vec::new(),
            on_conflict: ConflictPolicy::default(),
            standing: CollectionRole::Desired,
            provenance: self.head.provenance(self.head.extent, None),
        })
    }

    /// A record that stands at a place of the manifest, and of which nothing is said yet.
    pub fn record(&self, extent: NodeSpan) -> RecordDraft<'a> {
        RecordDraft {
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
    pub fn amendment(&self, extent: NodeSpan, enforcement: Enforcement) -> Amendment {
        Amendment {
            select: Vec::new(),
            expected: AmendmentTarget::Optional,
            amends: Vec::new(),
            enforcement,
            provenance: self.head.provenance(extent, None),
        }
    }

    /// One field of an amendment.
    pub fn amend(&self, field: &str, to: AmendmentOperation, extent: NodeSpan) -> FieldAmendment {
        let provenance = self.head.provenance(extent, None);
        FieldAmendment { field: field.into(), to, reference: None, provenance }
    }

    /// The manifest wants this of a zone. A collection of which nothing is wanted is left out.
    pub fn want(&mut self, zone: &Zone, collection: CollectionDraft) {
        let CollectionDraft(collection) = collection;
        let speaks = !collection.records.is_empty()
            || !collection.amendments.is_empty()
            || collection.unlisted != UnlistedPolicy::Keep;
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
                    FieldValue::Null => collection.key.first() == Some(field),
                    FieldValue::Bool(_) => false,
                    FieldValue::Text(text) => is_name && text.trim().is_empty(),
                    FieldValue::List(texts) => texts.iter().any(|text| text.trim().is_empty()),
                };
                if is_empty {
                    empty.push(provenance);
                } else if let Some(text) = value.as_text().filter(|text| is_name && text.trim() != *text) {
                    let message = format!("the name `{text}` begins or ends with a space");
                    let problem = Diagnostic::warning(
                        diagnostic_codes::SPACES_AROUND_KEY,
                        provenance.span.clone(),
                        message,
                    );
                    self.report(problem.help("remove the space unless the zone's own name has it too"));
                }
            }
            let mut references = record.references.iter().flat_map(|reference| &reference.fields);
            if references.any(|(_, text)| text.trim().is_empty()) {
                let said = record.fields.values().find(|said| {
                    said.value == FieldValue::Null && said.provenance.span != record.provenance.span
                });
                empty.push(said.map_or(&record.provenance, |said| &said.provenance));
            }
        }
        for amendment in &collection.amendments {
            let selects_empty = amendment.select.iter().any(|(_, value)| match value {
                FieldValue::Null => true,
                FieldValue::Text(text) => text.trim().is_empty(),
                FieldValue::Bool(_) | FieldValue::List(_) => false,
            });
            empty.extend(selects_empty.then_some(&amendment.provenance));
        }
        for FieldAmendment { to, provenance, .. } in
            collection.amendments.iter().flat_map(|each| &each.amends)
        {
            match to {
                AmendmentOperation::AddToList(text)
                | AmendmentOperation::RemoveFromList(text)
                | AmendmentOperation::AllowInRule { text, .. }
                | AmendmentOperation::BlockInRule { text, .. } => {
                    empty.extend(text.trim().is_empty().then_some(provenance));
                }
                AmendmentOperation::Set(_) | AmendmentOperation::SetIfEmpty(_) => {}
            }
        }
        for provenance in empty {
            self.report(nameless(provenance.span.clone()));
        }
    }

    /// Whether a variable is lacking somewhere, so that what is found so far is not all that is meant.
    pub fn has_missing_variables(&self) -> bool {
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
pub fn nameless(place: SourceSpan) -> Diagnostic {
    Diagnostic::error(diagnostic_codes::EMPTY_NAME, place, "a text that names something is empty")
        .help("give it a text, or leave it out")
}

/// What a manifest wants of one collection.
pub struct CollectionDraft(pub DesiredCollection);

impl CollectionDraft {
    /// The same, meant so strongly, and with this where the zone has moved as well; also what is added from now
    /// on.
    pub fn with_enforcement(mut self, enforcement: Enforcement, on_conflict: ConflictPolicy) -> Self {
        self.0.enforcement = enforcement;
        self.0.on_conflict = on_conflict;
        self
    }

    /// The same with this for records that no manifest mentions.
    pub fn with_unlisted_policy(mut self, unlisted: UnlistedPolicy) -> Self {
        self.0.unlisted = unlisted;
        self
    }

    /// Adds a record. Of two with one key the first stays, and where that one stands is returned.
    pub fn add(&mut self, entry: RecordDraft<'_>) -> Option<Arc<DesiredRecord>> {
        let mut record = entry.record;
        record.enforcement = self.0.enforcement;
        let part = |field| match record.fields.get(field).map(|value: &DesiredValue| &value.value) {
            Some(FieldValue::Text(text)) => Arc::clone(text),
            Some(FieldValue::Null | FieldValue::Bool(_) | FieldValue::List(_)) | None => "".into(),
        };
        let key = RecordKey(self.0.key.iter().map(part).collect());
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
pub struct RecordDraft<'a> {
    head: &'a ManifestHeader,
    record: DesiredRecord,
}

impl RecordDraft<'_> {
    /// The same with a field, said at a place of the manifest.
    pub fn with_field(mut self, field: &str, value: impl Into<FieldValue>, extent: NodeSpan) -> Self {
        let provenance = self.head.provenance(extent, None);
        self.record.fields.insert(field.into(), DesiredValue { value: value.into(), provenance });
        self
    }

    /// The same, with a field where the manifest says something of it.
    pub fn with_some(self, field: &str, said: Option<&Spanned<impl Clone + Into<FieldValue>>>) -> Self {
        match said {
            Some(said) => self.with_field(field, said.value.clone(), said.extent),
            None => self,
        }
    }

    /// The same, to be gone.
    pub fn absent(mut self) -> Self {
        self.record.absent = true;
        self
    }

    /// The same, which makes no sense without another record of the zone.
    pub fn with_reference(
        mut self,
        to: CollectionId,
        fields: &[(&str, &Arc<str>)],
        what: &'static str,
    ) -> Self {
        let fields = fields.iter().map(|(field, text)| ((*field).into(), Arc::clone(text))).collect();
        self.record.references.push(RecordReference { to, fields, what });
        self
    }

    /// The same, with what a change of it means.
    pub fn note(mut self, note: impl Into<Arc<str>>) -> Self {
        self.record.notes.push(note.into());
        self
    }
}
