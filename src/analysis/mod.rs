//! Effective settings of a network: questions, explanations, expectations and impact.
//!
//! One file or folder for each question, with its answer and impact: pure functions over [`NetworkSettings`].
//! The settings come from the desired state, the observed state, or the observed state with a plan applied.
//! Comments mark undocumented behavior of Alma.

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

use self::impact::ImpactFunction;
use crate::model::network::ZoneRole;
use crate::model::question::definition::QuestionDefinition;
use crate::model::question::for_all_questions;
use crate::model::{Explanation, Network, Question, ZoneCode};

/// Answer to a question, and the impact of a plan on the answers.
trait SettingsQuestion {
    /// Functions for the impact of a plan.
    const IMPACTS: &'static [ImpactFunction];

    /// Returns the collections needed for an answer.
    fn needs(&self) -> Vec<(SettingsOwner, SettingsCollection)>;

    /// Answers the question.
    fn explain(&self, settings: &NetworkSettings) -> Explanation;
}

/// Declares the functions for any question, by question.
macro_rules! question_functions {
    ($($(#[$about:meta])* $name:ident($question:ident),)*) => {
        /// Impact functions of all questions.
        const IMPACTS: &[(&QuestionDefinition, &[ImpactFunction])] =
            &[$((&crate::model::$question::DEFINITION, crate::model::$question::IMPACTS)),*];

        /// Answers a question.
        pub fn explain(question: &Question, settings: &NetworkSettings) -> Explanation {
            match question {
                $(Question::$name(question) => question.explain(settings),)*
            }
        }

        fn needed_collections(question: &Question) -> Vec<(SettingsOwner, SettingsCollection)> {
            match question {
                $(Question::$name(question) => question.needs(),)*
            }
        }
    };
}

for_all_questions!(question_functions);

/// Returns the collections needed to answer a question, by zone.
pub fn needs(question: &Question, network: &Network) -> BTreeMap<ZoneCode, BTreeSet<SettingsCollection>> {
    let network_zone = network.zones.iter().find(|zone| zone.role == ZoneRole::Network);
    let mut needs: BTreeMap<ZoneCode, BTreeSet<SettingsCollection>> = BTreeMap::new();
    for (owner, collection) in needed_collections(question) {
        let zone = match owner {
            SettingsOwner::Zone(zone) => Some(zone),
            SettingsOwner::NetworkZone => network_zone.map(|zone| zone.code.clone()),
        };
        if let Some(zone) = zone {
            needs.entry(zone).or_default().insert(collection);
        }
    }
    needs
}

/// Owner of a collection that an answer needs.
#[derive(Debug, Clone, PartialEq, Eq)]
enum SettingsOwner {
    /// Zone, by code.
    Zone(ZoneCode),
    /// Network Zone.
    NetworkZone,
}
