//! Reads and writes the approval files of a config directory.
//!
//! Each approval is a JSON file below `approvals/`, to be committed. Two people who approve at the same time
//! do not edit the same file.

use std::path::Path;

use super::config::to_json;
use super::config_files;
use crate::model::{AppliedOverride, Approval, ApprovedItem, ContentDigest, GuardOverride};

/// Folder below the config directory.
pub const FOLDER: &str = "approvals";
const VERSION: u32 = 1;

/// Returns all approvals, sorted by file name; an empty list without the folder.
///
/// # Errors
/// Returns the text of the error if a file cannot be read. Approvals are never guessed.
pub fn load(directory: &Path) -> Result<Vec<Approval>, String> {
    let folder = directory.join(FOLDER);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("cannot read {FOLDER}/: {error}")),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| format!("cannot read {FOLDER}/: {error}"))?.file_name();
        let name = name.to_string_lossy().into_owned();
        if name.ends_with(".json") && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    names.iter().map(|name| read_approval(&folder, name)).collect()
}

/// Returns the overrides that approvals of a plan contain, with the names of the approvers.
pub fn overrides(approvals: &[Approval], plan: ContentDigest) -> Vec<GuardOverride> {
    let of_the_plan =
        approvals.iter().filter(|each| each.approves == ApprovedItem::Plan && each.digest == plan);
    let taken = |approval: &Approval| {
        let by = approval.by.clone();
        let overridden = |AppliedOverride { guard, reason }: &AppliedOverride| GuardOverride {
            guard: guard.clone(),
            reason: format!("{reason} ({by})"),
            digest: plan,
        };
        approval.overrides.iter().map(overridden).collect::<Vec<_>>()
    };
    of_the_plan.flat_map(taken).collect()
}

fn read_approval(folder: &Path, name: &str) -> Result<Approval, String> {
    let shown = format!("{FOLDER}/{name}");
    let text = std::fs::read_to_string(folder.join(name))
        .map_err(|error| format!("cannot read {shown}: {error}"))?;
    let approval: Approval = serde_json::from_str(&text).map_err(|error| {
        format!("{shown} is not a valid approval: {error}; approve again, or remove the file")
    })?;
    match approval.version {
        VERSION => Ok(approval),
        other => {
            Err(format!("{shown} has version {other}, but this zonal reads version {VERSION}; update zonal"))
        }
    }
}

/// Writes an approval to a file and returns the file's path.
///
/// An approval with fewer overrides does not replace an earlier approval by the same person.
///
/// # Errors
/// Returns the text of the error if the file cannot be written.
pub fn save(directory: &Path, approval: &Approval) -> Result<String, String> {
    let folder = directory.join(FOLDER);
    let stem = format!("{}-{}", approval.digest.short(), slug(&approval.by));
    let is_free = |name: &String| match read_approval(&folder, name) {
        Ok(there) => {
            let kept = |each: &AppliedOverride| approval.overrides.contains(each);
            let Approval { digest, by, overrides, .. } = &there;
            (digest, by) == (&approval.digest, &approval.by) && overrides.iter().all(kept)
        }
        // An unreadable file keeps its name; `load` reports the error.
        Err(_) => !folder.join(name).exists(),
    };
    let mut names =
        std::iter::once(format!("{stem}.json")).chain((2..).map(|n: u32| format!("{stem}-{n}.json")));
    let name = names.find(is_free).unwrap_or_else(|| format!("{stem}.json"));
    let shown = format!("{FOLDER}/{name}");
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| config_files::replace(&folder.join(&name), &(to_json(approval) + "\n")));
    written.map_err(|error| format!("cannot write {shown}: {error}"))?;
    Ok(shown)
}

/// Returns a person's name as part of a file name: `ada-lovelace`.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase().chars().take(40).collect()
}
