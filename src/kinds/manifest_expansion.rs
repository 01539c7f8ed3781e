//! Expands one manifest: target zones, their variables, and desired records.
//!
//! Table manifests expand through [`super::table_manifest`] instead.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Expansion;
use super::zone_text::{MissingText, zone_text};
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::{self, AppliesToSpec};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::network::{Zone, ZoneRole};
use crate::model::{
    Amendment, AmendmentOperation, AmendmentTarget, CollectionId, CollectionOwner, CollectionRole,
    ComparisonOptions, ConflictPolicy, DesiredCollection, DesiredRecord, DesiredValue, Diagnostic,
    Enforcement, FieldAmendment, FieldValue, Network, RecordKey, RecordReference, ServiceSettings,
    SourceSpan, UnlistedPolicy,
};

/// Expansion of one manifest for a network.
pub struct ManifestExpansion<'a, 'n> {
    /// Head of the manifest.
    pub head: &'a ManifestHeader,
    /// Target network.
    pub network: &'n Network,
    expansion: &'a mut Expansion<'n>,
    lacking: BTreeMap<(NodeSpan, MissingText), Vec<&'n Zone>>,
    without: BTreeMap<(NodeSpan, Arc<str>), Vec<&'n Zone>>,
}

impl<'a, 'n> ManifestExpansion<'a, 'n> {
    /// Starts the expansion. Returns `None` if part of the manifest or the network is unreadable: an
    /// incomplete expansion would be misleading, and the error is already reported.
    pub fn new(
        head: &'a ManifestHeader,
        network: &'n Network,
        expansion: &'a mut Expansion<'n>,
    ) -> Option<Self> {
        Self::of_parts(head, network, expansion).filter(|_| head.lost_spec().is_nothing())
    }

    /// Starts the expansion of a manifest with independent parts. Unlike [`Self::new`], accepts unreadable
    /// parts; the caller checks the completeness of each part.
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

    /// Returns the zones of a selector (default: all members).
    pub fn zones(&mut self, applies_to: Option<&Spanned<AppliesToSpec>>) -> Vec<&'n Zone> {
        let network = self.network;
        let selected = selection::of_manifest(applies_to, network, self.head, &mut self.expansion.problems);
        selected.zones.into_iter().map(|zone| &network.zones[zone]).collect()
    }

    /// Returns the Network Zone, if the network has one.
    pub fn network_zone(&self) -> Option<&'n Zone> {
        self.network.zones.iter().find(|zone| zone.role == ZoneRole::Network)
    }

    /// Returns all members, in network order.
    pub fn members(&self) -> impl Iterator<Item = &'n Zone> + use<'n> {
        self.network.zones.iter().filter(|zone| zone.role == ZoneRole::Member)
    }

    /// Returns the member with this code, or reports the unknown code.
    pub fn member(&mut self, code: &Spanned<String>) -> Option<&'n Zone> {
        let found = self.members().find(|zone| zone.code.as_str() == code.value);
        if found.is_none() {
            let known = self.members().map(|zone| zone.code.as_str());
            let help = crate::manifest::suggestions::among(&code.value, known);
            let message = format!("`{}` is not a member of the network", code.value);
            let problem =
                Diagnostic::error(diagnostic_codes::UNKNOWN_CODE, self.head.place(code.extent), message);
            self.report(problem.help(help));
        }
        found
    }

    /// Resolves a text for a zone. Returns `None` for a variable missing in the zone; [`Self::finish`]
    /// reports missing variables.
    pub fn resolve_text(&mut self, text: &Spanned<TextOrVariable>, zone: &'n Zone) -> Option<Arc<str>> {
        match zone_text(&text.value, zone) {
            Ok(text) => Some(text),
            Err(missing) => {
                self.lacking.entry(missing?).or_default().push(zone);
                None
            }
        }
    }

    /// Resolves a library code for a zone. Returns `None` if the zone has no such library; [`Self::finish`]
    /// reports missing libraries.
    pub fn library(&mut self, library: &Spanned<TextOrVariable>, zone: &'n Zone) -> Option<Arc<str>> {
        let code = self.resolve_text(library, zone)?;
        if zone.libraries.iter().any(|known| *known.code == *code) {
            return Some(code);
        }
        self.without.entry((library.extent, code)).or_default().push(zone);
        None
    }

    /// Adds a diagnostic.
    pub fn report(&mut self, problem: Diagnostic) {
        self.expansion.problems.push(problem);
    }

    /// Adds an error at a location of the manifest.
    pub fn error(&mut self, code: &'static str, extent: NodeSpan, message: impl Into<String>, help: &str) {
        self.report(Diagnostic::error(code, self.head.place(extent), message).help(help));
    }

    /// Adds a warning at a location of the manifest.
    pub fn warning(&mut self, code: &'static str, extent: NodeSpan, message: impl Into<String>, help: &str) {
        self.report(Diagnostic::warning(code, self.head.place(extent), message).help(help));
    }

    /// Returns an empty collection.
    pub fn collection(&self, id: CollectionId, key: &[&str]) -> CollectionDraft {
        CollectionDraft(DesiredCollection {
            shape: super::shape(&id).unwrap_or_default(),
            id,
            key: key.iter().map(|field| (*field).into()).collect(),
            unlisted: UnlistedPolicy::Keep,
            enforcement: Enforcement::Enforce,
            records: BTreeMap::new(),
            amendments: Vec::new(),
            on_conflict: ConflictPolicy::default(),
            owner: CollectionOwner::default(),
            options: ComparisonOptions::default(),
            standing: CollectionRole::Desired,
            provenance: self.head.provenance(self.head.extent, None),
        })
    }

    /// Returns a record without fields, declared at a location of the manifest.
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

    /// Returns an amendment without conditions, declared at a location of the manifest. Without conditions,
    /// an amendment selects all records of its collection.
    pub fn amendment(&self, extent: NodeSpan, enforcement: Enforcement) -> Amendment {
        Amendment {
            select: Vec::new(),
            expected: AmendmentTarget::Optional,
            amends: Vec::new(),
            enforcement,
            provenance: self.head.provenance(extent, None),
        }
    }

    /// Returns the amendment of one field.
    pub fn amend(&self, field: &str, to: AmendmentOperation, extent: NodeSpan) -> FieldAmendment {
        let provenance = self.head.provenance(extent, None);
        FieldAmendment { field: field.into(), to, reference: None, provenance }
    }

    /// Adds a collection to the desired state of a zone, unless the collection is empty and keeps unlisted
    /// records.
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

    /// Adds settings of the service.
    pub fn serve(&mut self, settings: ServiceSettings) {
        self.expansion.serve(settings);
    }

    /// Reports empty names, and names with spaces around them.
    fn judge_names(&mut self, collection: &DesiredCollection) {
        let mut empty = Vec::new();
        for record in collection.records.values() {
            for (field, DesiredValue { value, provenance, .. }) in &record.fields {
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
                    self.report(
                        problem.help("remove the space unless the name in the zone also contains it"),
                    );
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

    /// Returns true if a zone lacks a variable, so the expansion is incomplete.
    pub fn has_missing_variables(&self) -> bool {
        !self.lacking.is_empty()
    }

    /// Reports variables and libraries missing in any zone.
    pub fn finish(self) {
        for ((extent, missing), mut zones) in self.lacking {
            zones.dedup_by_key(|zone| &zone.code);
            self.expansion.lack_text(self.head, &missing, extent, &zones);
        }
        for ((extent, code), mut zones) in self.without {
            zones.dedup_by_key(|zone| &zone.code);
            self.expansion.lack_library(self.head, &code, extent, &zones);
        }
    }
}

/// Returns the diagnostic for an empty name.
pub fn nameless(place: SourceSpan) -> Diagnostic {
    Diagnostic::error(diagnostic_codes::EMPTY_NAME, place, "a name is empty")
        .help("enter a name, or remove the field")
}

/// Desired records and amendments of one collection.
pub struct CollectionDraft(pub DesiredCollection);

impl CollectionDraft {
    /// Sets the owner, which limits an enforcement set afterwards.
    pub fn with_owner(mut self, owner: CollectionOwner) -> Self {
        self.0.owner = owner;
        self
    }

    /// Sets the enforcement mode and the conflict policy, also for records added later.
    pub fn with_enforcement(mut self, enforcement: Enforcement, on_conflict: ConflictPolicy) -> Self {
        self.0.enforcement = self.0.owner.limit(enforcement);
        self.0.on_conflict = on_conflict;
        self
    }

    /// Returns the enforcement of its declarations, limited by the owner.
    pub fn enforcement(&self) -> Enforcement {
        self.0.enforcement
    }

    /// Sets the policy for unlisted records.
    pub fn with_unlisted_policy(mut self, unlisted: UnlistedPolicy) -> Self {
        self.0.unlisted = unlisted;
        self
    }

    /// Adds a record. Returns the existing record, and keeps it, if the key is already present.
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

/// Record under construction.
pub struct RecordDraft<'a> {
    head: &'a ManifestHeader,
    record: DesiredRecord,
}

impl RecordDraft<'_> {
    /// Adds a field with its location in the manifest.
    pub fn with_field(mut self, field: &str, value: impl Into<FieldValue>, extent: NodeSpan) -> Self {
        let provenance = self.head.provenance(extent, None);
        self.record.fields.insert(field.into(), DesiredValue::new(value.into(), provenance));
        self
    }

    /// Adds a field if the manifest declares a value.
    pub fn with_some(self, field: &str, said: Option<&Spanned<impl Clone + Into<FieldValue>>>) -> Self {
        match said {
            Some(said) => self.with_field(field, said.value.clone(), said.extent),
            None => self,
        }
    }

    /// Marks the record as absent.
    pub fn absent(mut self) -> Self {
        self.record.absent = true;
        self
    }

    /// Adds a reference to a required record of the same zone.
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

    /// Adds a note about the effect of a change.
    pub fn note(mut self, note: impl Into<Arc<str>>) -> Self {
        self.record.notes.push(note.into());
        self
    }
}
