//! Names of the variables with the read keys of a network, before there is a manifest. Never contains a key.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::secret_text::is_variable_name;

/// Start of the names of variables with read keys.
pub const READ_PREFIX: &str = "ZONAL_READ_";

/// Variable with the read key of one institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyVariable {
    /// Institution code as written in a list, or as guessed from the name of the variable.
    pub code: String,
    /// Name of the variable.
    pub name: String,
    /// Origin of the code.
    pub origin: KeyCodeOrigin,
}

/// Origin of the institution code of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCodeOrigin {
    /// Written by a person, so the key must belong to this institution.
    Listed,
    /// Part of the name of the variable, in which some characters of a code cannot stand.
    VariableName,
}

impl KeyVariable {
    /// Returns true if a key of this institution is no mistake.
    pub fn fits(&self, institution: &str) -> bool {
        let plain = |code: &str| -> String {
            code.chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
                .collect()
        };
        match self.origin {
            KeyCodeOrigin::Listed => self.code == institution,
            KeyCodeOrigin::VariableName => plain(&self.code) == plain(institution),
        }
    }
}

/// Parses lines `CODE=NAME_OF_VARIABLE`. Ignores empty lines and comments (`#`).
///
/// # Errors
/// Returns one text per wrong line. What stands in the place of a name is not quoted, because it can be a key.
pub fn parse_key_list(text: &str) -> Result<Vec<KeyVariable>, Vec<String>> {
    let mut variables: Vec<KeyVariable> = Vec::new();
    let mut problems = Vec::new();
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    for (index, line) in lines.map(|(index, line)| (index + 1, line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((code, name)) = line.split_once('=') else {
            problems.push(format!("line {index}: expected `CODE=NAME_OF_VARIABLE`"));
            continue;
        };
        let name = name.trim().trim_start_matches('$');
        let code = code.trim().trim_start_matches("export ").trim();
        if !is_variable_name(name) {
            problems.push(format!(
                "line {index}: what follows `=` is not the name of a variable; the file names variables, and \
                 contains no keys (for example `01OMNI_ALPHA=ZONAL_READ_01OMNI_ALPHA`)"
            ));
        } else if code.is_empty() || code.contains(char::is_whitespace) {
            problems.push(format!("line {index}: no institution code before `=`"));
        } else if variables.iter().any(|known| known.code == code) {
            problems.push(format!("line {index}: a second line for `{code}`"));
        } else {
            let (code, name) = (code.to_owned(), name.to_owned());
            variables.push(KeyVariable { code, name, origin: KeyCodeOrigin::Listed });
        }
    }
    if problems.is_empty() { Ok(variables) } else { Err(problems) }
}

/// Returns the variables `ZONAL_READ_<code>` of an environment. Empty ones do not count.
pub fn find_key_variables(env: &BTreeMap<String, String>) -> Vec<KeyVariable> {
    let set = env.iter().filter(|(_, value)| !value.trim().is_empty()).map(|(name, _)| name);
    let codes: BTreeSet<&str> = set
        .filter(|name| is_variable_name(name))
        .filter_map(|name| name.strip_prefix(READ_PREFIX).filter(|code| !code.is_empty()))
        .collect();
    let variable = |code: &str| KeyVariable {
        code: code.to_owned(),
        name: format!("{READ_PREFIX}{code}"),
        origin: KeyCodeOrigin::VariableName,
    };
    codes.into_iter().map(variable).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap in a test shows its line")]

    use super::*;

    #[test]
    fn lines_name_institutions_and_variables() {
        let text = "\u{feff}# keys\n\n01A_NET = NET_KEY\nexport 01A_B=$ZONAL_READ_01A_B\r\n";
        let list: Vec<_> = parse_key_list(text).unwrap().into_iter().map(|v| (v.code, v.name)).collect();
        let expected = [("01A_NET", "NET_KEY"), ("01A_B", "ZONAL_READ_01A_B")];
        assert_eq!(list, expected.map(|(code, name)| (code.to_owned(), name.to_owned())));
    }

    #[test]
    fn key_in_place_of_a_name_is_never_quoted() {
        let text = "01A=l8xx0123456789abcdef0123456789abcdef\n01B\n=NAME_X\n01C=NAME_X\n01C=NAME_Y\n";
        let problems = parse_key_list(text).unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(!problems.iter().any(|problem| problem.contains("0123456789abcdef")), "{problems:?}");
        assert!(problems[3].contains("second line for `01C`"), "{problems:?}");
    }

    #[test]
    fn variables_of_the_environment_are_found_by_their_prefix() {
        let names = ["ZONAL_READ_01A_B", "ZONAL_READ_", "ZONAL_WRITE_01A_B", "PATH", "ZONAL_READ_EMPTY"];
        let value = |name: &str| if name.ends_with("EMPTY") { " " } else { "k" };
        let env = names.iter().map(|name| ((*name).to_owned(), value(name).to_owned())).collect();
        let found = find_key_variables(&env);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].fits("01A_B") && found[0].fits("01A-B") && !found[0].fits("01A_C"));
    }
}
