//! Markup of folded values, with names of variables as elements of their own.

use maud::{Markup, html};

use super::detail_level::{DetailLevel, LONG};
use super::page_context::PageContext;
use crate::render::decisions::value_words::{changed_value_words, multiline_text, text_words, value_words};
use crate::render::decisions::{FieldChangeContent, FoldedField, FoldedText, FoldedValue};
use crate::render::text::thousands;
use crate::render::text_difference::{DiffLine, diff_texts};
use crate::render::word_difference::{LinePart, line_parts};

/// Most lines of a difference that stand open in a row.
const OPEN_LINES: usize = 14;

/// Returns words of a value. In a template, names in braces become elements.
fn words(text: String, is_template: bool, detail: DetailLevel) -> Markup {
    let length = text.chars().count();
    if length > LONG && detail >= DetailLevel::Short {
        return html! { i { "(" (thousands(length as u64)) " characters, left out)" } };
    }
    if !is_template {
        return html! { (text) };
    }
    html! {
        @for (is_name, part) in template_parts(&text) {
            @if is_name { var { "{" (part) "}" } } @else { (part) }
        }
    }
}

/// Returns the parts of a template's words: names, and texts with doubled braces made single.
fn template_parts(text: &str) -> Vec<(bool, String)> {
    let mut parts = vec![(false, String::new())];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => {
                chars.next();
                if let Some((_, part)) = parts.last_mut() {
                    part.push(c);
                }
            }
            '{' => parts.push((true, String::new())),
            '}' => parts.push((false, String::new())),
            c => {
                if let Some((_, part)) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    parts.retain(|(_, part)| !part.is_empty());
    parts
}

fn is_template(value: &FoldedValue) -> bool {
    matches!(value, FoldedValue::Text(FoldedText::Template(_)))
}

/// Returns a text.
pub fn text(context: &PageContext<'_>, text: &FoldedText, detail: DetailLevel) -> Markup {
    words(text_words(text, &context.names), text.plain().is_none(), detail)
}

/// Returns a text as a sentence, without quotes.
pub fn sentence(text: &FoldedText) -> Markup {
    match text.plain() {
        Some(text) => super::page_context::prose(text),
        None => words(text.to_string(), true, DetailLevel::Everything),
    }
}

/// Returns a value in one line.
pub fn value(context: &PageContext<'_>, value: &FoldedValue, detail: DetailLevel) -> Markup {
    match value {
        FoldedValue::List(texts) if !texts.is_empty() => html! {
            @for (index, item) in texts.iter().enumerate() {
                @if index > 0 { ", " }
                (text(context, item, detail))
            }
        },
        FoldedValue::Null | FoldedValue::List(_) => html! { i { "unset" } },
        FoldedValue::Bool(_) | FoldedValue::Text(_) | FoldedValue::Members(_) => {
            words(value_words(value, &context.names), is_template(value), detail)
        }
    }
}

/// Returns the values before and after a change.
pub fn changed(
    context: &PageContext<'_>,
    before: &FoldedValue,
    after: &FoldedValue,
    detail: DetailLevel,
) -> Markup {
    let (FoldedValue::Text(_), FoldedValue::Text(_)) = (before, after) else {
        return html! { (removed(context, before, detail)) " → " ins { (value(context, after, detail)) } };
    };
    let (before_words, after_words) = changed_value_words(before, after, &context.names);
    html! {
        del { (words(before_words, is_template(before), detail)) } " → "
        ins { (words(after_words, is_template(after), detail)) }
    }
}

/// Returns a former value, struck through unless it is unset.
pub fn removed(context: &PageContext<'_>, former: &FoldedValue, detail: DetailLevel) -> Markup {
    match former {
        FoldedValue::Null => html! { i { "unset" } },
        former => html! { del { (value(context, former, detail)) } },
    }
}

/// Returns the texts that a list gains and loses.
pub fn list_edit(context: &PageContext<'_>, field: &FoldedField, detail: DetailLevel) -> Markup {
    let FieldChangeContent::Edit { added, removed } = &field.change else { return html! {} };
    html! {
        @for item in added { ins { "+" (text(context, item, detail)) } " " }
        @for item in removed { del { "−" (text(context, item, detail)) } " " }
    }
}

/// Returns the difference of two texts of several lines.
pub fn multiline(context: &PageContext<'_>, field: &FoldedField, detail: DetailLevel) -> Markup {
    // Braces of a text are doubled only next to names in braces.
    let has_names = match &field.change {
        FieldChangeContent::Set(value) | FieldChangeContent::Removed(value) => is_template(value),
        FieldChangeContent::Edit { .. } => false,
    } || field.former.first().is_some_and(|(before, _)| is_template(before));
    let text = |value: &FoldedValue| match value {
        FoldedValue::Null => String::new(),
        FoldedValue::Text(FoldedText::Plain(text)) if !has_names => text.to_string(),
        value => multiline_text(value).unwrap_or_else(|| value_words(value, &context.names)),
    };
    let former = field.former.first().map(|(before, _)| text(before)).unwrap_or_default();
    let (before, after) = match &field.change {
        FieldChangeContent::Set(value) => (former, text(value)),
        FieldChangeContent::Removed(value) => (text(value), String::new()),
        FieldChangeContent::Edit { .. } => return html! {},
    };
    let before = if detail >= DetailLevel::Wanted { String::new() } else { before };
    let length = before.chars().count().max(after.chars().count());
    if length > LONG && detail >= DetailLevel::Short {
        return html! { i { "(" (thousands(length as u64)) " characters, left out)" } };
    }
    let lines = diff_texts(&before, &after);
    let shown = html! {
        div.diff {
            @for (line, parts) in lines.iter().zip(line_parts(&lines)) {
                @match line {
                    DiffLine::Unchanged(text) => p { "  " (text) },
                    DiffLine::Removed(_) => del { "− " (marked(&parts)) },
                    DiffLine::Added(_) => ins { "+ " (marked(&parts)) },
                    DiffLine::Omitted(number) => p.dim { "(" (thousands(*number as u64)) " unchanged lines)" },
                }
            }
        }
    };
    match lines.len() > OPEN_LINES {
        true => html! { details { summary { (thousands(lines.len() as u64)) " lines of text" } (shown) } },
        false => shown,
    }
}

/// Returns a line with its changed words underlined.
fn marked(parts: &[LinePart<'_>]) -> Markup {
    html! { @for part in parts { @if part.is_changed { u { (part.text) } } @else { (part.text) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_templates_are_elements() {
        let shown = words("\"{{a}} {member}: {walkinGroup}<\"".to_owned(), true, DetailLevel::Everything);
        assert_eq!(shown.into_string(), "&quot;{a} <var>{member}</var>: <var>{walkinGroup}</var>&lt;&quot;");
        let shown = words("{member}".to_owned(), false, DetailLevel::Everything);
        assert_eq!(shown.into_string(), "{member}");
    }
}
