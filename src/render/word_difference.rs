//! Changed words within the lines of a difference.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::text_difference::DiffLine;

/// Part of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinePart<'a> {
    /// Text.
    pub text: &'a str,
    /// True if the other side of the difference has other words here.
    pub is_changed: bool,
}

/// Returns the parts of each line, in order. Only lines that have a counterpart with common words have
/// changed parts; an omitted part has no text.
pub fn line_parts(lines: &[DiffLine]) -> Vec<Vec<LinePart<'_>>> {
    let mut parts: Vec<Vec<LinePart<'_>>> = lines.iter().map(|line| vec![whole(line_text(line))]).collect();
    let mut start = 0;
    while start < lines.len() {
        let removed = count_while(&lines[start..], |line| matches!(line, DiffLine::Removed(_)));
        let added = count_while(&lines[start + removed..], |line| matches!(line, DiffLine::Added(_)));
        if removed == added {
            for index in start..start + removed {
                let (old, new) = (line_text(&lines[index]), line_text(&lines[index + removed]));
                if let Some((old, new)) = changed_words(old, new) {
                    (parts[index], parts[index + removed]) = (old, new);
                }
            }
        }
        start += (removed + added).max(1);
    }
    parts
}

fn line_text(line: &DiffLine) -> &str {
    match line {
        DiffLine::Unchanged(text) | DiffLine::Removed(text) | DiffLine::Added(text) => text,
        DiffLine::Omitted(_) => "",
    }
}

fn whole(text: &str) -> LinePart<'_> {
    LinePart { text, is_changed: false }
}

fn count_while(lines: &[DiffLine], is_counted: impl Fn(&DiffLine) -> bool) -> usize {
    lines.iter().take_while(|line| is_counted(line)).count()
}

/// Returns the parts of two lines, or `None` if they have less than half of their words in common.
fn changed_words<'a>(old: &'a str, new: &'a str) -> Option<(Vec<LinePart<'a>>, Vec<LinePart<'a>>)> {
    let [old_words, new_words] = [old, new].map(words);
    let operations = capture_diff_slices(Algorithm::Myers, &old_words, &new_words);
    let common: usize = (operations.iter())
        .filter(|operation| matches!(operation, DiffOp::Equal { .. }))
        .map(|operation| operation.old_range().len())
        .sum();
    if common * 2 < old_words.len().max(new_words.len()) {
        return None;
    }
    let parts = |text: &'a str, words: &[&'a str], range: fn(&DiffOp) -> std::ops::Range<usize>| {
        let mut at = 0;
        let mut parts = Vec::new();
        for operation in &operations {
            let length: usize = words[range(operation)].iter().map(|word| word.len()).sum();
            let is_changed = !matches!(operation, DiffOp::Equal { .. });
            if length > 0 {
                parts.push(LinePart { text: &text[at..at + length], is_changed });
            }
            at += length;
        }
        parts
    };
    Some((parts(old, &old_words, DiffOp::old_range), parts(new, &new_words, DiffOp::new_range)))
}

/// Returns words and the signs and spaces between them. Together they are the text.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first.is_alphanumeric() {
            true => rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (word, tail) = rest.split_at(end);
        words.push(word);
        rest = tail;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::line_parts;
    use crate::render::text_difference::diff_texts;

    /// Returns each line with its changed parts in brackets.
    fn shown(old: &str, new: &str) -> Vec<String> {
        let lines = diff_texts(old, new);
        let line = |parts: Vec<super::LinePart<'_>>| -> String {
            let part = |part: super::LinePart<'_>| match part.is_changed {
                true => format!("[{}]", part.text),
                false => part.text.to_owned(),
            };
            parts.into_iter().map(part).collect()
        };
        line_parts(&lines).into_iter().map(line).collect()
    }

    #[test]
    fn changed_words_of_similar_lines_are_marked() {
        assert_eq!(
            shown("due in 7 days\nsame", "due in 14 working days\nsame"),
            ["due in [7] days", "due in [14 working] days", "same"]
        );
        assert_eq!(shown("prêt de 7 jours", "prêt de 7 jours."), ["prêt de 7 jours", "prêt de 7 jours[.]"]);
    }

    #[test]
    fn lines_without_counterpart_or_common_words_are_whole() {
        assert_eq!(shown("one\ntwo", "two"), ["one", "two"]);
        assert_eq!(
            shown("all is new here", "nothing of it stays"),
            ["all is new here", "nothing of it stays"]
        );
    }
}
