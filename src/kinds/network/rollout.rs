//! Write order of the zones, and zones with required approval.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

use super::validation::distinct_names;
use super::{NetworkSpec, select_zones};
use crate::manifest::deserialize::Spanned;
use crate::manifest::schema_check::NAME;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::cut_list::OmittedItems;
use crate::model::{
    ApprovalRule, Diagnostic, Network, Rollout, RolloutWave, StopRule, WaveFailureAction, ZoneCode,
};

/// Required approvals.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalSpec {
    /// Selector of zones with required approval before any write.
    pub required_for: Spanned<AppliesToSpec>,
}

/// Write order of the zones.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RolloutSpec {
    /// Waves in order. Remaining zones form a last wave, `rest`. The wave of a zone depends only on the
    /// network, so it is the same in every apply.
    #[schemars(length(min = 1))]
    pub waves: Vec<Spanned<WaveSpec>>,
    /// Number of zones that may fail in a wave before zonal stops the rollout. Default: 0.
    #[serde(default)]
    pub max_failed_zones: u32,
    /// Action after a failed wave. `stop` keeps its writes; `revert` undoes them at once, except records
    /// changed since, with all guards and approvals.
    #[serde(default)]
    pub on_failure: WaveFailureAction,
    /// Pause after each wave, in seconds, before zonal verifies its zones again. Default: 0.
    #[serde(default)]
    #[schemars(range(max = 86400))]
    pub pause_seconds: u32,
}

/// Zones written together: selected zones, a percentage of the zones, or all remaining zones.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WaveSpec {
    /// Name of the wave.
    #[schemars(regex(pattern = NAME))]
    pub name: Spanned<String>,
    /// Selector of the zones. Excludes `percent`.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Percentage of all zones in the network, rounded up. The wave takes the first zones in manifest order
    /// that no other wave selects and no earlier wave contains. Excludes `appliesTo`.
    #[schemars(range(min = 1, max = 100))]
    pub percent: Option<Spanned<u32>>,
}

/// Checks the waves, without the network.
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
                    "only one of `appliesTo`, `percent` is allowed",
                )
                .with_secondary_span(head.place(applies_to.extent), "other field")
                .help("remove one of the fields"),
            ),
            (None, None) if index < last => problems.push(
                Diagnostic::error(
                    diagnostic_codes::LAST_WAVE,
                    place,
                    format!("wave `{}` takes all remaining zones, but is not the last wave", wave.name.value),
                )
                .help("add `appliesTo` or `percent`, or move the wave to the end"),
            ),
            (Some(_), None) | (None, Some(_) | None) => {}
        }
    }
    let names = rollout.waves.iter().map(|wave| &wave.value.name);
    distinct_names("waves", names, head, &mut problems);
    problems
}

/// Returns the zones with required approval.
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

/// Returns the waves: selected zones first, then percentages, in wave order.
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
            let more = OmittedItems::new(twice.len() - 1);
            let more = more.map(|more| format!(" {more}")).unwrap_or_default();
            let message = format!("zone `{first}`{more} is already in wave `{}`", other.name.value);
            problems.push(
                Diagnostic::error(diagnostic_codes::SECOND_WAVE, head.place(wave.name.extent), message)
                    .with_secondary_span(head.place(other.name.extent), "other wave")
                    .help("exclude the zone from one of the waves"),
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
        // An empty selector is already reported.
        if zones.is_empty() && wave.applies_to.is_none() {
            let message = format!("no zone is left for wave `{}`", wave.name.value);
            problems.push(
                Diagnostic::warning(diagnostic_codes::EMPTY_WAVE, head.place(wave.name.extent), message)
                    .help("remove the wave, or reduce the earlier waves"),
            );
        }
        made.push(RolloutWave { name: wave.name.value.as_str().into(), zones });
    }
    let rest: BTreeSet<ZoneCode> = left.cloned().collect();
    if !rest.is_empty() {
        // A declared wave may already have this name.
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
