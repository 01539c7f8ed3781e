//! Numbers with separators for readers.

use std::fmt;

/// Number with thousands separators: `1,240`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupedNumber(pub u64);

impl fmt::Display for GroupedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str(",")?;
            }
            fmt::Write::write_char(f, digit)?;
        }
        Ok(())
    }
}

/// Returns a number with its noun: `1 zone`, `2 zones`, `1,240 libraries`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{} {}", GroupedNumber(number as u64), plural(number, noun))
}

/// Returns the noun in the form that a number requires.
pub fn plural(number: usize, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => noun.to_owned(),
        (_, Some(stem)) => format!("{stem}ies"),
        (_, None) => format!("{noun}s"),
    }
}
