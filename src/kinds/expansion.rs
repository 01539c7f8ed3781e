//! Collects what the manifests want, zone by zone, and what is wrong with it.

use std::collections::BTreeSet;

use crate::manifest::ManifestHeader;
use crate::manifest::diagnostic_codes;
use crate::manifest::suggestions;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::network::Zone;
use crate::model::{DesiredCollection, DesiredState, Diagnostic, FieldName, Network, SourceSpan};

/// What a manifest may say otherwise than it seems, because part of it could not be read. That the
/// same record is declared twice is certain all the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExpansionDoubt {
    /// All that the manifest that is named here says of its records.
    Manifest(SourceSpan),
    /// A field of the record that stands here, or whether it is `absent`.
    Field(SourceSpan, FieldName),
}

/// What has been wanted so far.
#[derive(Debug)]
pub struct Expansion<'a> {
    network: &'a Network,
    desired: DesiredState,
    doubts: BTreeSet<ExpansionDoubt>,
    /// What is wrong so far.
    pub problems: Vec<Diagnostic>,
}

impl<'a> Expansion<'a> {
    /// Nothing is wanted yet.
    pub fn new(network: &'a Network) -> Self {
        Self { network, desired: DesiredState::default(), doubts: BTreeSet::new(), problems: Vec::new() }
    }

    /// One manifest wants this of one collection of a zone.
    pub fn want(&mut self, zone: &Zone, collection: DesiredCollection) {
        self.desired.zones.entry(zone.code.clone()).or_default().push(collection);
    }

    /// Something cannot be held against a manifest.
    pub fn doubt(&mut self, doubt: ExpansionDoubt) {
        self.doubts.insert(doubt);
    }

    /// A variable is used that these zones do not have.
    pub fn lack_var(&mut self, head: &ManifestHeader, name: &str, extent: NodeSpan, zones: &[&Zone]) {
        let known: BTreeSet<&str> =
            self.network.zones.iter().flat_map(|zone| zone.vars.keys().map(String::as_str)).collect();
        let lacking = suggestions::abbreviated_list(zones.iter().map(|zone| zone.code.as_str()));
        let message = match zones.len() {
            1 => format!("variable `{name}` is not known in zone {lacking}"),
            count => format!("variable `{name}` is not known in {count} zones: {lacking}"),
        };
        let help = match known.contains(name) {
            true => format!("add `{name}` to `vars` there, or leave the zone out with `appliesTo`"),
            false => suggestions::among(name, known),
        };
        let place = head.place(extent);
        self.problems.push(Diagnostic::error(diagnostic_codes::UNKNOWN_VAR, place, message).help(help));
    }

    /// These zones do not have a library that a manifest names.
    pub fn lack_library(&mut self, head: &ManifestHeader, code: &str, extent: NodeSpan, zones: &[&Zone]) {
        let lacking = suggestions::abbreviated_list(zones.iter().map(|zone| zone.code.as_str()));
        let message = format!("library `{code}` is not known in {lacking}");
        let known =
            zones.iter().take(1).flat_map(|zone| &zone.libraries).map(|library| library.code.as_str());
        let help = match suggestions::nearest(code, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "add it to `libraries` of the zone, or leave the zone out with `appliesTo`".to_owned(),
        };
        self.problems.push(
            Diagnostic::error(diagnostic_codes::UNKNOWN_LIBRARY, head.place(extent), message).help(help),
        );
    }

    /// What is wanted here and there.
    pub fn merge(mut self, other: Self) -> Self {
        for (zone, collections) in other.desired.zones {
            self.desired.zones.entry(zone).or_default().extend(collections);
        }
        self.doubts.extend(other.doubts);
        self.problems.extend(other.problems);
        self
    }

    /// Everything, in an order that does not depend on the order of files or members.
    pub fn finish(mut self) -> (DesiredState, BTreeSet<ExpansionDoubt>, Vec<Diagnostic>) {
        for collections in self.desired.zones.values_mut() {
            collections.sort_by(|a, b| (&a.id, &a.provenance.manifest).cmp(&(&b.id, &b.provenance.manifest)));
        }
        (self.desired, self.doubts, self.problems)
    }
}
