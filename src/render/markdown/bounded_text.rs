//! Paper of a certain size: what does not fit is not written, and whoever writes is told.

use std::fmt;

/// A text that never grows beyond its size. Writing what does not fit is an error, and writes nothing of
/// that piece.
#[derive(Debug)]
pub struct BoundedText {
    text: String,
    size: usize,
}

impl BoundedText {
    /// An empty sheet of so many bytes.
    pub fn new(size: usize) -> Self {
        Self { text: String::new(), size }
    }

    /// An empty sheet as large as what is left of this one.
    pub fn remaining_sheet(&self) -> Self {
        Self::new(self.remaining_bytes())
    }

    /// Bytes that still fit.
    pub fn remaining_bytes(&self) -> usize {
        self.size - self.text.len()
    }

    /// Writes all of something, or nothing of it where it does not fit. Says whether it was written.
    pub fn attempt(&mut self, write: impl FnOnce(&mut Self) -> fmt::Result) -> bool {
        let before = self.text.len();
        let written = write(self).is_ok();
        if !written {
            self.text.truncate(before);
        }
        written
    }

    /// What is on it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What is on it, for good.
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
    fn what_does_not_fit_is_not_written_at_all() {
        let mut sheet = BoundedText::new(5);
        assert!(sheet.attempt(|sheet| sheet.write_str("abc")));
        let (fits, too_much) = ('d', "ef");
        assert!(!sheet.attempt(|sheet| write!(sheet, "{fits}{too_much}")));
        assert!(sheet.attempt(|sheet| sheet.write_str("de")));
        assert_eq!((sheet.remaining_bytes(), sheet.into_text().as_str()), (0, "abcde"));
    }
}
