//! Hints for commands that other programs have and zonal does not.

use clap::error::{ContextKind, ContextValue};

/// Unknown commands and what serves their purpose.
const HINTS: [(&str, &str); 16] = [
    (
        "status",
        "`zonal plan` shows what differs, `zonal drift` what others changed, `zonal runs` what zonal did",
    ),
    ("import", "`zonal export` writes manifests that declare what the zones contain"),
    ("pull", "`zonal export` writes manifests that declare what the zones contain"),
    ("refresh", "each plan reads the zones again; `zonal snapshot --out FILE` saves what they contain"),
    ("diff", "`zonal plan` shows the differences between manifests and zones"),
    ("preview", "`zonal plan` shows the changes without making them"),
    ("check", "`zonal validate` checks the manifests, `zonal test` their effects"),
    ("lint", "`zonal validate` checks the manifests"),
    ("push", "`zonal apply` changes the zones"),
    ("up", "`zonal apply` changes the zones"),
    (
        "destroy",
        "declare records with `absent: true`, and `zonal apply` deletes them; `zonal revert RUN` undoes a run",
    ),
    ("rollback", "`zonal revert RUN` undoes a run; `zonal runs` lists the runs"),
    ("undo", "`zonal revert RUN` undoes a run; `zonal runs` lists the runs"),
    ("log", "`zonal history` lists the changes, `zonal runs` the runs"),
    (
        "state",
        "`zonal history` lists the applied changes; `zonal unmanage` removes records from the applied state",
    ),
    ("version", "`zonal --version` prints the version"),
];

/// Returns a hint if the command line names a command that zonal does not have; `None` otherwise.
pub fn hint(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let (_, hint) = HINTS.iter().find(|(unknown, _)| unknown == name)?;
    Some(format!("help: {hint}\n"))
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test panics")]
mod tests {
    use std::collections::BTreeMap;

    use super::super::help::command;
    use super::{HINTS, hint};

    fn hint_of(line: &str) -> Option<String> {
        let parsed = command(&BTreeMap::new()).try_get_matches_from(line.split_whitespace());
        hint(&parsed.expect_err("should be refused"))
    }

    #[test]
    fn unknown_commands_have_hints_with_known_commands() {
        let known = command(&BTreeMap::new());
        for (name, hint) in HINTS {
            assert!(known.find_subcommand(name).is_none(), "`zonal {name}` exists");
            assert_eq!(hint_of(&format!("zonal {name}")), Some(format!("help: {hint}\n")));
            for line in hint.split('`').skip(1).step_by(2).filter_map(|text| text.strip_prefix("zonal ")) {
                let first = line.split_whitespace().next().unwrap_or_default();
                let exists = first.starts_with("--") || known.find_subcommand(first).is_some();
                assert!(exists, "the hint of `{name}` names `zonal {line}`");
            }
        }
        assert_eq!(hint_of("zonal nonsense"), None);
        assert_eq!(hint_of("zonal plan init"), None);
    }
}
