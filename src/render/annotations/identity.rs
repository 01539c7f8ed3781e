//! Identity of an annotation: severity, rule, and what merges across zones.

use crate::model::text_safety::escape_invisible;
use crate::model::{
    ApplyMode, Change, ChangeAction, CollectionId, DifferenceType, FailureClass, FieldName, Finding,
    FindingEffect, RecordKey, ZoneFailure,
};
use crate::render::serialized_name::serialized_name;

/// Severity of an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnnotationLevel {
    /// Failure: an omitted write or an unknown state.
    Error,
    /// Warning to consider before approval.
    Warning,
    /// Planned change.
    Notice,
}

/// Rule of an annotation, used by CI systems to group annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnnotationRule<'a> {
    /// Finding of the named guard or policy.
    Guard(&'a str),
    /// Unreadable zone, or collection that cannot be planned.
    Failure(FailureClass),
    /// Record that differs from the desired state.
    Drift(DifferenceType),
}

/// Formats the rule ID: `guard/protected`, `failure/unreachable`, `drift/missing`.
impl std::fmt::Display for AnnotationRule<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Guard(name) => write!(f, "guard/{}", escape_invisible(name)),
            Self::Failure(class) => write!(f, "failure/{}", serialized_name(class)),
            Self::Drift(drift) => write!(f, "drift/{}", serialized_name(drift)),
        }
    }
}

impl AnnotationRule<'_> {
    /// Returns the description of the rule.
    pub fn about(&self) -> &'static str {
        match self {
            Self::Guard(_) => "A guard or policy of the network reports a finding about the plan.",
            Self::Failure(_) => "A zone could not be read, or a collection could not be planned.",
            Self::Drift(DifferenceType::Missing) => "A declared record is missing in the zone.",
            Self::Drift(DifferenceType::Value) => "A record differs from its declared values.",
            Self::Drift(DifferenceType::Detached) => "A record is detached from the network.",
            Self::Drift(DifferenceType::Extra) => {
                "The zone contains an extra record (declared absent, unlisted or orphaned)."
            }
        }
    }
}

/// Key of an annotation. Equal keys merge, independent of zones and values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AnnotationKey<'a> {
    pub(super) severity: AnnotationLevel,
    pub(super) rule: AnnotationRule<'a>,
    pub(super) collection: Option<&'a CollectionId>,
    pub(super) key: Option<&'a RecordKey>,
    pub(super) fate: Option<(ApplyMode, ChangeAction)>,
    pub(super) fields: Vec<&'a FieldName>,
    pub(super) message: &'a str,
}

/// Returns the identity of a finding.
pub(super) fn identity_of_finding(finding: &Finding) -> AnnotationKey<'_> {
    let severity = match finding.effect {
        FindingEffect::Deny => AnnotationLevel::Error,
        FindingEffect::Defer | FindingEffect::RequireApproval | FindingEffect::Warn => {
            AnnotationLevel::Warning
        }
        FindingEffect::Overridden { .. } => AnnotationLevel::Notice,
    };
    let rule = AnnotationRule::Guard(&finding.guard);
    AnnotationKey {
        severity,
        rule,
        collection: None,
        key: None,
        fate: None,
        fields: Vec::new(),
        message: &finding.message,
    }
}

/// Returns the identity of a failure.
pub(super) fn failure_key<'a>(
    collection: Option<&'a CollectionId>,
    failure: &'a ZoneFailure,
) -> AnnotationKey<'a> {
    AnnotationKey {
        severity: AnnotationLevel::Error,
        rule: AnnotationRule::Failure(failure.class),
        collection,
        key: None,
        fate: None,
        fields: Vec::new(),
        message: "",
    }
}

/// Returns the identity of a change.
pub(super) fn identity_of_change(change: &Change) -> AnnotationKey<'_> {
    let severity = match (change.mode, change.action, change.difference) {
        (ApplyMode::Apply, ChangeAction::Delete, _) | (_, _, DifferenceType::Detached) => {
            AnnotationLevel::Warning
        }
        (
            ApplyMode::Apply
            | ApplyMode::Report
            | ApplyMode::Manual
            | ApplyMode::Postponed
            | ApplyMode::KeptTheirs,
            _,
            _,
        ) => AnnotationLevel::Notice,
    };
    AnnotationKey {
        severity,
        rule: AnnotationRule::Drift(change.difference),
        collection: Some(&change.address.collection),
        key: Some(&change.address.key),
        fate: Some((change.mode, change.action)),
        fields: change.field_changes.iter().map(|edit| &edit.name).collect(),
        message: "",
    }
}
