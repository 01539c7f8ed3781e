//! What a question comes to: the answer, what follows from it one by one, and why.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::address::Address;
use super::place::Provenance;
use super::question::Question;
use super::value::Value;

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What was asked.
    pub question: Question,
    /// The answer in one sentence, for people.
    pub line: String,
    /// The same in its parts, for expectations and programs: `allowed`, `group`, `expiry`.
    pub facts: BTreeMap<&'static str, Told<Value>>,
    /// Why, in the order in which it was found out.
    pub reasons: Vec<Reason>,
}

impl Explanation {
    /// How a fact of another answer to the same question stands to this one's.
    pub fn compare(&self, other: &Self, fact: &str) -> Agreement {
        match (self.facts.get(fact), other.facts.get(fact)) {
            (Some(Told::Not(_)) | None, Some(Told::Not(_)) | None) => Agreement::Unknown,
            (Some(Told::Not(_)) | None, Some(Told::Is(_)))
            | (Some(Told::Is(_)), Some(Told::Not(_)) | None) => Agreement::OneSide,
            (Some(Told::Is(one)), Some(Told::Is(other))) if one == other => Agreement::Same,
            (Some(Told::Is(_)), Some(Told::Is(_))) => Agreement::Different,
        }
    }
}

/// How a fact of one answer stands to that of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// Both are known, and alike.
    Same,
    /// Both are known, and differ.
    Different,
    /// One of the two is known.
    OneSide,
    /// Neither is.
    Unknown,
}

/// Something that is known, or why it is not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told<T> {
    /// It is so.
    Is(T),
    /// Nobody can tell, and why: `the manifests say nothing of RestrictedUsers at 01OMNI_BETA`.
    Not(Arc<str>),
}

impl<T> Told<T> {
    /// What is known.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Is(known) => Some(known),
            Self::Not(_) => None,
        }
    }

    /// Why nothing is known.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Is(_) => None,
            Self::Not(why) => Some(why),
        }
    }

    /// The same of something else.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Told<U> {
        match self {
            Self::Is(known) => Told::Is(f(known)),
            Self::Not(why) => Told::Not(why),
        }
    }
}

/// A fact as people read it.
impl fmt::Display for Told<Value> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(value) => value.fmt(f),
            Self::Not(why) => write!(f, "unknown ({why})"),
        }
    }
}

/// One step on the way to an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What is so: lowercase, no full stop.
    pub says: String,
    /// Who says that it is.
    pub ground: Ground,
}

/// Who says that something is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// A manifest.
    Declared(Provenance),
    /// A zone.
    Observed {
        /// The record.
        address: Box<Address>,
        /// Who changed it last, where the zone says so.
        updated_by: Option<String>,
        /// When, as the zone writes it.
        update_date: Option<String>,
    },
    /// People, who say that they have made it so by hand; nothing has verified it.
    Attested {
        /// The record.
        address: Box<Address>,
        /// Who.
        by: Option<String>,
        /// When.
        date: Option<String>,
    },
    /// Nobody: so it is in Alma where nothing else is said.
    Alma,
}

/// `linking.yaml:12:7`, or `01OMNI_BETA/LinkedAccountRules/Default, last changed by m.tremblay on 2026-03-02Z`.
impl fmt::Display for Ground {
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
            Self::Alma => f.write_str("as Alma does it"),
        }
    }
}
