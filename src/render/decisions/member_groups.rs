//! Texts that differ only in one member, such as expectations of one row.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::ZoneNames;
use crate::model::ZoneCode;

/// Placeholder for the code of the member.
const MEMBER: &str = "{member}";

/// Texts that differ only in a member.
#[derive(Debug)]
pub struct MemberGroup<'a> {
    /// Index of the first text.
    pub first: usize,
    /// Members in the order of the network; empty for a single text.
    pub members: Vec<&'a ZoneCode>,
    /// Member of the first text; `None` for a single text.
    differing: Option<&'a ZoneCode>,
}

impl<'a> MemberGroup<'a> {
    /// Returns a part of the first text with `{member}` for the member that differs.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.differing {
            Some(code) => with_placeholder(text, code).into(),
            None => text.into(),
        }
    }
}

/// Returns texts in groups, in the order of the first text of each.
///
/// A text can name several zones. Each text joins the largest group that it can.
pub fn member_groups<'a>(texts: &[String], names: &ZoneNames<'a>) -> Vec<MemberGroup<'a>> {
    let candidates: Vec<Vec<(String, &'a ZoneCode)>> = texts
        .iter()
        .map(|text| {
            zones_in(text, names).into_iter().map(|code| (with_placeholder(text, code), code)).collect()
        })
        .collect();
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for (template, _) in candidates.iter().flatten() {
        *sizes.entry(template).or_default() += 1;
    }
    let mut groups: Vec<MemberGroup<'a>> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for (first, candidates) in candidates.iter().enumerate() {
        let largest = candidates
            .iter()
            .filter(|(template, _)| sizes[template.as_str()] > 1)
            .max_by_key(|(template, _)| sizes[template.as_str()]);
        let Some((template, code)) = largest else {
            groups.push(MemberGroup { first, members: Vec::new(), differing: None });
            continue;
        };
        let index = *known.entry(template).or_insert_with(|| {
            groups.push(MemberGroup { first, members: Vec::new(), differing: Some(code) });
            groups.len() - 1
        });
        groups[index].members.push(code);
    }
    for group in &mut groups {
        match group.members.as_slice() {
            // Its fellows joined other groups.
            [_] => (group.members, group.differing) = (Vec::new(), None),
            members => group.members = names.in_order(members.iter().copied()),
        }
    }
    groups
}

/// Returns the zones that a text names, each once.
fn zones_in<'a>(text: &str, names: &ZoneNames<'a>) -> Vec<&'a ZoneCode> {
    let mut zones: Vec<&'a ZoneCode> = Vec::new();
    for word in words(text) {
        if let Some(zone) = names.zone(word)
            && !zones.contains(&&zone.code)
        {
            zones.push(&zone.code);
        }
    }
    zones
}

/// Returns a text with the placeholder for each whole word that is the code.
fn with_placeholder(text: &str, code: &ZoneCode) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(code.as_str()) {
        let end = at + code.as_str().len();
        let is_word = !rest[..at].ends_with(is_word_character) && !rest[end..].starts_with(is_word_character);
        replaced.push_str(&rest[..at]);
        replaced.push_str(if is_word { MEMBER } else { code.as_str() });
        rest = &rest[end..];
    }
    replaced + rest
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_word_character(c)).filter(|word| !word.is_empty())
}

fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_codes_become_a_placeholder() {
        let plain = |text: &str| with_placeholder(text, &"01M_A".into());
        assert_eq!(plain("may 01M_A lend to 01M_AB?"), "may {member} lend to 01M_AB?");
        assert_eq!(plain("01M_A, 01M_A-X and 01M_A"), "{member}, 01M_A-X and {member}");
        assert_eq!(plain("nobody"), "nobody");
    }
}
