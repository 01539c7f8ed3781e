//! The approvals of a config directory: one JSON file each below `approvals/`, to be committed, so that
//! two people who approve at the same time do not touch the same file.

use std::path::Path;

use super::config::to_json;
use super::config_files;
use crate::model::{AppliedOverride, Approval, ApprovedItem, ContentDigest, GuardOverride};

/// The folder, below the config directory.
pub const FOLDER: &str = "approvals";
const VERSION: u32 = 1;

/// All approvals, by the names of their files. None where there is no such folder.
///
/// # Errors
/// In words, where one of them cannot be read: what somebody has agreed to is not guessed.
pub fn load(directory: &Path) -> Result<Vec<Approval>, String> {
    let folder = directory.join(FOLDER);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{FOLDER}/ cannot be read: {error}")),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| format!("{FOLDER}/ cannot be read: {error}"))?.file_name();
        let name = name.to_string_lossy().into_owned();
        if name.ends_with(".json") && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    names.iter().map(|name| read_approval(&folder, name)).collect()
}

/// What approvals of a plan override in it, with who has done so.
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
        .map_err(|error| format!("{shown} cannot be read: {error}"))?;
    let approval: Approval = serde_json::from_str(&text)
        .map_err(|error| format!("{shown} is not an approval: {error}; approve again, or remove it"))?;
    match approval.version {
        VERSION => Ok(approval),
        other => {
            Err(format!("{shown} has version {other}, and this zonal reads version {VERSION}: update zonal"))
        }
    }
}

/// Writes an approval into a file of its own, and says which. One that says less than what somebody has
/// agreed to before does not replace it.
///
/// # Errors
/// In words, where it cannot be written.
pub fn save(directory: &Path, approval: &Approval) -> Result<String, String> {
    let folder = directory.join(FOLDER);
    let stem = format!("{}-{}", approval.digest.short(), slug(&approval.by));
    let is_free = |name: &String| match read_approval(&folder, name) {
        Ok(there) => {
            let kept = |each: &AppliedOverride| approval.overrides.contains(each);
            let Approval { digest, by, overrides, .. } = &there;
            (digest, by) == (&approval.digest, &approval.by) && overrides.iter().all(kept)
        }
        // What cannot be read is another matter, and is told wherever approvals are.
        Err(_) => !folder.join(name).exists(),
    };
    let mut names =
        std::iter::once(format!("{stem}.json")).chain((2..).map(|n: u32| format!("{stem}-{n}.json")));
    let name = names.find(is_free).unwrap_or_else(|| format!("{stem}.json"));
    let shown = format!("{FOLDER}/{name}");
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| config_files::replace(&folder.join(&name), &(to_json(approval) + "\n")));
    written.map_err(|error| format!("{shown} cannot be written: {error}"))?;
    Ok(shown)
}

/// A name as part of a file's: `ada-lovelace`.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase().chars().take(40).collect()
}
