//! Dates and time spans of linking rules, in one normalized form.

use std::sync::Arc;

use jiff::civil::Date;

/// Returns a normalized date such as `2027-06-30`, or `None` for an invalid date.
pub fn day(text: &str) -> Option<Arc<str>> {
    let written_out = text.len() == "YYYY-MM-DD".len();
    text.parse::<Date>().ok().filter(|_| written_out).map(|date| date.to_string().into())
}

/// Returns a normalized distance from the source account's date: `same`, or `+30 days`.
pub fn distance(text: &str) -> Option<Arc<str>> {
    match (text, text.strip_prefix('+'), text.strip_prefix('-')) {
        ("same", _, _) => Some("same".into()),
        (_, Some(rest), _) => Some(format!("+{}", length(rest)?).into()),
        (_, _, Some(rest)) => Some(format!("-{}", length(rest)?).into()),
        (_, None, None) => None,
    }
}

/// Returns a normalized time span in whole calendar units: `30 days`, `1 month`.
pub fn length(text: &str) -> Option<Arc<str>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [amount, unit] = words.as_slice() else { return None };
    let amount: u16 = amount.parse().ok().filter(|amount| (1..=999).contains(amount))?;
    let unit = unit.strip_suffix('s').unwrap_or(unit);
    if !["day", "week", "month", "year"].contains(&unit) {
        return None;
    }
    Some(format!("{amount} {unit}{}", if amount == 1 { "" } else { "s" }).into())
}

/// Returns the least number of days of a time span, or `None` for an invalid one.
pub fn days(text: &str) -> Option<u32> {
    let normalized = length(text)?;
    let (amount, unit) = normalized.split_once(' ')?;
    let days = match unit.trim_end_matches('s') {
        "day" => 1,
        "week" => 7,
        "month" => 28,
        _ => 365,
    };
    amount.parse::<u32>().ok().map(|amount| amount * days)
}

#[cfg(test)]
mod tests {
    use super::{day, distance, length};

    fn all<const N: usize>(of: fn(&str) -> Option<std::sync::Arc<str>>, texts: [&str; N]) -> Vec<String> {
        texts.iter().map(|text| of(text).map_or_else(|| "-".to_owned(), |text| text.to_string())).collect()
    }

    #[test]
    fn date_must_be_complete_and_valid() {
        let texts =
            ["2027-02-28", "2027-02-29", "20270228", "2027-2-28", "2027-02-28T00:00", "", "+2027-02-2"];
        assert_eq!(all(day, texts), ["2027-02-28", "-", "-", "-", "-", "-", "-"]);
    }

    #[test]
    fn time_spans_are_normalized() {
        let texts =
            ["1 months", "30  days", "2 week", "1 year", "0 days", "1 hour", "month", "-1 day", "1.5 days"];
        assert_eq!(all(length, texts), ["1 month", "30 days", "2 weeks", "1 year", "-", "-", "-", "-", "-"]);
        let texts = ["same", "+30 days", "- 1 months", "30 days", "+", "+same", "Same"];
        assert_eq!(all(distance, texts), ["same", "+30 days", "-1 month", "-", "-", "-", "-"]);
    }
}
