//! Text of one recorded run: what it did, and what the store keeps of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::formatting::{BOLD, DIM, REMOVE, count, moment, styled, thousands};
use super::history::author;
use super::runs::state;
use crate::model::text_safety::escape_invisible;
use crate::model::{Run, RunState};
use crate::render::json::run_details::{ChangeTotalsJson, ImageListJson, RunDetailsJson, ZoneOutcomeJson};
use crate::render::json::runs::RunJson;

/// Returns the details of a run.
pub fn run_details(details: &RunDetailsJson) -> String {
    let RunDetailsJson {
        run: RunJson { run, killed },
        plan_kept,
        outcomes,
        changes,
        zone_results: zones,
        images,
    } = details;
    let mut out = String::new();
    let reverts = run.reverts.map(|of| format!(" of {of}")).unwrap_or_default();
    let environment = run.environment.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
    let what = format!("{} {}{reverts}{environment}", run.id, run.operation.as_str());
    // Writing to a String cannot fail; this also holds below.
    let _ = writeln!(out, "{}, {}", styled(BOLD, what), state(run, *killed));
    let mut lines = vec![match &run.ended_at {
        Some(ended) => format!("from {} to {}", moment(&run.started_at), moment(ended)),
        None => {
            format!("started {} on {} (process {})", moment(&run.started_at), run.host.name, run.host.process)
        }
    }];
    lines.extend(author(&run.author));
    lines.extend(run.selection.iter().map(|selection| format!("only {selection}")));
    lines.extend(run.group.iter().map(|group| format!("run group {group}")));
    let note = if *plan_kept { "" } else { ", no longer in the store" };
    lines.push(format!("plan {}{note}", run.plan.short()));
    for line in lines {
        let _ = writeln!(out, "  {}", styled(DIM, escape_invisible(&line)));
    }
    let _ = writeln!(out, "\n{}: {}.", styled(BOLD, count(zones.len(), "zone")), summary(outcomes, *changes));
    zones.iter().for_each(|zone| write_zone(&mut out, zone));
    write_images(&mut out, images, run);
    out
}

/// Returns a size in bytes with its unit: `512 bytes`, `1.4 MB`.
pub fn byte_size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.into_iter().find(|(size, _)| bytes >= *size) {
        Some((size, unit)) => {
            let tenths = bytes / (size / 10);
            format!("{}.{} {unit}", thousands(tenths / 10), tenths % 10)
        }
        None => format!("{bytes} {}", if bytes == 1 { "byte" } else { "bytes" }),
    }
}

fn write_zone(out: &mut String, zone: &ZoneOutcomeJson) {
    let ZoneOutcomeJson { code, failure, outcomes, changes } = zone;
    match failure {
        Some(failure) => {
            let failure = escape_invisible(failure);
            let _ = writeln!(out, "  {} {code}: nothing was written: {failure}", styled(REMOVE, '!'));
        }
        None => {
            let _ = writeln!(out, "  {code}: {}", summary(outcomes, *changes));
        }
    }
}

fn summary(outcomes: &BTreeMap<String, usize>, changes: ChangeTotalsJson) -> String {
    let words = |outcome: &str| match outcome {
        "verify_failed" => "not verified".to_owned(),
        other => other.replace('_', " "),
    };
    let of_outcome = |(outcome, number): (&String, &usize)| {
        let collections = count(*number, "collection");
        match outcome.as_str() {
            "applied" => collections + " written and verified",
            other => format!("{collections} {}", words(other)),
        }
    };
    let mut parts: Vec<String> = outcomes.iter().map(of_outcome).collect();
    let ChangeTotalsJson { verified, unverified } = changes;
    let in_history = [(verified, ""), (unverified, " sent, but not verified")];
    let in_history = in_history.into_iter().filter(|(number, _)| *number > 0);
    parts.extend(in_history.map(|(number, note)| format!("{}{note}", count(number, "change"))));
    if parts.is_empty() { "nothing was written".to_owned() } else { parts.join(", ") }
}

fn write_images(out: &mut String, images: &ImageListJson, run: &Run) {
    let ImageListJson { number, bytes, collections } = images;
    if collections.is_empty() {
        let _ = writeln!(out, "\nThe store keeps no images of this run, so it cannot be restored.");
        return;
    }
    let size = byte_size(*bytes);
    let _ = writeln!(out, "\n{}, {size}:", styled(BOLD, count(*number, "image")));
    for kept in collections {
        let images =
            if kept.images == 1 { String::new() } else { format!("{}, ", count(kept.images, "image")) };
        let note = match (kept.restorable, run.state) {
            (true, _) => "",
            (false, RunState::Ended) => ", nothing to restore",
            (false, RunState::Running | RunState::Interrupted) => ", not restorable before the run ends",
        };
        let _ =
            writeln!(out, "  {}: {images}{}{note}", escape_invisible(&kept.address), byte_size(kept.bytes));
    }
    if collections.iter().any(|kept| kept.restorable) {
        let _ = writeln!(out, "`zonal restore {} [ADDRESS]` plans the way back.", run.id);
    }
}
