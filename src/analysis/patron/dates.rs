//! When a linked account expires and can be purged, and what a refresh makes of that.

use jiff::Span;
use jiff::civil::Date;

use super::linked_account_rules::{BlockCopying, LinkedAccount};
use crate::analysis::settings_table::{MissingFieldMeaning, RowView};

/// When something of a linked account ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountEnd {
    /// It does not.
    Never,
    /// On a day.
    On(Date),
    /// With the account at the source, and nobody says when that expires, if it does.
    WithSource,
    /// The rule does not say, and keeps what it has.
    Unsaid,
    /// The rule says something that is neither a day nor a span.
    Unreadable,
}

impl AccountEnd {
    /// The day, where it is known. For an account whose source does not expire, [`Ending::WithSource`] is never.
    pub fn date(self) -> Option<Date> {
        match self {
            Self::On(date) => Some(date),
            Self::Never | Self::WithSource | Self::Unsaid | Self::Unreadable => None,
        }
    }
}

/// When a date of a linked account is calculated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateRefresh {
    /// At every refresh.
    Always,
    /// When the account is linked, and at a refresh after it has expired: Alma's default (the release notes of
    /// 2017).
    WhenExpired,
}

/// The dates of a linked account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountDates {
    /// When it expires; `None` for never.
    pub expiry: Option<Date>,
    /// When it can be purged; `None` for never.
    pub purge: Option<Date>,
}

/// What a refresh comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshResult {
    /// The dates that the account has then.
    pub dates: AccountDates,
    /// What becomes of copied blocks.
    pub blocks: BlockCopying,
}

/// What a refresh on a day makes of a linked account that holds some dates. `linked` is what a new link would come
/// to on that day. What the rule leaves unsaid is taken to be as Alma has it by default.
pub fn refresh(linked: &LinkedAccount<'_>, held: AccountDates, today: Date) -> RefreshResult {
    // The day itself still counts: inferred from the word.
    let expired = held.expiry.is_some_and(|day| day < today);
    let anew = |refreshing: Option<DateRefresh>| match refreshing {
        Some(DateRefresh::Always) => true,
        Some(DateRefresh::WhenExpired) | None => expired,
    };
    let expiry = if anew(linked.refresh_expiry) { linked.expiry.date() } else { held.expiry };
    let purge = match anew(linked.refresh_purge) {
        true => purge(linked.rule, expiry.map_or(AccountEnd::Never, AccountEnd::On)).date(),
        false => held.purge,
    };
    let blocks = linked.copies_blocks.unwrap_or(BlockCopying::None);
    RefreshResult { dates: AccountDates { expiry, purge }, blocks }
}

/// When an account expires by a rule. Of a day and a distance, of which the page takes one only, the day counts.
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

/// When an account that expires can be purged by a rule. One that never expires is never purged after that.
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

/// Neither field holds anything: they are empty, or nobody says anything of them.
fn unset(rule: RowView<'_>, fields: [&str; 2]) -> AccountEnd {
    match rule.silence() {
        MissingFieldMeaning::Unknown if fields.iter().all(|field| rule.get(field).is_none()) => {
            AccountEnd::Unsaid
        }
        MissingFieldMeaning::Unknown | MissingFieldMeaning::Default => AccountEnd::Never,
    }
}

/// When a date is calculated anew; `None` where nobody says.
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

/// `+30 days`, `-1 month`.
fn distance(text: &str) -> Option<Span> {
    match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => length(rest),
        (None, Some(rest)) => Some(length(rest)?.negate()),
        (None, None) => None,
    }
}

/// `30 days`, `1 month`. The last day of a month is that of a shorter one.
fn length(text: &str) -> Option<Span> {
    let mut words = text.split_whitespace();
    let (Some(amount), Some(unit), None) = (words.next(), words.next(), words.next()) else { return None };
    // A zone may hold any number: one that no calendar reaches is no length.
    let amount = i64::from(amount.parse::<u16>().ok()?);
    match unit.strip_suffix('s').unwrap_or(unit) {
        "day" => Span::new().try_days(amount).ok(),
        "week" => Span::new().try_weeks(amount).ok(),
        "month" => Span::new().try_months(amount).ok(),
        "year" => Span::new().try_years(amount).ok(),
        _ => None,
    }
}
