//! Expiry and purge dates of linked accounts, and their refresh.

use jiff::Span;
use jiff::civil::Date;

use super::linked_account_rules::{BlockCopying, LinkedAccount};
use crate::analysis::settings_table::{MissingFieldMeaning, RowView};

/// End of a linked account: its expiry or purge date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountEnd {
    /// No end.
    Never,
    /// Fixed date.
    On(Date),
    /// End of the source account, with an unknown date, if any.
    WithSource,
    /// Undeclared: the rule keeps the member's own value.
    Unsaid,
    /// Invalid value, neither a date nor a period.
    Unreadable,
}

impl AccountEnd {
    /// Returns the date, if known.
    ///
    /// For a source account without an expiry date, [`AccountEnd::WithSource`] means never.
    pub fn date(self) -> Option<Date> {
        match self {
            Self::On(date) => Some(date),
            Self::Never | Self::WithSource | Self::Unsaid | Self::Unreadable => None,
        }
    }
}

/// Calculation of a linked account's date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateRefresh {
    /// Every refresh.
    Always,
    /// First link, and refresh of an expired account: Alma's default (release notes of 2017).
    WhenExpired,
}

/// Dates of a linked account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountDates {
    /// Expiry date; `None` for never.
    pub expiry: Option<Date>,
    /// Purge date; `None` for never.
    pub purge: Option<Date>,
}

/// Result of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshResult {
    /// Dates after the refresh.
    pub dates: AccountDates,
    /// Copied blocks after the refresh.
    pub blocks: BlockCopying,
}

/// Returns the result of a refresh of a linked account on a day.
///
/// `linked` describes a new link on that day. Undeclared fields count as Alma's defaults.
pub fn refresh(linked: &LinkedAccount<'_>, current: AccountDates, today: Date) -> RefreshResult {
    // An account is still valid on the expiry day: inferred from the word.
    let expired = current.expiry.is_some_and(|day| day < today);
    let is_recalculated = |refreshing: Option<DateRefresh>| match refreshing {
        Some(DateRefresh::Always) => true,
        Some(DateRefresh::WhenExpired) | None => expired,
    };
    let expiry = if is_recalculated(linked.refresh_expiry) { linked.expiry.date() } else { current.expiry };
    let purge = match is_recalculated(linked.refresh_purge) {
        true => purge(linked.rule, expiry.map_or(AccountEnd::Never, AccountEnd::On)).date(),
        false => current.purge,
    };
    let blocks = linked.copies_blocks.unwrap_or(BlockCopying::None);
    RefreshResult { dates: AccountDates { expiry, purge }, blocks }
}

/// Returns the expiry date by a rule.
///
/// Alma's page accepts a date or a period; if both exist, the date applies.
pub(super) fn expiry(rule: RowView<'_>, of_source: Option<Date>) -> AccountEnd {
    match (rule.text_field("expiryDate"), rule.text_field("expiryFromSource"), of_source) {
        (Some(text), _, _) => day(text).map_or(AccountEnd::Unreadable, AccountEnd::On),
        (None, Some("same"), of_source) => of_source.map_or(AccountEnd::WithSource, AccountEnd::On),
        (None, Some(text), of_source) => match (distance(text), of_source) {
            (Some(_), None) => AccountEnd::WithSource,
            (Some(span), Some(day)) => AccountEnd::On(day.saturating_add(span)),
            (None, _) => AccountEnd::Unreadable,
        },
        (None, None, _) => unset(rule, ["expiryDate", "expiryFromSource"]),
    }
}

/// Returns the purge date of an expiring account by a rule. An account without an expiry date has no purge
/// date.
pub(super) fn purge(rule: RowView<'_>, expiry: AccountEnd) -> AccountEnd {
    match (rule.text_field("purgeDate"), rule.text_field("purgeAfterExpired")) {
        (Some(text), _) => day(text).map_or(AccountEnd::Unreadable, AccountEnd::On),
        (None, Some(text)) => match (length(text), expiry) {
            (None, _) => AccountEnd::Unreadable,
            (Some(span), AccountEnd::On(day)) => AccountEnd::On(day.saturating_add(span)),
            (
                Some(_),
                AccountEnd::Never | AccountEnd::WithSource | AccountEnd::Unsaid | AccountEnd::Unreadable,
            ) => expiry,
        },
        (None, None) => unset(rule, ["purgeDate", "purgeAfterExpired"]),
    }
}

/// Returns the end for a rule without a value: the fields are empty or undeclared.
fn unset(rule: RowView<'_>, fields: [&str; 2]) -> AccountEnd {
    match rule.silence() {
        MissingFieldMeaning::Unknown if fields.iter().all(|field| rule.get(field).is_none()) => {
            AccountEnd::Unsaid
        }
        MissingFieldMeaning::Unknown | MissingFieldMeaning::Default => AccountEnd::Never,
    }
}

/// Returns the time of the date calculation; `None` if undeclared.
pub(super) fn date_refresh(rule: RowView<'_>, field: &str) -> Option<DateRefresh> {
    match (rule.flag(field), rule.silence()) {
        (Some(true), _) => Some(DateRefresh::Always),
        (Some(false), _) | (None, MissingFieldMeaning::Default) => Some(DateRefresh::WhenExpired),
        (None, MissingFieldMeaning::Unknown) => None,
    }
}

fn day(text: &str) -> Option<Date> {
    text.strip_suffix('Z').unwrap_or(text).parse().ok()
}

/// Parses a signed period: `+30 days`, `-1 month`.
fn distance(text: &str) -> Option<Span> {
    match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => length(rest),
        (None, Some(rest)) => Some(length(rest)?.negate()),
        (None, None) => None,
    }
}

/// Parses a period: `30 days`, `1 month`. The last day of a long month becomes the last day of a short one.
fn length(text: &str) -> Option<Span> {
    let mut words = text.split_whitespace();
    let (Some(amount), Some(unit), None) = (words.next(), words.next(), words.next()) else { return None };
    // A zone may return any number; values beyond the calendar are invalid.
    let amount = i64::from(amount.parse::<u16>().ok()?);
    match unit.strip_suffix('s').unwrap_or(unit) {
        "day" => Span::new().try_days(amount).ok(),
        "week" => Span::new().try_weeks(amount).ok(),
        "month" => Span::new().try_months(amount).ok(),
        "year" => Span::new().try_years(amount).ok(),
        _ => None,
    }
}
