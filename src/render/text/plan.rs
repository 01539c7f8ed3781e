//! Text of a plan, with one section per change group.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::changes;
use super::conflict::classes;
use super::expectations;
use super::findings;
use super::formatting::{ADD, BOLD, CHANGE, DIM, HAND, REMOVE, count, safe, styled, thousands, zone_list};
use super::impacts::write_impacts;
use super::undeclared::write_undeclared;
use super::unknown_names::{has_only_unknown_names, has_unknown_name, write_unknown_names};
use crate::model::{
    ApplyMode, ChangeGroup, ChangeGroupState, Channel, ComparisonMode, Deferral, Plan, PlanCost, PlanCounts,
    TWO_WAY, UnmanagedCollection, ZoneCode,
};

/// Returns the complete text. The first line names the selection of a partial plan.
pub fn plan(plan: &Plan) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail; this also holds below.
    heading(&mut out, plan);
    let with = |state| plan.change_groups.iter().filter(move |group| group.state == state);
    if with(ChangeGroupState::Changes).next().is_some() {
        legend(&mut out, plan);
        for (index, group) in with(ChangeGroupState::Changes).enumerate() {
            write_change_group(&mut out, plan, index, group);
        }
    }
    write_unknown_names(&mut out, plan);
    for group in with(ChangeGroupState::Unknown) {
        unknown(&mut out, plan, group);
    }
    write_undeclared(&mut out, plan);
    write_impacts(&mut out, &plan.impacts);
    findings::findings(&mut out, &plan.findings);
    expectations::write_broken_expectations(&mut out, &plan.expectations.broken);
    summary(&mut out, plan);
    out
}

/// Writes the selection and the base of the comparison, unless the plan covers everything.
pub(super) fn heading(out: &mut String, plan: &Plan) {
    let partial = plan.selection.as_ref().map(|selection| format!("Partial plan: only {selection}."));
    let lines: Vec<String> = partial.into_iter().chain(comparison_sentences(plan)).collect();
    // Writing to a String cannot fail.
    for line in &lines {
        let _ = writeln!(out, "{}", styled(BOLD, line));
    }
    if !lines.is_empty() {
        out.push('\n');
    }
}

/// Returns sentences about the base of the comparison, other than the zones and the applied state.
pub fn comparison_sentences(plan: &Plan) -> impl Iterator<Item = String> {
    let against = plan.snapshot.as_ref();
    let applied = match plan.compared {
        ComparisonMode::AppliedState { .. } => " and the applied state",
        ComparisonMode::TwoWay | ComparisonMode::Revision(_) => "",
    };
    let against =
        against.map(|file| format!("Compared with the snapshot {file}{applied}: no zone was asked."));
    let base = match &plan.compared {
        ComparisonMode::TwoWay => (plan.findings.iter().any(|finding| *finding.guard == *TWO_WAY))
            .then(|| "Compared without a base: this plan may overwrite edits in the zones.".to_owned()),
        ComparisonMode::AppliedState { .. } => None,
        ComparisonMode::Revision(base) => {
            let short: String = base.chars().take(12).collect();
            Some(format!("Applied last: the manifests of {short}."))
        }
    };
    against.into_iter().chain(base)
}

fn legend(out: &mut String, plan: &Plan) {
    let counts = plan.counts();
    let _ = match plan.has_work() && !plan.is_writable() {
        true => writeln!(out, "zonal holds back all of the following actions, where"),
        false => writeln!(out, "zonal will perform the following actions, where"),
    };
    let signs = [
        (counts.add, styled(ADD, '+'), "create"),
        (counts.change, styled(CHANGE, '~'), "update in-place"),
        (counts.destroy, styled(REMOVE, '-'), "destroy"),
        (counts.report, styled(DIM, '.'), "report only"),
        (counts.postponed, styled(DIM, '.'), "left for a later apply"),
        (counts.kept_theirs, styled(DIM, '.'), "left to the zone"),
        (counts.manual, styled(HAND, '>'), "by hand, see `zonal runbook`"),
        (counts.blocked, styled(REMOVE, '!'), "cannot be planned"),
    ];
    for (number, sign, meaning) in signs {
        if number > 0 {
            let _ = writeln!(out, "  {sign} {meaning}");
        }
    }
    out.push('\n');
}

fn write_change_group(out: &mut String, plan: &Plan, index: usize, group: &ChangeGroup) {
    let Some(zone) = group.zones.first().and_then(|first| plan.zones.get(first)) else { return };
    if has_only_unknown_names(zone) {
        return;
    }
    let title =
        format!("Group {}: {} with the same changes", letter(index), count(group.zones.len(), "zone"));
    let title = match group.zones.as_slice() {
        [only] => format!("Group {}: {only} ({})", letter(index), zone.name),
        _ => title,
    };
    let _ = writeln!(out, "{}", styled(BOLD, title));
    if group.zones.len() > 1 {
        let _ = writeln!(out, "{}", zone_list(&group.zones, "  "));
    }
    if let Some(hold) = zone.deferral.as_ref() {
        let _ = writeln!(out, "  {} nothing is written: {}", styled(REMOVE, '!'), safe(hold));
    }
    out.push('\n');
    for step in &zone.collections {
        if let Some(hold) = &step.deferral {
            let held = format_args!("{} is left alone: {hold}", step.diff.id);
            let _ = writeln!(out, "  {} {}\n", styled(REMOVE, '!'), styled(BOLD, held));
            match hold {
                // A conflict needs a decision, so the changes are shown.
                Deferral::Conflict => {}
                Deferral::ApprovalRequired
                | Deferral::Guard { .. }
                | Deferral::Stale
                | Deferral::RolloutStopped { .. }
                | Deferral::LeaseHeld { .. } => continue,
            }
        }
        match &step.diff.outcome {
            Ok(found) => found.changes.iter().for_each(|change| changes::change(out, change, step.channel)),
            Err(_) if has_unknown_name(step) => {}
            Err(failure) => {
                changes::write_failed_collection(out, &step.diff.id, failure, &step.diff.provenance)
            }
        }
    }
}

pub(super) fn unknown(out: &mut String, plan: &Plan, group: &ChangeGroup) {
    for code in &group.zones {
        let Some((zone, failure)) =
            plan.zones.get(code).and_then(|zone| Some((zone, zone.failure.as_ref()?)))
        else {
            continue;
        };
        let what = safe(format_args!("{code} ({}): {failure}", zone.name));
        let _ = writeln!(out, "{} {what}", styled(REMOVE, '?'));
        if let Some(help) = &failure.help {
            let _ = writeln!(out, "  help: {}", safe(help));
        }
    }
    out.push('\n');
}

fn summary(out: &mut String, plan: &Plan) {
    let PlanCounts {
        add,
        change,
        destroy,
        report,
        unlisted: unmanaged,
        create_only_differences: ignored,
        blocked,
        manual: by_hand,
        attested,
        undeclared,
        unmanaged: released,
        detached,
        postponed: later,
        drifted: _,
        pending: _,
        conflict: _,
        kept_theirs: left,
        in_sync: _,
        converged: _,
        deferred: held,
    } = plan.counts();
    for (line, zones) in self::unmanaged_notes(plan) {
        write_zone_note(out, "Released in", &line, zones);
    }
    tell_notes(out, plan);
    let nothing = add + change + destroy == 0;
    if nothing && plan.is_complete() && report + by_hand + later + left == 0 {
        let how = if attested > 0 { ", as far as people have attested it" } else { "" };
        let words = match plan.inputs.reverts {
            // The desired state may differ from the reverted state.
            Some(run) => format!("Nothing that {run} wrote still stands as it left it"),
            None if plan.zones.is_empty() => "Nothing is declared, and no zone was asked".to_owned(),
            None => format!("Your network matches the configuration{how}"),
        };
        let _ = writeln!(out, "{} {words}.", styled(BOLD, "No changes."));
    } else if nothing && !plan.is_complete() {
        let _ = writeln!(out, "{} Nothing to apply in what could be seen.", styled(BOLD, "Incomplete."));
    } else if nothing {
        let _ = writeln!(out, "{} Nothing will be written.", styled(BOLD, "No changes to apply."));
    } else {
        let _ = writeln!(
            out,
            "{} {} to add, {} to change, {} to destroy.",
            styled(BOLD, "Plan:"),
            thousands(add as u64),
            thousands(change as u64),
            thousands(destroy as u64)
        );
    }
    let _ = writeln!(out, "{}", zones_line(plan));
    if !plan.waves.is_empty() {
        let waves: Vec<String> = (plan.waves.iter())
            .map(|wave| format!("{} ({})", safe(&wave.name), count(wave.zones.len(), "zone")))
            .collect();
        let _ = writeln!(out, "Waves: {}.", waves.join(", then "));
    }
    let rest = [
        (held, "Held back"),
        (by_hand, "By hand"),
        (detached, "Detached from the network"),
        (attested, "Attested, not verified"),
        (released, "Released, staying as they are"),
        (undeclared, "No longer declared"),
        (unmanaged, "Unmanaged"),
        (ignored, "Ignored drift"),
        (report, "Reported only"),
        (later, "Left for a later apply"),
        (left, "Left to the zone"),
        (blocked, "Collections that cannot be planned"),
    ];
    let rest: Vec<String> = rest
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{what}: {}.", thousands(*number as u64)))
        .collect();
    if !rest.is_empty() {
        let _ = writeln!(out, "{}", rest.join(" "));
    }
    if let Some(outlook) = expectations::outlook(&plan.expectations) {
        let _ = writeln!(out, "{outlook}");
    }
    if let Some(classes) = classes(plan) {
        let _ = writeln!(out, "{classes}");
    } else if !plan.compared.has_base() && plan.inputs.reverts.is_none() {
        let _ = writeln!(out, "Nothing tells what was applied last, so this compares two ways.");
    }
    if !nothing {
        let _ = writeln!(out, "{}", cost(&plan.cost));
    }
    channels(out, plan);
}

/// Returns the estimated cost of the apply, in a sentence.
pub fn cost(cost: &PlanCost) -> String {
    let quota = cost.quota_percent.map(|percent| format!(", {} of today's quota", percentage(percent)));
    format!(
        "Cost: {}, {}, at least {} s{}.",
        count(cost.reads as usize, "read"),
        count(cost.writes as usize, "write"),
        thousands(cost.seconds_floor.ceil() as u64),
        quota.unwrap_or_default()
    )
}

/// Writes the notes, one line each.
pub(super) fn tell_notes(out: &mut String, plan: &Plan) {
    for (note, zones) in notes(plan) {
        write_zone_note(out, "Note on", note, zones);
    }
}

/// Returns the notes about unchanged records, with the zones of each note.
pub fn notes(plan: &Plan) -> BTreeMap<&str, Vec<&ZoneCode>> {
    let mut notes: BTreeMap<&str, Vec<&ZoneCode>> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        for found in zone.collections.iter().flat_map(|step| &step.diff.outcome) {
            for note in &found.notes {
                notes.entry(note).or_default().push(code);
            }
        }
    }
    notes.values_mut().for_each(Vec::dedup);
    notes
}

/// Returns descriptions of records that zonal stops managing, with the zones. One entry per collection and
/// manifest.
pub fn unmanaged_notes(plan: &Plan) -> BTreeMap<String, Vec<&ZoneCode>> {
    let mut released: BTreeMap<String, Vec<&ZoneCode>> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        for step in &zone.collections {
            for UnmanagedCollection { provenance, records } in
                step.diff.outcome.iter().flat_map(|found| &found.unmanaged)
            {
                let verb = if *records == 1 { "stays as it is" } else { "stay as they are" };
                let line = format!(
                    "{} of {} will no longer be managed by zonal, but {verb} ({}, {provenance})",
                    count(*records, "record"),
                    step.diff.id,
                    provenance.manifest
                );
                released.entry(line).or_default().push(code);
            }
        }
    }
    released.values_mut().for_each(Vec::dedup);
    released
}

/// Writes a note with the zones.
pub(super) fn write_zone_note(out: &mut String, what: &str, words: &str, zones: Vec<&ZoneCode>) {
    let words = safe(words);
    // Writing to a String cannot fail.
    let _ = match zones.as_slice() {
        [only] => writeln!(out, "{} {words}", styled(CHANGE, format_args!("{what} {only}:"))),
        _ => {
            let what = styled(CHANGE, format_args!("{what} {}:", count(zones.len(), "zone")));
            writeln!(out, "{what} {words}\n{}", zone_list(zones, "  "))
        }
    };
}

fn zones_line(plan: &Plan) -> String {
    let of = |state| plan.change_groups.iter().filter(move |group| group.state == state);
    let mut parts = Vec::new();
    for (index, group) in of(ChangeGroupState::Changes).enumerate().filter(|(_, group)| group.zones.len() > 1)
    {
        parts.push(format!("{} with the same changes (group {})", group.zones.len(), letter(index)));
    }
    let alone = of(ChangeGroupState::Changes).filter(|group| group.zones.len() == 1).count();
    if alone > 0 {
        parts.push(format!("{alone} different"));
    }
    let in_sync = plan.zones_in(ChangeGroupState::InSync);
    if in_sync > 0 {
        parts.push(format!("{in_sync} in sync"));
    }
    let unknown = plan.zones_in(ChangeGroupState::Unknown);
    if unknown > 0 {
        parts.push(format!("{unknown} that could not be asked, so the plan is incomplete"));
    }
    let in_part = plan.asked_in_part();
    if in_part > 0 {
        parts.push(format!("{in_part} of these asked only in part, so the plan is incomplete"));
    }
    match parts.is_empty() {
        true => "Zones: none.".to_owned(),
        false => format!("Zones: {}.", parts.join(", ")),
    }
}

fn channels(out: &mut String, plan: &Plan) {
    let steps = plan.zones.values().flat_map(|zone| &zone.collections);
    let changing = steps.filter(|step| {
        step.diff.outcome.iter().any(|found| {
            found.changes.iter().any(|change| matches!(change.mode, ApplyMode::Apply | ApplyMode::Manual))
        })
    });
    let channels: BTreeSet<Channel> = changing.map(|step| step.channel).collect();
    if !channels.is_empty() {
        let channels: Vec<String> = channels.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "Channel: {}.", channels.join(", "));
    }
}

/// Returns the name of a change group: A, B, ... Z, AA, AB, ...
pub fn letter(index: usize) -> String {
    let (rest, last) = (index / 26, char::from(b'A' + (index % 26) as u8));
    match rest {
        0 => last.to_string(),
        rest => format!("{}{last}", letter(rest - 1)),
    }
}

/// Returns a percentage: `2.1 %`.
pub fn percentage(percent: f64) -> String {
    match percent {
        small if small < 0.1 => "less than 0.1 %".to_owned(),
        percent => format!("{percent:.1} %"),
    }
}
