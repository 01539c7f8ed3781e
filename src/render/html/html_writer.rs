//! Writes HTML and escapes all text except the markup of zonal.

use std::fmt::Write as _;

use crate::model::text_safety::is_invisible;
use crate::render::markdown::escape::code_parts;

/// HTML page under construction.
#[derive(Debug, Default)]
pub struct HtmlWriter {
    out: String,
}

impl HtmlWriter {
    /// Appends markup known at compile time.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// Appends untrusted text, for an element or a double-quoted attribute.
    pub fn text(&mut self, text: impl std::fmt::Display) -> &mut Self {
        // Writing to a String cannot fail.
        let _ = write!(EscapingWriter(&mut self.out), "{text}");
        self
    }

    /// Appends untrusted text to an element, with code between backticks. The script uses the same rule.
    pub fn prose(&mut self, text: impl std::fmt::Display) -> &mut Self {
        let text = text.to_string();
        for (is_code, part) in code_parts(&text) {
            match is_code {
                true => self.raw("<code>").text(part).raw("</code>"),
                false => self.text(part),
            };
        }
        self
    }

    /// Appends JSON from [`super::interner::json`], which contains no HTML-significant character.
    pub fn json(&mut self, json: &str) -> &mut Self {
        self.out.push_str(json);
        self
    }

    /// Returns the length in bytes.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Returns the HTML.
    pub fn into_string(self) -> String {
        self.out
    }
}

struct EscapingWriter<'a>(&'a mut String);

impl std::fmt::Write for EscapingWriter<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // A page on stdout gives no orders to a CI runner: `::error::` in a line, `##[group]` anywhere.
                '#' => self.0.push_str("&#35;"),
                '\n' => self.0.push_str("&#10;"),
                c if is_invisible(c) => write!(self.0, "⟨U+{:04X}⟩", c as u32)?,
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}
