//! In what order a network's zones are written to, and which of them need an approval.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

use super::validation::distinct_names;
use super::{NetworkSpec, select_zones};
use crate::manifest::deserialize::Spanned;
use crate::manifest::schema_check::NAME;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::{
    ApprovalRule, Diagnostic, Network, Rollout, RolloutWave, StopRule, WaveFailureAction, ZoneCode,
};

/// Whose approval an apply needs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalSpec {
    /// Zones to which nothing is written before somebody has approved it.
    pub required_for: Spanned<AppliesToSpec>,
}

/// In what order the zones are written to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RolloutSpec {
    /// Waves, one after the other. What is left over after the last is a wave of its own, `rest`. Which wave
    /// a zone is in follows from the network alone, not from what changes, so it is the same in every apply.
    #[schemars(length(min = 1))]
    pub waves: Vec<Spanned<WaveSpec>>,
    /// Zones that may fail in a wave before no other one begins; none where nothing is said.
    #[serde(default)]
    pub max_failed_zones: u32,
    /// What becomes of what was written in a wave that failed: it stays (`stop`), or is taken back at once as far as it
    /// still stands (`revert`), with all guards and approvals.
    #[serde(default)]
    pub on_failure: WaveFailureAction,
    /// Seconds to wait after each wave, before its zones are looked at once more; none where nothing is said.
    #[serde(default)]
    #[schemars(range(max = 86400))]
    pub pause_seconds: u32,
}

/// Zones that are written to together: those that are named, or a share of those that no wave names, or
/// all that are left.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WaveSpec {
    /// What it is called.
    #[schemars(regex(pattern = NAME))]
    pub name: Spanned<String>,
    /// Its zones. Excludes `percent`.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// So many of a hundred of all zones of the network, rounded up: the first ones, in the order of the
    /// manifest, that no wave names and no earlier wave has taken. Excludes `appliesTo`.
    #[schemars(range(min = 1, max = 100))]
    pub percent: Option<Spanned<u32>>,
}

/// What is wrong with the waves, whatever the network is.
pub fn check(rollout: &RolloutSpec, head: &ManifestHeader) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let last = rollout.waves.len().saturating_sub(1);
    for (index, Spanned { value: wave, .. }) in rollout.waves.iter().enumerate() {
        let place = head.place(wave.name.extent);
        match (&wave.applies_to, &wave.percent) {
            (Some(applies_to), Some(percent)) => problems.push(
                Diagnostic::error(
                    diagnostic_codes::NOT_EXACTLY_ONE,
                    head.place(percent.extent),
                    "only one of `appliesTo`, `percent` can be given",
                )
                .with_secondary_span(head.place(applies_to.extent), "the other one")
                .help("remove one of them"),
            ),
            (None, None) if index < last => problems.push(
                Diagnostic::error(
                    diagnostic_codes::LAST_WAVE,
                    place,
                    format!("wave `{}` takes all zones that are left, and is not the last", wave.name.value),
                )
                .help("say `appliesTo` or `percent`, or put it last"),
            ),
            (Some(_), None) | (None, Some(_) | None) => {}
        }
    }
    let names = rollout.waves.iter().map(|wave| &wave.value.name);
    distinct_names("waves", names, head, &mut problems);
    problems
}

/// Which zones need an approval.
pub fn approval(
    spec: &NetworkSpec,
    network: &Network,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) -> ApprovalRule {
    let Some(ApprovalSpec { required_for }) = &spec.approval else { return ApprovalRule::default() };
    let lost = head.lost_spec().field("approval").field("requiredFor");
    ApprovalRule { zones: select_zones((required_for, lost), network, head, problems) }
}

/// The waves: first the zones that are named, then the shares, in the order of the waves.
pub fn rollout(
    spec: &NetworkSpec,
    network: &Network,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) -> Rollout {
    let Some(said) = &spec.rollout else { return Rollout::default() };
    let waves = head.lost_spec().field("rollout").field("waves");
    let mut taken: BTreeMap<ZoneCode, &WaveSpec> = BTreeMap::new();
    let mut named: Vec<Option<BTreeSet<ZoneCode>>> = Vec::new();
    for Spanned { value: wave, extent } in &said.waves {
        let Some(applies_to) = &wave.applies_to else {
            named.push(None);
            continue;
        };
        let lost = waves.item(*extent).field("appliesTo");
        let mut zones = select_zones((applies_to, lost), network, head, problems);
        let twice: Vec<&ZoneCode> = zones.iter().filter(|zone| taken.contains_key(*zone)).collect();
        if let Some(first) = twice.first() {
            let other = taken[*first];
            let more = twice.len() - 1;
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let message = format!("zone `{first}`{more} is in wave `{}` already", other.name.value);
            problems.push(
                Diagnostic::error(diagnostic_codes::SECOND_WAVE, head.place(wave.name.extent), message)
                    .with_secondary_span(head.place(other.name.extent), "there")
                    .help("leave it out of one of them"),
            );
        }
        zones.retain(|zone| !taken.contains_key(zone));
        taken.extend(zones.iter().map(|zone| (zone.clone(), wave)));
        named.push(Some(zones));
    }
    let mut left = network.zones.iter().map(|zone| &zone.code).filter(|zone| !taken.contains_key(*zone));
    let mut made = Vec::new();
    for (Spanned { value: wave, .. }, named) in said.waves.iter().zip(named) {
        let zones: BTreeSet<ZoneCode> = match (named, &wave.percent) {
            (Some(zones), _) => zones,
            (None, Some(percent)) => {
                let share = (network.zones.len() * percent.value as usize).div_ceil(100);
                left.by_ref().take(share).cloned().collect()
            }
            (None, None) => left.by_ref().cloned().collect(),
        };
        // A selection of nobody has been told.
        if zones.is_empty() && wave.applies_to.is_none() {
            let message = format!("no zone is left for wave `{}`", wave.name.value);
            problems.push(
                Diagnostic::warning(diagnostic_codes::EMPTY_WAVE, head.place(wave.name.extent), message)
                    .help("remove it, or let those before it take fewer"),
            );
        }
        made.push(RolloutWave { name: wave.name.value.as_str().into(), zones });
    }
    let rest: BTreeSet<ZoneCode> = left.cloned().collect();
    if !rest.is_empty() {
        // A wave that is called so already may have left some over.
        let taken = made.iter().any(|wave| &*wave.name == "rest");
        made.push(RolloutWave { name: if taken { "the-rest" } else { "rest" }.into(), zones: rest });
    }
    made.retain(|wave| !wave.zones.is_empty());
    Rollout {
        waves: made,
        stop: StopRule { zones: said.max_failed_zones as usize },
        on_failure: said.on_failure,
        pause: said.pause_seconds.into(),
    }
}
