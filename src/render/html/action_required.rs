//! What people must look at first: failures, findings, conflicts, and what waits.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::glyph::Glyph;
use super::page_context::{PageContext, prose, row_anchor};
use crate::model::{Deferral, Finding, FindingEffect, ZoneCode};
use crate::render::decisions::row_words::collection_words;
use crate::render::decisions::{FailureGroup, failure_groups};
use crate::render::text::count;

/// Most findings in the list.
const SHOWN_FINDINGS: usize = 200;

/// Returns the section; empty if nothing requires an action.
pub fn action_required(context: &PageContext<'_>) -> Option<Markup> {
    let plan = context.plan;
    let failures = failure_groups(plan, &context.names);
    let waiting = waiting(context);
    let conflicts = plan.counts().conflict;
    if failures.is_empty() && waiting.is_empty() && conflicts == 0 && plan.findings.is_empty() {
        return None;
    }
    let first_conflict = context
        .decisions
        .iter()
        .find(|row| row.variants.iter().any(|variant| Glyph::of_state(variant) == Some(Glyph::Conflict)));
    let omitted = plan.findings.len().saturating_sub(SHOWN_FINDINGS);
    Some(html! {
        section #action aria-labelledby="ah" {
            h2 #ah { "Action required" }
            ul.items {
                @for failure in &failures { (failure_item(context, failure)) }
                @for finding in plan.findings.iter().take(SHOWN_FINDINGS) { (finding_item(context, finding)) }
                @if omitted > 0 {
                    li { (count(omitted, "more finding")) ", which this page does not show" }
                }
                @if conflicts > 0 {
                    li.bad {
                        (Glyph::Conflict.image())
                        div.text {
                            b { (count(conflicts, "record")) " in conflict" }
                            ": both the manifests and the zone changed them, differently. "
                            @if let Some(anchor) = first_conflict.and_then(row_anchor) {
                                a href={ "#" (anchor) } data-go="waiting" { "Show the conflicts" }
                            }
                        }
                        div.where {}
                    }
                }
                @for (deferral, zones) in &waiting {
                    li.hold {
                        (Glyph::Held.image())
                        div.text { b { (count(zones.len(), "zone")) } ": " (prose(deferral)) }
                        (zone_words(context, zones))
                    }
                }
            }
        }
    })
}

fn failure_item(context: &PageContext<'_>, group: &FailureGroup<'_>) -> Markup {
    let FailureGroup { message, help, failure, zones, collections, number: _ } = group;
    let collections: Vec<String> = collections.iter().map(|id| collection_words(id)).collect();
    let glyph = if failure.class.whole_zone() { Glyph::Unknown } else { Glyph::Failed };
    html! {
        li.bad {
            (glyph.image())
            div.text {
                b { (prose(message)) }
                @if !collections.is_empty() { " (" (collections.join(", ")) ")" }
                @if let Some(help) = help { p.help { "help: " (prose(help)) } }
                @if let ([_], Some(id)) = (zones.as_slice(), &failure.tracking_id) {
                    p.help { "tracking id " code { (id) } }
                }
            }
            (zone_words(context, zones))
        }
    }
}

fn finding_item(context: &PageContext<'_>, finding: &Finding) -> Markup {
    let Finding { effect, guard, zones, message, help, span } = finding;
    let (class, glyph, words) = match effect {
        FindingEffect::Deny => ("bad", Glyph::Failed, "Denied"),
        FindingEffect::Defer => ("hold", Glyph::Held, "Deferred"),
        FindingEffect::RequireApproval => ("hold", Glyph::Held, "Needs an approval"),
        FindingEffect::Warn => ("warn", Glyph::Conflict, "Warning"),
        FindingEffect::Overridden { .. } => ("over", Glyph::Reported, "Overridden"),
    };
    let zones: Vec<&ZoneCode> = zones.iter().collect();
    html! {
        li.{ (class) } {
            (glyph.image())
            div.text {
                b { (words) } " by " code { (guard) } ": " (prose(message))
                @if let FindingEffect::Overridden { reason } = effect { p.help { "Overridden, because: " (prose(reason)) } }
                @if let Some(help) = help { p.help { "help: " (prose(help)) } }
                @if let Some(span) = span { p.help { code { (span) } } }
            }
            (zone_words(context, &zones))
        }
    }
}

/// Returns the names of zones, folded if they are many.
pub fn zone_words(context: &PageContext<'_>, zones: &[&ZoneCode]) -> Markup {
    html! {
        div.where {
            @if zones.len() <= 3 { (context.name_list(zones.iter().copied())) }
            @else if zones.len() == context.zones.len() { "all " (zones.len()) " zones" }
            @else {
                details { summary { (count(zones.len(), "zone")) } (context.name_list(zones.iter().copied())) }
            }
        }
    }
}

/// Returns the zones with deferred changes by the words of the deferral. Conflicts are counted on their own.
fn waiting<'a>(context: &PageContext<'a>) -> BTreeMap<String, Vec<&'a ZoneCode>> {
    let mut waiting: BTreeMap<String, Vec<&ZoneCode>> = BTreeMap::new();
    for (code, zone) in context.plan.zones.iter().filter(|(_, zone)| zone.has_work()) {
        let steps = zone.collections.iter().filter(|step| step.diff.has_work());
        let deferrals = steps.filter_map(|step| zone.deferral_of_step(step));
        for deferral in deferrals.filter(|deferral| **deferral != Deferral::Conflict) {
            let zones = waiting.entry(deferral.to_string()).or_default();
            if zones.last() != Some(&code) {
                zones.push(code);
            }
        }
    }
    waiting
}
