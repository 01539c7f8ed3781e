//! Parses dates and times of calendar entries.

use std::sync::Arc;

use jiff::civil::Date;

use super::OpenHourSpec;
use crate::manifest::deserialize::Spanned;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::Diagnostic;
use crate::model::calendar::EXCEPTION;
use crate::model::network::Zone;

/// Problem of a date or time.
pub(super) struct TimeError {
    code: &'static str,
    pub extent: NodeSpan,
    pub message: String,
    help: &'static str,
}

impl TimeError {
    pub fn into_diagnostic(self, head: &ManifestHeader, zone: Option<&Zone>) -> Diagnostic {
        let message = match zone {
            Some(zone) => format!("{}, in `{}`", self.message, zone.code),
            None => self.message,
        };
        Diagnostic::error(self.code, head.place(self.extent), message).help(self.help)
    }
}

/// Dates and hours of one entry; `""` for a missing date.
pub(super) struct EntryTimes {
    pub from: Arc<str>,
    pub to: Arc<str>,
    pub hours: Option<(String, NodeSpan)>,
}

/// Parses the dates and hours known to `resolve`.
pub(super) fn times(
    hour: &OpenHourSpec,
    resolve: impl Fn(&Spanned<TextOrVariable>) -> Option<Arc<str>>,
) -> (EntryTimes, Vec<TimeError>) {
    let mut wrong = Vec::new();
    let mut read =
        |said: &Option<Spanned<TextOrVariable>>, form: fn(&str) -> Option<String>, code, what: &str, help| {
            let said = said.as_ref()?;
            let text = resolve(said)?;
            let read = form(&text);
            if read.is_none() {
                wrong.push(TimeError {
                    code,
                    extent: said.extent,
                    message: format!("`{text}` is not {what}"),
                    help,
                });
            }
            read
        };
    const DATE: &str = "enter `YYYY-MM-DD`, such as `2026-05-08`";
    const TIME: &str = "enter `HH:MM` from `00:00` to `23:59`, such as `08:30`";
    let from = read(&hour.from, date, diagnostic_codes::NO_DATE, "a valid date", DATE);
    let to = read(&hour.to, date, diagnostic_codes::NO_DATE, "a valid date", DATE);
    let opens = read(&hour.opens, time, diagnostic_codes::NO_TIME, "a valid time", TIME);
    let closes = read(&hour.closes, time, diagnostic_codes::NO_TIME, "a valid time", TIME);
    let extent =
        |said: &Option<Spanned<TextOrVariable>>| said.as_ref().map(|said| said.extent).unwrap_or_default();
    // Text order equals time order in both formats.
    if let (Some(from), Some(to)) = (&from, &to)
        && from > to
    {
        let message = format!("end date {to} is before start date {from}");
        wrong.push(TimeError {
            code: diagnostic_codes::BACKWARDS,
            extent: extent(&hour.to),
            message,
            help: "swap the dates",
        });
    }
    if let (Some(from), Some(to), Some(_)) = (&from, &to, hour.day)
        && from < to
        && hour.kind == EXCEPTION
    {
        wrong.push(TimeError {
            code: diagnostic_codes::DAY_OF_DATES,
            extent: extent(&hour.to),
            message: format!("an exception with a `day` covers one date, not {from} to {to}"),
            help: "remove `day`, or add one exception for each date",
        });
    }
    if let (Some(opens), Some(closes)) = (&opens, &closes)
        && opens >= closes
    {
        let message = format!("closing time {closes} is not after opening time {opens}");
        let help = "an entry covers one day: add another entry for hours after midnight";
        wrong.push(TimeError {
            code: diagnostic_codes::BACKWARDS,
            extent: extent(&hour.closes),
            message,
            help,
        });
    }
    match (&hour.opens, &hour.closes) {
        (Some(one), None) | (None, Some(one)) => wrong.push(TimeError {
            code: diagnostic_codes::HALF_A_PERIOD,
            extent: one.extent,
            message: "`opens` and `closes` must be set together".to_owned(),
            help: "add the other field, or remove both",
        }),
        (Some(_), Some(_)) | (None, None) => {}
    }
    let hours = opens.zip(closes).map(|(opens, closes)| (format!("{opens}-{closes}"), extent(&hour.opens)));
    let text = |date: Option<String>| date.unwrap_or_default().into();
    (EntryTimes { from: text(from), to: text(to), hours }, wrong)
}

/// Returns a date without Alma's trailing `Z`.
pub(super) fn date(text: &str) -> Option<String> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let date: Date = text.parse().ok()?;
    (text.len() == 10 && date.to_string() == text).then(|| text.to_owned())
}

/// Returns a valid time of a day.
pub(super) fn time(text: &str) -> Option<String> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str, limit: u8| {
        digits.len() == 2
            && digits.bytes().all(|each| each.is_ascii_digit())
            && digits.parse::<u8>().is_ok_and(|n| n < limit)
    };
    (number(hour, 24) && number(minute, 60)).then(|| text.to_owned())
}
