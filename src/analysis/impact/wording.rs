//! Wording of impacts, short for any number of names.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::NetworkSettings;
use crate::model::{GroupedNumber, ZoneCode};

/// Maximum number of names in a list.
pub const NAMED: usize = 3;

/// Returns `Beta`, `Beta and Gamma`, `12 members`, `all 24 members`; `25 zones` including the Network Zone.
pub fn members(zones: &BTreeSet<ZoneCode>, settings: &NetworkSettings) -> String {
    let members = settings.members().filter(|member| zones.contains(&member.code)).count();
    let (noun, all) = match members == zones.len() {
        true => ("members", settings.members().count()),
        false => ("zones", settings.zones().count()),
    };
    match zones.len() {
        some if some <= NAMED => joined_with_and(zones.iter().map(|zone| settings.name(zone))),
        every if every == all => format!("all {} {noun}", thousands(every)),
        many => format!("{} {noun}", thousands(many)),
    }
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
    let names: Vec<&str> = names.collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        [name] => (*name).to_owned(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
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
    use super::members;
    use crate::analysis::tests::network::observed;

    #[test]
    fn network_zone_does_not_count_as_member() {
        let settings = observed("");
        let told = |zones: &[&str]| members(&zones.iter().map(|zone| (*zone).into()).collect(), &settings);
        assert_eq!(told(&["A", "B", "C", "NZ"]), "all 4 zones");
        assert_eq!(told(&["A", "C"]), "a College and c College");
    }
}
