//! Names of collections that every zone calls unknown: mistakes in the manifests, not failures of zones.

use std::collections::BTreeMap;

use crate::manifest::diagnostic_codes::UNKNOWN_COLLECTION;
use crate::model::grouped_number::count;
use crate::model::{
    CollectionId, CollectionRole, DesiredState, Diagnostic, FailureClass, ObservedState, SourceSpan,
    ZoneFailure,
};

/// Answers of the zones for one collection of one manifest.
#[derive(Default)]
struct ZoneAnswers<'a> {
    unknown: Vec<&'a ZoneFailure>,
    others: usize,
}

/// Returns an error for each declared collection that all answering zones call unknown, once for its manifest.
pub fn find_unknown_names(desired: &DesiredState, observed: &ObservedState) -> Vec<Diagnostic> {
    let mut answers: BTreeMap<(&CollectionId, &SourceSpan), ZoneAnswers<'_>> = BTreeMap::new();
    for (code, collections) in &desired.zones {
        let Some(zone) = observed.zones.get(code) else { continue };
        for collection in collections.iter().filter(|each| each.standing == CollectionRole::Desired) {
            let Some(answer) = zone.collections.get(&collection.id) else { continue };
            let of_collection = answers.entry((&collection.id, &collection.provenance.span)).or_default();
            match answer {
                Err(failure) if failure.class == FailureClass::UnknownName => {
                    of_collection.unknown.push(failure);
                }
                // The zone said nothing about the collection.
                Err(failure) if failure.class.whole_zone() => {}
                Ok(_) | Err(_) => of_collection.others += 1,
            }
        }
    }
    let mistaken = answers.into_iter().filter(|(_, answers)| answers.others == 0);
    mistaken.filter_map(|((id, place), answers)| unknown_collection(id, place, &answers.unknown)).collect()
}

fn unknown_collection(
    id: &CollectionId,
    place: &SourceSpan,
    failures: &[&ZoneFailure],
) -> Option<Diagnostic> {
    let first = failures.first()?;
    let zones = match failures.len() {
        1 => "the zone does not know it".to_owned(),
        number => format!("none of the {} asked knows it", count(number, "zone")),
    };
    let message = format!("unknown collection `{id}`: {zones}");
    let diagnostic = Diagnostic::error(UNKNOWN_COLLECTION, place.clone(), message);
    // Zones list different tables; most of them list what was meant.
    let mut helps: BTreeMap<&str, usize> = BTreeMap::new();
    for help in failures.iter().filter_map(|failure| failure.help.as_deref()) {
        *helps.entry(help).or_default() += 1;
    }
    let best = helps.into_iter().max_by_key(|(help, number)| (help.starts_with("did you mean"), *number));
    Some(match best {
        Some((help, _)) => diagnostic.help(help),
        None => diagnostic.label(first.message.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::find_unknown_names;
    use crate::model::{FailureClass, ObservedState, ZoneFailure};
    use crate::test_notation::desired;

    /// Returns the errors if zones call the table unknown, fail, or return it.
    fn errors(answers: &[(&str, Option<FailureClass>)]) -> Vec<String> {
        let manifests = "CodeTable t\ntable: UserGruops\nrows: [{code: A, description: One}]";
        let zones: Vec<&str> = answers.iter().map(|(zone, _)| *zone).collect();
        let (_, desired) = desired(&zones, manifests);
        let mut observed = ObservedState::default();
        for (zone, class) in answers {
            let Some(class) = class else { continue };
            let failure = ZoneFailure::new(*class, "said so").help("did you mean `UserGroups`?");
            for collection in &desired.zones[&(*zone).into()] {
                let zone = observed.zones.entry((*zone).into()).or_default();
                zone.collections.insert(collection.id.clone(), Err(failure.clone()));
            }
        }
        let found = find_unknown_names(&desired, &observed).into_iter();
        found.map(|each| format!("{}; {}", each.message, each.help.unwrap_or_default())).collect()
    }

    #[test]
    fn name_unknown_to_all_answering_zones_is_one_error() {
        use FailureClass::{Rejected, UnknownName, Unreachable};
        let all = errors(&[("A", Some(UnknownName)), ("B", Some(UnknownName)), ("C", Some(Unreachable))]);
        assert_eq!(
            all,
            ["unknown collection `CodeTable/UserGruops`: none of the 2 zones asked knows it; \
              did you mean `UserGroups`?"]
        );
        assert!(errors(&[("A", Some(UnknownName)), ("B", Some(Rejected))]).is_empty());
        assert!(errors(&[("A", Some(Unreachable))]).is_empty());
    }
}
