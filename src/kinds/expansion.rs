//! Collects the desired state of all zones, and the problems found.

use std::collections::BTreeSet;

use super::zone_text::MissingText;
use crate::manifest::ManifestHeader;
use crate::manifest::diagnostic_codes;
use crate::manifest::suggestions;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::network::Zone;
use crate::model::{
    DesiredCollection, DesiredState, Diagnostic, FieldName, Network, ServiceSettings, SourceSpan,
};

/// Doubt about a manifest with unreadable parts. Conflict checks skip doubtful values, but still report
/// duplicate records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExpansionDoubt {
    /// All fields of the records of the manifest at this location.
    Manifest(SourceSpan),
    /// Field of the record at this location, or its `absent` flag.
    Field(SourceSpan, FieldName),
}

/// Desired state and diagnostics collected so far.
#[derive(Debug)]
pub struct Expansion<'a> {
    network: &'a Network,
    desired: DesiredState,
    doubts: BTreeSet<ExpansionDoubt>,
    /// Diagnostics collected so far.
    pub problems: Vec<Diagnostic>,
}

impl<'a> Expansion<'a> {
    /// Starts with an empty desired state.
    pub fn new(network: &'a Network) -> Self {
        Self { network, desired: DesiredState::default(), doubts: BTreeSet::new(), problems: Vec::new() }
    }

    /// Adds a collection to the desired state of a zone.
    ///
    /// # Panics
    /// Panics if the shape is not the one of the collection: guards and write order depend on the shape.
    pub fn want(&mut self, zone: &Zone, collection: DesiredCollection) {
        let shape = super::shape(&collection.id);
        assert_eq!(shape.as_ref(), Some(&collection.shape), "shape of {}", collection.id);
        self.desired.zones.entry(zone.code.clone()).or_default().push(collection);
    }

    /// Adds settings of the service.
    pub fn serve(&mut self, settings: ServiceSettings) {
        self.desired.service.push(settings);
    }

    /// Adds a doubt.
    pub fn doubt(&mut self, doubt: ExpansionDoubt) {
        self.doubts.insert(doubt);
    }

    /// Reports a text that has no value in these zones.
    pub fn lack_text(
        &mut self,
        head: &ManifestHeader,
        missing: &MissingText,
        extent: NodeSpan,
        zones: &[&Zone],
    ) {
        let name = match missing {
            MissingText::Variable(name) => name.as_str(),
            MissingText::Malformed(error) => {
                let problem =
                    Diagnostic::error(diagnostic_codes::TEXT_FORMAT, head.place(extent), error.to_string());
                self.problems.push(problem.help(error.help()));
                return;
            }
        };
        let known: BTreeSet<&str> =
            self.network.zones.iter().flat_map(|zone| zone.vars.keys().map(String::as_str)).collect();
        let lacking = suggestions::abbreviated_list(zones.iter().map(|zone| zone.code.as_str()));
        let message = match zones.len() {
            1 => format!("unknown variable `{name}` in zone {lacking}"),
            count => format!("unknown variable `{name}` in {count} zones: {lacking}"),
        };
        let help = match known.contains(name) {
            true => format!("add `{name}` to `vars` of these zones, or exclude them with `appliesTo`"),
            false => suggestions::among(name, known),
        };
        let place = head.place(extent);
        self.problems.push(Diagnostic::error(diagnostic_codes::UNKNOWN_VAR, place, message).help(help));
    }

    /// Reports a library missing in these zones.
    pub fn lack_library(&mut self, head: &ManifestHeader, code: &str, extent: NodeSpan, zones: &[&Zone]) {
        let lacking = suggestions::abbreviated_list(zones.iter().map(|zone| zone.code.as_str()));
        let message = format!("unknown library `{code}` in {lacking}");
        let known =
            zones.iter().take(1).flat_map(|zone| &zone.libraries).map(|library| library.code.as_str());
        let help = match suggestions::nearest(code, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "add the library to `libraries` of the zone, or exclude the zone with `appliesTo`".to_owned()
            }
        };
        self.problems.push(
            Diagnostic::error(diagnostic_codes::UNKNOWN_LIBRARY, head.place(extent), message).help(help),
        );
    }

    /// Merges two expansions.
    pub fn merge(mut self, other: Self) -> Self {
        for (zone, collections) in other.desired.zones {
            self.desired.zones.entry(zone).or_default().extend(collections);
        }
        self.desired.service.extend(other.desired.service);
        self.doubts.extend(other.doubts);
        self.problems.extend(other.problems);
        self
    }

    /// Returns the results in an order independent of file order and member order.
    pub fn finish(mut self) -> (DesiredState, BTreeSet<ExpansionDoubt>, Vec<Diagnostic>) {
        for collections in self.desired.zones.values_mut() {
            collections.sort_by(|a, b| (&a.id, &a.provenance.manifest).cmp(&(&b.id, &b.provenance.manifest)));
        }
        self.desired.service.sort_by(|a, b| a.declared_at.manifest.cmp(&b.declared_at.manifest));
        (self.desired, self.doubts, self.problems)
    }
}
