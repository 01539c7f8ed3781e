//! Text about collections that some zones do not know, once for all of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::formatting::{BOLD, DIM, REMOVE, count, styled, zone_list};
use crate::model::text_safety::escape_invisible;
use crate::model::{CollectionId, FailureClass, Plan, PlanStep, Provenance, ZoneCode, ZonePlan};

/// Returns true if the zone does not know the collection.
pub(super) fn has_unknown_name(step: &PlanStep) -> bool {
    step.diff.outcome.as_ref().is_err_and(|failure| failure.class == FailureClass::UnknownName)
}

/// Returns true if the zone has nothing to show but collections that it does not know.
pub(super) fn has_only_unknown_names(zone: &ZonePlan) -> bool {
    let is_unchanged =
        |step: &PlanStep| step.diff.outcome.as_ref().is_ok_and(|found| found.changes.is_empty());
    let mut steps = zone.collections.iter().filter(|step| !is_unchanged(step)).peekable();
    steps.peek().is_some() && steps.all(has_unknown_name)
}

/// Zones that do not know a collection, with the number of zones for each help text.
#[derive(Default)]
struct UnknownNameZones<'a> {
    zones: Vec<&'a ZoneCode>,
    helps: BTreeMap<&'a str, usize>,
}

/// Writes the collections that some zones do not know, with the zones.
pub(super) fn write_unknown_names(out: &mut String, plan: &Plan) {
    let mut unknown: BTreeMap<(&CollectionId, &Provenance), UnknownNameZones<'_>> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        for step in zone.collections.iter().filter(|step| has_unknown_name(step)) {
            let UnknownNameZones { zones, helps } =
                unknown.entry((&step.diff.id, &step.diff.provenance)).or_default();
            zones.push(code);
            let failure = step.diff.outcome.as_ref().err();
            if let Some(help) = failure.and_then(|failure| failure.help.as_deref()) {
                *helps.entry(help).or_default() += 1;
            }
        }
    }
    // Writing to a String cannot fail.
    for ((id, provenance), UnknownNameZones { zones, helps }) in unknown {
        let head = format_args!("{id} is unknown to {}:", count(zones.len(), "zone"));
        let _ = writeln!(out, "{} {}", styled(REMOVE, '!'), styled(BOLD, head));
        let _ = writeln!(out, "{}", zone_list(zones, "  "));
        let _ = writeln!(out, "  {}", styled(DIM, format_args!("# ({})", provenance.declaration())));
        if let Some((help, _)) = helps.into_iter().max_by_key(|(_, zones)| *zones) {
            let _ = writeln!(
                out,
                "  help: {}; or leave these zones out with `appliesTo`",
                escape_invisible(help)
            );
        }
        out.push('\n');
    }
}
