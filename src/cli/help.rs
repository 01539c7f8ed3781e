//! Help of the commands: examples, defaults, and the order of the options.

use std::collections::BTreeMap;

use clap::{Arg, Command, CommandFactory as _};

use super::CliArgs;
use super::help_examples::EXAMPLES;

/// Variable that replaces `-C`.
pub const DIRECTORY_VARIABLE: &str = "ZONAL_DIR";
/// Variable that replaces `--environment`.
pub const ENVIRONMENT_VARIABLE: &str = "ZONAL_ENVIRONMENT";

/// Returns the command line with the help of each command, and with the defaults of the environment variables.
pub fn command(env: &BTreeMap<String, String>) -> Command {
    complete(CliArgs::command(), "", environment(env))
}

/// Returns the value of a variable; `None` if the variable is not set or empty.
pub fn variable<'a>(env: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    env.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn environment(env: &BTreeMap<String, String>) -> Option<&str> {
    variable(env, ENVIRONMENT_VARIABLE)
}

/// Completes a command and its subcommands. `path` names the command, without the program.
fn complete(command: Command, path: &str, environment: Option<&str>) -> Command {
    let mut place = 0;
    let command = command.mut_args(|arg| {
        place += 1;
        ordered(with_environment(arg, environment), place)
    });
    let command = command.mut_subcommands(|subcommand| {
        let path = format!("{path} {}", subcommand.get_name());
        complete(subcommand, path.trim_start(), environment)
    });
    let Some((_, examples)) = EXAMPLES.iter().find(|(example_path, _)| *example_path == path) else {
        return command;
    };
    let mut text = "Examples:".to_owned();
    for (line, purpose) in examples {
        text += &format!("\n  {line}\n      {purpose}");
    }
    let text = match command.get_after_help() {
        Some(rest) => format!("{text}\n\n{rest}"),
        None => text,
    };
    command.after_help(text)
}

/// Sets the place of an argument in the help: the environment first, then the command's own options in the
/// order of their declaration, and the options of all commands last.
fn ordered(arg: Arg, place: usize) -> Arg {
    let arg = match arg.get_id().as_str() {
        // Declared after options of a section, but not a part of it.
        "store" | "run_group" if arg.get_help_heading() == Some("Selection") => arg.help_heading("Store"),
        "address" => arg.help_heading(None::<&str>),
        _ => arg,
    };
    match arg.get_id().as_str() {
        "environment" => arg.display_order(0),
        "directory" => arg.display_order(900),
        "log" => arg.display_order(901),
        _ => arg.display_order(place),
    }
}

/// Adds the default of `--environment`.
fn with_environment(arg: Arg, environment: Option<&str>) -> Arg {
    if arg.get_id() != "environment" {
        return arg;
    }
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let arg = arg.help(format!("{help} (default: {ENVIRONMENT_VARIABLE}, or no environment)"));
    match environment {
        Some(name) => arg.default_value(name.to_owned()),
        None => arg,
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test panics")]
mod tests {
    use std::collections::BTreeMap;

    use clap::{Command, FromArgMatches as _};

    use super::super::help_examples::EXAMPLES;
    use super::super::{CliArgs, Command as CliCommand};
    use super::{command, variable};

    fn walk(command: &Command, path: &str, found: &mut Vec<String>) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(
            about.len() > 10
                && about.len() < 75
                && about.starts_with(char::is_uppercase)
                && !about.contains(". "),
            "`zonal {path}` has no short first sentence: {about:?}"
        );
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert_eq!(after.matches("\n  zonal ").count(), 2, "`zonal {path}` has not two examples: {after}");
        found.push(path.to_owned());
        for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
            walk(subcommand, format!("{path} {}", subcommand.get_name()).trim_start(), found);
        }
    }

    #[test]
    fn each_command_has_a_first_sentence_and_two_examples() {
        let mut found = Vec::new();
        walk(&command(&BTreeMap::new()), "", &mut found);
        let mut paths: Vec<&str> = EXAMPLES.iter().map(|(path, _)| *path).collect();
        found.sort();
        paths.sort();
        assert_eq!(found, paths, "commands, and commands with examples");
    }

    #[test]
    fn each_example_is_a_command_line_of_its_command() {
        for (path, examples) in EXAMPLES {
            for (line, purpose) in examples {
                assert!(line.starts_with(&format!("zonal {path}")), "{line} is no example of `zonal {path}`");
                assert!(!purpose.ends_with('.') && line.len() <= 90, "{line}: {purpose}");
                let matches = command(&BTreeMap::new()).try_get_matches_from(line.split_whitespace());
                let matches = matches.unwrap_or_else(|error| panic!("{line}: {error}"));
                CliArgs::from_arg_matches(&matches).unwrap_or_else(|error| panic!("{line}: {error}"));
            }
        }
    }

    #[test]
    fn environment_comes_from_the_variable_unless_the_option_says_otherwise() {
        let parsed = |value: &str, line: &str| {
            let env = BTreeMap::from([("ZONAL_ENVIRONMENT".to_owned(), value.to_owned())]);
            let matches = command(&env).try_get_matches_from(line.split_whitespace()).expect("should parse");
            match CliArgs::from_arg_matches(&matches).expect("should parse").command {
                CliCommand::Runbook(command) => command.environment().map(str::to_owned),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(parsed("staging", "zonal runbook").as_deref(), Some("staging"));
        assert_eq!(
            parsed("staging", "zonal runbook --environment production").as_deref(),
            Some("production")
        );
        assert_eq!(parsed("", "zonal runbook"), None);
        let env = BTreeMap::from([("ZONAL_DIR".to_owned(), String::new())]);
        assert_eq!(variable(&env, "ZONAL_DIR"), None);
    }

    #[test]
    fn options_of_all_commands_stand_last_in_the_help() {
        let mut plan = command(&BTreeMap::new());
        plan.build();
        let plan = plan.find_subcommand_mut("plan").expect("should exist").render_long_help().to_string();
        let place = |option: &str| plan.find(&format!("\n      {option}")).expect(option);
        let directory = plan.find("\n  -C, --directory").expect("should be printed");
        assert!(place("--environment") < place("--detailed-exitcode"), "{plan}");
        assert!(place("--base") < directory && directory < place("--log"), "{plan}");
        assert!(plan.find("\nStore:\n").expect("heading") < place("--store"), "{plan}");
    }
}
