//! JSON output: the plan in Terraform's format, an apply as a stream of messages.
//!
//! All types of this module belong to published formats, with JSON Schemas generated from the types.

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

use crate::model::{Finding, FindingEffect, Provenance, SourcePosition, SourceSpan, ZoneCode};

/// Location of a declaration in the manifests.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeclarationJson {
    /// File, relative to the configuration directory.
    pub filename: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Kind and name of the manifest, for example `CodeTable/network-block-descriptions`.
    pub manifest: Arc<str>,
    /// Index of the override in the manifest, from 0, or null for the manifest itself.
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
        // Plan files contain no byte offset.
        let start = SourcePosition { line, column, byte: 0 };
        Self { span: SourceSpan { file: filename, start, end: start }, manifest, override_index }
    }
}

/// Finding of a guard or policy.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FindingJson {
    /// Effect of the finding.
    pub verdict: FindingEffect,
    /// Guard or policy name, as used by `--override`.
    pub guard: Arc<str>,
    /// Affected zones; empty for the whole network.
    pub zones: Vec<Arc<str>>,
    /// Finding, in one line.
    pub message: String,
    /// Suggested fix, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Location of the guard or policy; absent for a guard enabled by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_at: Option<RuleLocationJson>,
}

/// Location of a rule or of a part of a manifest.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RuleLocationJson {
    /// File, relative to the configuration directory.
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
        // Plan files contain no byte offset.
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
