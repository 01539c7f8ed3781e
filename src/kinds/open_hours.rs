//! `OpenHours`: entries of the calendars of institutions and libraries, such as the date on which the
//! loans of faculty end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use super::scope::Scope;
use super::{Expansion, KindSpec, Spec};
use crate::manifest::check::FILLED;
use crate::manifest::node::Extent;
use crate::manifest::selection::AppliesTo;
use crate::manifest::text::{KeepOrRemove, Text};
use crate::manifest::typed::At;
use crate::manifest::{Head, codes};
use crate::model::network::Zone;
use crate::model::{CollectionId, Diagnostic, Enforcement, Network, Severity, Shape, Value};

/// Entries that calendars shall have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenHours {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// Code of the library whose calendar it is. Without it and without `libraries` it is the institution's.
    pub library: Option<At<Text>>,
    /// `each`: the calendar of each library that the network lists of a zone.
    pub libraries: Option<At<Libraries>>,
    /// How strongly this is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What happens to entries that no manifest mentions. What a library has from its institution is not
    /// one of its entries.
    #[serde(default)]
    pub unlisted: KeepOrRemove,
    /// The entries. Several that are about the same type, day and dates are one record: the periods in
    /// which it is open, which are all meant.
    #[serde(default)]
    pub hours: Vec<At<Hour>>,
}

/// Which libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Libraries {
    /// Each that the network lists.
    Each,
}

/// One entry. It is known by its type, day and dates: one that moves to another date is another one, so
/// let `unlisted: remove` or `absent: true` take the old one away.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hour {
    /// Alma's code of the type, from the code table `CalendarRecordsTypes`: `WEEK` for the hours of a week.
    #[serde(rename = "type")]
    #[schemars(regex(pattern = FILLED))]
    pub kind: String,
    /// Day of the week, where the entry is about one.
    pub day: Option<Day>,
    /// The first date, `2026-05-08` or `2026-05-08Z`.
    pub from: Option<At<Text>>,
    /// The last date.
    pub to: Option<At<Text>>,
    /// When it opens, `08:00`.
    pub opens: Option<At<Text>>,
    /// When it closes, `22:00`.
    pub closes: Option<At<Text>>,
    /// Whether it is open. A new entry needs it.
    pub status: Option<At<Status>>,
    /// What people call it.
    pub description: Option<At<Text>>,
    /// `WEEKLY` or `YEARLY`, from the code table `RecurrenceType`.
    pub recurrence: Option<At<String>>,
    /// True for an entry that shall not be there.
    pub absent: Option<bool>,
}

/// A day, in the words of Alma's code table `DaysOfWeek`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "days have no more to say for themselves")]
pub enum Day {
    Sunday,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
}

impl Day {
    fn code(self) -> &'static str {
        match self {
            Self::Sunday => "SUNDAY",
            Self::Monday => "MONDAY",
            Self::Tuesday => "TUESDAY",
            Self::Wednesday => "WEDNESDAY",
            Self::Thursday => "THURSDAY",
            Self::Friday => "FRIDAY",
            Self::Saturday => "SATURDAY",
        }
    }
}

/// In the words of Alma's code table `CalendarRecordStatuses`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// It is open.
    Open,
    /// It is closed.
    Closed,
}

impl From<Status> for Value {
    fn from(status: Status) -> Self {
        match status {
            Status::Open => "OPEN".into(),
            Status::Closed => "CLOSED".into(),
        }
    }
}

impl KindSpec for OpenHours {
    const NAME: &'static str = "OpenHours";
    const ABOUT: &'static str = "Opening hours, events and exceptions of institutions or of their libraries.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
}

/// What identifies an entry.
const KEY: [&str; 4] = ["type", "day", "from", "to"];

static SHAPE: LazyLock<Arc<Shape>> =
    LazyLock::new(|| Arc::new(Shape { required: vec!["status".into()], ..Shape::default() }));

impl Spec for OpenHours {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        if let (Some(library), Some(libraries)) = (&self.library, &self.libraries) {
            let (first, second) =
                (library.extent.min(libraries.extent), library.extent.max(libraries.extent));
            let message = "only one of `library` and `libraries` can be given";
            problems.push(
                Diagnostic::error(codes::NOT_EXACTLY_ONE, head.place(second), message)
                    .related(head.place(first), "the other one")
                    .help("remove one of them"),
            );
        }
        for hour in &self.hours {
            let plain = |text: &At<Text>| match &text.value {
                Text::Plain(text) => Some(Arc::clone(text)),
                Text::Var(_) => None,
            };
            problems.extend(times(&hour.value, plain).1.into_iter().map(|wrong| wrong.told(head, None)));
            problems.extend(hour.value.silence(head));
        }
        if self.hours.is_empty()
            && self.unlisted == KeepOrRemove::Keep
            && head.lost_spec().has_all(&["hours", "unlisted"])
        {
            problems.push(
                Diagnostic::warning(
                    codes::DOES_NOTHING,
                    head.here(),
                    format!("`{}` does nothing", head.manifest),
                )
                .help("it has no hours and keeps unlisted ones: add some, or remove the manifest"),
            );
        }
        problems
    }

    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = Scope::new(head, network, expansion) else { return };
        let zones = scope.zones(self.applies_to.as_ref());
        if self.check(head).iter().any(|problem| problem.severity == Severity::Error) {
            return;
        }
        let mut told = BTreeSet::new();
        for zone in zones {
            let calendars: Vec<Option<Arc<str>>> = match (&self.library, &self.libraries) {
                (None, None) => vec![None],
                (Some(library), _) => scope.library(library, zone).into_iter().map(Some).collect(),
                (None, Some(each)) => {
                    if zone.libraries.is_empty() && told.insert((each.extent, zone.code.to_string())) {
                        let message = format!("the network lists no libraries of `{}`", zone.code);
                        let help = "add its `libraries`, or leave the zone out with `appliesTo`";
                        scope.error(codes::UNKNOWN_LIBRARY, each.extent, message, help);
                    }
                    zone.libraries.iter().map(|library| Some(library.code.as_str().into())).collect()
                }
            };
            let records = self.records(&mut scope, zone, &mut told);
            for library in calendars {
                let id = CollectionId { library, ..CollectionId::whole(Self::NAME) };
                let calendar = scope.collection(id, &KEY, &SHAPE).enforced(self.enforcement);
                let mut calendar = calendar.unlisted(self.unlisted.into());
                for record in &records {
                    calendar.add(record.entry(&scope));
                }
                scope.want(zone, calendar);
            }
        }
        scope.finish();
    }
}

impl OpenHours {
    /// The entries as a zone means them, those about the same days in one record.
    fn records<'a, 'n>(
        &'a self,
        scope: &mut Scope<'_, 'n>,
        zone: &'n Zone,
        told: &mut BTreeSet<(Extent, String)>,
    ) -> Vec<Wanted<'a>> {
        let mut records: BTreeMap<[Arc<str>; 4], Wanted<'a>> = BTreeMap::new();
        for At { value: hour, extent } in &self.hours {
            let all = [&hour.from, &hour.to, &hour.opens, &hour.closes, &hour.description];
            let texts = all.map(|text| text.as_ref().map(|text| (text.extent, scope.text(text, zone))));
            if texts.iter().flatten().any(|(_, text)| text.is_none()) {
                continue;
            }
            let resolve = |wanted: &At<Text>| {
                texts.iter().flatten().find(|(extent, _)| *extent == wanted.extent)?.1.clone()
            };
            let (times, wrong) = times(hour, resolve);
            for wrong in wrong {
                if told.insert((wrong.extent, wrong.message.clone())) {
                    scope.tell(wrong.told(scope.head, Some(zone)));
                }
            }
            let day: Arc<str> = hour.day.map_or("", Day::code).into();
            let key = [hour.kind.as_str().into(), day, times.from, times.to];
            let description = hour.description.as_ref().and_then(|text| Some((resolve(text)?, text.extent)));
            let new =
                || Wanted { key: key.clone(), first: hour, extent: *extent, description, hours: Vec::new() };
            match records.get_mut(&key) {
                None => drop(
                    records.insert(key.clone(), Wanted { hours: times.hours.into_iter().collect(), ..new() }),
                ),
                Some(first) => {
                    if let Err((code, message)) = first.and(hour, times.hours)
                        && told.insert((*extent, message.clone()))
                    {
                        let first = scope.head.place(first.extent);
                        let problem = Diagnostic::error(code, scope.head.place(*extent), message);
                        scope.tell(problem.related(first, "the other one").help(
                            "entries about the same type, day and dates are periods, in order and the same in all else",
                        ));
                    }
                }
            }
        }
        records.into_values().collect()
    }
}

/// One record of a calendar.
struct Wanted<'a> {
    key: [Arc<str>; 4],
    first: &'a Hour,
    extent: Extent,
    description: Option<(Arc<str>, Extent)>,
    hours: Vec<(String, Extent)>,
}

impl Wanted<'_> {
    /// Adds a further period.
    fn and(&mut self, hour: &Hour, period: Option<(String, Extent)>) -> Result<(), (&'static str, String)> {
        let (Some(last), Some(period)) = (self.hours.last(), period) else {
            return Err((codes::DUPLICATE_ROW, "an entry about these days is there already".to_owned()));
        };
        if let Some(field) = self.first.disagrees(hour) {
            return Err((codes::PERIODS, format!("two periods of one day disagree about `{field}`")));
        }
        // Both are `HH:MM-HH:MM`, which sorts as time does.
        if last.0.get(6..) > period.0.get(..5) {
            let message = format!("the period {} does not follow {}", period.0, last.0);
            return Err((codes::PERIODS, message));
        }
        self.hours.push(period);
        Ok(())
    }

    fn entry<'a>(&self, scope: &Scope<'a, '_>) -> super::scope::Entry<'a> {
        let mut entry = scope.record(self.extent);
        for (field, text) in KEY.iter().zip(&self.key).filter(|(_, text)| !text.is_empty()) {
            entry = entry.with(field, Arc::clone(text), self.extent);
        }
        if let Some((_, extent)) = self.hours.first() {
            entry =
                entry.with("hours", Value::list(self.hours.iter().map(|(hours, _)| hours.as_str())), *extent);
        }
        if let Some((description, extent)) = &self.description {
            entry = entry.with("description", Arc::clone(description), *extent);
        }
        entry = entry.with_some("status", self.first.status.as_ref());
        if let Some(recurrence) = &self.first.recurrence {
            entry = entry.with("recurrence", recurrence.value.as_str(), recurrence.extent);
        }
        match self.first.absent {
            Some(true) => entry.absent(),
            Some(false) | None => entry,
        }
    }
}

/// Something that is wrong with dates or hours.
struct Wrong {
    code: &'static str,
    extent: Extent,
    message: String,
    help: &'static str,
}

impl Wrong {
    fn told(self, head: &Head, zone: Option<&Zone>) -> Diagnostic {
        let message = match zone {
            Some(zone) => format!("{}, in `{}`", self.message, zone.code),
            None => self.message,
        };
        Diagnostic::error(self.code, head.place(self.extent), message).help(self.help)
    }
}

/// Dates and hours of one entry, `""` for a date that is not said.
struct Times {
    from: Arc<str>,
    to: Arc<str>,
    hours: Option<(String, Extent)>,
}

/// Reads dates and hours as far as `resolve` knows them.
fn times(hour: &Hour, resolve: impl Fn(&At<Text>) -> Option<Arc<str>>) -> (Times, Vec<Wrong>) {
    let mut wrong = Vec::new();
    let mut read = |said: &Option<At<Text>>, form: fn(&str) -> Option<String>, code, what: &str, help| {
        let said = said.as_ref()?;
        let text = resolve(said)?;
        let read = form(&text);
        if read.is_none() {
            wrong.push(Wrong { code, extent: said.extent, message: format!("`{text}` is not {what}"), help });
        }
        read
    };
    const DATE: &str = "write `YYYY-MM-DD`, as in `2026-05-08`";
    const TIME: &str = "write `HH:MM` from `00:00` to `23:59`, as in `08:30`";
    let from = read(&hour.from, date, codes::NO_DATE, "a date", DATE);
    let to = read(&hour.to, date, codes::NO_DATE, "a date", DATE);
    let opens = read(&hour.opens, time, codes::NO_TIME, "a time of day", TIME);
    let closes = read(&hour.closes, time, codes::NO_TIME, "a time of day", TIME);
    let extent = |said: &Option<At<Text>>| said.as_ref().map(|said| said.extent).unwrap_or_default();
    // Both spellings sort as time does.
    if let (Some(from), Some(to)) = (&from, &to)
        && from > to
    {
        let message = format!("it ends on {to}, before it begins on {from}");
        wrong.push(Wrong {
            code: codes::BACKWARDS,
            extent: extent(&hour.to),
            message,
            help: "exchange the dates",
        });
    }
    if let (Some(opens), Some(closes)) = (&opens, &closes)
        && opens >= closes
    {
        let message = format!("it closes at {closes}, and opens at {opens}");
        let help = "an entry is about hours of one day: for hours after midnight, write another one";
        wrong.push(Wrong { code: codes::BACKWARDS, extent: extent(&hour.closes), message, help });
    }
    match (&hour.opens, &hour.closes) {
        (Some(one), None) | (None, Some(one)) => wrong.push(Wrong {
            code: codes::HALF_A_PERIOD,
            extent: one.extent,
            message: "it says one of `opens` and `closes`".to_owned(),
            help: "say both, or neither",
        }),
        (Some(_), Some(_)) | (None, None) => {}
    }
    let hours = opens.zip(closes).map(|(opens, closes)| (format!("{opens}-{closes}"), extent(&hour.opens)));
    let text = |date: Option<String>| date.unwrap_or_default().into();
    (Times { from: text(from), to: text(to), hours }, wrong)
}

/// A date without the `Z` that Alma writes behind it.
fn date(text: &str) -> Option<String> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let date: Date = text.parse().ok()?;
    (text.len() == 10 && date.to_string() == text).then(|| text.to_owned())
}

fn time(text: &str) -> Option<String> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str, limit: u8| {
        digits.len() == 2
            && digits.bytes().all(|each| each.is_ascii_digit())
            && digits.parse::<u8>().is_ok_and(|n| n < limit)
    };
    (number(hour, 24) && number(minute, 60)).then(|| text.to_owned())
}

impl Hour {
    /// The field about which two entries disagree that are periods of one day.
    fn disagrees(&self, other: &Self) -> Option<&'static str> {
        let text = |said: &Option<At<Text>>| said.as_ref().map(|said| said.value.clone());
        let recurrence = |hour: &Self| hour.recurrence.as_ref().map(|said| said.value.clone());
        let same = [
            ("status", self.status.map(|said| said.value) == other.status.map(|said| said.value)),
            ("description", text(&self.description) == text(&other.description)),
            ("recurrence", recurrence(self) == recurrence(other)),
            ("absent", self.absent == other.absent),
        ];
        same.into_iter().find_map(|(field, same)| (!same).then_some(field))
    }

    /// An entry that shall be gone and says more than which one it is.
    fn silence(&self, head: &Head) -> Option<Diagnostic> {
        let said = [
            ("opens", self.opens.as_ref().map(|said| said.extent)),
            ("status", self.status.as_ref().map(|said| said.extent)),
            ("description", self.description.as_ref().map(|said| said.extent)),
            ("recurrence", self.recurrence.as_ref().map(|said| said.extent)),
        ];
        let (field, extent) = said.into_iter().find_map(|(field, extent)| Some((field, extent?)))?;
        (self.absent == Some(true)).then(|| {
            let message = format!("an absent entry says something of `{field}`");
            Diagnostic::error(codes::ABSENT_WITH_FIELDS, head.place(extent), message)
                .help("remove the other fields, or remove `absent: true`")
        })
    }
}
