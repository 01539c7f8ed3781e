//! Subject of an annotation, and the similarity of the subjects that merge.

use crate::model::{Change, Finding, PlanStep, ZoneFailure};

/// First finding, failure or change of an annotation.
#[derive(Debug, Clone, Copy)]
pub(super) enum AnnotationSubject<'a> {
    Finding(&'a Finding),
    Zone(&'a ZoneFailure),
    Collection(&'a PlanStep, &'a ZoneFailure),
    Change(&'a Change),
}

/// Similarity between the changes of an annotation's zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ChangeSimilarity {
    /// Equal field names.
    InFields,
    /// Equal desired values.
    InWhatComes,
    /// Equal desired and observed values.
    Wholly,
}

impl AnnotationSubject<'_> {
    /// Returns the similarity of two subjects with the same identity.
    pub fn alike(self, other: Self) -> ChangeSimilarity {
        match (self, other) {
            (Self::Zone(one) | Self::Collection(_, one), Self::Zone(other) | Self::Collection(_, other)) => {
                if one.message == other.message {
                    ChangeSimilarity::Wholly
                } else {
                    ChangeSimilarity::InFields
                }
            }
            (Self::Change(one), Self::Change(other)) => {
                let both = || one.field_changes.iter().zip(&other.field_changes);
                if one.field_changes.len() != other.field_changes.len()
                    || both().any(|(one, other)| one.after != other.after)
                {
                    ChangeSimilarity::InFields
                } else if both().any(|(one, other)| one.before != other.before) {
                    ChangeSimilarity::InWhatComes
                } else {
                    ChangeSimilarity::Wholly
                }
            }
            (Self::Finding(_) | Self::Zone(_) | Self::Collection(..) | Self::Change(_), _) => {
                ChangeSimilarity::InFields
            }
        }
    }
}
