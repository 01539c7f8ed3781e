//! What a question comes to: the answer, what follows from it one by one, and why.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::address::RecordAddress;
use super::question::Question;
use super::source_span::Provenance;
use super::value::FieldValue;

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What was asked.
    pub question: Question,
    /// The answer in one sentence, for people.
    pub line: String,
    /// The same in its parts, for expectations and programs: `allowed`, `group`, `expiry`.
    pub facts: BTreeMap<&'static str, MaybeKnown<FieldValue>>,
    /// Why, in the order in which it was found out.
    pub reasons: Vec<Reason>,
}

impl Explanation {
    /// How a fact of another answer to the same question stands to this one's.
    pub fn compare(&self, other: &Self, fact: &str) -> FactComparison {
        match (self.facts.get(fact), other.facts.get(fact)) {
            (Some(MaybeKnown::Unknown(_)) | None, Some(MaybeKnown::Unknown(_)) | None) => {
                FactComparison::Unknown
            }
            (Some(MaybeKnown::Unknown(_)) | None, Some(MaybeKnown::Known(_)))
            | (Some(MaybeKnown::Known(_)), Some(MaybeKnown::Unknown(_)) | None) => FactComparison::OneSided,
            (Some(MaybeKnown::Known(one)), Some(MaybeKnown::Known(other))) if one == other => {
                FactComparison::Same
            }
            (Some(MaybeKnown::Known(_)), Some(MaybeKnown::Known(_))) => FactComparison::Different,
        }
    }
}

/// How a fact of one answer stands to that of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactComparison {
    /// Both are known, and alike.
    Same,
    /// Both are known, and differ.
    Different,
    /// One of the two is known.
    OneSided,
    /// Neither is.
    Unknown,
}

/// Something that is known, or why it is not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MaybeKnown<T> {
    /// It is so.
    Known(T),
    /// Nobody can tell, and why: `the manifests say nothing of RestrictedUsers at 01OMNI_BETA`.
    Unknown(Arc<str>),
}

impl<T> MaybeKnown<T> {
    /// What is known.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Known(known) => Some(known),
            Self::Unknown(_) => None,
        }
    }

    /// Why nothing is known.
    pub fn unknown_reason(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(why) => Some(why),
        }
    }

    /// The same of something else.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> MaybeKnown<U> {
        match self {
            Self::Known(known) => MaybeKnown::Known(f(known)),
            Self::Unknown(why) => MaybeKnown::Unknown(why),
        }
    }
}

/// A fact as people read it.
impl fmt::Display for MaybeKnown<FieldValue> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(f),
            Self::Unknown(why) => write!(f, "unknown ({why})"),
        }
    }
}

/// One step on the way to an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What is so: lowercase, no full stop.
    pub text: String,
    /// Who says that it is.
    pub ground: ReasonSource,
}

/// Who says that something is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReasonSource {
    /// A manifest.
    Declared(Provenance),
    /// A zone.
    Observed {
        /// The record.
        address: Box<RecordAddress>,
        /// Who changed it last, where the zone says so.
        updated_by: Option<String>,
        /// When, as the zone writes it.
        update_date: Option<String>,
    },
    /// People, who say that they have made it so by hand; nothing has verified it.
    Attested {
        /// The record.
        address: Box<RecordAddress>,
        /// Who.
        by: Option<String>,
        /// When.
        date: Option<String>,
    },
    /// Nobody: so it is in Alma where nothing else is said.
    AlmaDefault,
}

/// `linking.yaml:12:7`, or `01OMNI_BETA/LinkedAccountRules/Default, last changed by m.tremblay on 2026-03-02Z`.
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
            Self::AlmaDefault => f.write_str("as Alma does it"),
        }
    }
}
