//! Checks a document against the schema of its kind, and reports problems at their exact location.

mod corrections;
mod messages;
mod secret_places;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value as Json;

use self::corrections::{fits, spelled_out, value_syntax};
use self::messages::{allowed_values, alternatives, expected_types, kind_of, list, path_text, quoted_value};
use super::diagnostic_codes;
use super::source::YamlDocument;
use super::suggestions;
use super::yaml_node::{NodeSpan, YamlNode, YamlValue};
use crate::model::Diagnostic;

/// JSON Schema of a kind, compiled.
#[derive(Debug)]
pub struct ManifestSchema {
    json: Json,
    validator: Validator,
}

impl ManifestSchema {
    /// Compiles a schema. An embedded schema that does not compile is a bug, found by a test; until then
    /// every document is rejected.
    pub fn new(json: Json) -> Self {
        let validator =
            jsonschema::validator_for(&json).or_else(|_| jsonschema::validator_for(&Json::Bool(false)));
        match validator {
            Ok(validator) => Self { json, validator },
            Err(error) => unreachable!("`false` is a schema: {error}"),
        }
    }

    /// Returns the schema as published.
    pub fn json(&self) -> &Json {
        &self.json
    }

    /// Returns the compiled schema.
    pub(super) fn validator(&self) -> &Validator {
        &self.validator
    }

    /// Returns all problems of a document.
    pub fn check(&self, document: &YamlDocument) -> Vec<Diagnostic> {
        let instance = document.root.to_json();
        if self.validator.is_valid(&instance) {
            return Vec::new();
        }
        let check = SchemaCheck { schema: &self.json, document };
        let mut problems = Vec::new();
        for error in self.validator.iter_errors(&instance) {
            let pointer = error.instance_path().as_str();
            let first = problems.len();
            check.explain(&error, &mut problems);
            problems[first..].iter_mut().for_each(|problem| secret_places::hide_value(problem, pointer));
        }
        problems
    }
}

/// Descriptions of the schema patterns.
const IN_WORDS: &[(&str, &str)] = &[
    (NAME, "lowercase letters, digits and `-`, starting with a letter or digit"),
    (CODE, "letters, digits, `_` and `-`"),
    (FILLED, "at least one character other than a space"),
    (DIGITS, "digits"),
];

/// Pattern of `metadata.name`.
pub const NAME: &str = "^[a-z0-9][a-z0-9-]*$";
/// Pattern of zone codes.
pub const CODE: &str = "^[A-Za-z0-9_-]+$";
/// Pattern of IDs.
pub const DIGITS: &str = "^[0-9]+$";
/// Pattern of non-empty texts.
pub const FILLED: &str = "\\S";

struct SchemaCheck<'a> {
    schema: &'a Json,
    document: &'a YamlDocument,
}

impl SchemaCheck<'_> {
    fn explain(&self, error: &ValidationError<'_>, problems: &mut Vec<Diagnostic>) {
        let pointer = error.instance_path().as_str();
        // Every path of the validator exists, because this tree is its input.
        let Some(found) = self.document.root.find(pointer) else { return };
        let node = found.node;
        let head = if pointer.is_empty() { node.head() } else { found.head() };
        let problem = match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                problems.extend(unexpected.iter().map(|field| self.unknown_field(error, node, field)));
                return;
            }
            ValidationErrorKind::Required { property } => {
                let field = property.as_str().unwrap_or_default();
                // A misspelled field is one problem, not two.
                if self.is_misspelt(error, node, field) {
                    return;
                }
                self.diagnostic_at(
                    diagnostic_codes::MISSING_FIELD,
                    head,
                    format!("{}: missing field `{field}`", path_text(pointer)),
                )
                .help(format!("add `{field}: ...`"))
            }
            ValidationErrorKind::Type { kind } => self.wrong_type(error, node, &expected_types(kind)),
            ValidationErrorKind::Enum { options } => self.not_one_of(error, node, &allowed_values(options)),
            ValidationErrorKind::Constant { expected_value } => self.not_one_of(
                error,
                node,
                &allowed_values(&Json::Array(vec![expected_value.as_ref().clone()])),
            ),
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                match self.fields_of_choice(error) {
                    Some(fields) if fields.iter().any(|field| self.is_misspelt(error, node, field)) => return,
                    Some(fields) => self
                        .diagnostic_at(
                            diagnostic_codes::NOT_EXACTLY_ONE,
                            head,
                            format!("{}: one of {} is required", path_text(pointer), list(&fields)),
                        )
                        .help("add one of the fields"),
                    None => return self.alternatives(error, node, context, problems),
                }
            }
            // A value other than a map has no fields; its type is reported instead.
            ValidationErrorKind::OneOfMultipleValid { .. } if !matches!(node.value, YamlValue::Map(_)) => {
                return;
            }
            ValidationErrorKind::OneOfMultipleValid { .. } => self.too_many(error, node, head),
            ValidationErrorKind::Pattern { .. }
                if node.as_text().is_some_and(|text| text.trim().is_empty()) =>
            {
                self.diagnostic_at(diagnostic_codes::WRONG_FORM, node.extent, "the text is empty")
                    .help("enter a text, or remove the field")
            }
            ValidationErrorKind::Pattern { pattern } => {
                let wanted = IN_WORDS.iter().find(|(each, _)| each == pattern).map(|(_, words)| *words);
                self.diagnostic_at(
                    diagnostic_codes::WRONG_FORM,
                    node.extent,
                    format!("invalid value: {}", quoted_value(node)),
                )
                .help(format!("allowed: {}", wanted.unwrap_or(pattern)))
            }
            ValidationErrorKind::MinLength { .. } => self
                .diagnostic_at(diagnostic_codes::OUT_OF_RANGE, node.extent, "the text is empty")
                .help("enter a text, or remove the field"),
            ValidationErrorKind::MaxLength { limit } => self
                .diagnostic_at(
                    diagnostic_codes::OUT_OF_RANGE,
                    node.extent,
                    format!("the text has more than {limit} characters"),
                )
                .help("shorten the text, or split it"),
            ValidationErrorKind::MinItems { .. } => self
                .diagnostic_at(diagnostic_codes::OUT_OF_RANGE, head, "the list is empty")
                .help("add at least one item"),
            ValidationErrorKind::Minimum { limit } => self
                .diagnostic_at(
                    diagnostic_codes::OUT_OF_RANGE,
                    node.extent,
                    format!("{} is less than {limit}", quoted_value(node)),
                )
                .help(format!("use {limit} or more")),
            ValidationErrorKind::Maximum { limit } => self
                .diagnostic_at(
                    diagnostic_codes::OUT_OF_RANGE,
                    node.extent,
                    format!("{} is more than {limit}", quoted_value(node)),
                )
                .help(format!("use {limit} or less")),
            // The schemas of the kinds use no other keyword. A new keyword needs its own message here.
            _ => self
                .diagnostic_at(
                    diagnostic_codes::SCHEMA,
                    head,
                    "the value does not match the schema of this kind",
                )
                .help("run `zonal schema` to print the schema"),
        };
        problems.push(problem);
    }

    fn diagnostic_at(&self, code: &'static str, extent: NodeSpan, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, self.document.place(extent), message)
    }

    /// Returns the field names allowed in the map that the error belongs to.
    fn known_fields(&self, error: &ValidationError<'_>) -> Vec<&str> {
        parent(error.schema_path().as_str())
            .and_then(|pointer| self.schema.pointer(pointer)?.get("properties")?.as_object())
            .map(|properties| properties.keys().map(String::as_str).collect())
            .unwrap_or_default()
    }

    fn is_misspelt(&self, error: &ValidationError<'_>, node: &YamlNode, field: &str) -> bool {
        let YamlValue::Map(entries) = &node.value else { return false };
        let known = self.known_fields(error);
        (entries.iter().map(|(key, _)| &*key.text).filter(|key| !known.contains(key)))
            .any(|key| suggestions::nearest(key, known.iter().copied()) == Some(field))
    }

    fn unknown_field(&self, error: &ValidationError<'_>, node: &YamlNode, field: &str) -> Diagnostic {
        let extent = node.get(field).map_or(node.extent, |found| found.head());
        let here = path_text(error.instance_path().as_str());
        self.diagnostic_at(
            diagnostic_codes::UNKNOWN_FIELD,
            extent,
            format!("unknown field `{field}` in {here}"),
        )
        .help(corrections::unknown_field(node, field, &self.known_fields(error)))
    }

    /// Returns the first required field of the map that the schema of the value describes.
    fn first_required_field(&self, error: &ValidationError<'_>) -> Option<&str> {
        let schema = self.schema.pointer(parent(error.schema_path().as_str())?)?;
        schema.get("required")?.get(0)?.as_str()
    }

    /// Returns true if the map around the value must have its field.
    fn is_required(&self, error: &ValidationError<'_>) -> bool {
        let path = error.schema_path().as_str();
        let Some((map, field)) = path.rsplit_once("/properties/") else { return false };
        let field = field.split('/').next().unwrap_or_default();
        let required = self.schema.pointer(map).and_then(|map| map.get("required")?.as_array());
        required.is_some_and(|required| required.iter().any(|name| name == field))
    }

    fn wrong_type(
        &self,
        error: &ValidationError<'_>,
        node: &YamlNode,
        expected: &[&'static str],
    ) -> Diagnostic {
        let message = format!("expected {}, found {}", alternatives(expected), kind_of(node));
        let problem = self.diagnostic_at(diagnostic_codes::WRONG_TYPE, node.head(), message);
        let text_wanted = expected.contains(&"text");
        match &node.value {
            YamlValue::Number(text) if text_wanted => problem.help(format!("quote it: `\"{text}\"`")),
            YamlValue::Bool(flag) if text_wanted => problem.help(format!("quote it: `\"{flag}\"`")),
            YamlValue::Text(text) if expected.contains(&"`true` or `false`") => {
                match text.to_lowercase().as_str() {
                    "yes" | "on" | "y" | "true" => problem.help("write `true`, without quotes"),
                    "no" | "off" | "n" | "false" => problem.help("write `false`, without quotes"),
                    _ => problem.help(value_syntax(expected)),
                }
            }
            YamlValue::Text(text) if expected.contains(&"a whole number") && text.parse::<i64>().is_ok() => {
                problem.help(format!("write `{}`, without quotes", text.parse::<i64>().unwrap_or_default()))
            }
            YamlValue::Null if expected.contains(&"a list") => problem.help("use `[]` for an empty list"),
            YamlValue::Null if text_wanted => {
                problem.help(corrections::empty_text(node, self.is_required(error)))
            }
            YamlValue::Null => problem.help("remove the field"),
            YamlValue::Text(text) if expected.contains(&"a list") => problem.help(corrections::as_list(text)),
            YamlValue::Text(text) if expected.first() == Some(&"a map") => {
                let first = self.first_required_field(error);
                problem.help(
                    corrections::as_map(text, first).unwrap_or_else(|| value_syntax(expected).to_owned()),
                )
            }
            YamlValue::Map(_) if expected.contains(&"a list") => problem.help(corrections::map_as_list(node)),
            YamlValue::Map(_) if text_wanted => problem
                .help(corrections::braces_as_text(node).unwrap_or_else(|| value_syntax(expected).to_owned())),
            YamlValue::List(items) if items.len() == 1 && items.iter().all(|item| fits(item, expected)) => {
                problem.help("write the item without `[...]` or `- `")
            }
            YamlValue::Bool(_)
            | YamlValue::Number(_)
            | YamlValue::Text(_)
            | YamlValue::List(_)
            | YamlValue::Map(_) => problem.help(value_syntax(expected)),
        }
    }

    fn not_one_of(&self, error: &ValidationError<'_>, node: &YamlNode, options: &[String]) -> Diagnostic {
        if let Some(word) = spelled_out(node, options) {
            let message = format!("expected a word, found {}", kind_of(node));
            return self
                .diagnostic_at(diagnostic_codes::WRONG_TYPE, node.head(), message)
                .help(format!("write `{word}`"));
        }
        let YamlValue::Text(text) = &node.value else { return self.wrong_type(error, node, &["text"]) };
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let message = format!("invalid value `{text}`: expected one of {}", list(&options));
        let help = suggestions::meant(text, &options).unwrap_or_else(|| "use one of these values".to_owned());
        self.diagnostic_at(diagnostic_codes::NOT_ONE_OF, node.extent, message).help(help)
    }

    /// Explains a value with several allowed forms.
    ///
    /// The form whose type matches the value is the intended one. If no type matches, the message names all
    /// types.
    fn alternatives(
        &self,
        error: &ValidationError<'_>,
        node: &YamlNode,
        context: &[Vec<ValidationError<'static>>],
        problems: &mut Vec<Diagnostic>,
    ) {
        let own = context.iter().flatten().map(|error| error.instance_path().as_str().len()).min();
        let constants: Vec<String> = context
            .iter()
            .flatten()
            .filter_map(|error| match error.kind() {
                ValidationErrorKind::Constant { expected_value } => {
                    expected_value.as_str().map(str::to_owned)
                }
                ValidationErrorKind::Enum { options } => Some(allowed_values(options).join("`, `")),
                _ => None,
            })
            .collect();
        let only_constants = constants.len() == context.iter().flatten().count();
        if only_constants || spelled_out(node, &constants).is_some() {
            problems.push(self.not_one_of(error, node, &constants));
            return;
        }
        if let Some(meant) = context.iter().find(|errors| !misses(errors, own)) {
            meant.iter().for_each(|error| self.explain(error, problems));
            return;
        }
        let types: Vec<&'static str> = context
            .iter()
            .flatten()
            .filter_map(|error| match error.kind() {
                ValidationErrorKind::Type { kind } => Some(expected_types(kind)),
                _ => None,
            })
            .flatten()
            .collect();
        // A map with a variable counts as text.
        let branches = self.schema.pointer(error.schema_path().as_str()).and_then(Json::as_array);
        let is_var = |branch: &Json| branch.pointer("/properties/var").is_some();
        let var = branches.is_some_and(|branches| branches.iter().any(is_var));
        let types: Vec<&'static str> =
            ["text", "`{var: name}`", "a number", "a whole number", "a list", "a map", "`null`"]
                .into_iter()
                .filter(|each| match *each {
                    "`{var: name}`" => types.contains(&"a map") && var,
                    "a map" => types.contains(&"a map") && !var,
                    each => types.contains(&each),
                })
                .collect();
        problems.push(self.wrong_type(error, node, &types));
    }

    /// Returns the fields of a `oneOf` or `anyOf` that only lists alternative required fields.
    fn fields_of_choice(&self, error: &ValidationError<'_>) -> Option<Vec<&str>> {
        let branches = self.schema.pointer(error.schema_path().as_str())?.as_array()?;
        branches.iter().map(|branch| branch.get("required")?.get(0)?.as_str()).collect()
    }

    fn too_many(&self, error: &ValidationError<'_>, node: &YamlNode, head: NodeSpan) -> Diagnostic {
        let fields = self.fields_of_choice(error).unwrap_or_default();
        let mut given = fields.iter().filter_map(|field| node.get(field)).map(|found| found.head());
        let message = format!("only one of {} can be set", list(&fields));
        match (given.next(), given.next()) {
            (Some(first), Some(second)) => {
                let (first, second) = (first.min(second), first.max(second));
                self.diagnostic_at(diagnostic_codes::NOT_EXACTLY_ONE, second, message)
                    .with_secondary_span(self.document.place(first), "also set here")
                    .help("remove one of them")
            }
            _ => self
                .diagnostic_at(diagnostic_codes::NOT_EXACTLY_ONE, head, message)
                .help("remove all but one of them"),
        }
    }
}

/// Returns true if the errors of an alternative concern the type of the value itself.
fn misses(errors: &[ValidationError<'static>], own: Option<usize>) -> bool {
    errors.iter().any(|error| {
        let is_own = Some(error.instance_path().as_str().len()) == own;
        is_own
            && match error.kind() {
                ValidationErrorKind::Type { .. } => true,
                ValidationErrorKind::OneOfNotValid { context } => {
                    context.iter().all(|errors| misses(errors, own))
                }
                _ => false,
            }
    })
}

fn parent(pointer: &str) -> Option<&str> {
    pointer.rsplit_once('/').map(|(parent, _)| parent)
}
