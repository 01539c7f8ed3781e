//! Writes the parts around the change sets: title, scope, alerts, totals and commands.

use std::fmt::{self, Write as _};

use super::bounded_text::BoundedText;
use super::comment_content::CommentContent;
use super::comment_marker::is_approvable;
use super::escape::{code, prose};
use super::{CommentContext, CommentDetail, CommentPurpose};
use crate::model::{ChangeGroupState, ComparisonMode, Finding, FindingEffect, PlanCost, ZoneCode};
use crate::render::text::{self, DriftCounts, UNDECLARED_TITLE, UNDECLARED_WAYS_OUT, count, thousands};

/// Maximum length of a snapshot path; zonal omits longer paths.
const PATH: usize = 200;

/// Writes the heading and the scope.
pub fn verdict(sheet: &mut BoundedText, content: &CommentContent<'_>) -> fmt::Result {
    writeln!(sheet, "## zonal: {}\n", verdict_text(content))?;
    scope(sheet, content)
}

/// Returns the verdict, always in few words.
pub fn verdict_text(content: &CommentContent<'_>) -> String {
    match content.about {
        CommentPurpose::Plan => words_of_plan(content),
        CommentPurpose::Drift => words_of_drift(content),
    }
}

fn words_of_drift(content: &CommentContent<'_>) -> String {
    let DriftCounts { alone, conflict, pending, zones } = DriftCounts::from_plan(content.plan);
    let mut parts = Vec::new();
    match (alone + conflict, content.plan.is_complete()) {
        (0, true) => parts.push("no drift".to_owned()),
        (0, false) => parts.push("no drift in what could be seen".to_owned()),
        (all, _) => parts.push(format!("drift, {} in {}", count(all, "record"), count(zones, "zone"))),
    }
    if conflict > 0 {
        parts.push(format!("{} changed in the manifests too", thousands(conflict as u64)));
    }
    if pending > 0 {
        parts.push(format!("{} pending", thousands(pending as u64)));
    }
    if !content.plan.is_complete() {
        parts.push("incomplete".to_owned());
    }
    parts.join("; ")
}

fn words_of_plan(content: &CommentContent<'_>) -> String {
    let counts = content.counts;
    let number = |number| thousands(number as u64);
    let mut parts = Vec::new();
    if content.plan.is_denied() {
        parts.push("forbidden by a guard".to_owned());
    }
    if content.plan.has_work() {
        let (add, change, destroy) = (number(counts.add), number(counts.change), number(counts.destroy));
        parts.push(format!("{add} to add, {change} to change, {destroy} to destroy"));
    } else if counts.manual + counts.report + counts.postponed + counts.kept_theirs > 0 {
        parts.push("nothing to apply".to_owned());
    } else if content.plan.is_complete() {
        parts.push("no changes, the network matches the manifests".to_owned());
    } else {
        parts.push("nothing to apply in what could be seen".to_owned());
    }
    if counts.manual > 0 {
        parts.push(format!("{} by hand", number(counts.manual)));
    }
    if counts.report > 0 {
        parts.push(format!("{} reported only", number(counts.report)));
    }
    if counts.postponed > 0 {
        parts.push(format!("{} left for later", number(counts.postponed)));
    }
    if counts.kept_theirs > 0 {
        parts.push(format!("{} left to the zone", number(counts.kept_theirs)));
    }
    if counts.conflict > 0 {
        parts.push(format!("{} in conflict", number(counts.conflict)));
    }
    if counts.deferred > 0 {
        parts.push(format!("{} held back", number(counts.deferred)));
    }
    if !content.plan.is_complete() {
        parts.push("incomplete".to_owned());
    }
    parts.join("; ")
}

/// Writes the network, the environment, the selection and the base of the comparison.
pub fn scope(sheet: &mut BoundedText, content: &CommentContent<'_>) -> fmt::Result {
    write!(sheet, "Network {}", code(&content.plan.network))?;
    if let Some(environment) = &content.plan.environment {
        write!(sheet, ", environment {}", code(environment))?;
    }
    if let Some(selection) = &content.plan.selection {
        write!(sheet, ". **Partial plan**: only {}", prose(selection))?;
    }
    writeln!(sheet, ".\n")?;
    if let Some(file) = &content.plan.snapshot {
        let file = if file.len() <= PATH { format!(" {}", code(file)) } else { String::new() };
        let applied = match content.plan.compared {
            ComparisonMode::AppliedState { .. } => " and the applied state",
            ComparisonMode::TwoWay | ComparisonMode::Revision(_) => "",
        };
        writeln!(sheet, "Compared with the snapshot{file}{applied}: no zone was asked.\n")?;
    }
    match (content.about, &content.plan.compared) {
        (_, ComparisonMode::Revision(base)) => {
            writeln!(sheet, "Applied last: the manifests of {}.\n", code(short(base)))?;
        }
        (CommentPurpose::Drift, ComparisonMode::TwoWay) => {
            writeln!(sheet, "Nothing tells what was applied last, so every difference counts as drift.\n")?;
        }
        (CommentPurpose::Plan, ComparisonMode::TwoWay) | (_, ComparisonMode::AppliedState { .. }) => {}
    }
    if let Some(classes) = text::classes(content.plan) {
        writeln!(sheet, "{classes}\n")?;
    }
    match (content.about, content.groups.is_empty()) {
        (CommentPurpose::Drift, false) => {
            writeln!(sheet, "Nothing was written. Each difference is shown as what would end it.\n")
        }
        (CommentPurpose::Drift, true) | (CommentPurpose::Plan, _) => Ok(()),
    }
}

/// Returns a git revision, shortened for display.
fn short(revision: &str) -> &str {
    revision.get(..12).unwrap_or(revision)
}

/// Writes a notice that the comment is incomplete.
pub fn left_out(sheet: &mut BoundedText, context: CommentContext<'_>, level: CommentDetail) -> fmt::Result {
    if level == CommentDetail::Full {
        return Ok(());
    }
    writeln!(sheet, "> [!IMPORTANT]")?;
    if context.about == CommentPurpose::Drift {
        writeln!(sheet, "> All of it is too much for this page: {}.", level.left_out())?;
        write!(sheet, "> `zonal drift` shows everything")?;
        if let Some(artefact) = context.artefact {
            write!(sheet, ", and so does the log of {}", link(artefact))?;
        }
        return writeln!(sheet, ".\n");
    }
    let file = code(context.file.unwrap_or("plan.json"));
    writeln!(sheet, "> The plan is too large for this page: {}.", level.left_out())?;
    write!(sheet, "> All of it is in {file}, which `zonal show` shows")?;
    if let Some(artefact) = context.artefact {
        write!(sheet, ", and in {}", link(artefact))?;
    }
    writeln!(sheet, ".")?;
    writeln!(
        sheet,
        "> Nothing can be approved from here: whoever approves quotes the digest of {file} itself.\n"
    )
}

/// Writes findings, failures and deferrals, severest first.
pub fn alerts(sheet: &mut BoundedText, content: &CommentContent<'_>) -> fmt::Result {
    let findings = &content.plan.findings;
    let of =
        |wanted: fn(&FindingEffect) -> bool| findings.iter().filter(move |finding| wanted(&finding.effect));
    if content.plan.is_denied() {
        writeln!(sheet, "> [!CAUTION]\n> Nothing at all is written:")?;
        of(|verdict| matches!(verdict, FindingEffect::Deny))
            .try_for_each(|finding| self::finding(sheet, finding))?;
        writeln!(sheet)?;
    }
    if !content.unknown.is_empty() || content.counts.blocked > 0 {
        writeln!(sheet, "> [!WARNING]")?;
        if !content.unknown.is_empty() {
            let zones = count(content.not_asked(), "zone");
            let in_part = if content.plan.asked_in_part() > 0 { ", or only in part" } else { "" };
            writeln!(sheet, "> The plan is incomplete: {zones} could not be asked{in_part}.")?;
        }
        if content.counts.blocked > 0 {
            let collections = count(content.counts.blocked, "collection");
            writeln!(sheet, "> The plan is incomplete: {collections} cannot be planned.")?;
        }
        for ((message, help), zones) in &content.unknown {
            write!(sheet, "> - {}: {}", zone_codes(zones.iter().copied()), prose(message))?;
            self::help(sheet, *help)?;
        }
        for ((collection, message, help), zones) in &content.blocked {
            let zones = zone_codes(zones.iter().copied());
            write!(sheet, "> - {} in {zones}: {}", code(collection), prose(message))?;
            self::help(sheet, *help)?;
        }
        writeln!(sheet)?;
    }
    let warns = |verdict: &FindingEffect| {
        matches!(verdict, FindingEffect::Defer | FindingEffect::RequireApproval | FindingEffect::Warn)
    };
    if of(warns).next().is_some() || !content.held.is_empty() {
        writeln!(sheet, "> [!WARNING]")?;
        of(warns).try_for_each(|finding| self::finding(sheet, finding))?;
        for (why, zones) in &content.held {
            writeln!(sheet, "> - Not begun in {}: {}", zone_codes(zones.iter().copied()), prose(why))?;
        }
        writeln!(sheet)?;
    }
    let overridden = |verdict: &FindingEffect| matches!(verdict, FindingEffect::Overridden { .. });
    if of(overridden).next().is_some() {
        writeln!(sheet, "> [!NOTE]")?;
        of(overridden).try_for_each(|finding| self::finding(sheet, finding))?;
        writeln!(sheet)?;
    }
    Ok(())
}

fn finding(sheet: &mut BoundedText, finding: &Finding) -> fmt::Result {
    write!(sheet, "> - {}", code(&finding.guard))?;
    match &finding.effect {
        FindingEffect::Deny => {}
        FindingEffect::Defer => write!(sheet, " holds its zones back")?,
        FindingEffect::RequireApproval => write!(sheet, " asks for an approval")?,
        FindingEffect::Warn => write!(sheet, " warns")?,
        FindingEffect::Overridden { reason } => write!(sheet, " was overridden ({})", prose(reason))?,
    }
    write!(sheet, ": {}", prose(&finding.message))?;
    if !finding.zones.is_empty() {
        write!(sheet, " (in {})", zone_codes(&finding.zones))?;
    }
    if let Some(place) = &finding.span {
        write!(sheet, " {}", code(&place.to_string()))?;
    }
    help(sheet, finding.help.as_deref())
}

fn help(sheet: &mut BoundedText, help: Option<&str>) -> fmt::Result {
    match help {
        Some(help) => writeln!(sheet, ". Help: {}", prose(help)),
        None => writeln!(sheet),
    }
}

/// Returns zone codes, formatted as code.
pub fn zone_codes<'a>(zones: impl IntoIterator<Item = &'a ZoneCode>) -> String {
    zones.into_iter().map(|zone| code(zone.as_str())).collect::<Vec<_>>().join(", ")
}

/// Writes records that are no longer declared, notes and unmanaged records.
pub fn write_notes(
    sheet: &mut BoundedText,
    content: &CommentContent<'_>,
    level: CommentDetail,
) -> fmt::Result {
    if !content.undeclared.is_empty() {
        writeln!(sheet, "**{UNDECLARED_TITLE}**\n")?;
        for sentence in content.undeclared.iter().filter(|_| level < CommentDetail::Collections) {
            writeln!(sheet, "- {}", prose(sentence))?;
        }
        writeln!(sheet, "\n{}\n", prose(&UNDECLARED_WAYS_OUT.join(" ")))?;
    }
    if level >= CommentDetail::Collections || content.released.is_empty() && content.notes.is_empty() {
        return Ok(());
    }
    for (line, zones) in &content.released {
        writeln!(sheet, "- Released in {}: {}", zone_codes(zones.iter().copied()), prose(line))?;
    }
    for (note, zones) in &content.notes {
        writeln!(sheet, "- Note on {}: {}", zone_codes(zones.iter().copied()), prose(note))?;
    }
    writeln!(sheet)
}

/// Writes the totals.
pub fn sums(sheet: &mut BoundedText, content: &CommentContent<'_>) -> fmt::Result {
    let changing = content.plan.zones_in(ChangeGroupState::Changes);
    let zones = [
        (changing, "with changes"),
        (content.plan.zones_in(ChangeGroupState::InSync), "in sync"),
        (content.plan.zones_in(ChangeGroupState::Unknown), "that could not be asked"),
        (content.plan.asked_in_part(), "of these asked only in part"),
    ];
    let zones: Vec<String> = zones
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", thousands(*number as u64)))
        .collect();
    let zones = if zones.is_empty() { "none".to_owned() } else { zones.join(", ") };
    write!(sheet, "Zones: {zones}.")?;
    let counts = content.counts;
    let rest = [
        (counts.detached, "Detached from the network"),
        (counts.attested, "Attested, not verified"),
        (counts.unmanaged, "Released, staying as they are"),
        (counts.undeclared, "No longer declared"),
        (counts.unlisted, "Unmanaged"),
        (counts.create_only_differences, "Ignored drift"),
    ];
    for (number, what) in rest.iter().filter(|(number, _)| *number > 0) {
        write!(sheet, " {what}: {}.", thousands(*number as u64))?;
    }
    let outlook = text::outlook(&content.plan.expectations).filter(|_| content.about == CommentPurpose::Plan);
    if let Some(outlook) = outlook {
        write!(sheet, " {outlook}")?;
    }
    if content.plan.has_work() && content.about == CommentPurpose::Plan {
        // The remaining quota differs between runs, and equal plans must give equal comments.
        let cost = PlanCost { quota_percent: None, ..content.plan.cost };
        write!(sheet, " {}", text::cost(&cost))?;
    }
    writeln!(sheet)
}

/// Writes the commands to approve and apply, and the digest of the plan.
pub fn foot(
    sheet: &mut BoundedText,
    content: &CommentContent<'_>,
    context: CommentContext<'_>,
    level: CommentDetail,
) -> fmt::Result {
    let plan = context.file.unwrap_or("plan.json");
    let digest = content.plan.digest;
    if is_approvable(content, level) {
        let command = code(&format!("zonal approve {plan} {digest} --by NAME"));
        writeln!(
            sheet,
            "To approve all of it: {command}. A part: with `--manifest KIND/NAME`, `--row FILE:LINE` or \
             `--zone CODE` instead of the digest.\n"
        )?;
    }
    if is_approvable(content, level) && content.plan.has_work() {
        writeln!(sheet, "To apply what is approved: {}\n", code(&format!("zonal apply {plan}")))?;
    }
    if content.counts.manual > 0 {
        writeln!(sheet, "What is done by hand: `zonal runbook`\n")?;
    }
    if content.about == CommentPurpose::Drift
        && content.plan.compared.has_base()
        && DriftCounts::from_plan(content.plan).alone > 0
    {
        let base = content.plan.compared.revision().map(|base| format!(" --base {}", short(base)));
        let command = code(&format!("zonal apply --only-drift{}", base.unwrap_or_default()));
        writeln!(sheet, "To put back what has drifted, and nothing else: {command}\n")?;
    }
    let what = match content.about {
        CommentPurpose::Plan => "Plan",
        CommentPurpose::Drift => "Digest",
    };
    write!(sheet, "{what} {}", code(&digest.short()))?;
    if let Some(commit) = context.commit {
        write!(sheet, " of commit {}", code(commit))?;
    }
    if let Some(artefact) = context.artefact.filter(|_| level == CommentDetail::Full) {
        write!(sheet, ", all of it in {}", link(artefact))?;
    }
    writeln!(sheet, ".")
}

/// Returns a link for a harmless URL, and code for other text.
fn link(to: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-._~:/?=&%+#".contains(c);
    match to.starts_with("https://") && to.chars().all(harmless) {
        true => format!("<{to}>"),
        false => code(to),
    }
}
