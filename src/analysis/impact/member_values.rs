//! Values that differ between members, joined for one sentence.

use std::collections::{BTreeMap, BTreeSet};

use super::wording::NAMED;
use crate::model::ZoneCode;

/// Value, with the members that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueAtMembers<T> {
    /// Value.
    pub value: T,
    /// Members.
    pub members: BTreeSet<ZoneCode>,
}

/// Joins the values of each key whose members differ.
///
/// Few members keep a sentence for each value, because their names tell more than numbers.
pub fn joined_values<K: Ord + Clone, T>(
    values: impl IntoIterator<Item = (K, ValueAtMembers<T>)>,
) -> Vec<(K, Vec<ValueAtMembers<T>>)> {
    let mut by_key: BTreeMap<K, Vec<JoinedValues<T>>> = BTreeMap::new();
    for (key, at) in values {
        let joined = by_key.entry(key).or_default();
        match joined.iter_mut().find(|other| other.members.is_disjoint(&at.members)) {
            Some(other) => {
                other.members.extend(at.members.iter().cloned());
                other.values.push(at);
            }
            None => joined.push(JoinedValues { members: at.members.clone(), values: vec![at] }),
        }
    }
    let mut result = Vec::new();
    for (key, joined) in by_key {
        for JoinedValues { members, values } in joined {
            match members.len() <= NAMED {
                true => result.extend(values.into_iter().map(|at| (key.clone(), vec![at]))),
                false => result.push((key.clone(), values)),
            }
        }
    }
    result
}

/// Values of different members.
struct JoinedValues<T> {
    members: BTreeSet<ZoneCode>,
    values: Vec<ValueAtMembers<T>>,
}

#[cfg(test)]
mod tests {
    use super::{ValueAtMembers, joined_values};

    /// Returns the values of each sentence.
    fn sentences(values: &[(&'static str, &[&str])]) -> Vec<Vec<&'static str>> {
        let values = values.iter().map(|(value, members)| {
            ((), ValueAtMembers { value: *value, members: members.iter().map(|&code| code.into()).collect() })
        });
        joined_values(values)
            .into_iter()
            .map(|((), at)| at.into_iter().map(|at| at.value).collect())
            .collect()
    }

    #[test]
    fn values_of_different_members_are_joined_unless_few() {
        assert_eq!(sentences(&[("X", &["A", "B"]), ("Y", &["C", "D"])]), [["X", "Y"]]);
        assert_eq!(sentences(&[("X", &["A", "B"]), ("Y", &["C"])]), [["X"], ["Y"]]);
        assert_eq!(sentences(&[("X", &["A", "B", "C", "D"]), ("Y", &["D"])]), [["X"], ["Y"]]);
    }
}
