//! Recognizes common mistakes behind YAML syntax errors, from the lines around the error.

mod list_layout;

use serde_saphyr::granit_parser::ErrorKind;

use super::line_parts::{HIDDEN_TEXT, LineParts, spaces_text};
use super::source_lines::SourceLines;
use crate::manifest::diagnostic_codes;
use crate::model::secret_text::{is_readable, open_brackets};
use crate::model::text_safety::is_invisible;

/// Mistake behind a syntax error, at the position to correct.
#[derive(Debug, PartialEq, Eq)]
pub struct LayoutMistake {
    pub code: &'static str,
    /// Line, counted from 1.
    pub line: usize,
    /// Column, counted from 1.
    pub column: usize,
    pub message: String,
    pub help: String,
}

/// Returns the mistake behind an error at a position; `None` if the lines show no known one.
pub fn find(kind: &ErrorKind, line: usize, column: usize, lines: &SourceLines<'_>) -> Option<LayoutMistake> {
    // An error at the end of the text belongs to the last line.
    let line = line.min(lines.count());
    let error = ErrorLines { lines, line, column };
    error.tab(kind).or_else(|| error.invisible_space()).or_else(|| match kind {
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => error.unexpected_colon(),
        ErrorKind::SimpleKeyExpected
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::InvalidIndentation => error
            .list_beside_field(kind)
            .or_else(|| error.item_too_deep())
            .or_else(|| error.field_beside_items())
            .or_else(|| error.indentation())
            .or_else(|| error.no_colon())
            .or_else(|| error.text_after_bracket()),
        ErrorKind::InvalidTrailingSingleQuotedScalar => error.quote_inside('\''),
        ErrorKind::InvalidTrailingDoubleQuotedScalar => error.quote_inside('"'),
        ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent => error.unclosed_quote(),
        ErrorKind::BlockEntryInFlowCollection
        | ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::MismatchedFlowCollectionEnd { .. }
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::ExpectedFlowMappingSeparator => {
            error.bracket_in_comment().or_else(|| error.unclosed_bracket(kind)).or_else(|| error.separator())
        }
        ErrorKind::UnexpectedCharacter { character } => error.start_character(*character),
        ErrorKind::UnknownQuotedScalarEscape | ErrorKind::InvalidQuotedScalarHexEscape => {
            let message = "`\\` starts an escape in a text in double quotes".to_owned();
            let help = "write `\\\\` for a backslash, or put the text in single quotes: `'...'`";
            Some(error.mistake(line, column, message, help.to_owned()))
        }
        _ => None,
    })
}

/// Lines of a file, with the position of an error.
struct ErrorLines<'a> {
    lines: &'a SourceLines<'a>,
    line: usize,
    column: usize,
}

impl<'a> ErrorLines<'a> {
    fn mistake(&self, line: usize, column: usize, message: String, help: String) -> LayoutMistake {
        LayoutMistake {
            code: diagnostic_codes::YAML,
            line,
            column,
            message: format!("invalid YAML: {message}"),
            help,
        }
    }

    /// Returns a line by its number, counted from 1.
    fn text(&self, line: usize) -> &'a str {
        self.lines.line(line)
    }

    /// Returns the parts of a line.
    fn parts(&self, line: usize) -> LineParts<'a> {
        self.lines.parts(line)
    }

    /// Returns the numbers of the lines above a line in the same document, the nearest first.
    fn numbers_above(&self, line: usize) -> impl Iterator<Item = usize> + use<'a> {
        let lines = self.lines;
        (1..line).rev().take_while(move |number| !lines.line(*number).starts_with("---"))
    }

    /// Returns the nearest line with content above a line, with its number.
    fn above(&self, line: usize) -> Option<(usize, LineParts<'a>)> {
        self.numbers_above(line)
            .map(|number| (number, self.parts(number)))
            .find(|(_, parts)| !parts.content.is_empty())
    }

    /// Finds a tab before the content of this line or the next ones.
    fn tab(&self, kind: &ErrorKind) -> Option<LayoutMistake> {
        let is_tab = matches!(
            kind,
            ErrorKind::TabNotAllowed
                | ErrorKind::TabInBlockIndentation
                | ErrorKind::TabInIndentation
                | ErrorKind::TabAtBlockScalarStart
                | ErrorKind::TabInPlainScalar
        );
        let tab_column = |number: usize| {
            let text = self.text(number);
            let blank = text.len() - text.trim_start().len();
            text[..blank].chars().position(|c| c == '\t').map(|index| index + 1)
        };
        let (line, column) = (self.line..self.line + if is_tab { 3 } else { 1 })
            .find_map(|number| tab_column(number).map(|column| (number, column)))?;
        let above = self.above(line);
        let help = match above.map_or(0, |(_, parts)| parts.spaces) {
            0 => "replace the tab with spaces".to_owned(),
            spaces => {
                format!("replace the tab with spaces; the line above is indented by {}", spaces_text(spaces))
            }
        };
        let message = "tab used as indentation".to_owned();
        Some(LayoutMistake { code: diagnostic_codes::TAB, line, column, message, help })
    }

    /// Finds an invisible character or an unusual space outside quotes, in this line or the line above.
    fn invisible_space(&self) -> Option<LayoutMistake> {
        let above = self.above(self.line).map_or(self.line, |(number, _)| number);
        [self.line, above].into_iter().find_map(|line| {
            let text = self.text(line);
            let end = text.find(['"', '\'', '#']).unwrap_or(text.len());
            let index = text[..end].chars().position(|c| is_invisible(c) && c != '\r')?;
            let found = text.chars().nth(index)?;
            let message = format!("the line contains the invisible character U+{:04X}", u32::from(found));
            let help = "replace it with a space, or remove it; text copied from a web page or word processor often contains it";
            Some(self.mistake(line, index + 1, message, help.to_owned()))
        })
    }

    fn unexpected_colon(&self) -> Option<LayoutMistake> {
        let parts = self.parts(self.line);
        let own_colon = parts.column + parts.key?.chars().count();
        if own_colon != self.column {
            let value = parts.value()?;
            let shown = match value.starts_with(['{', '[', '"', '\'']) || parts.is_secret() {
                true => format!("`{HIDDEN_TEXT}`"),
                false => format!("`{}: {}`", parts.key?, parts.show_quoted(value)),
            };
            let message = "the text contains `: `".to_owned();
            return Some(self.mistake(self.line, self.column, message, format!("quote the text: {shown}")));
        }
        self.no_colon_above().or_else(|| self.indentation())
    }

    /// Finds a line above without a key: `table:User`, or `table User`.
    fn no_colon_above(&self) -> Option<LayoutMistake> {
        let (line, parts) = self.above(self.line)?;
        parts.key.is_none().then(|| self.without_colon(line, &parts)).flatten()
    }

    fn no_colon(&self) -> Option<LayoutMistake> {
        let parts = self.parts(self.line);
        match parts.key {
            None => self.without_colon(self.line, &parts),
            Some(_) => self.no_colon_above(),
        }
    }

    fn without_colon(&self, line: usize, parts: &LineParts<'_>) -> Option<LayoutMistake> {
        let (field, value, mistake) = parts.field_without_separator()?;
        let column = parts.column + field.chars().count();
        let shown = match parts.is_secret() || value.starts_with(['{', '[']) {
            // Below a field for secrets, the first word can be a secret, too.
            true if parts.is_secret() && !is_readable(field) => "field: ...".to_owned(),
            true => format!("{field}: ..."),
            false => format!("{field}: {value}"),
        };
        Some(self.mistake(
            line,
            column,
            mistake.message().to_owned(),
            format!("write `{}`", shown.trim_end()),
        ))
    }

    /// Finds a line whose indentation matches no line above.
    fn indentation(&self) -> Option<LayoutMistake> {
        let parts = self.parts(self.line);
        let mut levels: Vec<usize> = Vec::new();
        let mut limit = usize::MAX;
        let mut number = self.line;
        while let Some((above, outer)) = self.above(number) {
            let columns = [outer.column - 1, outer.spaces];
            levels.extend(columns.iter().filter(|column| **column < limit));
            limit = limit.min(outer.spaces);
            number = above;
            if limit == 0 {
                break;
            }
        }
        levels.dedup();
        if levels.is_empty() || levels.contains(&parts.spaces) {
            return None;
        }
        let distance = |level: &usize| level.abs_diff(parts.spaces);
        let nearest = levels.iter().copied().min_by_key(distance)?;
        let others: Vec<String> =
            levels.iter().filter(|level| **level != nearest).map(usize::to_string).collect();
        let others = match others.is_empty() {
            true => String::new(),
            false => format!("; other fields above begin after {} spaces", others.join(", ")),
        };
        let message =
            format!("the line is indented by {}, which no line above is", spaces_text(parts.spaces));
        let help = format!("indent it by {}{others}", spaces_text(nearest));
        Some(self.mistake(self.line, parts.spaces + 1, message, help))
    }

    fn text_after_bracket(&self) -> Option<LayoutMistake> {
        let parts = self.parts(self.line);
        let value = parts.value().filter(|value| value.starts_with(['[', '{']))?;
        let help = match parts.is_secret() {
            true => "quote the whole text".to_owned(),
            false => format!("quote the whole text: `{}: {}`", parts.key?, parts.show_quoted(value)),
        };
        Some(self.mistake(self.line, self.column, "text after a closing bracket".to_owned(), help))
    }

    /// Explains text after a closing quote: a quote inside the text, or an opening quote far above.
    fn quote_inside(&self, mark: char) -> Option<LayoutMistake> {
        let parts = self.parts(self.line);
        let text = self.text(self.line);
        let (before, after) = text.split_at(self.byte_before(text));
        if before.matches(mark).count() % 2 == 1 {
            return self.quote_open_above(mark);
        }
        let start = before.trim_end().trim_end_matches(mark).rfind(mark)?;
        let (opening, first) = before.split_at(start);
        let first = first.strip_prefix(mark)?;
        let (text_before, second) = first.rsplit_once(mark).unwrap_or((first, ""));
        let without_mark = format!("{text_before}{second}");
        let inner = match after.rfind(mark).filter(|last| *last > 0) {
            Some(last) => format!("{first}{}", &after[..last]),
            None if opening.contains(['{', '[']) => without_mark,
            None => format!("{without_mark}{after}"),
        };
        let help = match (parts.is_secret(), mark) {
            (true, '\'') => "write the apostrophe twice: `''`".to_owned(),
            (true, _) => "write `\\\"` for a quote inside the text".to_owned(),
            (false, _) => format!("quote the whole text: `{}`", parts.show_quoted(inner.trim_end())),
        };
        let message = format!("the text ends at the second `{mark}`, but more text follows");
        Some(self.mistake(self.line, self.column, message, help))
    }

    /// Finds the line above whose quote is not closed.
    fn quote_open_above(&self, mark: char) -> Option<LayoutMistake> {
        let is_open = |line: &usize| self.text(*line).matches(mark).count() % 2 == 1;
        let line = self.numbers_above(self.line).find(is_open)?;
        let parts = self.parts(line);
        let column = self.text(line).chars().position(|c| c == mark)? + 1;
        Some(self.mistake(line, column, "unclosed quote".to_owned(), parts.closing_help(mark)))
    }

    fn unclosed_quote(&self) -> Option<LayoutMistake> {
        let mark = self.text(self.line).chars().nth(self.column.checked_sub(1)?)?;
        match matches!(mark, '"' | '\'') {
            true => {
                let parts = self.parts(self.line);
                let message = "unclosed quote".to_owned();
                Some(self.mistake(self.line, self.column, message, parts.closing_help(mark)))
            }
            false => self.quote_open_above('"').or_else(|| self.quote_open_above('\'')),
        }
    }

    /// Finds a line near the error whose closing bracket is in a comment: `{description: Block #2}`.
    fn bracket_in_comment(&self) -> Option<LayoutMistake> {
        let above = self.above(self.line).map_or(self.line, |(number, _)| number);
        [self.line, above].into_iter().find_map(|line| {
            let text = self.text(line);
            let start = text.find(" #")?;
            let (code, comment) = text.split_at(start);
            let close = comment.chars().find(|c| matches!(c, '}' | ']'))?;
            (open_brackets(code) > 0).then(|| {
                let message = format!("the text ends at ` #`, and the `{close}` is part of a comment");
                let value = code.rsplit(": ").next().unwrap_or_default();
                let rest = comment.split(['}', ']', ',']).next().unwrap_or_default();
                let shown = match value.contains(['"', '\'']) {
                    true => HIDDEN_TEXT.to_owned(),
                    false => self.parts(line).show_quoted(&format!("{value}{rest}")),
                };
                self.mistake(line, code.chars().count() + 2, message, format!("quote the text: `{shown}`"))
            })
        })
    }

    fn unclosed_bracket(&self, kind: &ErrorKind) -> Option<LayoutMistake> {
        let close = |open: char| if open == '{' { '}' } else { ']' };
        match kind {
            ErrorKind::UnclosedFlowCollection { open } => {
                let message = format!("unclosed `{open}`");
                let help = format!("add the closing `{}`", close(*open));
                Some(self.mistake(self.line, self.column, message, help))
            }
            ErrorKind::MismatchedFlowCollectionEnd { open, close: found } => {
                let message = format!("`{open}` is closed by `{found}`");
                let help = format!("add `{}` before the `{found}`", close(*open));
                Some(self.mistake(self.line, self.column, message, help))
            }
            ErrorKind::BlockEntryInFlowCollection => {
                let is_open = |line: &usize| open_brackets(self.text(*line)) > 0;
                let line = self.numbers_above(self.line).find(is_open)?;
                let index = self.text(line).chars().position(|c| matches!(c, '{' | '['))?;
                let open = self.text(line).chars().nth(index)?;
                let help = format!("add the closing `{}` at the end of the line", close(open));
                Some(self.mistake(line, index + 1, format!("unclosed `{open}`"), help))
            }
            _ => None,
        }
    }

    /// Explains an unexpected character between brackets.
    fn separator(&self) -> Option<LayoutMistake> {
        let text = self.text(self.line);
        let found = text.chars().nth(self.column.checked_sub(1)?)?;
        let help = match found {
            ':' => {
                "separate two fields with `,`; quote a text that contains `: `, such as `{description: \"Note: see desk\"}`"
            }
            '{' | '[' if text[..self.byte_before(text)].trim_end().ends_with(['}', ']']) => {
                "separate two items with `,`"
            }
            '{' | '[' => "quote a text that contains `{` or `[`, such as `{env: \"ZONAL_READ_{code}\"}`",
            _ => "separate two fields or items with `,`, or quote the text",
        };
        let message = format!("unexpected `{found}` between brackets");
        Some(self.mistake(self.line, self.column, message, help.to_owned()))
    }

    /// Returns the offset of the error in the text of its line.
    fn byte_before(&self, text: &str) -> usize {
        text.chars().take(self.column.saturating_sub(1)).map(char::len_utf8).sum()
    }

    fn start_character(&self, found: char) -> Option<LayoutMistake> {
        let help = match found {
            '|' | '>' => "write a text of several lines below the field, without `{...}`".to_owned(),
            _ if self.parts(self.line).is_secret() => format!("quote the text: `{HIDDEN_TEXT}`"),
            _ => format!("quote the text: `\"{found}...\"`"),
        };
        let message = match self.parts(self.line).is_secret() {
            true => "a text without quotes cannot start with this character".to_owned(),
            false => format!("a text without quotes cannot start with `{found}`"),
        };
        Some(self.mistake(self.line, self.column, message, help))
    }
}

#[cfg(test)]
mod tests;
