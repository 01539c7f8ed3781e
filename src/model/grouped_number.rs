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
