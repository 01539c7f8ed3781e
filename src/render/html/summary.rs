//! HTML summary of a plan: totals, impact, findings, broken expectations and deferrals.

use std::collections::BTreeMap;

use super::expectations;
use super::html_writer::HtmlWriter;
use crate::model::cut_list::{OmittedItems, cut_list};
use crate::model::{ChangeGroupState, Finding, FindingEffect, Plan, PlanCounts, ZoneCode};
use crate::render::text::{
    SERVICE_TITLE, comparison_sentences, count, omitted_impacts, outlook, percentage, service_heading, service_sentence,
    thousands,
};

/// Maximum number of zones named in a line; a fold contains the others.
const NAMED: usize = 8;
/// Maximum number of findings or impacts.
const FINDINGS: usize = 200;

/// Writes the top of the page.
pub fn summary(out: &mut HtmlWriter, plan: &Plan) {
    out.raw("<header><h1>").text(&plan.network).raw("</h1><p class=about>Plan for ");
    match &plan.environment {
        Some(name) => out.raw("the environment <b>").text(name).raw("</b>"),
        None => out.raw("the network as its manifest stands"),
    };
    if let Some(selection) = &plan.selection {
        out.raw("</p><p class=partial><b>Partial plan:</b> only ").text(selection).raw(".");
    }
    for sentence in comparison_sentences(plan) {
        out.raw("</p><p class=partial>").text(sentence);
    }
    out.raw("</p></header>\n<section id=verdict aria-label=Summary>");
    if plan.is_denied() {
        out.raw("<p class=\"verdict bad\">Nothing will be written: a guard or a policy denies this plan.");
    }
    out.raw("<p class=verdict>").text(verdict(plan)).raw("</p>");
    out.raw("<p class=rest>").text(other_counts(plan)).raw("</p>");
    out.raw("<details class=digest><summary>Digest <code>").text(plan.digest.short());
    out.raw("</code></summary><p>What an approval of this plan names: <code class=whole>");
    out.text(plan.digest).raw("</code></p></details></section>\n");
    impacts(out, plan);
    findings(out, plan);
    expectations::write_broken_expectations(out, plan);
    write_deferrals(out, plan);
    service(out, plan);
}

/// Writes the settings of the service.
fn service(out: &mut HtmlWriter, plan: &Plan) {
    if plan.service.is_empty() {
        return;
    }
    out.raw("<section id=service aria-labelledby=sh><h2 id=sh>Service</h2><p class=dim>");
    out.text(SERVICE_TITLE).raw("</p><ul>");
    let (shown, omitted) = cut_list(&plan.service, FINDINGS);
    for settings in shown {
        out.raw("<li>")
            .text(service_heading(settings))
            .raw("<p>")
            .text(service_sentence(settings))
            .raw("</p>");
    }
    write_omitted(out, omitted, "manifest");
    out.raw("</ul></section>\n");
}

/// Returns the totals: `12 zones differ: 46 records to add, 2 to change. 3 zones are in sync.`
pub fn verdict(plan: &Plan) -> String {
    let counts = plan.counts();
    let mut sentences = Vec::new();
    let differ = plan.zones_in(ChangeGroupState::Changes);
    if differ > 0 {
        let parts = [
            (counts.add, "to add"),
            (counts.change, "to change"),
            (counts.destroy, "to delete"),
            (counts.manual, "to be done by hand"),
            (counts.report, "only reported"),
            (counts.postponed, "left for a later apply"),
            (counts.kept_theirs, "left to the zone"),
        ];
        let mut noun = "record";
        let mut words = Vec::new();
        for (number, what) in parts.into_iter().filter(|(number, _)| *number > 0) {
            let number = if noun.is_empty() { thousands(number as u64) } else { count(number, noun) };
            words.push(format!("{number} {what}"));
            noun = "";
        }
        if counts.blocked > 0 {
            words.push(format!("{} that cannot be planned", count(counts.blocked, "collection")));
        }
        let verb = if differ == 1 { "differs" } else { "differ" };
        sentences.push(format!("{} {verb}: {}.", count(differ, "zone"), words.join(", ")));
    }
    let in_sync = plan.zones_in(ChangeGroupState::InSync);
    if in_sync > 0 {
        let verb = if in_sync == 1 { "is" } else { "are" };
        sentences.push(format!("{} {verb} in sync.", count(in_sync, "zone")));
    }
    if counts.deferred > 0 {
        let (records, verb) =
            (count(counts.deferred, "record"), if counts.deferred == 1 { "waits" } else { "wait" });
        sentences.push(format!("Of these, {records} {verb}: apply does not begin them."));
    }
    let unknown = plan.zones_in(ChangeGroupState::Unknown);
    if unknown > 0 {
        sentences.push(format!("{} could not be asked, so this plan is incomplete.", count(unknown, "zone")));
    }
    let in_part = plan.asked_in_part();
    if in_part > 0 {
        let zones = count(in_part, "zone");
        sentences.push(format!("{zones} could be asked only in part, so this plan is incomplete."));
    }
    if sentences.is_empty() {
        sentences.push("Nothing is desired of any zone.".to_owned());
    }
    sentences.join(" ")
}

fn other_counts(plan: &Plan) -> String {
    let PlanCounts {
        add: _,
        change: _,
        destroy: _,
        report: _,
        blocked: _,
        manual: _,
        unlisted: unmanaged,
        create_only_differences: ignored,
        attested,
        undeclared,
        unmanaged: released,
        detached,
        postponed: _,
        drifted,
        pending,
        conflict,
        kept_theirs: _,
        in_sync,
        converged: agreed,
        deferred: _,
    } = plan.counts();
    let counts = [
        (detached, "detached from the network"),
        (attested, "attested by people, not verified"),
        (released, "released, staying as they are"),
        (undeclared, "no longer declared by any manifest, though zonal created them"),
        (unmanaged, "not managed by any manifest"),
        (ignored, "different, and left alone as manifests say"),
    ];
    let counts = counts.into_iter().filter(|(number, _)| *number > 0);
    let counts: Vec<String> =
        counts.map(|(number, what)| format!("{} {what}", thousands(number as u64))).collect();
    let mut words = String::new();
    let moved = [
        (drifted, "because the zone moved"),
        (pending, "not applied yet"),
        (conflict, "in conflict, because both moved, each in its own way"),
    ];
    let moved = moved.into_iter().filter(|(number, _)| *number > 0);
    let moved: Vec<String> =
        moved.map(|(number, what)| format!("{} {what}", thousands(number as u64))).collect();
    if !moved.is_empty() {
        words = format!("Records that differ: {}. ", moved.join("; "));
    }
    if plan.compared.has_base() {
        let alike = match agreed {
            0 => String::new(),
            agreed => format!(" ({} of them changed alike by both)", thousands(agreed as u64)),
        };
        words.push_str(&format!("In sync: {}{alike}. ", count(in_sync, "record")));
    }
    if !counts.is_empty() {
        words.push_str(&format!("Other records: {}. ", counts.join("; ")));
    }
    if plan.has_work() {
        let cost = &plan.cost;
        let quota = cost.quota_percent.map(|percent| format!(", {} of today's quota", percentage(percent)));
        words.push_str(&format!(
            "Applying it costs {}, {}, at least {} s{}.",
            count(cost.reads as usize, "read"),
            count(cost.writes as usize, "write"),
            thousands(cost.seconds_floor.ceil() as u64),
            quota.unwrap_or_default()
        ));
    }
    if let Some(outlook) = outlook(&plan.expectations) {
        words.push_str(&format!(" {outlook}"));
    }
    words
}

/// Writes the impact of the changes.
fn impacts(out: &mut HtmlWriter, plan: &Plan) {
    if plan.impacts.is_empty() {
        return;
    }
    out.raw("<section id=impacts aria-labelledby=ih><h2 id=ih>Impact</h2><ul>");
    let (shown, omitted) = cut_list(&plan.impacts, FINDINGS);
    for impact in shown {
        out.raw("<li><code>").text(impact.effect.sign()).raw("</code> ").text(&impact.text);
    }
    if omitted.is_some() {
        out.raw("<li>").text(omitted_impacts(&plan.impacts[shown.len()..]));
    }
    out.raw("</ul></section>\n");
}

fn findings(out: &mut HtmlWriter, plan: &Plan) {
    if plan.findings.is_empty() {
        return;
    }
    out.raw("<section id=findings aria-labelledby=fh><h2 id=fh>What guards and policies say</h2><ul>");
    let (shown, omitted) = cut_list(&plan.findings, FINDINGS);
    shown.iter().for_each(|finding| self::finding(out, finding));
    write_omitted(out, omitted, "finding");
    out.raw("</ul></section>\n");
}

/// Writes the number of omitted list items, if any.
pub fn write_omitted(out: &mut HtmlWriter, omitted: Option<OmittedItems>, noun: &str) {
    if let Some(omitted) = omitted {
        out.raw("<li>").text(omitted.of(noun)).raw(", which this page does not show");
    }
}

fn finding(out: &mut HtmlWriter, finding: &Finding) {
    let Finding { effect: verdict, guard, zones, message, help, span: place } = finding;
    match verdict {
        FindingEffect::Deny => out.raw("<li class=bad><b>✕ Denied</b>"),
        FindingEffect::Defer => out.raw("<li class=hold><b>‖ Held</b>"),
        FindingEffect::RequireApproval => out.raw("<li class=hold><b>‖ Needs an approval</b>"),
        FindingEffect::Warn => out.raw("<li class=warn><b>! Worth a look</b>"),
        FindingEffect::Overridden { .. } => out.raw("<li class=over><b>○ Overridden</b>"),
    };
    out.raw(" by <code>").text(guard).raw("</code>: ").prose(message);
    if let FindingEffect::Overridden { reason } = verdict {
        out.raw("<p>Overridden, because: ").prose(reason).raw("</p>");
    }
    if !zones.is_empty() {
        out.raw("<div>");
        self::zones(out, &zones.iter().collect::<Vec<_>>());
        out.raw("</div>");
    }
    if let Some(help) = help {
        out.raw("<p>Way out: ").prose(help).raw("</p>");
    }
    if let Some(place) = place {
        out.raw("<p class=dim>").text(place).raw("</p>");
    }
}

/// Writes deferred changes by reason.
fn write_deferrals(out: &mut HtmlWriter, plan: &Plan) {
    let mut waiting: BTreeMap<String, Vec<&ZoneCode>> = BTreeMap::new();
    for (code, zone) in plan.zones.iter().filter(|(_, zone)| zone.has_work()) {
        let steps = zone.collections.iter().filter(|step| step.diff.has_work());
        for hold in steps.filter_map(|step| zone.deferral_of_step(step)) {
            let zones = waiting.entry(hold.to_string()).or_default();
            if zones.last() != Some(&code) {
                zones.push(code);
            }
        }
    }
    if waiting.is_empty() {
        return;
    }
    out.raw("<section id=waiting aria-labelledby=wh><h2 id=wh>What waits</h2><ul>");
    for (why, zones) in waiting {
        out.raw("<li class=hold><b>‖ ")
            .text(count(zones.len(), "zone"))
            .raw("</b>: ")
            .prose(why)
            .raw("<div>");
        self::zones(out, &zones);
        out.raw("</div>");
    }
    out.raw("</ul></section>\n");
}

fn zones(out: &mut HtmlWriter, zones: &[&ZoneCode]) {
    let line = |zones: &[&ZoneCode]| zones.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let (named, omitted) = cut_list(zones, NAMED);
    out.text(line(named));
    if let Some(omitted) = omitted {
        out.raw(" <details class=more><summary>").text(omitted).raw("</summary>");
        out.text(line(&zones[named.len()..])).raw("</details>");
    }
}
