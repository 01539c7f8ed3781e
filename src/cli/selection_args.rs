//! The same flags narrow every command: `--zone`, `--label`, `--exclude`, `--kind`.

use std::collections::BTreeSet;

use clap::Args;

use crate::kinds::KINDS;
use crate::manifest::suggestions::among;
use crate::model::network::Zone;
use crate::model::{DesiredCollection, DesiredState, Network, ZoneShard};
use crate::plan;

/// Narrows a command to some of the zones. Flags of one name add up, flags of different names narrow
/// each other.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct ZoneSelectionArgs {
    /// Only this zone; may be repeated
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub zone: Vec<String>,
    /// Only zones with this label; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub label: Vec<String>,
    /// Not this zone; may be repeated
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub exclude: Vec<String>,
}

/// Narrows a command to part of the network, its manifests included.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Which zones.
    #[command(flatten)]
    pub zones: ZoneSelectionArgs,
    /// Only manifests of this kind; may be repeated
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub kind: Vec<String>,
    /// Only this part of the zones, `2/4`: for several runs that share the work
    ///
    /// A zone's code decides in which part it is, and nothing else, so a zone that joins the network moves no other
    /// one. Parts are not of the same size, and may be empty. `zonal runs merge` gives the one report.
    #[arg(long, value_name = "INDEX/COUNT")]
    pub shard: Option<ZoneShard>,
}

impl ZoneSelectionArgs {
    /// The zones that are selected, in the order of the network.
    ///
    /// # Errors
    /// One line for each flag that is wrong, or one that says that nothing is left.
    pub fn zones<'n>(&self, network: &'n Network) -> Result<Vec<&'n Zone>, Vec<String>> {
        let problems = self.problems(network);
        if !problems.is_empty() {
            return Err(problems);
        }
        let zones: Vec<&Zone> = network.zones.iter().filter(|zone| self.selects(zone)).collect();
        match zones.is_empty() {
            true => Err(vec!["no zone is left of those that are selected".to_owned()]),
            false => Ok(zones),
        }
    }

    /// One line for each flag that is wrong.
    fn problems(&self, network: &Network) -> Vec<String> {
        let mut problems = Vec::new();
        let codes: Vec<&str> = network.zones.iter().map(|zone| zone.code.as_str()).collect();
        for (flag, given) in [("--zone", &self.zone), ("--exclude", &self.exclude)] {
            for code in given.iter().filter(|code| !codes.contains(&code.as_str())) {
                let near = near(code, codes.iter().copied());
                problems.push(format!("{flag} {code}: the network {} has no such zone{near}", network.name));
            }
        }
        let labels: BTreeSet<(&str, &str)> = network
            .zones
            .iter()
            .flat_map(|zone| zone.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())))
            .collect();
        for label in &self.label {
            match label.split_once('=') {
                None => problems.push(format!("--label {label}: write it as --label KEY=VALUE")),
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

    /// Whether a zone is selected.
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
    /// What the selection leaves of what is desired.
    ///
    /// # Errors
    /// One line for each flag that is wrong or matches nothing.
    pub fn narrow(&self, network: &Network, desired: DesiredState) -> Result<DesiredState, Vec<String>> {
        let mut problems = self.zones.problems(network);
        let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        for kind in self.kind.iter().filter(|kind| !kinds.contains(&kind.as_str())) {
            problems
                .push(format!("--kind {kind}: there is no such kind{}", near(kind, kinds.iter().copied())));
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
            return Err(vec![format!("no manifest applies to what is selected: {words}")]);
        }
        // There may well be none in this part.
        narrowed.zones.retain(|code, _| self.shard.is_none_or(|shard| shard.contains_zone(code)));
        Ok(narrowed)
    }

    /// The selection in words, `zones 01A, 01B, kind CodeTable, shard 2/4`; `None` where it selects everything.
    pub fn description(&self) -> Option<String> {
        let shard = self.shard.map(|shard| format!("shard {shard}"));
        let parts: Vec<String> = self.words_but_shard().into_iter().chain(shard).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// The same without the part of the zones that several runs share.
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
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

    use super::SelectionArgs;
    use crate::diff::diff;
    use crate::diff::tests::notation::{desired, observed, shown};

    /// How ALPHA differs from what is left of the manifests.
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
    fn rows_that_a_kind_names_which_is_left_out_are_not_unlisted() {
        assert_eq!(
            narrowed("CodeTable", GROUPS, ZONE),
            "- ALPHA/CodeTable/UserGroups/OLD (because no manifest lists it and CodeTable/own says \
             `unlisted: delete`)\n"
        );
    }
}
