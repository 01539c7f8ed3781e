//! Hints for flags and commands that have a new name.

use clap::error::{ContextKind, ContextValue};

/// Renamed flags and commands: old name, new name.
const RENAMED: [(&str, &str); 12] = [
    ("--against", "--snapshot"),
    ("--at", "--target"),
    ("--behaviour", "--config"),
    ("--daily", "--requests-per-day"),
    ("--env-file", "--keys-out"),
    ("--from", "--source"),
    ("--group", "--run-group"),
    ("--json-into", "--json-out"),
    ("--on-to", "--next-target"),
    ("--per-second", "--requests-per-second"),
    ("--sparse", "--omit-optional-fields"),
    ("release", "unmanage"),
];

/// Returns a hint if the command line uses the old name of a flag or command; `None` otherwise.
pub fn hint(error: &clap::Error) -> Option<String> {
    let unknown = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand];
    let given = unknown.into_iter().find_map(|kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        Some(_) | None => None,
    })?;
    let (old, new) = RENAMED.iter().find(|(old, _)| *old == given)?;
    Some(format!("help: `{old}` is now `{new}`\n"))
}
