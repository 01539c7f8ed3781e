//! Time spans, and the shortest delay that a member's rate of requests allows.

use jiff::Span;

use crate::manifest::{diagnostic_codes, suggestions};
use crate::model::grouped_number::count;
use crate::model::network::Zone;
use crate::model::{Diagnostic, SourceSpan};

/// Seconds of a minute.
pub const MINUTE: i64 = 60;
/// Seconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Seconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// Returns a time span in seconds, or `None` for invalid text. Units of variable length, such as months, are
/// invalid.
pub fn seconds(text: &str) -> Option<i64> {
    let span: Span = text.parse().ok()?;
    let seconds = span.total((jiff::Unit::Second, jiff::SpanRelativeTo::days_are_24_hours())).ok()?;
    // A float represents every whole number of seconds in this range.
    (seconds.fract() == 0.0).then_some(seconds as i64)
}

/// Returns a text such as `15 minutes`, `1 hour` or `90 seconds`.
pub fn in_words(seconds: i64) -> String {
    let (amount, unit) = match seconds {
        _ if seconds % HOUR == 0 => (seconds / HOUR, "hour"),
        _ if seconds % MINUTE == 0 => (seconds / MINUTE, "minute"),
        _ => (seconds, "second"),
    };
    format!("{amount} {unit}{}", if amount == 1 { "" } else { "s" })
}

/// Requests to refresh one copy at a member: a lookup of its ID, and the refresh.
const REQUESTS_PER_COPY: usize = 2;

/// Check of a maximum delay against the rates of the members.
///
/// The bound is the lowest honest one: one user of each source institution changes, and has one copy at the
/// member. Then the member gets two requests for each source institution, at `rate.perSecond`. Loads of many
/// users take longer, and other requests of zonal share the rate.
pub struct DelayCheck<'a> {
    /// Maximum delay in seconds.
    pub max_delay: i64,
    /// Members with linked accounts.
    pub targets: &'a [&'a Zone],
    /// Source institutions.
    pub sources: &'a [&'a Zone],
}

impl DelayCheck<'_> {
    /// Returns a warning that names the members that cannot meet the delay, if any.
    pub fn warning(&self, max_delay: &str, place: SourceSpan) -> Option<Diagnostic> {
        let too_slow: Vec<&&Zone> =
            self.targets.iter().filter(|target| self.shortest(target) > self.max_delay).collect();
        let slowest = too_slow.iter().max_by_key(|target| self.shortest(target))?;
        let (sources, rate) = (self.sources_of(slowest), slowest.rate.per_second);
        let members = match too_slow.as_slice() {
            [only] => format!("`{}`", only.code),
            several => {
                let codes = several.iter().map(|target| target.code.as_str());
                format!("{}: {}", count(several.len(), "member"), suggestions::abbreviated_list(codes))
            }
        };
        let message = format!("the maximum delay `{max_delay}` cannot be met at the pace of {members}");
        let shortest = self.shortest(slowest);
        let minutes = in_words((shortest + MINUTE - 1) / MINUTE * MINUTE);
        let help = format!(
            "one changed user at each source institution ({sources}) takes {} at `{}`, {REQUESTS_PER_COPY} for \
             each copy, and {} at `rate.perSecond: {rate}`; enter at least `{minutes}`, or raise the rate",
            count(sources * REQUESTS_PER_COPY, "request"),
            slowest.code,
            in_words(shortest),
        );
        Some(Diagnostic::warning(diagnostic_codes::UNREACHABLE_DELAY, place, message).help(help))
    }

    fn sources_of(&self, target: &Zone) -> usize {
        self.sources.iter().filter(|source| source.code != target.code).count()
    }

    /// Returns the shortest possible delay in seconds, rounded up.
    fn shortest(&self, target: &Zone) -> i64 {
        let requests = self.sources_of(target) * REQUESTS_PER_COPY;
        let seconds = requests.div_ceil(target.rate.per_second.max(1) as usize);
        i64::try_from(seconds).unwrap_or(i64::MAX)
    }
}
