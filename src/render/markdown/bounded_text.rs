//! Text buffer with a size limit. Writing too much is an error.

use std::fmt;

/// Text with a maximum size.
///
/// A write over the limit fails and appends nothing.
#[derive(Debug)]
pub struct BoundedText {
    text: String,
    size: usize,
}

impl BoundedText {
    /// Returns an empty text of at most `size` bytes.
    pub fn new(size: usize) -> Self {
        Self { text: String::new(), size }
    }

    /// Returns an empty text with the remaining size.
    pub fn remaining_sheet(&self) -> Self {
        Self::new(self.remaining_bytes())
    }

    /// Returns the number of free bytes.
    pub fn remaining_bytes(&self) -> usize {
        self.size - self.text.len()
    }

    /// Runs `write` and removes its output if the limit was exceeded. Returns true if the output fits.
    pub fn attempt(&mut self, write: impl FnOnce(&mut Self) -> fmt::Result) -> bool {
        let before = self.text.len();
        let written = write(self).is_ok();
        if !written {
            self.text.truncate(before);
        }
        written
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Converts into the text.
    pub fn into_text(self) -> String {
        self.text
    }
}

impl fmt::Write for BoundedText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() > self.remaining_bytes() {
            return Err(fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::BoundedText;

    #[test]
    fn write_over_limit_appends_nothing() {
        let mut sheet = BoundedText::new(5);
        assert!(sheet.attempt(|sheet| sheet.write_str("abc")));
        let (fits, too_much) = ('d', "ef");
        assert!(!sheet.attempt(|sheet| write!(sheet, "{fits}{too_much}")));
        assert!(sheet.attempt(|sheet| sheet.write_str("de")));
        assert_eq!((sheet.remaining_bytes(), sheet.into_text().as_str()), (0, "abcde"));
    }
}
