//! Finds the word that the user probably meant.

/// The nearest of some words, where one is near enough to be what was meant.
pub fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    among
        .into_iter()
        .map(|each| (strsim::damerau_levenshtein(&lower, &each.to_lowercase()), each))
        .filter(|(distance, each)| *distance <= 1.max(word.chars().count().max(each.chars().count()) / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, each)| each)
}

/// A way out of a misspelling: the nearest word, else all there are.
pub fn among<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(nearest) = nearest(word, known.iter().copied()) {
        return format!("did you mean `{nearest}`?");
    }
    let shown: Vec<String> = known.iter().take(SHOWN).map(|each| format!("`{each}`")).collect();
    match (shown.as_slice(), known.len().saturating_sub(SHOWN)) {
        ([], _) => "there are none".to_owned(),
        (shown, 0) => format!("known: {}", shown.join(", ")),
        (shown, more) => format!("known: {} and {more} more", shown.join(", ")),
    }
}

/// A way out of a code of a zone that is none: codes of one network begin alike, and people know the end.
pub fn code<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let end = format!("_{}", given.to_uppercase());
    match known.iter().find(|each| each.ends_with(&end)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => among(given, known),
    }
}

/// Names of zones and the like in a sentence: a few, then how many more.
pub fn abbreviated_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more", names[..SHOWN].join(", ")),
        Some(0) | None => names.join(", "),
    }
}
