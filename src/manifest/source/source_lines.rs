//! Lines of a file, with the numbers and columns that the parser counts.

use std::ops::Range;

use super::line_parts::LineParts;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::SourcePosition;
use crate::model::secret_text::may_hold_secret;

/// Byte order mark at the start of a file, which is in no column.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Lines of a file without their line breaks: `\n`, `\r\n`, and a lone `\r`.
#[derive(Debug)]
pub struct SourceLines<'a> {
    /// Whole text of the file.
    pub text: &'a str,
    ranges: Vec<Range<usize>>,
}

impl<'a> SourceLines<'a> {
    /// Splits a text. The first line starts after a byte order mark.
    pub fn new(text: &'a str) -> Self {
        let mut ranges = Vec::new();
        let mut start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
            let end = start + rest.find(['\n', '\r']).unwrap_or(rest.len());
            ranges.push(start..end);
            let after = &text[end..];
            let line_break = if after.starts_with("\r\n") { 2 } else { after.len().min(1) };
            start = end + line_break;
        }
        Self { text, ranges }
    }

    /// Returns the number of lines. A line break at the end starts no further line.
    pub fn count(&self) -> usize {
        self.ranges.len()
    }

    /// Returns the range of a line in the text, by the number of the line, counted from 1. The range of a
    /// missing line is empty.
    pub fn range(&self, line: usize) -> Range<usize> {
        line.checked_sub(1).and_then(|index| self.ranges.get(index)).cloned().unwrap_or_default()
    }

    /// Returns a line by its number, counted from 1; an empty text for a missing line.
    pub fn line(&self, line: usize) -> &'a str {
        self.text.get(self.range(line)).unwrap_or_default()
    }

    /// Returns the parts of a line.
    pub fn parts(&self, line: usize) -> LineParts<'a> {
        LineParts::new(self.text, self.range(line))
    }

    /// Returns true if a line may contain a secret, so that no message quotes a part of it.
    fn is_secret(&self, line: usize) -> bool {
        may_hold_secret(self.text, self.range(line))
    }

    /// Returns true if the line in which a span ends may contain a secret.
    pub fn is_secret_at(&self, extent: NodeSpan) -> bool {
        self.is_secret(usize::try_from(extent.end.line).unwrap_or(usize::MAX))
    }

    /// Returns the position of a line and a column, both counted from 1.
    pub fn position(&self, line: usize, column: usize) -> SourcePosition {
        let clamp = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let inside: usize = self.line(line).chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
        let byte = clamp(self.range(line).start + inside);
        SourcePosition { line: clamp(line), column: clamp(column), byte }
    }
}

#[cfg(test)]
mod tests {
    use super::SourceLines;

    #[test]
    fn lines_end_at_each_line_break_of_the_parser() {
        let lines = SourceLines::new("\u{feff}a\rb\r\nc\n\n\ré");
        let texts: Vec<&str> = (1..=lines.count()).map(|number| lines.line(number)).collect();
        assert_eq!(texts, ["a", "b", "c", "", "", "é"]);
        assert_eq!([lines.line(0), lines.line(7)], ["", ""]);
        assert_eq!([lines.position(1, 1).byte, lines.position(6, 2).byte], [3, 14]);
        assert_eq!(SourceLines::new("a\n").count(), 1);
        assert_eq!(SourceLines::new("\u{feff}").count(), 0);
    }
}
