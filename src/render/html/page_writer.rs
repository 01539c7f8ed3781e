//! Writer of a page with a size limit, which makes the texts of zones harmless.
//!
//! `maud` escapes the characters of HTML by type. The writer replaces what a browser or a CI runner takes for
//! more than text: invisible characters, line breaks and `##`.

use maud::{Markup, PreEscaped};

use crate::model::text_safety::is_invisible;

/// HTML page under construction.
#[derive(Debug)]
pub struct PageWriter {
    out: String,
    limit: usize,
}

impl PageWriter {
    /// Creates a writer of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { out: String::new(), limit }
    }

    /// Appends markup with texts of zones, or returns `None` if the page exceeds its limit.
    pub fn push(&mut self, PreEscaped(markup): Markup) -> Option<()> {
        self.out.reserve(markup.len());
        let mut previous = '\0';
        for c in markup.chars() {
            match c {
                // A page on stdout gives no orders to a CI runner: `::error::` in a line, `##[group]` anywhere.
                '\n' => self.out.push_str("&#10;"),
                '#' if previous == '#' => self.out.push_str("&#35;"),
                c if is_invisible(c) => {
                    self.out.push_str(&format!("⟨U+{:04X}⟩", c as u32));
                }
                c => self.out.push(c),
            }
            previous = c;
        }
        self.check()
    }

    /// Appends markup known at compile time, unchanged.
    pub fn push_static(&mut self, markup: &'static str) -> Option<()> {
        self.out.push_str(markup);
        self.check()
    }

    fn check(&self) -> Option<()> {
        (self.out.len() <= self.limit).then_some(())
    }

    /// Returns the HTML.
    pub fn into_string(self) -> String {
        self.out
    }
}
