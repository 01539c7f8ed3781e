//! Suggests the intended word after a misspelling or a rename.

use crate::model::cut_list::cut_sentence_list;

/// Renamed manifest fields and values: old word, new word.
const RENAMED: [(&str, &str); 24] = [
    ("agree", "consistent"),
    ("at", "target"),
    ("because", "reason"),
    ("each", "scope"),
    ("eachMember", "perMember"),
    ("from", "source"),
    ("from", "sources"),
    ("hides", "hiddenService"),
    ("initial", "createOnly"),
    ("maximalLag", "maxDelay"),
    ("observe", "report"),
    ("off", "disabled"),
    ("on", "enabled"),
    ("onTo", "nextTarget"),
    ("owned", "created"),
    ("release", "unmanage"),
    ("remove", "delete"),
    ("sentHome", "sentToSource"),
    ("stop", "defer"),
    ("stops", "blockedActions"),
    ("stopsAtHome", "blockedAtSource"),
    ("travelsOn", "sentToOtherTargets"),
    ("why", "refusal"),
    ("wrong", "inconsistentTables"),
];

/// Returns the present name of a renamed field or value, if the known words contain the name.
fn renamed<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let new =
        |(old, new): &(&str, &str)| (*old == word).then(|| known.iter().find(|name| *name == new)).flatten();
    RENAMED.iter().find_map(new).copied()
}

/// Returns the nearest word; `None` if none is near enough.
pub fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    among
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            *distance <= 1.max(word.chars().count().max(candidate.chars().count()) / 3)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns help for a word that is close to a known one: its new name after a rename, or the nearest word.
pub fn meant(word: &str, known: &[&str]) -> Option<String> {
    match renamed(word, known) {
        Some(new) => Some(format!("`{word}` is now `{new}`")),
        None => nearest(word, known.iter().copied()).map(|nearest| format!("did you mean `{nearest}`?")),
    }
}

/// Returns help for an unknown word: the word that was meant, otherwise all known words.
pub fn among<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    meant(word, &known).unwrap_or_else(|| known_words(&known))
}

/// Returns help with all known words.
pub fn known_words(known: &[&str]) -> String {
    const SHOWN: usize = 12;
    match known.is_empty() {
        true => "none exist".to_owned(),
        false => format!("known: {}", cut_sentence_list(known.iter().map(|word| format!("`{word}`")), SHOWN)),
    }
}

/// Returns help for an unknown zone code. Codes of one network share a prefix, so a matching suffix wins.
pub fn code<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let end = format!("_{}", given.to_uppercase());
    match known.iter().find(|candidate| candidate.ends_with(&end)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => among(given, known),
    }
}

/// Returns a list of names for a sentence: a few, then the number of further ones.
pub fn abbreviated_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    cut_sentence_list(names.into_iter().map(|name| format!("`{name}`")), SHOWN)
}
