//! For programs: the plan in Terraform's shape, an apply as a stream of lines.
//!
//! Each type here is a published promise; its schema is generated from it.

pub mod events;
pub mod line;
pub mod plan;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Failure, FailureClass, Place, Provenance, Record, Value};

/// The value of a field: a text, a flag, a list of texts, or null for nothing.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// Nothing.
    Null(()),
    /// A flag.
    Bool(bool),
    /// A text.
    Text(String),
    /// Texts whose order does not count.
    List(Vec<String>),
}

impl From<&Value> for Scalar {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null(()),
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Text(text) => Self::Text(text.to_string()),
            Value::List(texts) => Self::List(texts.iter().map(ToString::to_string).collect()),
        }
    }
}

/// A record, by the names that people use for its fields.
pub type Fields = BTreeMap<String, Scalar>;

fn fields(record: &Record) -> Fields {
    record.iter().map(|(name, value)| (name.to_string(), value.into())).collect()
}

/// Where in the manifests something was said.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DeclaredAt {
    /// The file, relative to the config directory.
    pub filename: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Kind and name of the manifest, `CodeTable/network-block-descriptions`.
    pub manifest: String,
    /// Which of the manifest's overrides said it, from 0; null for the manifest itself.
    pub override_index: Option<u32>,
}

impl From<&Provenance> for DeclaredAt {
    fn from(provenance: &Provenance) -> Self {
        let Provenance { place: Place { file, start, end: _ }, manifest, override_index } = provenance;
        Self {
            filename: file.to_string(),
            line: start.line,
            column: start.column,
            manifest: manifest.to_string(),
            override_index: *override_index,
        }
    }
}

/// Why a zone did not do what it was asked to.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Problem {
    /// What the caller can do about it.
    pub class: FailureClass,
    /// What happened.
    pub message: String,
    /// The way out, where there is one.
    pub help: Option<String>,
    /// What the vendor's support asks for.
    pub tracking_id: Option<String>,
}

impl From<&Failure> for Problem {
    fn from(failure: &Failure) -> Self {
        let Failure { class, message, help, tracking_id } = failure;
        Self { class: *class, message: message.clone(), help: help.clone(), tracking_id: tracking_id.clone() }
    }
}
