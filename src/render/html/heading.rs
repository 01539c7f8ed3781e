//! Top of a page: network, environment, totals, and what the plan rests on.

use maud::{Markup, html};

use super::decision_cards::manifest_count;
use super::page_context::PageContext;
use crate::model::{ChangeGroupState, Plan, PlanCounts, PlanOrigin};
use crate::render::decisions::{DecisionVariant, PlanDecision};
use crate::render::text::{comparison_sentences, count, outlook, percentage, thousands};

/// Returns the head of the page.
pub fn heading(context: &PageContext<'_>) -> Markup {
    let plan = context.plan;
    let is_production = context.plan.reaches_production();
    html! {
        header.page {
            p.about {
                b { (plan.network) } " "
                @if is_production { span.production { "PRODUCTION" } " " }
                @if let Some(environment) = &plan.environment { span.tag { (environment) } " " }
                @else if !is_production { span.tag { "sandbox" } " " }
                span.digest title=(plan.digest) { "plan " code { (plan.digest.short()) } }
            }
            h1 { (totals(plan)) }
            p.lead { (sentence(context)) }
            @if plan.is_denied() {
                p.denied { b { "Nothing will be written: a guard or a policy denies this plan." } }
            }
            @if let Some(selection) = &plan.selection {
                p.partial { b { "Partial plan:" } " only " (selection) "." }
            }
            (facts(context))
        }
    }
}

/// Returns the totals, each in the color of its action.
fn totals(plan: &Plan) -> Markup {
    let counts = plan.counts();
    let parts = [
        (counts.add, "to add", "n-add"),
        (counts.change, "to change", "n-change"),
        (counts.destroy, "to destroy", "n-remove"),
        (counts.manual, "by hand", "n-manual"),
        (counts.report, "only reported", "n-reported"),
        (counts.postponed, "left for a later apply", "n-reported"),
        (counts.kept_theirs, "left to the zone", "n-reported"),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|(number, ..)| *number > 0).collect();
    html! {
        @if parts.is_empty() { "Nothing to change" }
        @for (index, (number, words, class)) in parts.iter().enumerate() {
            @if index > 0 { ", " }
            span.{ (*class) } { (thousands(*number as u64)) " " (*words) }
        }
    }
}

/// Returns the number of decisions, manifests and zones, and what stays.
fn sentence(context: &PageContext<'_>) -> String {
    let plan = context.plan;
    let mut sentences = Vec::new();
    let differ = plan.zones_in(ChangeGroupState::Changes);
    if !context.decisions.is_empty() {
        sentences.push(format!(
            "{} in {}, at {} of {}.",
            count(context.decisions.len(), "decision"),
            count(manifest_count(context), "manifest"),
            thousands(differ as u64),
            count(plan.zones.len(), "zone"),
        ));
    }
    let in_sync = plan.zones_in(ChangeGroupState::InSync);
    if in_sync > 0 {
        let verb = if in_sync == 1 { "is" } else { "are" };
        sentences.push(format!("{} {verb} in sync.", count(in_sync, "zone")));
    }
    let unknown = plan.zones_in(ChangeGroupState::Unknown);
    if unknown > 0 {
        sentences.push(format!("{} could not be read, so this plan is incomplete.", count(unknown, "zone")));
    }
    let in_part = plan.asked_in_part();
    if in_part > 0 {
        let zones = count(in_part, "zone");
        sentences.push(format!("{zones} could be read only in part, so this plan is incomplete."));
    }
    let counts = plan.counts();
    if counts.blocked > 0 {
        sentences.push(format!("{} cannot be planned.", count(counts.blocked, "collection")));
    }
    if counts.deferred > 0 {
        let verb = if counts.deferred == 1 { "is" } else { "are" };
        sentences.push(format!("{} {verb} deferred.", count(counts.deferred, "record")));
    }
    let PlanCounts { unlisted, in_sync, .. } = counts;
    if in_sync > 0 {
        let verb = if in_sync == 1 { "is" } else { "are" };
        sentences.push(format!("{} {verb} in sync.", count(in_sync, "record")));
    }
    if unlisted > 0 {
        let verb = if unlisted == 1 { "stays as it is" } else { "stay as they are" };
        sentences.push(format!("{} that no manifest lists {verb}.", count(unlisted, "record")));
    }
    if plan.zones.is_empty() {
        sentences.push("The manifests declare nothing for any zone.".to_owned());
    }
    sentences.join(" ")
}

fn facts(context: &PageContext<'_>) -> Markup {
    let plan = context.plan;
    let sentences = comparison_sentences(plan);
    let cost = &plan.cost;
    let prefix = context.names.prefix();
    html! {
        dl.facts {
            div { dt { "Compared with" } dd { @for sentence in sentences { p { (sentence.trim_start_matches("Compared with ")) } } } }
            @if let Some(expectations) = outlook(&plan.expectations) {
                div { dt { "Expectations" } dd { (expectations.trim_start_matches("Expectations: ").trim_end_matches('.')) } }
            }
            @if plan.has_work() {
                div { dt { "Cost" } dd {
                    (count(cost.reads as usize, "read")) ", " (count(cost.writes as usize, "write")) ", at least "
                    (thousands(cost.seconds_floor.ceil() as u64)) " s"
                    @if let Some(percent) = cost.quota_percent { ", " (percentage(percent)) " of today's quota" }
                } }
            }
            @if let Some(made) = origin_words(&plan.origin) {
                div { dt { "Made" } dd {
                    (made)
                    @if let Some(pipeline) = &plan.origin.pipeline { " (" code { (pipeline) } ")" }
                } }
            }
            @if !prefix.is_empty() { div { dt { "Codes" } dd { "without " code { (prefix) } } } }
        }
    }
}

/// Returns who made the plan, when and of which commit; `None` if nothing is known.
fn origin_words(PlanOrigin { created_at, commit, actor, pipeline: _ }: &PlanOrigin) -> Option<String> {
    // `2026-03-02T10:15:00Z` becomes `2026-03-02 10:15 UTC`.
    let minute = |time: &String| match time.split_once('T') {
        Some((day, time)) => format!("{day} {} UTC", time.get(..5).unwrap_or(time)),
        None => time.clone(),
    };
    let parts = [
        created_at.as_ref().map(minute),
        actor.as_ref().map(|actor| format!("by {actor}")),
        commit.as_ref().map(|commit| format!("of commit {}", short_commit(commit))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Returns the first digits of a commit, with its mark for uncommitted changes.
fn short_commit(commit: &str) -> String {
    let digits: String = commit.chars().take_while(|c| *c != '+').take(12).collect();
    if commit.ends_with('+') { format!("{digits} with uncommitted changes") } else { digits }
}

/// Returns the bar that stays at the top of the window.
pub fn bar(context: &PageContext<'_>, has_action_required: bool) -> Markup {
    let plan = context.plan;
    let removed: usize = removals(context).map(|(_, variant)| variant.records.len()).sum();
    let link = |id: &str, words: &str, number: usize| {
        html! {
            a href={ "#" (id) } { (words) @if number > 0 { " " span { (thousands(number as u64)) } } }
        }
    };
    html! {
        nav #bar aria-label="Sections" { div {
            @if has_action_required { (link("action", "Action required", 0)) }
            @if !plan.impacts.is_empty() { (link("impact", "Impact", plan.impacts.len())) }
            @if removed > 0 { (link("removed", "Removed or disabled", removed)) }
            @if !context.decisions.is_empty() { (link("decisions", "Decisions", context.decisions.len())) }
            @if !plan.zones.is_empty() { (link("zones", "Zones", plan.zones.len())) }
            @if !plan.waves.is_empty() { (link("waves", "Waves", plan.waves.len())) }
            input #find type="search" placeholder="Find a record, zone or file  ( / )" aria-label="Find a record, zone or file" autocomplete="off" spellcheck="false" hidden;
        } }
    }
}

/// Returns the variants that delete or disable records.
pub fn removals<'c, 'a>(
    context: &'c PageContext<'a>,
) -> impl Iterator<Item = (&'c PlanDecision<'a>, &'c DecisionVariant<'a>)> {
    let pairs =
        context.decisions.iter().flat_map(|row| row.variants.iter().map(move |variant| (row, variant)));
    pairs.filter(|(_, variant)| variant.takes_away())
}
