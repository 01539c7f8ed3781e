//! Row of expectations about any question: arguments, expected facts and the reason.

use std::iter;
use std::sync::Arc;

use serde::Deserialize;

use super::zones;
use crate::kinds::manifest_expansion::ManifestExpansion;
use crate::manifest::deserialize::{Spanned, deserialize_node};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::{NodeSpan, YamlNode, YamlValue};
use crate::manifest::{ManifestHeader, diagnostic_codes, suggestions};
use crate::model::network::Zone;
use crate::model::question::definition::{
    ArgumentPresence, ArgumentType, ArgumentValue, ArgumentValues, FactType, QuestionArgument,
    QuestionDefinition,
};
use crate::model::{Diagnostic, FieldValue, GroupedNumber, Question, ResourceId};

/// Maximum number of combinations in one row: 20 groups of 100 members at all other members. The limit
/// protects memory: a third member multiplies the number of questions.
const COMBINATIONS: usize = 200_000;

/// Expectations about one question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectationTable {
    /// Default fields and facts of all rows.
    pub given: Option<YamlNode>,
    /// Rows.
    pub rows: Vec<YamlNode>,
}

/// Row with its defaults.
pub struct ExpectationRow<'a> {
    /// Definition of the question.
    pub definition: &'static QuestionDefinition,
    /// Row as declared.
    pub own: &'a YamlNode,
    /// Default fields and facts.
    pub given: Option<&'a YamlNode>,
}

/// Expected value of a fact, as declared.
#[derive(Debug, Clone)]
pub enum FactSpec {
    /// Literal value.
    Value(FieldValue),
    /// Text of the answering zone: a variable.
    Variable(Spanned<TextOrVariable>),
}

/// Problem of a value.
#[derive(Debug, Clone)]
pub struct FactError {
    code: &'static str,
    message: String,
    help: &'static str,
}

impl FactError {
    /// Returns the diagnostic at a location.
    fn into_diagnostic(self, head: &ManifestHeader, extent: NodeSpan) -> Diagnostic {
        Diagnostic::error(self.code, head.place(extent), self.message).help(self.help)
    }
}

impl<'a> ExpectationRow<'a> {
    /// Returns a field of the row, or its default.
    ///
    /// A row with its own user location ignores the location in `given`.
    fn get(&self, field: &str) -> Option<&'a YamlNode> {
        let is_location = |argument: &&QuestionArgument| argument.value.is_location();
        let mut locations = self.definition.arguments.iter().filter(is_location);
        let ignores_given = locations.clone().any(|argument| argument.field == field)
            && locations.any(|argument| self.own.get(argument.field).is_some());
        let given = self.given.filter(|_| !ignores_given);
        let found = self.own.get(field).or_else(|| given?.get(field))?;
        Some(found.node)
    }

    fn arguments(&self) -> impl Iterator<Item = (&'static QuestionArgument, &'a YamlNode)> {
        let arguments = self.definition.arguments.iter();
        arguments.filter_map(|argument| Some((argument, self.get(argument.field)?)))
    }

    /// Returns the names of missing required fields.
    pub fn missing_fields(&self) -> impl Iterator<Item = &'static str> {
        let is_required = |argument: &QuestionArgument| match argument.presence {
            ArgumentPresence::Required | ArgumentPresence::AllByDefault => true,
            ArgumentPresence::Optional => (self.definition.facts.iter())
                .any(|fact| fact.requires == Some(argument.field) && self.get(fact.name).is_some()),
        };
        let arguments = self.definition.arguments.iter();
        arguments
            .filter(move |argument| is_required(argument) && self.get(argument.field).is_none())
            .map(|argument| argument.field)
    }

    /// Returns the reason in one line, for messages.
    pub fn reason(&self) -> Option<Arc<str>> {
        let reason = self.get("reason")?.as_text()?;
        Some(reason.split_whitespace().collect::<Vec<&str>>().join(" ").into())
    }

    /// Returns the expected facts: name, location and value.
    pub fn facts(&self) -> Vec<(&'static str, NodeSpan, Result<FactSpec, FactError>)> {
        let facts = self.definition.facts.iter();
        facts
            .filter_map(|fact| {
                let node = self.get(fact.name)?;
                Some((fact.name, node.extent, expected_value(fact.value, node)))
            })
            .collect()
    }

    /// Checks the row without the network.
    pub fn check(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for (argument, node) in self.arguments() {
            let invalid = fixed_value(argument.value, node).err();
            problems.extend(invalid.map(|error| error.into_diagnostic(head, node.extent)));
        }
        for (_, extent, value) in self.facts() {
            problems.extend(value.err().map(|error| error.into_diagnostic(head, extent)));
        }
        let mut locations = self.arguments().filter(|(argument, _)| argument.value.is_location());
        if let (Some((_, first)), Some((_, second))) = (locations.next(), locations.next()) {
            let message = "only one of `address`, `library`, `campus` is allowed";
            problems.push(
                Diagnostic::error(diagnostic_codes::NOT_EXACTLY_ONE, head.place(second.extent), message)
                    .with_secondary_span(head.place(first.extent), "other field")
                    .help("remove one of the fields"),
            );
        }
        problems
    }

    /// Returns the questions with the zone whose variables the answer may use, and reports problems in this
    /// network. Returns no questions for an invalid row.
    pub fn questions<'n>(&self, scope: &mut ManifestExpansion<'_, 'n>) -> Vec<(Question, &'n Zone)> {
        let mut zone_fields = Vec::new();
        let mut zone_lists = Vec::new();
        let mut is_valid = true;
        let mut combinations: usize = 1;
        for (argument, node) in self.arguments() {
            match argument.value {
                ArgumentType::Zone(coverage) => match zones::zones(node, coverage, scope) {
                    Some(zones) => {
                        combinations = combinations.saturating_mul(zones.len());
                        zone_fields.push(argument.field);
                        zone_lists.push(zones);
                    }
                    None => is_valid = false,
                },
                ArgumentType::Word(..) | ArgumentType::UserGroup => {
                    combinations = combinations.saturating_mul(items(node).len());
                }
                ArgumentType::Library | ArgumentType::Campus => {}
                ArgumentType::Resource | ArgumentType::Address | ArgumentType::Date => {
                    is_valid &= fixed_value(argument.value, node).is_ok();
                }
            }
        }
        let Some((first_zones, other_zones)) = zone_lists.split_first().filter(|_| is_valid) else {
            return Vec::new();
        };
        if combinations > COMBINATIONS {
            let message = format!(
                "the row has {} combinations of members and groups; the maximum is {}",
                GroupedNumber(combinations as u64),
                GroupedNumber(COMBINATIONS as u64)
            );
            let help = "select fewer members or fewer groups";
            scope.error(diagnostic_codes::ASKS_TOO_MUCH, self.own.extent, message, help);
            return Vec::new();
        }
        let mut questions = Vec::new();
        let mut has_pair = other_zones.is_empty();
        for &first in first_zones {
            let Some(values) = self.values_at(first, scope) else { continue };
            for zones in distinct_zones(first, other_zones) {
                has_pair = true;
                let fields = iter::zip(&zone_fields, &zones);
                let answering = fields.clone().find(|(field, _)| **field == self.definition.answering_zone);
                let answering = answering.map_or(first, |(_, zone)| *zone);
                for values in &values {
                    let values = fields.clone().fold(values.clone(), |values, (field, zone)| {
                        values.with(field, ArgumentValue::Zone(zone.code.clone()))
                    });
                    questions.extend((self.definition.build)(&values).map(|question| (question, answering)));
                }
            }
        }
        if !has_pair {
            let message = "the row has no pair of different members";
            let help = "select another member: a patron has no linked account at the source institution";
            scope.error(diagnostic_codes::ASKS_NOBODY, self.own.extent, message, help);
        }
        questions
    }

    /// Returns the combinations of all values except zones. `None` if the zone has no such library or campus.
    fn values_at<'n>(
        &self,
        zone: &'n Zone,
        scope: &mut ManifestExpansion<'_, 'n>,
    ) -> Option<Vec<ArgumentValues>> {
        let mut combinations = vec![ArgumentValues::default()];
        let mut has_location = false;
        for (argument, node) in self.arguments() {
            // `check` already reported a second location.
            if argument.value.is_location() && std::mem::replace(&mut has_location, true) {
                continue;
            }
            let values: Vec<ArgumentValue> = match argument.value {
                ArgumentType::Zone(_) => continue,
                ArgumentType::Word(words, ..) => {
                    let known = items(node).into_iter().filter_map(|item| words.find(item.as_text()?));
                    known.map(|word| ArgumentValue::Text(word.into())).collect()
                }
                ArgumentType::UserGroup => {
                    let groups = items(node).into_iter().filter_map(|item| resolve(item, zone, scope));
                    groups.map(ArgumentValue::Text).collect()
                }
                ArgumentType::Library => {
                    let codes = zone.libraries.iter().map(|library| library.code.as_str());
                    let unknown = ("library", diagnostic_codes::UNKNOWN_LIBRARY);
                    vec![ArgumentValue::Text(known_place(node, zone, codes, unknown, scope)?)]
                }
                ArgumentType::Campus => {
                    let codes = zone.campuses.iter().map(|campus| campus.code.as_str());
                    let unknown = ("campus", diagnostic_codes::NO_SUCH_CAMPUS);
                    vec![ArgumentValue::Text(known_place(node, zone, codes, unknown, scope)?)]
                }
                ArgumentType::Resource | ArgumentType::Address | ArgumentType::Date => {
                    fixed_value(argument.value, node).ok().flatten().into_iter().collect()
                }
            };
            let with_each = |combination: &ArgumentValues| {
                values.iter().map(|value| combination.with(argument.field, value.clone())).collect::<Vec<_>>()
            };
            combinations = combinations.iter().flat_map(with_each).collect();
        }
        Some(combinations)
    }
}

/// Returns the combinations of the first zone with one zone of each list, without repeated zones.
fn distinct_zones<'n>(first: &'n Zone, lists: &[Vec<&'n Zone>]) -> Vec<Vec<&'n Zone>> {
    lists.iter().fold(vec![vec![first]], |combinations, zones| {
        let mut longer = Vec::new();
        for combination in &combinations {
            let is_new = |zone: &&&Zone| combination.iter().all(|other| other.code != zone.code);
            longer
                .extend(zones.iter().filter(is_new).map(|zone| [combination.as_slice(), &[*zone]].concat()));
        }
        longer
    })
}

/// Returns the items of a list, or the single value.
pub fn items(node: &YamlNode) -> Vec<&YamlNode> {
    match &node.value {
        YamlValue::List(items) => items.iter().collect(),
        YamlValue::Null
        | YamlValue::Bool(_)
        | YamlValue::Number(_)
        | YamlValue::Text(_)
        | YamlValue::Map(_) => vec![node],
    }
}

/// Returns the text of a zone, and reports a missing variable.
fn resolve<'n>(node: &YamlNode, zone: &'n Zone, scope: &mut ManifestExpansion<'_, 'n>) -> Option<Arc<str>> {
    let text: Spanned<TextOrVariable> = deserialize_node(node).ok()?;
    scope.resolve_text(&text, zone)
}

/// Returns the code of a library or campus, and reports an unknown code.
fn known_place<'n>(
    node: &YamlNode,
    zone: &'n Zone,
    codes: impl Iterator<Item = &'n str>,
    (noun, diagnostic_code): (&str, &'static str),
    scope: &mut ManifestExpansion<'_, 'n>,
) -> Option<Arc<str>> {
    let code = resolve(node, zone, scope)?;
    let codes: Vec<&str> = codes.collect();
    if codes.contains(&&*code) {
        return Some(code);
    }
    let message = format!("`{}` has no {noun} `{code}`", zone.code);
    scope.error(diagnostic_code, node.extent, message, &suggestions::among(&code, codes));
    None
}

/// Returns the value of an argument that depends on no zone; `None` for other types.
fn fixed_value(argument: ArgumentType, node: &YamlNode) -> Result<Option<ArgumentValue>, FactError> {
    let text: &str = node.as_text().map_or("", |text| text);
    Ok(match argument {
        ArgumentType::Resource => {
            let resource = ResourceId::parse(text).ok_or_else(|| FactError {
                code: diagnostic_codes::RESOURCE_IDS,
                message: format!("`{text}` is not a valid e-resource ID"),
                help: "enter one to three IDs joined by dots, such as `\"61100.62110\"`",
            });
            Some(ArgumentValue::Resource(resource?))
        }
        ArgumentType::Address => {
            let address = text.parse().map_err(|_| FactError {
                code: diagnostic_codes::CLIENT_ADDRESS,
                message: format!("`{text}` is not a valid IP address"),
                help: "enter one address, such as `192.0.2.7`",
            });
            Some(ArgumentValue::Address(address?))
        }
        ArgumentType::Date => Some(ArgumentValue::Date(date(text)?)),
        ArgumentType::Zone(_)
        | ArgumentType::Word(..)
        | ArgumentType::UserGroup
        | ArgumentType::Library
        | ArgumentType::Campus => None,
    })
}

fn date(text: &str) -> Result<jiff::civil::Date, FactError> {
    // Rejects a time of day or an unusual spelling, because parsing would ignore them silently.
    let date = text.parse().ok().filter(|date: &jiff::civil::Date| date.to_string() == text);
    date.ok_or_else(|| FactError {
        code: diagnostic_codes::NO_DATE,
        message: format!("`{text}` is not a valid date"),
        help: "write the date as `YYYY-MM-DD`, such as `2027-06-30`",
    })
}

/// Returns an expected value.
fn expected_value(fact: FactType, node: &YamlNode) -> Result<FactSpec, FactError> {
    Ok(FactSpec::Value(match (&node.value, fact) {
        (YamlValue::Null, _) => FieldValue::Null,
        (YamlValue::Bool(flag), _) => FieldValue::Bool(*flag),
        (YamlValue::Text(text), FactType::NullableDate) => FieldValue::from_text(date(text)?.to_string()),
        (YamlValue::Text(text) | YamlValue::Number(text), _) => FieldValue::from(Arc::clone(text)),
        (YamlValue::List(items), _) => {
            FieldValue::list(items.iter().filter_map(|item| item.as_text().map(Arc::clone)))
        }
        (YamlValue::Map(_), _) => match deserialize_node::<Spanned<TextOrVariable>>(node) {
            Ok(text) => return Ok(FactSpec::Variable(text)),
            // The schema check accepts no other map.
            Err(_) => FieldValue::Null,
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn date_with_time_or_odd_spelling_is_rejected() {
        assert!(date("2027-06-30").is_ok());
        for odd in
            ["2027-06-30T10:00:00", "2027-06-30[America/Toronto]", "20270630", "2027-6-30", "2027-02-29"]
        {
            assert!(date(odd).is_err(), "{odd}");
        }
    }
}
