//! Applies a selection of manifests. Records of excluded manifests stay visible as reference-only
//! collections.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{
    CollectionId, CollectionRole, DesiredCollection, PlanInputs, RecordAddress, RecordKey, ServiceSettings,
    UnlistedPolicy, ZoneCode, manifest_kind,
};

/// Manifests, collections and records that a plan is limited to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeclarationScope {
    /// Kinds of manifests; empty for all kinds.
    pub kinds: Vec<String>,
    /// Manifests (`CodeTable/blocks`), and addresses of collections and records
    /// (`01OMNI_ALPHA/CodeTable/UserGroups/STAFF`); empty for all.
    pub only: Vec<String>,
}

impl From<&PlanInputs> for DeclarationScope {
    fn from(inputs: &PlanInputs) -> Self {
        let texts = |texts: &[Arc<str>]| texts.iter().map(ToString::to_string).collect();
        Self { kinds: texts(&inputs.kinds), only: texts(&inputs.only) }
    }
}

/// Part of a collection that a scope covers.
enum CoveredPart {
    All,
    Records(BTreeSet<RecordKey>),
    Nothing,
}

impl DeclarationScope {
    /// Returns true if the scope covers everything.
    pub fn is_everything(&self) -> bool {
        self.kinds.is_empty() && self.only.is_empty()
    }

    /// Returns true if the scope covers all settings of the service from one manifest.
    pub fn covers_settings(&self, settings: &ServiceSettings) -> bool {
        let manifest = &*settings.declared_at.manifest;
        self.has_kind(manifest) && (self.only.is_empty() || self.names(manifest))
    }

    /// Returns true if the scope covers any part of a collection.
    pub fn covers_any(&self, zone: &ZoneCode, collection: &DesiredCollection) -> bool {
        !matches!(self.part(zone, collection), CoveredPart::Nothing)
    }

    /// Returns true if the scope covers a record that this manifest declares or declared.
    pub fn covers_record(&self, zone: &ZoneCode, id: &CollectionId, key: &RecordKey, manifest: &str) -> bool {
        let collection = || format!("{zone}/{id}");
        let address = || RecordAddress { zone: zone.clone(), collection: id.clone(), key: key.clone() };
        self.has_kind(manifest)
            && (self.only.is_empty()
                || self.names(manifest)
                || self.names(&collection())
                || self.names(&address().to_string()))
    }

    /// Keeps the covered collections and records of a zone. Others with the same rows become reference-only.
    /// If nothing is covered, nothing remains.
    pub fn narrow(&self, zone: &ZoneCode, collections: &mut Vec<DesiredCollection>) {
        if self.is_everything() {
            return;
        }
        let (mut kept, mut others) = (Vec::new(), Vec::new());
        for mut collection in std::mem::take(collections) {
            match self.part(zone, &collection) {
                CoveredPart::All => kept.push(collection),
                CoveredPart::Nothing => others.push(collection),
                CoveredPart::Records(keys) => {
                    let mut covered = collection.clone();
                    covered.records.retain(|key, _| keys.contains(key));
                    covered.amendments.clear();
                    // Unlisted records belong to the rest.
                    covered.unlisted = UnlistedPolicy::Keep;
                    collection.records.retain(|key, _| !keys.contains(key));
                    kept.push(covered);
                    others.push(collection);
                }
            }
        }
        let shares_rows =
            |other: &DesiredCollection| kept.iter().any(|kept| kept.id.may_share_rows_with(&other.id));
        others.retain(shares_rows);
        others.iter_mut().for_each(|other| other.standing = CollectionRole::ReferenceOnly);
        kept.append(&mut others);
        *collections = kept;
    }

    fn part(&self, zone: &ZoneCode, collection: &DesiredCollection) -> CoveredPart {
        let manifest = &*collection.provenance.manifest;
        if !self.has_kind(manifest) {
            return CoveredPart::Nothing;
        }
        let place = format!("{zone}/{}", collection.id);
        if self.only.is_empty() || self.names(manifest) || self.names(&place) {
            return CoveredPart::All;
        }
        let inside = |name: &String| name.strip_prefix(&place).is_some_and(|rest| rest.starts_with('/'));
        if !self.only.iter().any(inside) {
            return CoveredPart::Nothing;
        }
        let covers = |key: &&RecordKey| self.covers_record(zone, &collection.id, key, manifest);
        let keys: BTreeSet<RecordKey> = collection.records.keys().filter(covers).cloned().collect();
        if keys.is_empty() { CoveredPart::Nothing } else { CoveredPart::Records(keys) }
    }

    fn names(&self, name: &str) -> bool {
        self.only.iter().any(|only| only == name)
    }

    fn has_kind(&self, manifest: &str) -> bool {
        let kind = manifest_kind(manifest);
        self.kinds.is_empty() || self.kinds.iter().any(|selected| selected == kind)
    }
}
