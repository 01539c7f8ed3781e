//! JSON Schema of expectations, from the definitions of the questions.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::{ExpectationSpec, zones};
use crate::manifest::deserialize::Nullable;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::model::question::QUESTIONS;
use crate::model::question::definition::{
    ArgumentPresence, ArgumentType, FactType, QuestionArgument, QuestionDefinition,
};

impl JsonSchema for ExpectationSpec {
    fn schema_name() -> Cow<'static, str> {
        "ExpectationSpec".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let tables = QUESTIONS.iter().map(|question| (question.topic.to_owned(), table(question, generator)));
        let tables: Map<String, Value> = tables.collect();
        let one_of: Vec<Value> =
            QUESTIONS.iter().map(|question| json!({"required": [question.topic]})).collect();
        json_schema!({
            "description": "Table of questions with the expected facts of their answers.",
            "type": "object",
            "properties": tables,
            "additionalProperties": false,
            "oneOf": one_of,
        })
    }
}

fn table(question: &QuestionDefinition, generator: &mut SchemaGenerator) -> Value {
    let fields = fields(question, generator);
    let row = |description: &str| {
        json!({
            "description": description,
            "type": "object",
            "properties": fields,
            "additionalProperties": false,
        })
    };
    json!({
        "description": question.table,
        "type": "object",
        "properties": {
            "given": row("Default fields and facts of all rows."),
            "rows": {
                "description": "Rows of the table. A row with several members, groups or other values stands for each \
                                combination.",
                "type": "array",
                "items": row(question.row),
                "minItems": 1,
            },
        },
        "additionalProperties": false,
        "required": ["rows"],
    })
}

fn fields(question: &QuestionDefinition, generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut add = |name: &str, description: &[&str], schema: Schema| {
        let lines: Vec<&str> = description.iter().map(|line| line.trim()).collect();
        let mut field = Map::from_iter([("description".to_owned(), lines.join("\n").into())]);
        let schema = schema.as_object().cloned().unwrap_or_default();
        field.extend(schema.into_iter().filter(|(key, _)| key != "description"));
        fields.insert(name.to_owned(), field.into());
    };
    for argument in question.arguments {
        add(argument.field, argument.description, argument_schema(argument, generator));
    }
    for fact in question.facts {
        add(fact.name, fact.description, fact_schema(fact.value, generator));
    }
    add(
        "reason",
        &["Reason for the expectation; shown if the expectation is not met."],
        generator.subschema_for::<String>(),
    );
    fields
}

fn argument_schema(argument: &QuestionArgument, generator: &mut SchemaGenerator) -> Schema {
    match (argument.value, argument.presence) {
        (ArgumentType::Zone(_), _) => zones::schema(generator),
        (ArgumentType::Word(words, ..), ArgumentPresence::Optional) => (words.schema)(generator),
        (ArgumentType::Word(words, ..), ArgumentPresence::Required | ArgumentPresence::AllByDefault) => {
            value_or_list((words.schema)(generator))
        }
        (ArgumentType::UserGroup, _) => value_or_list(generator.subschema_for::<TextOrVariable>()),
        (ArgumentType::Library | ArgumentType::Campus, _) => generator.subschema_for::<TextOrVariable>(),
        (ArgumentType::Resource | ArgumentType::Address | ArgumentType::Date, _) => {
            generator.subschema_for::<String>()
        }
    }
}

/// Returns the schema of a value or a list of values, from the schema of the value.
fn value_or_list(value: Schema) -> Schema {
    let list = json!({"type": "array", "items": value, "minItems": 1});
    let mut all = match value.get("anyOf").and_then(Value::as_array) {
        Some(branches) => branches.clone(),
        None => vec![value.to_value()],
    };
    all.push(list);
    json_schema!({"anyOf": all})
}

fn fact_schema(fact: FactType, generator: &mut SchemaGenerator) -> Schema {
    let nullable = |schema: Schema| json_schema!({"anyOf": [{"type": "null"}, schema]});
    match fact {
        FactType::Flag => generator.subschema_for::<bool>(),
        FactType::NullableFlag => generator.subschema_for::<Nullable<bool>>(),
        FactType::NullableText => generator.subschema_for::<Nullable<String>>(),
        FactType::NullableVariable => generator.subschema_for::<Nullable<TextOrVariable>>(),
        FactType::NullableDate => {
            nullable(json_schema!({"description": "Date, such as `2027-06-30`.", "type": "string"}))
        }
        FactType::NullableWord(words) => nullable((words.schema)(generator)),
        FactType::Texts => generator.subschema_for::<Vec<String>>(),
        FactType::Words(words) => json_schema!({"type": "array", "items": (words.schema)(generator)}),
    }
}
