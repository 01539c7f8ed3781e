//! Selection of zones, manifests and differences: reduces the desired state, and checks the names against the network.

use std::collections::BTreeSet;

use crate::kinds::KINDS;
use crate::manifest::suggestions::among;
use crate::model::network::Zone;
use crate::model::{DesiredCollection, DesiredState, Network, ServiceSettings, ZoneCode, ZoneShard};
use crate::plan::selection::DeclarationScope;

/// Selection of zones. Values of one field are alternatives; different fields must all match.
#[derive(Debug, Clone, Default)]
pub struct ZoneSelection {
    /// Codes of the zones; empty for all zones.
    pub zones: Vec<String>,
    /// Labels, as `KEY=VALUE`; empty for all zones.
    pub labels: Vec<String>,
    /// Codes of excluded zones.
    pub excluded: Vec<String>,
}

/// Selection of zones and manifests.
#[derive(Debug, Clone, Default)]
pub struct ManifestSelection {
    /// Selected zones.
    pub zones: ZoneSelection,
    /// Selected manifests and records.
    pub declarations: DeclarationScope,
    /// Share of the zones.
    pub shard: Option<ZoneShard>,
    /// Revision: selects zones whose desired state differs from it.
    pub changed_since: Option<String>,
}

/// Zones and manifests that a selection covers.
#[derive(Debug, Clone, Default)]
pub struct SelectionScope {
    /// Selected zones, including zones without desired state.
    pub zones: BTreeSet<ZoneCode>,
    /// Selected manifests and records.
    pub declarations: DeclarationScope,
}

/// Filter for differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DriftFilter {
    /// All differences.
    #[default]
    All,
    /// Only drift: changed in the zone, not in the manifests.
    OnlyDrift,
}

/// Part of a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectionPart {
    /// Selected zone.
    Zone,
    /// Label of zones.
    Label,
    /// Excluded zone.
    Exclude,
    /// Kind of manifests.
    Kind,
    /// Manifest, collection or record.
    Only,
}

/// Selection that does not match the network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionProblem {
    /// Invalid or unknown value.
    #[error("{value}: {reason}")]
    Value {
        /// Part with the value.
        part: SelectionPart,
        /// The value.
        value: String,
        /// Problem, with the nearest known values.
        reason: String,
    },
    /// Selection without zones.
    #[error("the selection matches no zones")]
    NoZones,
    /// Selection without manifests.
    #[error("no manifest applies to the selection: {0}")]
    NoManifests(String),
}

impl ZoneSelection {
    /// Returns the selected zones, in the order of the network.
    ///
    /// # Errors
    /// Returns all problems; the selection must contain a zone.
    pub fn zones<'n>(&self, network: &'n Network) -> Result<Vec<&'n Zone>, Vec<SelectionProblem>> {
        let problems = self.problems(network);
        if !problems.is_empty() {
            return Err(problems);
        }
        let zones: Vec<&Zone> = network.zones.iter().filter(|zone| self.selects(zone)).collect();
        if zones.is_empty() { Err(vec![SelectionProblem::NoZones]) } else { Ok(zones) }
    }

    /// Returns true if the selection contains the zone.
    pub fn selects(&self, zone: &Zone) -> bool {
        let is_zone = |code: &String| code == zone.code.as_str();
        let has_label = |label: &String| {
            let pair = label.split_once('=');
            pair.is_some_and(|(key, value)| zone.labels.get(key).is_some_and(|found| found == value))
        };
        (self.zones.is_empty() || self.zones.iter().any(is_zone))
            && !self.excluded.iter().any(is_zone)
            && (self.labels.is_empty() || self.labels.iter().any(has_label))
    }

    fn problems(&self, network: &Network) -> Vec<SelectionProblem> {
        let mut problems = Vec::new();
        let codes: Vec<&str> = network.zones.iter().map(|zone| zone.code.as_str()).collect();
        for (part, values) in [(SelectionPart::Zone, &self.zones), (SelectionPart::Exclude, &self.excluded)] {
            for value in values.iter().filter(|value| !codes.contains(&value.as_str())) {
                let nearest = among(value, codes.iter().copied());
                let reason = format!("zone not found in network {}; {nearest}", network.name);
                problems.push(SelectionProblem::Value { part, value: value.clone(), reason });
            }
        }
        let labels: BTreeSet<(&str, &str)> = (network.zones.iter())
            .flat_map(|zone| zone.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())))
            .collect();
        for label in &self.labels {
            let reason = match label.split_once('=') {
                Some(pair) if labels.contains(&pair) => continue,
                None => "invalid label; expected KEY=VALUE".to_owned(),
                Some(_) => {
                    let known: Vec<String> =
                        labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                    format!("no zone has this label; {}", among(label, known.iter().map(String::as_str)))
                }
            };
            problems.push(SelectionProblem::Value {
                part: SelectionPart::Label,
                value: label.clone(),
                reason,
            });
        }
        problems
    }
}

impl ManifestSelection {
    /// Checks the selection against a desired state.
    ///
    /// # Errors
    /// Returns all problems; a selection other than a shard must contain a manifest.
    pub fn check(&self, network: &Network, desired: &DesiredState) -> Result<(), Vec<SelectionProblem>> {
        let mut problems = self.zones.problems(network);
        let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        for kind in self.declarations.kinds.iter().filter(|kind| !kinds.contains(&kind.as_str())) {
            let reason = format!("unknown kind; {}", among(kind, kinds.iter().copied()));
            let (part, value) = (SelectionPart::Kind, kind.clone());
            problems.push(SelectionProblem::Value { part, value, reason });
        }
        let collections = || {
            let zones = desired.zones.iter().filter(|(code, _)| self.selects_zone(network, code));
            zones.flat_map(|(code, own)| own.iter().map(move |collection| (code, collection)))
        };
        for name in &self.declarations.only {
            let scope = DeclarationScope { only: vec![name.clone()], ..DeclarationScope::default() };
            let covers_any = collections().any(|(code, collection)| scope.covers_any(code, collection));
            if !covers_any && !desired.service.iter().any(|settings| scope.covers_settings(settings)) {
                let (part, value) = (SelectionPart::Only, name.clone());
                problems.push(SelectionProblem::Value {
                    part,
                    value,
                    reason: nearest_names(name, collections()),
                });
            }
        }
        if let (true, Some(description)) = (problems.is_empty(), self.description_without_shard()) {
            let has_service = desired.service.iter().any(|settings| self.selects_settings(network, settings));
            let has_records = collections().any(|(code, own)| self.declarations.covers_any(code, own));
            if !has_records && !has_service {
                problems.push(SelectionProblem::NoManifests(description));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Returns the selected part of the desired state. An empty shard is not an error.
    ///
    /// # Errors
    /// Returns the problems of [`Self::check`].
    pub fn narrow(
        &self,
        network: &Network,
        mut desired: DesiredState,
    ) -> Result<DesiredState, Vec<SelectionProblem>> {
        self.check(network, &desired)?;
        desired.zones.retain(|code, collections| {
            self.declarations.narrow(code, collections);
            self.selects_zone(network, code)
                && !collections.is_empty()
                && self.shard.is_none_or(|shard| shard.contains_zone(code))
        });
        desired.service.retain(|settings| self.selects_settings(network, settings));
        Ok(desired)
    }

    fn selects_zone(&self, network: &Network, code: &ZoneCode) -> bool {
        network.zone(code).is_some_and(|zone| self.zones.selects(zone))
    }

    /// Returns true if settings of the service apply to a selected zone. They are shown as a whole.
    fn selects_settings(&self, network: &Network, settings: &ServiceSettings) -> bool {
        let mut members = settings.applies_to.selected.iter();
        self.declarations.covers_settings(settings)
            && members.any(|code| {
                self.selects_zone(network, code) && self.shard.is_none_or(|shard| shard.contains_zone(code))
            })
    }

    /// Returns the selection as text: `zones 01A, 01B, kind CodeTable, shard 2/4`; `None` if all zones are
    /// selected.
    pub fn description(&self) -> Option<String> {
        let shard = self.shard.map(|shard| format!("shard {shard}"));
        join_descriptions(self.description_without_shard().into_iter().chain(shard))
    }

    fn description_without_shard(&self) -> Option<String> {
        let named = |what: &str, values: &[String]| match values {
            [] => None,
            [one] => Some(format!("{what} {one}")),
            several => Some(format!("{what}s {}", several.join(", "))),
        };
        let ZoneSelection { zones, labels, excluded } = &self.zones;
        let DeclarationScope { kinds, only } = &self.declarations;
        let parts = [
            named("zone", zones),
            named("label", labels),
            named("kind", kinds),
            (!only.is_empty()).then(|| only.join(", ")),
            named("without zone", excluded),
        ];
        join_descriptions(parts.into_iter().flatten())
    }
}

/// Joins the parts of a selection's description; `None` without parts.
pub fn join_descriptions(parts: impl IntoIterator<Item = String>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Returns why no declaration has a name, with the nearest names.
fn nearest_names<'d>(
    name: &str,
    collections: impl Iterator<Item = (&'d ZoneCode, &'d DesiredCollection)>,
) -> String {
    let mut known = BTreeSet::new();
    for (zone, collection) in collections {
        known.insert(collection.provenance.manifest.to_string());
        let place = format!("{zone}/{}", collection.id);
        if name.starts_with(&place) {
            known.extend(collection.records.keys().map(|key| format!("{place}/{key}")));
        }
        known.insert(place);
    }
    let nearest = among(name, known.iter().map(String::as_str));
    format!("no manifest, and no declared collection or record has this name; {nearest}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap in a test shows its line")]

    use super::{DeclarationScope, ManifestSelection};
    use crate::diff::diff;
    use crate::test_notation::{desired, observed, shown};

    /// Returns the differences of ALPHA for one kind of manifests.
    fn narrowed(kind: &str, manifests: &str, tables: &str) -> String {
        narrowed_to(
            DeclarationScope { kinds: vec![kind.to_owned()], ..DeclarationScope::default() },
            manifests,
            tables,
        )
    }

    fn narrowed_to(declarations: DeclarationScope, manifests: &str, tables: &str) -> String {
        let (network, all) = desired(&["ALPHA"], manifests);
        let observed = observed(&all, tables);
        let selection = ManifestSelection { declarations, ..ManifestSelection::default() };
        shown(&diff(&selection.narrow(&network, all).unwrap(), &observed))
    }

    const GROUPS: &str = "\
UserGroups groups
groups: [{code: STAFF, description: Staff, visibleToPartners: true}]
---
CodeTable own
table: UserGroups
unlisted: delete
rows: [{code: LOCAL, description: Local}]";
    const ZONE: &str = "code UserGroups en\nSTAFF Other\nLOCAL Local\nOLD Old";

    #[test]
    fn rows_of_excluded_kind_are_not_unlisted() {
        assert_eq!(
            narrowed("CodeTable", GROUPS, ZONE),
            "- ALPHA/CodeTable/UserGroups/OLD (because no manifest lists it and CodeTable/own sets \
             `unlisted: delete`)\n"
        );
    }

    #[test]
    fn only_the_named_record_changes() {
        let only = |name: &str| {
            let only = vec![name.to_owned()];
            narrowed_to(DeclarationScope { only, ..DeclarationScope::default() }, GROUPS, ZONE)
        };
        let staff = "~ ALPHA/CodeTable/UserGroups/STAFF";
        let whole = only("UserGroups/groups");
        assert!(whole.contains(staff) && !whole.contains("/OLD"), "{whole}");
        let record = only("ALPHA/CodeTable/UserGroups/STAFF");
        assert!(record.contains(staff) && !record.contains("/OLD"), "{record}");
        // A record alone takes no unlisted record with it.
        let local = only("ALPHA/CodeTable/UserGroups/LOCAL");
        assert!(!local.contains("/OLD") && !local.contains("STAFF"), "{local}");
        let collection = only("ALPHA/CodeTable/UserGroups");
        assert!(collection.contains(staff), "{collection}");
        assert!(collection.contains("- ALPHA/CodeTable/UserGroups/OLD"), "{collection}");
    }
}
