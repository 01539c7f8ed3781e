//! Replaces what depends on the zone alone by names, so that records of many zones become equal.
//!
//! Each replacement can be undone with the zone, so no difference is lost.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::folded_value::{FoldedText, FoldedValue, MemberRule, TextPart};
use crate::model::network::ZoneRole;
use crate::model::{FieldValue, PlanPopulation, PopulationZone, ZoneCode, ZoneCodeIndex};

/// Most members that a rule of a list leaves out by name.
const MAX_EXCEPTIONS: usize = 2;

/// Names that no variable may take.
const RESERVED: [&str; 3] = ["member", "code", "name"];

/// Substitutions of a network.
pub struct Substitutions<'a> {
    codes: ZoneCodeIndex<'a>,
    /// Codes of the members, in the order of the network.
    members: BTreeSet<&'a str>,
    /// Codes of the members with each label and value.
    by_label: BTreeMap<(&'a Arc<str>, &'a Arc<str>), BTreeSet<&'a str>>,
}

/// Names that texts of a row may contain beside codes.
#[derive(Debug, Default)]
pub struct NameChoice {
    /// Variables for whole texts.
    pub variables: Vec<Arc<str>>,
    /// True if the name of the record's own zone is replaced too.
    pub own_names: bool,
}

/// Zone and subject of a record, and the variables that may stand for its values.
#[derive(Clone, Copy, Default)]
pub struct RecordContext<'a> {
    /// Zone of the record; `None` if the network does not have it.
    pub zone: Option<&'a PopulationZone>,
    /// Subject of the record: the first other member in its key.
    pub subject: Option<&'a PopulationZone>,
}

impl<'a> RecordContext<'a> {
    /// Returns the zone that lists of members leave out and that variables belong to.
    pub fn member(&self) -> Option<&'a PopulationZone> {
        self.subject.or(self.zone).filter(|zone| zone.role == ZoneRole::Member)
    }
}

impl<'a> Substitutions<'a> {
    /// Creates the substitutions of a population.
    pub fn new(population: &'a PlanPopulation) -> Self {
        let mut by_label: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for zone in population.members() {
            for label in &zone.labels {
                by_label.entry(label).or_default().insert(zone.code.as_str());
            }
        }
        let members = population.members().map(|zone| zone.code.as_str()).collect();
        Self { codes: ZoneCodeIndex::new(population), members, by_label }
    }

    /// Returns the index of the zones' codes.
    pub fn codes(&self) -> &ZoneCodeIndex<'a> {
        &self.codes
    }

    /// Returns a value with names.
    pub fn value(
        &self,
        value: &FieldValue,
        context: RecordContext<'_>,
        choice: &NameChoice,
        labels: &[Arc<str>],
    ) -> FoldedValue {
        match value {
            FieldValue::Null => FoldedValue::Null,
            FieldValue::Bool(flag) => FoldedValue::Bool(*flag),
            FieldValue::Text(text) => FoldedValue::Text(self.text(text, context, choice)),
            FieldValue::List(texts) => match self.member_rule(texts, context, labels) {
                Some(rule) => FoldedValue::Members(rule),
                None => {
                    let texts = texts.iter().map(|text| self.text(text, context, choice));
                    FoldedValue::List(texts.collect())
                }
            },
        }
    }

    /// Returns a text with names: a variable for the whole text, or codes and names as whole words.
    pub fn text(&self, text: &Arc<str>, context: RecordContext<'_>, choice: &NameChoice) -> FoldedText {
        let vars = context.member().map(|zone| &zone.vars);
        let variable =
            choice.variables.iter().filter(|name| !RESERVED.contains(&&***name)).find_map(|name| {
                let value = vars?.get(name)?;
                let is_date = || date_of(value).is_some_and(|date| date == &**text);
                match value == text {
                    true => Some(TextPart::Variable(Arc::clone(name))),
                    false => is_date().then(|| TextPart::DateVariable(Arc::clone(name))),
                }
            });
        if let Some(variable) = variable {
            return FoldedText::Template(vec![variable]);
        }
        let mut found: Vec<(Range<usize>, TextPart)> = (self.codes.codes_in(text))
            .filter_map(|(range, zone)| {
                let is = |other: Option<&PopulationZone>| other.is_some_and(|other| other.code == zone.code);
                match (is(context.subject), is(context.zone)) {
                    (true, _) => Some((range, TextPart::Subject)),
                    (false, true) => Some((range, TextPart::OwnCode)),
                    (false, false) => None,
                }
            })
            .collect();
        if let Some(zone) = context.zone.filter(|_| choice.own_names) {
            found.extend(whole_words(text, &zone.name).map(|range| (range, TextPart::OwnName)));
            found.sort_by_key(|(range, _)| range.start);
        }
        let mut parts = Vec::new();
        let mut end = 0;
        for (range, part) in found {
            // A code can be a word of a name.
            if range.start < end {
                continue;
            }
            if end < range.start {
                parts.push(TextPart::Literal(text[end..range.start].into()));
            }
            parts.push(part);
            end = range.end;
        }
        if parts.is_empty() {
            return FoldedText::Plain(Arc::clone(text));
        }
        if end < text.len() {
            parts.push(TextPart::Literal(text[end..].into()));
        }
        FoldedText::Template(parts)
    }

    /// Returns a note with names in place of the codes and the names of its zone and its subject. A note is
    /// a text for people, so this cannot be undone.
    pub fn note(&self, note: &Arc<str>, context: RecordContext<'_>) -> FoldedText {
        let named = [(context.subject, "{member}"), (context.zone, "{code}")];
        let mut text = note.to_string();
        for (zone, placeholder) in named {
            if let Some(zone) = zone.filter(|zone| !zone.name.is_empty()) {
                text = text.replace(&zone.name, placeholder).replace(zone.code.as_str(), placeholder);
            }
        }
        FoldedText::Plain(text.into())
    }

    /// Returns the rule of a list that contains exactly the members of a rule.
    fn member_rule(
        &self,
        texts: &[Arc<str>],
        context: RecordContext<'_>,
        labels: &[Arc<str>],
    ) -> Option<MemberRule> {
        if texts.len() < 2 {
            return None;
        }
        let listed: BTreeSet<&str> = texts.iter().map(|text| &**text).collect();
        if !listed.iter().all(|code| self.members.contains(code)) {
            return None;
        }
        let own = context.member().map(|zone| zone.code.as_str());
        let others = own.is_some_and(|own| !listed.contains(own));
        let left_out = |base: &BTreeSet<&str>| {
            let is_part = listed.iter().all(|code| base.contains(code));
            let except = base.iter().filter(|code| !listed.contains(*code));
            let except: Vec<ZoneCode> =
                except.filter(|code| !(others && own == Some(**code))).map(|code| (*code).into()).collect();
            is_part.then_some(except)
        };
        if let Some(except) = left_out(&self.members)
            && except.len() <= MAX_EXCEPTIONS
            && except.len() * 2 < listed.len()
        {
            return Some(MemberRule { others, label: None, except });
        }
        let named = self.by_label.iter().filter(|((label, _), _)| labels.contains(label));
        for ((label, value), base) in named {
            if left_out(base).is_some_and(|except| except.is_empty()) {
                let label = Some((Arc::clone(label), Arc::clone(value)));
                return Some(MemberRule { others, label, except: Vec::new() });
            }
        }
        None
    }

    /// Returns the value that a folded value stands for.
    #[cfg(test)]
    pub fn unfold(&self, value: &FoldedValue, context: RecordContext<'_>) -> FieldValue {
        match value {
            FoldedValue::Null => FieldValue::Null,
            FoldedValue::Bool(flag) => FieldValue::Bool(*flag),
            FoldedValue::Text(text) => FieldValue::Text(self.unfold_text(text, context)),
            FoldedValue::List(texts) => {
                FieldValue::list(texts.iter().map(|text| self.unfold_text(text, context)))
            }
            FoldedValue::Members(MemberRule { others, label, except }) => {
                let base = match label {
                    Some((label, value)) => &self.by_label[&(label, value)],
                    None => &self.members,
                };
                let own = context.member().map(|zone| zone.code.as_str()).filter(|_| *others);
                let is_left_out =
                    |code: &&&str| own == Some(**code) || except.iter().any(|zone| zone.as_str() == **code);
                FieldValue::list(base.iter().filter(|code| !is_left_out(code)).copied())
            }
        }
    }

    #[cfg(test)]
    fn unfold_text(&self, text: &FoldedText, context: RecordContext<'_>) -> Arc<str> {
        let code = |zone: Option<&PopulationZone>| zone.map_or("", |zone| zone.code.as_str()).to_owned();
        match text {
            FoldedText::Plain(text) => Arc::clone(text),
            FoldedText::Template(parts) => {
                let parts = parts.iter().map(|part| match part {
                    TextPart::Literal(text) => text.to_string(),
                    TextPart::Subject => code(context.subject),
                    TextPart::OwnCode => code(context.zone),
                    TextPart::OwnName => context.zone.map_or(String::new(), |zone| zone.name.clone()),
                    TextPart::Variable(name) => {
                        context.member().map_or(String::new(), |zone| zone.vars[name].to_string())
                    }
                    TextPart::DateVariable(name) => {
                        let value = context.member().and_then(|zone| date_of(&zone.vars[name]));
                        value.unwrap_or_default().to_owned()
                    }
                });
                parts.collect::<String>().into()
            }
        }
    }
}

/// Returns the places of a name in a text, in order, unless it is a part of a word there.
fn whole_words<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    let places = text.match_indices(name).filter(|_| !name.is_empty());
    places.map(|(start, found)| start..start + found.len()).filter(|range| {
        let before = text[..range.start].chars().next_back();
        let after = text[range.end..].chars().next();
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

/// Returns the date of a text such as `2026-12-10Z`.
fn date_of(text: &str) -> Option<&str> {
    let date = text.strip_suffix('Z')?;
    let is_date = date.len() == 10
        && date.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_date.then_some(date)
}

/// Makes rules equal that mean the same list at their members: at Quarry, "every other member" is "every
/// other member but Quarry".
pub fn unify_member_rules<'v>(rules: impl IntoIterator<Item = (&'v mut MemberRule, Option<&'v ZoneCode>)>) {
    let mut rules: Vec<(&mut MemberRule, Option<&ZoneCode>)> = rules.into_iter().collect();
    let mut exceptions: HashMap<Vec<ZoneCode>, usize> = HashMap::new();
    for (rule, _) in rules.iter().filter(|(rule, _)| rule.others && rule.label.is_none()) {
        *exceptions.entry(rule.except.clone()).or_default() += 1;
    }
    if exceptions.len() < 2 {
        return;
    }
    let mut wider: Vec<(usize, Vec<ZoneCode>)> =
        exceptions.into_iter().map(|(except, number)| (number, except)).collect();
    wider.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    for (rule, own) in rules.iter_mut().filter(|(rule, _)| rule.others && rule.label.is_none()) {
        let Some(own) = own else { continue };
        let means_same = |except: &&(usize, Vec<ZoneCode>)| {
            except.1.contains(own) && except.1.iter().filter(|code| code != own).eq(rule.except.iter())
        };
        if let Some((_, except)) = wider.iter().find(means_same) {
            rule.except.clone_from(except);
        }
    }
}
