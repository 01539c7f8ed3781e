//! Explanations: answers to questions as a sentence, facts and reasons.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::address::RecordAddress;
use super::question::Question;
use super::source_span::Provenance;
use super::value::FieldValue;

/// Answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Explanation {
    /// Question.
    #[serde(skip)]
    pub question: Question,
    /// Answer in one sentence, for people.
    #[serde(rename = "answer")]
    pub line: String,
    /// Facts of the answer, for expectations and programs: `allowed`, `group`, `expiry`.
    pub facts: BTreeMap<&'static str, MaybeKnown<FieldValue>>,
    /// Reasons, in order of evaluation.
    pub reasons: Vec<Reason>,
}

impl Explanation {
    /// Compares a fact with the same fact of another answer to the same question.
    pub fn compare(&self, other: &Self, fact: &str) -> FactComparison {
        match (self.facts.get(fact), other.facts.get(fact)) {
            (Some(MaybeKnown::Unknown(_)) | None, Some(MaybeKnown::Unknown(_)) | None) => {
                FactComparison::Unknown
            }
            (Some(MaybeKnown::Unknown(_)) | None, Some(MaybeKnown::Known(_)))
            | (Some(MaybeKnown::Known(_)), Some(MaybeKnown::Unknown(_)) | None) => FactComparison::OneSided,
            (Some(MaybeKnown::Known(value)), Some(MaybeKnown::Known(other))) if value == other => {
                FactComparison::Same
            }
            (Some(MaybeKnown::Known(_)), Some(MaybeKnown::Known(_))) => FactComparison::Different,
        }
    }
}

/// Result of comparing a fact of two answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactComparison {
    /// Known and equal in both.
    Same,
    /// Known and different in both.
    Different,
    /// Known in one answer only.
    OneSided,
    /// Known in neither.
    Unknown,
}

/// Known value, or the reason why the value is unknown.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MaybeKnown<T> {
    /// Known value.
    #[serde(rename = "value")]
    Known(T),
    /// Reason for an unknown value: `no manifest declares RestrictedUsers at 01OMNI_BETA`.
    Unknown(Arc<str>),
}

impl<T> MaybeKnown<T> {
    /// Returns the known value.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Known(known) => Some(known),
            Self::Unknown(_) => None,
        }
    }

    /// Returns the reason for an unknown value.
    pub fn unknown_reason(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(why) => Some(why),
        }
    }

    /// Maps a known value to another one.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> MaybeKnown<U> {
        match self {
            Self::Known(known) => MaybeKnown::Known(f(known)),
            Self::Unknown(why) => MaybeKnown::Unknown(why),
        }
    }
}

/// Takes the error as the reason for an unknown value.
impl<T> From<Result<T, Arc<str>>> for MaybeKnown<T> {
    fn from(result: Result<T, Arc<str>>) -> Self {
        result.map_or_else(Self::Unknown, Self::Known)
    }
}

/// Formats a fact for people.
impl fmt::Display for MaybeKnown<FieldValue> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(f),
            Self::Unknown(why) => write!(f, "unknown ({why})"),
        }
    }
}

/// Reason: one step towards an answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(into = "ReasonJson")]
#[schemars(from = "ReasonJson")]
pub struct Reason {
    /// Fact: lowercase, no full stop.
    pub text: String,
    /// Source of the fact.
    pub ground: ReasonSource,
}

/// Source of a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReasonSource {
    /// Declared in a manifest.
    Declared(Provenance),
    /// Observed in a zone.
    Observed {
        /// Record.
        address: Box<RecordAddress>,
        /// Last editor, if the zone reports one.
        updated_by: Option<String>,
        /// Date of the last change, as the zone writes it.
        update_date: Option<String>,
    },
    /// Attested by people as done manually, not verified.
    Attested {
        /// Record.
        address: Box<RecordAddress>,
        /// Name of the person.
        by: Option<String>,
        /// Date.
        date: Option<String>,
    },
    /// Alma's default for undeclared settings.
    AlmaDefault,
}

/// Formats as `linking.yaml:12:7`, or `01OMNI_BETA/LinkedAccountRules/Default, last changed by m.tremblay on
/// 2026-03-02Z`.
impl fmt::Display for ReasonSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declared(provenance) => provenance.fmt(f),
            Self::Observed { address, updated_by, update_date } => {
                address.fmt(f)?;
                match (updated_by, update_date) {
                    (Some(by), Some(date)) => write!(f, ", last changed by {by} on {date}"),
                    (Some(by), None) => write!(f, ", last changed by {by}"),
                    (None, Some(date)) => write!(f, ", last changed on {date}"),
                    (None, None) => Ok(()),
                }
            }
            Self::Attested { address, by, date } => {
                write!(f, "{address}, attested, not verified")?;
                by.iter().try_for_each(|by| write!(f, ", by {by}"))?;
                date.iter().try_for_each(|date| write!(f, " on {date}"))
            }
            Self::AlmaDefault => f.write_str("Alma's behavior"),
        }
    }
}

/// JSON form of a [`Reason`].
#[derive(Default, serde::Serialize, schemars::JsonSchema)]
struct ReasonJson {
    /// Statement of the reason.
    text: String,
    /// Manifest that declares the statement, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    declared_at: Option<Provenance>,
    /// Address of the record that shows the statement, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// Person who attested the record, if zonal cannot verify the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    attested_by: Option<String>,
    /// Date of the attestation, as `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    attested_on: Option<String>,
    /// User who changed the record last, if known from the zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_by: Option<String>,
    /// Date of the last change, in the zone's format.
    #[serde(skip_serializing_if = "Option::is_none")]
    update_date: Option<String>,
}

impl From<Reason> for ReasonJson {
    fn from(Reason { text, ground }: Reason) -> Self {
        let mut reason = Self { text, ..Self::default() };
        match ground {
            ReasonSource::Declared(provenance) => reason.declared_at = Some(provenance),
            ReasonSource::Observed { address, updated_by, update_date } => {
                reason.address = Some(address.to_string());
                reason.updated_by = updated_by;
                reason.update_date = update_date;
            }
            ReasonSource::Attested { address, by, date } => {
                reason.address = Some(address.to_string());
                reason.attested_by = by;
                reason.attested_on = date;
            }
            ReasonSource::AlmaDefault => {}
        }
        reason
    }
}
