//! Wording of impacts, short for any number of names.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::NetworkSettings;
use crate::model::network::ZoneRole;
use crate::model::{GroupedNumber, ZoneCode};

/// Maximum number of names in a list.
pub const NAMED: usize = 3;

/// Maximum number of members that a sentence excludes by name.
const EXCLUDED: usize = 2;

/// Returns `Beta`, `Beta and Gamma`, `12 of 24 members`, `23 of 24 members (not Beta)`, `all 24 members`;
/// `all 25 zones` including the Network Zone.
pub fn members(zones: &BTreeSet<ZoneCode>, settings: &NetworkSettings) -> String {
    if zones.len() <= NAMED {
        return joined_with_and(zones.iter().map(|zone| settings.name(zone)));
    }
    let is_only_members =
        settings.members().filter(|member| zones.contains(&member.code)).count() == zones.len();
    let noun = if is_only_members { "members" } else { "zones" };
    let all = settings.zones().filter(|zone| !is_only_members || zone.role == ZoneRole::Member);
    let all: Vec<&ZoneCode> = all.map(|zone| &zone.code).collect();
    let others: Vec<&ZoneCode> = all.iter().copied().filter(|code| !zones.contains(*code)).collect();
    let number = format!("{} of {} {noun}", thousands(zones.len()), thousands(all.len()));
    match others.as_slice() {
        [] => format!("all {} {noun}", thousands(all.len())),
        few if few.len() <= EXCLUDED => {
            format!("{number} (not {})", joined_with_and(few.iter().map(|zone| settings.name(zone))))
        }
        _ => number,
    }
}

/// Returns `GUEST` for a single value, and `GUEST (8), VISITOR (8) or WALKIN (4)` for values with their
/// numbers of members, the most frequent first.
pub fn counted_values(mut values: Vec<(String, usize)>) -> String {
    if let [(value, _)] = values.as_slice() {
        return value.clone();
    }
    values.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let values: Vec<String> =
        values.into_iter().map(|(value, number)| format!("{value} ({})", thousands(number))).collect();
    joined(&values, "or")
}

/// Returns `FACULTY`, `FACULTY and GRAD`, `12 user groups`.
pub fn codes(codes: &BTreeSet<Arc<str>>, noun: &str) -> String {
    match codes.len() {
        some if some <= NAMED => joined_with_and(codes.iter().map(|code| &**code)),
        many => format!("{} {noun}s", thousands(many)),
    }
}

/// Returns `A`, `A and B`, `A, B and C`.
pub fn joined_with_and<'a>(names: impl Iterator<Item = &'a str>) -> String {
    joined(&names.collect::<Vec<&str>>(), "and")
}

/// Returns `A`, `A or B`, `A, B or C`.
pub fn joined<T: AsRef<str>>(names: &[T], conjunction: &str) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        [name] => (*name).to_owned(),
        [some @ .., last] => format!("{} {conjunction} {last}", some.join(", ")),
    }
}

/// Returns the verb form for a number: `loses`, `lose`.
pub fn verb<'a>(number: usize, singular: &'a str, plural: &'a str) -> &'a str {
    if number == 1 { singular } else { plural }
}

fn thousands(number: usize) -> String {
    GroupedNumber(number as u64).to_string()
}

#[cfg(test)]
mod tests {
    use super::{counted_values, members};
    use crate::analysis::tests::network::observed;
    use crate::analysis::{NetworkSettings, ZoneSettings};
    use crate::model::network::ZoneRole;

    #[test]
    fn network_zone_does_not_count_as_member() {
        let settings = observed("");
        let text = |zones: &[&str]| members(&zones.iter().map(|zone| (*zone).into()).collect(), &settings);
        assert_eq!(text(&["A", "B", "C", "NZ"]), "all 4 zones");
        assert_eq!(text(&["A", "C"]), "a College and c College");
    }

    #[test]
    fn members_are_named_excluded_or_counted() {
        let codes: Vec<String> = (1..=8).map(|number| format!("M{number}")).collect();
        let zones = codes
            .iter()
            .map(|code| ZoneSettings::new(code.as_str().into(), format!("{code} College"), ZoneRole::Member));
        let settings = NetworkSettings::new(zones);
        let text =
            |number| members(&codes[..number].iter().map(|code| code.as_str().into()).collect(), &settings);
        assert_eq!(text(3), "M1 College, M2 College and M3 College");
        assert_eq!(text(4), "4 of 8 members");
        assert_eq!(text(6), "6 of 8 members (not M7 College and M8 College)");
        assert_eq!(text(8), "all 8 members");
    }

    #[test]
    fn different_values_are_listed_with_counts() {
        let text = |values: &[(&str, usize)]| {
            counted_values(values.iter().map(|(value, number)| ((*value).to_owned(), *number)).collect())
        };
        assert_eq!(text(&[("GUEST", 8)]), "GUEST");
        assert_eq!(
            text(&[("WALKIN", 4), ("VISITOR", 8), ("GUEST", 8)]),
            "GUEST (8), VISITOR (8) or WALKIN (4)"
        );
    }
}
