//! Failures of zones, put together if they differ only in the zone and the tracking id.

use std::collections::BTreeMap;

use super::ZoneNames;
use super::row_words::collection_words;
use crate::model::{FailureClass, Plan, ZoneCode, ZoneFailure};

/// Equal failures of several zones.
#[derive(Debug)]
pub struct FailureGroup<'a> {
    /// Message; `{code}` stands for the codes of several zones.
    pub message: String,
    /// One of the failures, for class and help.
    pub failure: &'a ZoneFailure,
    /// Zones in the order of the network.
    pub zones: Vec<&'a ZoneCode>,
    /// Names of the collections that cannot be planned; empty if the zones failed as a whole.
    pub collections: Vec<String>,
}

/// Class, message without the zone's code, and help of a failure.
type FailureContent<'a> = (FailureClass, String, Option<&'a str>);

/// Returns the failures of a plan, zones that failed as a whole first. Such a zone does not list its
/// collections.
pub fn failure_groups<'a>(plan: &'a Plan, names: &ZoneNames<'a>) -> Vec<FailureGroup<'a>> {
    let mut groups: Vec<(FailureContent<'a>, FailureGroup<'a>)> = Vec::new();
    let mut add = |code: &'a ZoneCode, failure: &'a ZoneFailure, collection: Option<String>| {
        let message = failure.message.replace(code.as_str(), "{code}");
        let content = (failure.class, message, failure.help.as_deref());
        let is_whole = collection.is_none();
        let known = groups
            .iter_mut()
            .find(|(known, group)| *known == content && group.collections.is_empty() == is_whole);
        match known {
            Some((_, group)) => {
                group.zones.push(code);
                group.collections.extend(collection);
            }
            None => groups.push((
                content,
                FailureGroup {
                    message: failure.message.clone(),
                    failure,
                    zones: vec![code],
                    collections: collection.into_iter().collect(),
                },
            )),
        }
    };
    for (code, zone) in &plan.zones {
        if let Some(failure) = &zone.failure {
            add(code, failure, None);
        }
        let mut steps: BTreeMap<String, &'a ZoneFailure> = BTreeMap::new();
        for step in &zone.collections {
            if let Err(failure) = &step.diff.outcome
                && zone.failure.as_ref().is_none_or(|whole| whole.message != failure.message)
            {
                steps.insert(collection_words(&step.diff.id), failure);
            }
        }
        steps.into_iter().for_each(|(collection, failure)| add(code, failure, Some(collection)));
    }
    let with_message =
        |((_, message, _), group): (FailureContent<'a>, FailureGroup<'a>)| match group.zones.len() {
            1 => group,
            _ => FailureGroup { message, ..group },
        };
    let mut groups: Vec<FailureGroup<'a>> = groups.into_iter().map(with_message).collect();
    for group in &mut groups {
        group.zones = names.in_order(group.zones.iter().copied());
        group.collections.sort();
        group.collections.dedup();
    }
    groups.sort_by_key(|group| !group.collections.is_empty());
    groups
}
