//! Result of an export as text.

use std::collections::BTreeMap;

use super::formatting::{BOLD, count, safe, styled, thousands, wrapped, zone_list};
use crate::model::ZoneCode;
use crate::model::cut_list::{cut_list, cut_sentence_list};
use crate::render::json::export::{
    ExportJson, ExportOutlier, ExportedFile, ExportedFileState, OmittedCollection,
};

/// Number of files, outliers and left-out collections in a text. JSON has all.
const SHOWN_FILES: usize = 40;
const SHOWN_OUTLIERS: usize = 40;
const SHOWN_REASONS: usize = 15;

/// Returns the result of an export as text.
pub fn export(exported: &ExportJson, columns: Option<usize>) -> String {
    let columns = columns.unwrap_or(100).max(40);
    let sections = [
        summary(exported),
        files(exported),
        outliers(exported, columns),
        proposals(exported),
        left_out(exported, columns),
        failures(exported),
        next_step(exported),
    ];
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    sections.join("\n")
}

fn summary(exported: &ExportJson) -> String {
    if exported.files.is_empty() {
        return format!("Nothing exported from {}.\n", count(exported.zones, "zone"));
    }
    let rows: usize = exported.files.iter().map(|file| file.rows).sum();
    format!(
        "Exported {} of {} to {}: {} as {}, {}.\n",
        thousands(exported.observed_rows as u64) + " rows",
        count(exported.zones, "zone"),
        count(exported.files.len(), "file"),
        "written",
        count(rows, "row"),
        count(exported.files.iter().map(|file| file.overrides).sum(), "override")
    )
}

fn files(exported: &ExportJson) -> String {
    let widest =
        exported.files.iter().map(|file| file.file.chars().count()).max().unwrap_or_default().min(60);
    let (shown, omitted) = cut_list(&exported.files, SHOWN_FILES);
    let mut text: String = shown.iter().map(|file| file_line(file, widest)).collect();
    text.extend(omitted.map(|omitted| format!("  {}\n", omitted.of("file"))));
    text
}

fn file_line(file: &ExportedFile, widest: usize) -> String {
    let overrides = match file.overrides {
        0 => String::new(),
        number => format!(", {}", count(number, "override")),
    };
    let state = match (file.state, &file.error) {
        (ExportedFileState::Written, _) => String::new(),
        (ExportedFileState::Unchanged, _) => ", unchanged".to_owned(),
        (ExportedFileState::Replaced, _) => ", replaced".to_owned(),
        (ExportedFileState::Kept, _) => {
            ", NOT written: the file has other content; replace it with `--force`".to_owned()
        }
        (ExportedFileState::Failed, error) => {
            format!(", NOT written: {}", safe(error.as_deref().unwrap_or("unknown error")))
        }
    };
    let rows = match file.rows {
        0 => count(file.manifests.len(), "manifest"),
        rows => count(rows, "row"),
    };
    format!(
        "  {:widest$}  {rows} for {} in the zones{overrides}{state}\n",
        safe(&file.file),
        thousands(file.observed_rows as u64)
    )
}

fn outliers(exported: &ExportJson, columns: usize) -> String {
    if exported.outliers.is_empty() {
        return String::new();
    }
    let title = format!(
        "{}: values that one or two zones have. They are exported as they are, with a comment.",
        count(exported.outliers.len(), "likely mistake")
    );
    let (shown, omitted) = cut_list(&exported.outliers, SHOWN_OUTLIERS);
    let lines = shown.iter().flat_map(|outlier| hanging(&outlier_line(outlier), columns));
    let omitted = omitted.map(|omitted| format!("  {} (all of them: --json)", omitted.of("likely mistake")));
    std::iter::once(styled(BOLD, title)).chain(lines).chain(omitted).map(|line| line + "\n").collect()
}

fn outlier_line(outlier: &ExportOutlier) -> String {
    let zones: Vec<String> = (outlier.zones.iter())
        .map(|zone| {
            let date = zone.update_date.as_deref().map(|date| date.trim_end_matches('Z'));
            match (zone.updated_by.as_deref(), date) {
                (Some(by), Some(date)) => format!("{} (by {by} on {date})", zone.zone),
                (Some(by), None) => format!("{} (by {by})", zone.zone),
                (None, Some(date)) => format!("{} (on {date})", zone.zone),
                (None, None) => zone.zone.to_string(),
            }
        })
        .collect();
    format!("{}/{} at {}: {}", outlier.collection, outlier.key, zones.join(", "), outlier.text)
}

fn proposals(exported: &ExportJson) -> String {
    let lines = exported.proposed_labels.iter().take(5).map(|proposal| {
        format!(
            "  {} ({} of {})\n",
            cut_sentence_list(proposal.zones.iter().map(ZoneCode::as_str), 8),
            count(proposal.rows, "row"),
            count(proposal.files, "file")
        )
    });
    let lines: String = lines.collect();
    match lines.is_empty() {
        true => lines,
        false => format!(
            "{}\n{lines}",
            styled(BOLD, "These zones differ together: a label in the Network manifest would name them.")
        ),
    }
}

fn left_out(exported: &ExportJson, columns: usize) -> String {
    let mut by_reason: BTreeMap<(bool, &str), Vec<&OmittedCollection>> = BTreeMap::new();
    for omitted in &exported.left_out {
        by_reason.entry((!omitted.failed, &omitted.reason)).or_default().push(omitted);
    }
    let reasons: Vec<_> = by_reason.into_iter().collect();
    let (shown, rest) = cut_list(&reasons, SHOWN_REASONS);
    let mut text = String::new();
    for ((_, reason), omitted) in shown {
        let names = omitted.iter().map(|omitted| match omitted.zones.len() {
            0 => omitted.collection.to_string(),
            zones if zones >= exported.zones => omitted.collection.to_string(),
            1..=3 => {
                let zones: Vec<&str> = omitted.zones.iter().map(ZoneCode::as_str).collect();
                format!("{} at {}", omitted.collection, zones.join(", "))
            }
            zones => format!("{} at {}", omitted.collection, count(zones, "zone")),
        });
        let line = format!("Left out, because {reason}: {}", cut_sentence_list(names, 12));
        text.extend(wrapped(&line, columns).into_iter().map(|line| line + "\n"));
    }
    text.extend(rest.map(|rest| format!("{} (all of them: --json)\n", rest.of("reason"))));
    text
}

fn failures(exported: &ExportJson) -> String {
    let mut by_reason: BTreeMap<(&str, Option<&str>), Vec<ZoneCode>> = BTreeMap::new();
    for (zone, failure) in &exported.failures {
        by_reason.entry((&failure.message, failure.help.as_deref())).or_default().push(zone.as_str().into());
    }
    let mut text = String::new();
    for ((message, help), zones) in by_reason {
        text.push_str(&format!("? {}\n", safe(message)));
        text.extend(help.map(|help| format!("  help: {}\n", safe(help))));
        text.push_str(&format!("{}\n", zone_list(&zones, "  ")));
    }
    text
}

fn next_step(exported: &ExportJson) -> String {
    let is_kept =
        |file: &ExportedFile| matches!(file.state, ExportedFileState::Kept | ExportedFileState::Failed);
    if exported.files.iter().any(is_kept) {
        return "Some files were not written, so the manifests do not declare all that was read.\n"
            .to_owned();
    }
    if !exported.failures.is_empty() {
        let zones = count(exported.failures.len(), "zone");
        return format!(
            "{zones} could not be read, and no file declares its rows. Run the same command again to go on.\n"
        );
    }
    match exported.files.is_empty() {
        true => String::new(),
        false if exported.left_out.iter().any(|omitted| omitted.failed) => {
            "Proved, except for what is left out: the files declare exactly what was read, so a plan of them has \
             nothing to change.\n"
                .to_owned()
        }
        false => {
            "Proved: the files declare exactly what was read, so a plan of them has nothing to change.\n"
                .to_owned()
        }
    }
}

fn hanging(line: &str, columns: usize) -> Vec<String> {
    let lines = wrapped(line, columns.saturating_sub(6)).into_iter().enumerate();
    lines
        .map(|(index, line)| if index == 0 { format!("  {line}") } else { format!("      {line}") })
        .collect()
}
