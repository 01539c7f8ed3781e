//! Text of `zonal init`.

use std::collections::BTreeMap;

use super::formatting::{count, safe, width, wrapped};
use crate::render::json::init::{InitFileState, InitJson, InitZoneJson, RefusedKeyJson};

/// Width of lists of keys, in columns.
const WIDTH: usize = 97;

/// Returns the result of an init as text: the zones, the files, and the keys that opened no zone.
pub fn init(result: &InitJson) -> String {
    let mut out = zones(result);
    if !result.files.is_empty() {
        out.push_str(&files(result));
    }
    if !result.refused.is_empty() {
        out.push_str(&refused(&result.refused));
        if result.zones.is_empty() {
            return out + "No key opened a zone, and no manifest was written.\n";
        }
        let asked = result.refused.len() + result.zones.len();
        out.push_str(&format!(
            "{} of {asked} keys opened no zone. What answered is kept: run the same command again to ask only the \
             others.\n",
            result.refused.len(),
        ));
    }
    out
}

fn zones(result: &InitJson) -> String {
    if result.zones.is_empty() {
        return String::new();
    }
    let members = result.zones.len() - usize::from(result.network_zone.is_some());
    let whole = match &result.network_zone {
        Some(code) => format!("Network Zone {} and {}", safe(code), count(members, "member")),
        None => format!("{}, no Network Zone", count(members, "member")),
    };
    let mut out = format!("Network {}: {whole}\n", safe(&result.network));
    let columns = result.zones.iter().map(|zone| [safe(&zone.code), safe(&zone.name), about(zone)]);
    let rows: Vec<[String; 3]> = columns.collect();
    let widest = |column: usize| rows.iter().map(|row| width(&row[column])).max().unwrap_or_default();
    let (codes, names) = (widest(0), widest(1));
    for [code, name, about] in &rows {
        let (code_gap, name_gap) = (" ".repeat(codes - width(code)), " ".repeat(names - width(name)));
        out.push_str(&format!("  {code}{code_gap}  {name}{name_gap}  {about}\n"));
    }
    out.push('\n');
    out
}

fn about(zone: &InitZoneJson) -> String {
    let environment = zone.environment.map_or("environment unknown", |environment| environment.as_str());
    let mut parts = vec![environment.to_owned()];
    if zone.campuses > 0 {
        parts.push(match zone.campuses {
            1 => "1 campus".to_owned(),
            several => format!("{several} campuses"),
        });
    }
    parts.push(match zone.libraries {
        1 => "1 library".to_owned(),
        several => format!("{several} libraries"),
    });
    parts.join(", ")
}

/// Returns one line per state of files. The files of a folder are counted.
fn files(result: &InitJson) -> String {
    let mut out = String::new();
    let states = [
        (InitFileState::Written, "Wrote ", ""),
        (InitFileState::Unchanged, "Unchanged: ", ""),
        (InitFileState::Kept, "Kept, with other content: ", "; `--force` writes these files"),
    ];
    for (state, start, end) in states {
        let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
        let mut names = Vec::new();
        for file in result.files.iter().filter(|file| file.state == state) {
            match file.file.split_once('/') {
                Some((folder @ "schemas", _)) => *folders.entry(folder).or_default() += 1,
                _ => names.push(safe(&file.file)),
            }
        }
        names
            .extend(folders.iter().map(|(folder, number)| format!("{folder}/ ({})", count(*number, "file"))));
        if !names.is_empty() {
            out.push_str(&format!("{start}{}{end}\n", names.join(", ")));
        }
    }
    out.push('\n');
    out
}

/// Returns the refused keys; equal reasons are said once.
fn refused(keys: &[RefusedKeyJson]) -> String {
    let mut reasons: BTreeMap<(&str, Option<&str>), Vec<String>> = BTreeMap::new();
    for key in keys {
        let reason = (key.failure.message.as_str(), key.failure.help.as_deref());
        let name = match key.variable.contains(&key.code) {
            true => safe(&key.variable),
            false => format!("{} ({})", safe(&key.variable), safe(&key.code)),
        };
        reasons.entry(reason).or_default().push(name);
    }
    let mut out = String::new();
    for ((message, help), names) in reasons {
        out.push_str(&format!("? {}\n", safe(message)));
        out.extend(help.map(|help| format!("  help: {}\n", safe(help))));
        out.extend(wrapped(&names.join(", "), WIDTH).into_iter().map(|line| format!("  {line}\n")));
    }
    out.push('\n');
    out
}
