//! What all these settings come to: whether a member may bring a record into the Network Zone, who reaches an
//! e-resource, what a patron of one member is at another.
//!
//! One file for each question, each a pure function over [`Settings`], which are made from what is desired, from
//! what was observed, or from both and a plan. What the vendor has not documented is said to be so where it counts.

pub mod access;
mod expectation;
mod impact;
pub mod import;
pub mod patron;
mod rule;
mod settings;
mod subject;
mod table;
pub mod tasks;
#[cfg(test)]
mod tests;
mod told;
pub mod visibility;

pub use expectation::{judge, judge_all, outlook};
pub use impact::impact;
pub use settings::{Institution, Settings};
pub use subject::Subject;
pub use table::{Entry, Extent, IN, NOT_IN, Presence, Row, Silence, Table};

use std::collections::{BTreeMap, BTreeSet};

use crate::model::network::Role;
use crate::model::{Explanation, Network, Question, ZoneCode};

/// Answers a question.
pub fn explain(question: &Question, settings: &Settings) -> Explanation {
    match question {
        Question::Import(question) => import::explain(question, settings),
        Question::Access(question) => access::explain(question, settings),
        Question::Patron(question) => patron::explain(question, settings),
        Question::Visibility(question) => visibility::explain(question, settings),
        Question::Tasks(question) => tasks::explain(question, settings),
    }
}

/// What must be known of which zones to answer a question.
pub fn needs(question: &Question, network: &Network) -> BTreeMap<ZoneCode, BTreeSet<Subject>> {
    let network_zone = network.zones.iter().find(|zone| zone.role == Role::Network);
    let needed = match question {
        Question::Import(_) => import::needs(),
        Question::Access(question) => access::needs(question),
        Question::Patron(question) => patron::needs(question),
        Question::Visibility(question) => visibility::needs(question),
        Question::Tasks(question) => tasks::needs(question),
    };
    let mut needs: BTreeMap<ZoneCode, BTreeSet<Subject>> = BTreeMap::new();
    for (whose, subject) in needed {
        let zone = match whose {
            Whose::Zone(zone) => Some(zone),
            Whose::NetworkZone => network_zone.map(|zone| zone.code.clone()),
        };
        if let Some(zone) = zone {
            needs.entry(zone).or_default().insert(subject);
        }
    }
    needs
}

/// Whose collection an answer needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// That of a zone.
    Zone(ZoneCode),
    /// The network zone's.
    NetworkZone,
}
