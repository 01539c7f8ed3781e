//! Arguments of `zonal explain`: flags and questions, from the definitions of the questions.

use std::net::IpAddr;
use std::sync::Arc;

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Command, FromArgMatches, Subcommand, value_parser};
use jiff::civil::Date;

use crate::manifest::suggestions::{self, among};
use crate::model::network::{Zone, ZoneRole};
use crate::model::question::QUESTIONS;
use crate::model::question::definition::{
    ArgumentPresence, ArgumentType, ArgumentValue, ArgumentValues, QuestionArgument, QuestionDefinition,
};
use crate::model::{Network, Question, ResourceId, ZoneCode};

/// Question by topic, with its flags.
#[derive(Debug, Clone)]
pub struct ExplainTopic {
    definition: &'static QuestionDefinition,
    flags: ArgMatches,
}

impl FromArgMatches for ExplainTopic {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let found = matches.subcommand().and_then(|(topic, flags)| {
            let definition = QUESTIONS.iter().find(|question| question.topic == topic)?;
            Some(Self { definition, flags: flags.clone() })
        });
        found.ok_or_else(|| clap::Error::new(ErrorKind::MissingSubcommand))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for ExplainTopic {
    fn augment_subcommands(command: Command) -> Command {
        command.subcommands(QUESTIONS.iter().map(|question| {
            Command::new(question.topic)
                .about(question.help)
                .args(question.arguments.iter().map(|argument| flag(argument, question)))
        }))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(topic: &str) -> bool {
        QUESTIONS.iter().any(|question| question.topic == topic)
    }
}

/// Returns the flag of an argument.
fn flag(argument: &'static QuestionArgument, question: &'static QuestionDefinition) -> Arg {
    let flag = Arg::new(argument.flag)
        .long(argument.flag)
        .help(argument.help)
        .required(argument.presence == ArgumentPresence::Required);
    match argument.value {
        ArgumentType::Word(words, value_name, None) => {
            flag.value_name(value_name).value_parser(PossibleValuesParser::new(words.names()))
        }
        ArgumentType::Word(_, value_name, Some(_)) => flag.value_name(value_name),
        ArgumentType::Resource => flag.value_name("ID[.ID[.ID]]").value_parser(resource),
        ArgumentType::Date => flag.value_name("DATE").value_parser(value_parser!(Date)),
        ArgumentType::Address => {
            exclusive(flag, argument, question).value_name("IP").value_parser(value_parser!(IpAddr))
        }
        ArgumentType::Library | ArgumentType::Campus => {
            exclusive(flag, argument, question).value_name("CODE")
        }
        ArgumentType::Zone(_) | ArgumentType::UserGroup => flag.value_name("CODE"),
    }
}

/// Excludes all other flags for the location of the user.
fn exclusive(flag: Arg, argument: &QuestionArgument, question: &'static QuestionDefinition) -> Arg {
    let others =
        question.arguments.iter().filter(|other| other.value.is_location() && other.flag != argument.flag);
    flag.conflicts_with_all(others.map(|other| other.flag))
}

fn resource(text: &str) -> Result<ResourceId, String> {
    ResourceId::parse(text).ok_or_else(|| "expected one to three IDs, joined by dots: 61100.62110".to_owned())
}

impl ExplainTopic {
    /// Returns the questions: one for each word of an omitted flag with a default.
    ///
    /// # Errors
    /// Returns the invalid flag and how to fix it.
    pub fn questions(&self, network: &Network) -> Result<Vec<Question>, String> {
        let mut zones: Vec<&Zone> = Vec::new();
        let mut combinations = vec![ArgumentValues::default()];
        for argument in self.definition.arguments {
            let values = self.values(argument, network, &mut zones)?;
            let with_each = |combination: &ArgumentValues| {
                values.iter().map(|value| combination.with(argument.field, value.clone())).collect::<Vec<_>>()
            };
            if !values.is_empty() {
                combinations = combinations.iter().flat_map(with_each).collect();
            }
        }
        let is_repeated =
            |(index, zone): (usize, &&Zone)| zones[..index].iter().any(|other| other.code == zone.code);
        if zones.iter().enumerate().any(is_repeated) {
            return Err("the members must differ: a member is never its own target institution".to_owned());
        }
        Ok(combinations.iter().filter_map(self.definition.build).collect())
    }

    /// Returns the values of an argument, none for an omitted flag. Adds its zone to `zones`.
    fn values<'n>(
        &self,
        argument: &QuestionArgument,
        network: &'n Network,
        zones: &mut Vec<&'n Zone>,
    ) -> Result<Vec<ArgumentValue>, String> {
        let name = argument.flag;
        let text = |value: &str| ArgumentValue::Text(Arc::from(value));
        let given = || self.flags.get_one::<String>(name).map(String::as_str);
        let value = match argument.value {
            ArgumentType::Word(words, _, unknown) => match given() {
                None if argument.presence == ArgumentPresence::AllByDefault => {
                    return Ok(words.names().map(text).collect());
                }
                None => None,
                Some(word) => Some(text(words.find(word).ok_or_else(|| {
                    let near = among(word, words.names());
                    format!("--{name} {word}: {}; {near}", unknown.unwrap_or("unknown value"))
                })?)),
            },
            ArgumentType::Zone(coverage) => match given() {
                None => None,
                Some(code) => {
                    let zone = find_zone(network, name, code)?;
                    if zone.role == ZoneRole::Network && !coverage.covers(ZoneRole::Network) {
                        return Err(format!(
                            "--{name} {code}: the zone is the Network Zone, expected a member"
                        ));
                    }
                    zones.push(zone);
                    Some(ArgumentValue::Zone(zone.code.clone()))
                }
            },
            ArgumentType::UserGroup => given().map(text),
            ArgumentType::Library => {
                let codes =
                    |zone: &'n Zone| zone.libraries.iter().map(|library| library.code.as_str()).collect();
                place(name, given(), zones.first().copied(), codes)?
            }
            ArgumentType::Campus => {
                let codes =
                    |zone: &'n Zone| zone.campuses.iter().map(|campus| campus.code.as_str()).collect();
                place(name, given(), zones.first().copied(), codes)?
            }
            ArgumentType::Resource => self.flags.get_one(name).cloned().map(ArgumentValue::Resource),
            ArgumentType::Address => self.flags.get_one(name).copied().map(ArgumentValue::Address),
            ArgumentType::Date => self.flags.get_one(name).copied().map(ArgumentValue::Date),
        };
        Ok(value.into_iter().collect())
    }
}

/// Returns the code of a library or campus of the zone.
fn place<'n>(
    flag: &str,
    code: Option<&str>,
    zone: Option<&'n Zone>,
    codes: impl Fn(&'n Zone) -> Vec<&'n str>,
) -> Result<Option<ArgumentValue>, String> {
    let (Some(code), Some(zone)) = (code, zone) else { return Ok(None) };
    let known = codes(zone);
    match known.contains(&code) {
        true => Ok(Some(ArgumentValue::Text(Arc::from(code)))),
        false => {
            let near = among(code, known);
            Err(format!("--{flag} {code}: not found in {}; {near}", zone.code))
        }
    }
}

fn find_zone<'n>(network: &'n Network, flag: &str, code: &str) -> Result<&'n Zone, String> {
    network.zone(&ZoneCode::from(code)).ok_or_else(|| {
        let near = suggestions::code(code, network.zones.iter().map(|zone| zone.code.as_str()));
        format!("--{flag} {code}: zone not found in network {}; {near}", network.name)
    })
}
