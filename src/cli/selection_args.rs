//! Selection flags of all commands: `--zone`, `--label`, `--exclude`, `--kind`, `--shard`.

use std::collections::BTreeSet;

use clap::Args;

use crate::kinds::KINDS;
use crate::manifest::suggestions::among;
use crate::model::network::Zone;
use crate::model::{DesiredCollection, DesiredState, Network, ZoneShard};
use crate::plan;

/// Selection of zones. Values of one flag are alternatives; different flags must all match.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct ZoneSelectionArgs {
    /// Include only this zone (can be repeated)
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub zone: Vec<String>,
    /// Include only zones with this label (can be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    pub label: Vec<String>,
    /// Exclude this zone (can be repeated)
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub exclude: Vec<String>,
}

/// Selection of zones and manifests.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Selected zones.
    #[command(flatten)]
    pub zones: ZoneSelectionArgs,
    /// Include only manifests of this kind (can be repeated)
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub kind: Vec<String>,
    /// Process only this share of the zones, for example 2/4
    ///
    /// Zones are assigned by a hash of their code, so adding a zone does not move others. Shards can differ
    /// in size or be empty. Use `zonal runs merge` to combine the reports.
    #[arg(long, value_name = "INDEX/COUNT")]
    pub shard: Option<ZoneShard>,
}

impl ZoneSelectionArgs {
    /// Returns the selected zones, in the order of the network.
    ///
    /// # Errors
    /// Returns one line per invalid flag, or one line for an empty selection.
    pub fn zones<'n>(&self, network: &'n Network) -> Result<Vec<&'n Zone>, Vec<String>> {
        let problems = self.problems(network);
        if !problems.is_empty() {
            return Err(problems);
        }
        let zones: Vec<&Zone> = network.zones.iter().filter(|zone| self.selects(zone)).collect();
        match zones.is_empty() {
            true => Err(vec!["the selection matches no zones".to_owned()]),
            false => Ok(zones),
        }
    }

    /// Returns one line per invalid flag.
    fn problems(&self, network: &Network) -> Vec<String> {
        let mut problems = Vec::new();
        let codes: Vec<&str> = network.zones.iter().map(|zone| zone.code.as_str()).collect();
        for (flag, given) in [("--zone", &self.zone), ("--exclude", &self.exclude)] {
            for code in given.iter().filter(|code| !codes.contains(&code.as_str())) {
                let near = near(code, codes.iter().copied());
                problems.push(format!("{flag} {code}: zone not found in network {}{near}", network.name));
            }
        }
        let labels: BTreeSet<(&str, &str)> = network
            .zones
            .iter()
            .flat_map(|zone| zone.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())))
            .collect();
        for label in &self.label {
            match label.split_once('=') {
                None => problems.push(format!("--label {label}: invalid label; expected KEY=VALUE")),
                Some(pair) if !labels.contains(&pair) => {
                    let all: Vec<String> =
                        labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                    let near = near(label, all.iter().map(String::as_str));
                    problems.push(format!("--label {label}: no zone has this label{near}"));
                }
                Some(_) => {}
            }
        }
        problems
    }

    /// Returns true if the selection contains the zone.
    pub fn selects(&self, zone: &Zone) -> bool {
        let code = zone.code.as_str();
        let labelled = |label: &String| {
            let pair = label.split_once('=');
            pair.is_some_and(|(key, value)| zone.labels.get(key).is_some_and(|found| found == value))
        };
        (self.zone.is_empty() || self.zone.iter().any(|zone| zone == code))
            && !self.exclude.iter().any(|zone| zone == code)
            && (self.label.is_empty() || self.label.iter().any(labelled))
    }
}

impl SelectionArgs {
    /// Returns the selected part of the desired state.
    ///
    /// # Errors
    /// Returns one line per invalid flag, or one line for an empty selection.
    pub fn narrow(&self, network: &Network, desired: DesiredState) -> Result<DesiredState, Vec<String>> {
        let mut problems = self.zones.problems(network);
        let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        for kind in self.kind.iter().filter(|kind| !kinds.contains(&kind.as_str())) {
            problems.push(format!("--kind {kind}: unknown kind{}", near(kind, kinds.iter().copied())));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut narrowed = desired;
        narrowed.zones.retain(|code, collections| {
            let of_kind = |collection: &DesiredCollection| {
                let kind = collection.provenance.manifest.split('/').next().unwrap_or_default();
                self.kind.is_empty() || self.kind.iter().any(|wanted| wanted == kind)
            };
            plan::selection::narrow(collections, of_kind);
            network.zone(code).is_some_and(|zone| self.zones.selects(zone)) && !collections.is_empty()
        });
        if let (Some(words), true) = (self.words_but_shard(), narrowed.zones.is_empty()) {
            return Err(vec![format!("no manifest applies to the selection: {words}")]);
        }
        // An empty shard is not an error.
        narrowed.zones.retain(|code, _| self.shard.is_none_or(|shard| shard.contains_zone(code)));
        Ok(narrowed)
    }

    /// Returns the selection as text: `zones 01A, 01B, kind CodeTable, shard 2/4`; `None` if all zones are
    /// selected.
    pub fn description(&self) -> Option<String> {
        let shard = self.shard.map(|shard| format!("shard {shard}"));
        let parts: Vec<String> = self.words_but_shard().into_iter().chain(shard).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Returns the selection as text, without the shard.
    pub fn words_but_shard(&self) -> Option<String> {
        let named = |what: &str, values: &[String]| match values {
            [] => None,
            [one] => Some(format!("{what} {one}")),
            several => Some(format!("{what}s {}", several.join(", "))),
        };
        let parts = [
            named("zone", &self.zones.zone),
            named("label", &self.zones.label),
            named("kind", &self.kind),
            named("without zone", &self.zones.exclude),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

fn near<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> String {
    format!("; {}", among(given, known))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap in a test shows its line")]

    use super::SelectionArgs;
    use crate::diff::diff;
    use crate::test_notation::{desired, observed, shown};

    /// Returns the differences of ALPHA for one kind of manifests.
    fn narrowed(kind: &str, manifests: &str, tables: &str) -> String {
        let (network, all) = desired(&["ALPHA"], manifests);
        let observed = observed(&all, tables);
        let selection = SelectionArgs { kind: vec![kind.to_owned()], ..SelectionArgs::default() };
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
            "- ALPHA/CodeTable/UserGroups/OLD (because no manifest lists it and CodeTable/own says \
             `unlisted: delete`)\n"
        );
    }
}
