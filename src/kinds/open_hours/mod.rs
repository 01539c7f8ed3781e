//! `OpenHours`: entries of the calendars of institutions and libraries, such as the date on which the
//! loans of faculty end.

mod record;
mod times;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use self::record::Wanted;
use self::times::times;
use super::scope::Scope;
use super::{Expansion, KindSpec, Reach, Spec};
use crate::manifest::check::FILLED;
use crate::manifest::node::Extent;
use crate::manifest::selection::AppliesTo;
use crate::manifest::text::{KeepOrRemove, Text};
use crate::manifest::typed::At;
use crate::manifest::{Head, codes};
use crate::model::network::Zone;
use crate::model::{CollectionId, Diagnostic, Enforcement, Network, OnConflict, Severity, Shape, Value};

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
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: OnConflict,
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
    const REACH: Reach = Reach::All;

    fn shape(collection: &str) -> Option<Arc<Shape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
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
                let calendar = scope.collection(id, &KEY, &SHAPE).enforced(self.enforcement, self.conflict);
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

impl Hour {
    /// The field about which two entries disagree that are periods of one day.
    fn disagrees(&self, other: &Self) -> Option<&'static str> {
        // Where a variable stands does not count.
        let text = |said: &Option<At<Text>>| {
            said.as_ref().map(|said| match &said.value {
                Text::Plain(text) => (None, text.to_string()),
                Text::Var(name) => (Some("var"), name.value.clone()),
            })
        };
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
