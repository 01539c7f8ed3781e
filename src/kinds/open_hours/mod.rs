//! `OpenHours`: calendar entries of institutions and libraries, such as the end date of faculty loans.

mod record;
mod times;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use self::record::CalendarRecord;
use self::times::times;
use super::manifest_expansion::ManifestExpansion;
use super::{Expansion, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::Spanned;
use crate::manifest::schema_check::FILLED;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::{TextOrVariable, UnlistedAction};
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::calendar::{CALENDAR_KEY, CLOSED, CalendarRules, WEEK, identifying_end};
use crate::model::network::Zone;
use crate::model::{
    CollectionId, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, FieldValue, Network, Severity,
};

/// Calendar entries of institutions or libraries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenHoursSpec {
    /// Selector of the target zones. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Code of the calendar's library. Without `library` and `libraries`, the manifest declares the
    /// institution's calendar.
    pub library: Option<Spanned<TextOrVariable>>,
    /// `each`: the calendars of all libraries listed for the zone in the Network manifest.
    pub libraries: Option<Spanned<LibrariesSpec>>,
    /// Enforcement: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// Action for unlisted entries: `keep` (default) or `delete`. Entries that a library inherits from its
    /// institution do not count.
    #[serde(default)]
    pub unlisted: UnlistedAction,
    /// Calendar entries. Several entries with the same type, day, dates and description form one record with
    /// several periods.
    #[serde(default)]
    pub hours: Vec<Spanned<OpenHourSpec>>,
}

/// Selection of libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LibrariesSpec {
    /// All libraries in the Network manifest.
    Each,
}

/// Calendar entry, identified by type, day, dates and description, and weekly hours by day and first date. A
/// new date or description makes a new entry, so use `unlisted: delete` or `absent: true` to delete the old
/// one. Entries whose dates have passed stay as they are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenHourSpec {
    /// Alma's code of the entry type, from the code table `CalendarRecordsTypes`: `WEEK` for weekly hours,
    /// `EXCEPTION` for other hours or closed days, `EVENT` for events.
    #[serde(rename = "type")]
    #[schemars(regex(pattern = FILLED))]
    pub kind: String,
    /// Day of the week, if the entry applies to one.
    pub day: Option<Weekday>,
    /// First date, such as `2026-05-08` or `2026-05-08Z`.
    pub from: Option<Spanned<TextOrVariable>>,
    /// Last date. An event of one day needs none. Alma moves the last date of weekly hours itself, so only new
    /// weekly hours get the date.
    pub to: Option<Spanned<TextOrVariable>>,
    /// Opening time, such as `08:00`.
    pub opens: Option<Spanned<TextOrVariable>>,
    /// Closing time, such as `22:00`.
    pub closes: Option<Spanned<TextOrVariable>>,
    /// Status: `OPEN` or `CLOSED`. Each zone keeps its own spelling, `CLOSED` or `CLOSE`. Required for a new entry.
    pub status: Option<Spanned<OpenHourStatus>>,
    /// Description of the entry.
    pub description: Option<Spanned<TextOrVariable>>,
    /// Recurrence: `WEEKLY` or `YEARLY`, from the code table `RecurrenceType`.
    pub recurrence: Option<Spanned<String>>,
    /// True to delete the entry.
    pub absent: Option<bool>,
}

/// Day of the week, from Alma's code table `DaysOfWeek`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Weekday {
    Sunday,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
}

impl Weekday {
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

/// Status, from Alma's code table `CalendarRecordStatuses`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum OpenHourStatus {
    /// Open.
    Open,
    /// Closed.
    Closed,
    /// Closed, in the spelling of most zones.
    Close,
}

impl From<OpenHourStatus> for FieldValue {
    fn from(status: OpenHourStatus) -> Self {
        match status {
            OpenHourStatus::Open => "OPEN".into(),
            OpenHourStatus::Closed | OpenHourStatus::Close => CLOSED.into(),
        }
    }
}

impl KindSpec for OpenHoursSpec {
    const NAME: &'static str = "OpenHours";
    const SUMMARY: &'static str = "Opening hours, events and exceptions of institutions or libraries.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::All;

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        required: vec!["status".into()],
        calendar: Some(CalendarRules::default()),
        ..CollectionShape::default()
    })
});

impl ManifestSpec for OpenHoursSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        if let (Some(library), Some(libraries)) = (&self.library, &self.libraries) {
            let (first, second) =
                (library.extent.min(libraries.extent), library.extent.max(libraries.extent));
            let message = "only one of `library` and `libraries` is allowed";
            problems.push(
                Diagnostic::error(diagnostic_codes::NOT_EXACTLY_ONE, head.place(second), message)
                    .with_secondary_span(head.place(first), "other field")
                    .help("remove one of the fields"),
            );
        }
        for hour in &self.hours {
            let plain = |text: &Spanned<TextOrVariable>| match &text.value {
                TextOrVariable::Plain(text) => Some(Arc::clone(text)),
                TextOrVariable::Var(_) | TextOrVariable::Format(_) => None,
            };
            problems.extend(
                times(&hour.value, plain).1.into_iter().map(|wrong| wrong.into_diagnostic(head, None)),
            );
            problems.extend(hour.value.silence(head));
        }
        if self.hours.is_empty()
            && self.unlisted == UnlistedAction::Keep
            && head.lost_spec().has_all(&["hours", "unlisted"])
        {
            problems.push(
                Diagnostic::warning(
                    diagnostic_codes::DOES_NOTHING,
                    head.span(),
                    format!("`{}` has no effect", head.manifest),
                )
                .help(
                    "the manifest has no hours and `unlisted` is `keep`: add hours, or remove the manifest",
                ),
            );
        }
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        let zones = scope.zones(self.applies_to.as_ref());
        if self.validate(head).iter().any(|problem| problem.severity == Severity::Error) {
            return;
        }
        let mut told = BTreeSet::new();
        for zone in zones {
            let calendars: Vec<Option<Arc<str>>> = match (&self.library, &self.libraries) {
                (None, None) => vec![None],
                (Some(library), _) => scope.library(library, zone).into_iter().map(Some).collect(),
                (None, Some(each)) => {
                    if zone.libraries.is_empty() && told.insert((each.extent, zone.code.to_string())) {
                        let message =
                            format!("zone `{}` has no libraries in the Network manifest", zone.code);
                        let help = "add `libraries` to the zone, or exclude the zone with `appliesTo`";
                        scope.error(diagnostic_codes::UNKNOWN_LIBRARY, each.extent, message, help);
                    }
                    zone.libraries.iter().map(|library| Some(library.code.as_str().into())).collect()
                }
            };
            let records = self.records(&mut scope, zone, &mut told);
            for library in calendars {
                let id = CollectionId { library, ..CollectionId::of_institution(Self::NAME) };
                let calendar =
                    scope.collection(id, &CALENDAR_KEY).with_enforcement(self.enforcement, self.conflict);
                let mut calendar = calendar.with_unlisted_policy(self.unlisted.into());
                for record in &records {
                    calendar.add(record.entry(&scope));
                }
                scope.want(zone, calendar);
            }
        }
        scope.finish();
    }
}

impl OpenHoursSpec {
    /// Returns the records for a zone; entries with the same key form one record.
    fn records<'a, 'n>(
        &'a self,
        scope: &mut ManifestExpansion<'_, 'n>,
        zone: &'n Zone,
        told: &mut BTreeSet<(NodeSpan, String)>,
    ) -> Vec<CalendarRecord<'a>> {
        let mut records: BTreeMap<[Arc<str>; 5], CalendarRecord<'a>> = BTreeMap::new();
        for Spanned { value: hour, extent } in &self.hours {
            let all = [&hour.from, &hour.to, &hour.opens, &hour.closes, &hour.description];
            let texts =
                all.map(|text| text.as_ref().map(|text| (text.extent, scope.resolve_text(text, zone))));
            if texts.iter().flatten().any(|(_, text)| text.is_none()) {
                continue;
            }
            let resolve = |wanted: &Spanned<TextOrVariable>| {
                texts.iter().flatten().find(|(extent, _)| *extent == wanted.extent)?.1.clone()
            };
            let (times, wrong) = times(hour, resolve);
            for wrong in wrong {
                if told.insert((wrong.extent, wrong.message.clone())) {
                    scope.report(wrong.into_diagnostic(scope.head, Some(zone)));
                }
            }
            let day: Arc<str> = hour.day.map_or("", Weekday::code).into();
            let end = identifying_end(&hour.kind, &times.from, &times.to).into();
            let description = hour.description.as_ref().and_then(|text| Some((resolve(text)?, text.extent)));
            let title = description.as_ref().filter(|_| hour.kind != WEEK);
            let title = title.map_or_else(|| "".into(), |(text, _)| Arc::clone(text));
            let to = hour.to.as_ref().map(|text| (times.to, text.extent));
            let key = [hour.kind.as_str().into(), day, times.from, end, title];
            let new = || CalendarRecord {
                key: key.clone(),
                first: hour,
                extent: *extent,
                description,
                to,
                hours: Vec::new(),
            };
            match records.get_mut(&key) {
                None => drop(records.insert(
                    key.clone(),
                    CalendarRecord { hours: times.hours.into_iter().collect(), ..new() },
                )),
                Some(first) => {
                    if let Err((code, message)) = first.add_period(hour, times.hours)
                        && told.insert((*extent, message.clone()))
                    {
                        let first = scope.head.place(first.extent);
                        let problem = Diagnostic::error(code, scope.head.place(*extent), message);
                        scope.report(problem.with_secondary_span(first, "other entry").help(
                            "entries with the same type, day, dates and description are periods: list them \
                             in order, with all other fields equal",
                        ));
                    }
                }
            }
        }
        records.into_values().collect()
    }
}

impl OpenHourSpec {
    /// Returns a field with different values in two periods of one day.
    fn disagrees(&self, other: &Self) -> Option<&'static str> {
        let text = |text: &Option<Spanned<TextOrVariable>>| text.as_ref().map(|text| text.value.clone());
        let recurrence = |hour: &Self| hour.recurrence.as_ref().map(|said| said.value.clone());
        let status = |hour: &Self| hour.status.as_ref().map(|said| FieldValue::from(said.value));
        let same = [
            ("status", status(self) == status(other)),
            ("description", text(&self.description) == text(&other.description)),
            ("to", self.kind != WEEK || text(&self.to) == text(&other.to)),
            ("recurrence", recurrence(self) == recurrence(other)),
            ("absent", self.absent == other.absent),
        ];
        same.into_iter().find_map(|(field, same)| (!same).then_some(field))
    }

    /// Reports an absent entry with fields outside its identity.
    fn silence(&self, head: &ManifestHeader) -> Option<Diagnostic> {
        let said = [
            ("opens", self.opens.as_ref().map(|said| said.extent)),
            ("status", self.status.as_ref().map(|said| said.extent)),
            ("description", self.description.as_ref().filter(|_| self.kind == WEEK).map(|said| said.extent)),
            ("recurrence", self.recurrence.as_ref().map(|said| said.extent)),
        ];
        let (field, extent) = said.into_iter().find_map(|(field, extent)| Some((field, extent?)))?;
        (self.absent == Some(true)).then(|| {
            let message = format!("`{field}` is not allowed in an entry with `absent: true`");
            Diagnostic::error(diagnostic_codes::ABSENT_WITH_FIELDS, head.place(extent), message)
                .help("remove the other fields, or remove `absent: true`")
        })
    }
}
