//! Lists that are cut short: the first items, and the number of the others.

use std::fmt;

use super::grouped_number::{GroupedNumber, plural};

/// Number of omitted items, at least 1. Displays as `and 1,240 more`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OmittedItems(usize);

impl OmittedItems {
    /// Returns the number; `None` if no item is omitted.
    pub fn new(number: usize) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// Returns the number with a noun: `and 2 more zones`.
    pub fn of(self, noun: &str) -> String {
        format!("{self} {}", plural(self.0, noun))
    }
}

impl fmt::Display for OmittedItems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "and {} more", GroupedNumber(self.0 as u64))
    }
}

/// Returns the first `limit` items of a list, and the number of the others.
pub fn cut_list<T>(items: &[T], limit: usize) -> (&[T], Option<OmittedItems>) {
    let (shown, omitted) = items.split_at(items.len().min(limit));
    (shown, OmittedItems::new(omitted.len()))
}

/// Returns the first `limit` texts for a sentence: `A, B and 2 more`.
pub fn cut_sentence_list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>, limit: usize) -> String {
    let texts: Vec<T> = texts.into_iter().collect();
    let (shown, omitted) = cut_list(&texts, limit);
    let shown = shown.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match omitted {
        Some(omitted) => format!("{shown} {omitted}"),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::{OmittedItems, cut_list, cut_sentence_list};

    #[test]
    fn omitted_items_are_counted() {
        assert_eq!(cut_list(&[1, 2], 2), (&[1, 2][..], None));
        assert_eq!(cut_list(&[1, 2, 3], 2), (&[1, 2][..], Some(OmittedItems(1))));
        assert_eq!(OmittedItems(1).of("library"), "and 1 more library");
        assert_eq!(OmittedItems(1_240).of("library"), "and 1,240 more libraries");
        assert_eq!(cut_sentence_list(["A", "B"], 2), "A, B");
        assert_eq!(cut_sentence_list(["A", "B", "C"], 2), "A, B and 1 more");
    }
}
