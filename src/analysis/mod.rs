//! Effective settings of a network: questions, explanations, expectations and impact.
//!
//! One file for each question, each a pure function over [`NetworkSettings`]. The settings come from the
//! desired state, the observed state, or the observed state with a plan applied. Comments mark undocumented
//! behavior of Alma.

pub mod access;
pub mod authority_tasks;
mod expectation_check;
mod explanation_builder;
mod group_condition;
mod impact;
pub mod import;
pub mod patron;
mod settings;
mod settings_collection;
mod settings_table;
#[cfg(test)]
mod tests;
pub mod visibility;

pub use expectation_check::{check_expectation, judge_all, outlook};
pub use impact::impact;
pub use settings::{NetworkSettings, ZoneSettings};
pub use settings_collection::SettingsCollection;
pub use settings_table::{
    MissingFieldMeaning, RowPresence, RowView, SettingsRow, SettingsTable, TableCompleteness,
};

use std::collections::{BTreeMap, BTreeSet};

use crate::model::network::ZoneRole;
use crate::model::{Explanation, Network, Question, ZoneCode};

/// Answers a question.
pub fn explain(question: &Question, settings: &NetworkSettings) -> Explanation {
    match question {
        Question::Import(question) => import::explain(question, settings),
        Question::Access(question) => access::explain(question, settings),
        Question::Patron(question) => patron::explain(question, settings),
        Question::Visibility(question) => visibility::explain(question, settings),
        Question::Tasks(question) => authority_tasks::explain(question, settings),
    }
}

/// Returns the collections needed to answer a question, by zone.
pub fn needs(question: &Question, network: &Network) -> BTreeMap<ZoneCode, BTreeSet<SettingsCollection>> {
    let network_zone = network.zones.iter().find(|zone| zone.role == ZoneRole::Network);
    let needed = match question {
        Question::Import(_) => import::needs(),
        Question::Access(question) => access::needs(question),
        Question::Patron(question) => patron::needs(question),
        Question::Visibility(question) => visibility::needs(question),
        Question::Tasks(question) => authority_tasks::needs(question),
    };
    let mut needs: BTreeMap<ZoneCode, BTreeSet<SettingsCollection>> = BTreeMap::new();
    for (whose, subject) in needed {
        let zone = match whose {
            CollectionOwner::Zone(zone) => Some(zone),
            CollectionOwner::NetworkZone => network_zone.map(|zone| zone.code.clone()),
        };
        if let Some(zone) = zone {
            needs.entry(zone).or_default().insert(subject);
        }
    }
    needs
}

/// Owner of a collection that an answer needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CollectionOwner {
    /// Zone, by code.
    Zone(ZoneCode),
    /// Network Zone.
    NetworkZone,
}
