//! For programs: the plan in Terraform's shape, an apply as a stream of lines.
//!
//! Each type here is a published promise; its schema is generated from it.

pub mod compact_lines;
pub mod events;
pub mod explanation;
pub mod history;
pub mod plan;
pub mod report;
pub mod runs;
pub mod snapshot;
pub mod stream_message;
pub mod test;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    FailureClass, Finding, FindingEffect, Provenance, SourcePosition, SourceSpan, ZoneCode, ZoneFailure,
};

/// Where in the manifests something was said.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeclarationJson {
    /// The file, relative to the config directory.
    pub filename: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Kind and name of the manifest, `CodeTable/network-block-descriptions`.
    pub manifest: Arc<str>,
    /// Which of the manifest's overrides said it, from 0; null for the manifest itself.
    pub override_index: Option<u32>,
}

impl From<&Provenance> for DeclarationJson {
    fn from(provenance: &Provenance) -> Self {
        let Provenance { span: SourceSpan { file, start, end: _ }, manifest, override_index } = provenance;
        Self {
            filename: file.clone(),
            line: start.line,
            column: start.column,
            manifest: manifest.clone(),
            override_index: *override_index,
        }
    }
}

impl From<DeclarationJson> for Provenance {
    fn from(at: DeclarationJson) -> Self {
        let DeclarationJson { filename, line, column, manifest, override_index } = at;
        // Which byte it is, nobody who reads a plan asks.
        let start = SourcePosition { line, column, byte: 0 };
        Self { span: SourceSpan { file: filename, start, end: start }, manifest, override_index }
    }
}

/// What a guard or a policy has found.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FindingJson {
    /// How much it matters.
    pub verdict: FindingEffect,
    /// The guard's name, by which it is overridden.
    pub guard: Arc<str>,
    /// The zones that it is about; empty where it is about the network as a whole.
    pub zones: Vec<Arc<str>>,
    /// The fact, in one line.
    pub message: String,
    /// The way out, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Where the rule stands; absent for one that is on by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_at: Option<RuleLocationJson>,
}

/// Where a rule, or a part of a manifest, stands.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RuleLocationJson {
    /// The file, relative to the config directory.
    pub filename: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl From<&SourceSpan> for RuleLocationJson {
    fn from(SourceSpan { file, start, end: _ }: &SourceSpan) -> Self {
        Self { filename: file.clone(), line: start.line, column: start.column }
    }
}

impl From<RuleLocationJson> for SourceSpan {
    fn from(RuleLocationJson { filename, line, column }: RuleLocationJson) -> Self {
        // Which byte it is, nobody who reads a plan asks.
        let start = SourcePosition { line, column, byte: 0 };
        Self { file: filename, start, end: start }
    }
}

impl From<&Finding> for FindingJson {
    fn from(finding: &Finding) -> Self {
        let Finding { effect: verdict, guard, zones, message, help, span: place } = finding;
        let declared_at = place.as_ref().map(RuleLocationJson::from);
        Self {
            verdict: verdict.clone(),
            guard: guard.clone(),
            zones: zones.iter().map(|zone| zone.0.clone()).collect(),
            message: message.clone(),
            help: help.clone(),
            declared_at,
        }
    }
}

impl From<FindingJson> for Finding {
    fn from(finding: FindingJson) -> Self {
        let FindingJson { verdict, guard, zones, message, help, declared_at } = finding;
        let place = declared_at.map(SourceSpan::from);
        let zones = zones.into_iter().map(ZoneCode).collect();
        Self { effect: verdict, guard, zones, message, help, span: place }
    }
}

/// Why a zone did not do what it was asked to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FailureJson {
    /// What the caller can do about it.
    pub class: FailureClass,
    /// What happened.
    pub message: String,
    /// The way out, where there is one.
    pub help: Option<String>,
    /// What the vendor's support asks for.
    pub tracking_id: Option<String>,
}

impl From<&ZoneFailure> for FailureJson {
    fn from(failure: &ZoneFailure) -> Self {
        let ZoneFailure { class, message, help, tracking_id } = failure;
        Self { class: *class, message: message.clone(), help: help.clone(), tracking_id: tracking_id.clone() }
    }
}

impl From<FailureJson> for ZoneFailure {
    fn from(problem: FailureJson) -> Self {
        let FailureJson { class, message, help, tracking_id } = problem;
        Self { class, message, help, tracking_id }
    }
}
