//! Guards of a network: limits, protected records and freezes, converted from the manifest to the model.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use schemars::JsonSchema;
use serde::Deserialize;

use super::validation::distinct_names;
use super::{NetworkSpec, select_zones};
use crate::kinds::{KINDS, is_retired};
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::schema_check::{FILLED, NAME};
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::{ManifestHeader, diagnostic_codes, suggestions};
use crate::model::guard::LimitScope;
use crate::model::{
    Diagnostic, ExpectationGuard, FindingEffect, FreezeWindow, GuardConfig, GuardLimit, LimitedAction,
    Network, ProtectedRecords, SurpriseAction,
};

/// Limits and conditions for an apply. Default limits apply unless replaced here.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GuardsSpec {
    /// Limits for the changes of one apply. Manual steps do not count.
    #[serde(default)]
    pub limits: LimitsSpec,
    /// Records protected from changes, whatever the manifests declare.
    #[serde(default)]
    pub protected: Vec<Spanned<ProtectedRecordsSpec>>,
    /// Periods without writes.
    #[serde(default)]
    pub freezes: Vec<Spanned<FreezeSpec>>,
    /// Action if a plan breaks an `Expectation`, one met before the plan but not after: `allow`, `warn` or
    /// `deny`.
    pub expectations: Option<Spanned<BrokenExpectationsSpec>>,
    /// Action of an apply after a write that changed rows of others, as a server does that escapes texts:
    /// `stop` (default) writes no further collection of the same type, `continue` goes on.
    #[serde(default)]
    pub surprise: SurpriseAction,
}

/// Action if a plan breaks expectations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BrokenExpectationsSpec {
    /// Shows the broken expectations only.
    Allow,
    /// Warns.
    Warn,
    /// Denies the whole plan.
    Deny,
}

/// Limits for the changes of one apply. Every change belongs to exactly one of these categories.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitsSpec {
    /// Limits for created records. Default: 5,000 per collection.
    #[serde(default)]
    pub creates: LimitScopesSpec,
    /// Limits for updated records, except disabled records. Default: 1,000 per collection.
    #[serde(default)]
    pub updates: LimitScopesSpec,
    /// Limits for disabled records. Default: 50 records or 30 percent per collection, 200 per zone, 1,000 in
    /// the network.
    #[serde(default)]
    pub disables: LimitScopesSpec,
    /// Limits for deleted records. Default: 50 records or 30 percent per collection, 200 per zone, 1,000 in
    /// the network.
    #[serde(default)]
    pub deletes: LimitScopesSpec,
}

/// Scopes of a limit. Each scope replaces its default limit; `null` turns the limit off.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitScopesSpec {
    /// Limit per collection of a zone.
    pub collection: Option<Spanned<Nullable<LimitSpec>>>,
    /// Limit per zone.
    pub zone: Option<Spanned<Nullable<LimitSpec>>>,
    /// Limit for all zones together.
    pub network: Option<Spanned<Nullable<LimitSpec>>>,
}

/// Maximum number of records. With both fields, the stricter limit applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitSpec {
    /// Number of records; `0` allows none.
    pub records: Option<u32>,
    /// Percentage of the existing records. Applies only to 10 or more existing records, so a small table
    /// causes no false alarm.
    #[schemars(range(max = 10000))]
    pub percent: Option<u32>,
}

/// Protected records.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProtectedRecordsSpec {
    /// Address of the records without the zone, such as `CodeTable/UserGroups/FACULTY`; `*` matches any text.
    /// Without a library or language, the address matches all of them.
    #[schemars(regex(pattern = FILLED))]
    pub records: Spanned<String>,
    /// Protection from `update`, `disable` or `delete`. Default: all three. `update` includes `disable`.
    pub from: Option<Vec<ProtectedActionSpec>>,
    /// Reason for the protection.
    pub reason: Option<String>,
}

/// Protected action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProtectedActionSpec {
    /// Changes of any field.
    Update,
    /// Disabling the record.
    Disable,
    /// Deleting the record.
    Delete,
}

/// Period without writes. `plan` is still possible.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FreezeSpec {
    /// Name of the freeze. `--override freeze/NAME` overrides the freeze.
    #[schemars(regex(pattern = NAME))]
    pub name: Spanned<String>,
    /// Start: a date such as `2026-12-14`, from the start of the day, or a date with a time, such as
    /// `2026-12-14T18:00`.
    pub from: Spanned<String>,
    /// End: a date, including the whole day, or a date with a time, at which the freeze is over.
    pub until: Spanned<String>,
    /// Time zone of the dates and times, such as `America/Toronto`.
    pub time_zone: Spanned<String>,
    /// Selector of the frozen zones. Default: the whole network.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Reason for the freeze.
    pub reason: Option<String>,
}

impl LimitsSpec {
    fn declared_limits(
        &self,
    ) -> impl Iterator<Item = (LimitedAction, LimitScope, &Spanned<Nullable<LimitSpec>>)> {
        let Self { creates, updates, disables, deletes } = self;
        let deeds = [
            (LimitedAction::Create, creates),
            (LimitedAction::Update, updates),
            (LimitedAction::Disable, disables),
            (LimitedAction::Delete, deletes),
        ];
        deeds.into_iter().flat_map(|(deed, LimitScopesSpec { collection, zone, network })| {
            let extents = [
                (LimitScope::Collection, collection),
                (LimitScope::Zone, zone),
                (LimitScope::Network, network),
            ];
            extents.into_iter().filter_map(move |(extent, said)| Some((deed, extent, said.as_ref()?)))
        })
    }
}

/// Checks the guards, without the network.
pub fn check(guards: &GuardsSpec, head: &ManifestHeader) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (_, _, at) in guards.limits.declared_limits() {
        if let Nullable::Value(LimitSpec { records: None, percent: None }) = at.value {
            let message = "a limit needs `records` or `percent`";
            problems.push(
                Diagnostic::error(diagnostic_codes::MISSING_FIELD, head.place(at.extent), message)
                    .help("add one of the fields, or use `null` for no limit"),
            );
        }
    }
    for Spanned { value: protected, .. } in &guards.protected {
        problems.extend(in_no_collection(&protected.records, head));
    }
    for Spanned { value: freeze, .. } in &guards.freezes {
        problems.extend(span(freeze, head).err().map(|problem| *problem));
    }
    let names = guards.freezes.iter().map(|freeze| &freeze.value.name);
    distinct_names("freezes", names, head, &mut problems);
    problems
}

/// Reports a pattern without any matching collection type; it would protect nothing, unnoticed.
fn in_no_collection(records: &Spanned<String>, head: &ManifestHeader) -> Option<Diagnostic> {
    let kind = records.value.split(['/', '[']).next().unwrap_or_default();
    let known: BTreeSet<&str> = KINDS.iter().flat_map(|kind| kind.collections.iter().copied()).collect();
    if kind.contains('*') || known.contains(kind) {
        return None;
    }
    if is_retired(kind) {
        let message = format!("`{kind}` has no records to protect: zonal writes none to any zone");
        let place = head.place(records.extent);
        return Some(
            Diagnostic::warning(diagnostic_codes::NO_RECORDS, place, message).help("remove the entry"),
        );
    }
    let message = format!("`{kind}` is not a collection type, so the address matches no record");
    let help = match suggestions::nearest(kind, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "enter the address without the zone, such as `CodeTable/UserGroups/FACULTY`".to_owned(),
    };
    Some(Diagnostic::error(diagnostic_codes::NOT_PROTECTED, head.place(records.extent), message).help(help))
}

/// Returns the guards of a network: the default limits with the manifest's replacements.
pub fn guards(
    spec: &NetworkSpec,
    network: &Network,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) -> GuardConfig {
    let mut guards = GuardConfig::default();
    let Some(said) = &spec.guards else { return guards };
    for (deed, extent, at) in said.limits.declared_limits() {
        guards.limits.retain(|limit| (limit.action, limit.extent) != (deed, extent));
        if let Nullable::Value(LimitSpec { records, percent }) = at.value {
            guards.limits.push(GuardLimit {
                action: deed,
                extent,
                records: records.map(|records| records as usize),
                percent,
                span: Some(head.place(at.extent)),
            });
        }
    }
    guards.protected = (said.protected.iter())
        .map(|Spanned { value: ProtectedRecordsSpec { records, from, reason }, .. }| ProtectedRecords {
            records: records.value.as_str().into(),
            from: from.as_ref().map_or_else(
                || [LimitedAction::Update, LimitedAction::Disable, LimitedAction::Delete].into(),
                |from| from.iter().map(|each| (*each).into()).collect(),
            ),
            reason: reason.as_deref().map(Into::into),
            span: head.place(records.extent),
        })
        .collect();
    guards.surprise = said.surprise;
    guards.expectations = said.expectations.and_then(|Spanned { value, extent }| {
        let verdict = match value {
            BrokenExpectationsSpec::Allow => return None,
            BrokenExpectationsSpec::Warn => FindingEffect::Warn,
            BrokenExpectationsSpec::Deny => FindingEffect::Deny,
        };
        Some(ExpectationGuard { effect: verdict, span: head.place(extent) })
    });
    for Spanned { value: freeze, extent } in &said.freezes {
        let lost = head.lost_spec().field("guards").field("freezes").item(*extent).field("appliesTo");
        let zones = freeze
            .applies_to
            .as_ref()
            .map(|applies_to| select_zones((applies_to, lost), network, head, problems));
        // `check` already reported invalid periods.
        let Ok((from, until)) = span(freeze, head) else { continue };
        guards.freezes.push(FreezeWindow {
            name: freeze.name.value.as_str().into(),
            from,
            until,
            words: freeze_text(freeze),
            zones,
            reason: freeze.reason.as_deref().map(Into::into),
            span: head.place(freeze.name.extent),
        });
    }
    guards
}

impl From<ProtectedActionSpec> for LimitedAction {
    fn from(from: ProtectedActionSpec) -> Self {
        match from {
            ProtectedActionSpec::Update => Self::Update,
            ProtectedActionSpec::Disable => Self::Disable,
            ProtectedActionSpec::Delete => Self::Delete,
        }
    }
}

fn freeze_text(freeze: &FreezeSpec) -> Arc<str> {
    format!("from {} to {} ({})", freeze.from.value, freeze.until.value, freeze.time_zone.value).into()
}

/// Returns the start and the end of a freeze; the end is not part of the freeze.
fn span(freeze: &FreezeSpec, head: &ManifestHeader) -> Result<(Timestamp, Timestamp), Box<Diagnostic>> {
    let FreezeSpec { from, until, time_zone, .. } = freeze;
    let zone = TimeZone::get(&time_zone.value).map_err(|_| {
        let message = format!("unknown time zone `{}`", time_zone.value);
        let problem = Diagnostic::error(diagnostic_codes::TIME_ZONE, head.place(time_zone.extent), message);
        Box::new(problem.help("use an IANA time zone name, such as `America/Toronto` or `Europe/Berlin`"))
    })?;
    let moment = |at: &Spanned<String>, day_after| {
        moment(&at.value, day_after, &zone).map(|zoned| zoned.timestamp()).ok_or_else(|| {
            let message = format!("`{}` is not a valid date or time", at.value);
            let problem = Diagnostic::error(diagnostic_codes::FREEZE_TIME, head.place(at.extent), message);
            Box::new(problem.help(
                "enter a date, such as `2026-12-14`, or a date with a time, such as \
                                   `2026-12-14T18:00`",
            ))
        })
    };
    let (begins, ends) = (moment(from, DayBoundary::Begun)?, moment(until, DayBoundary::Over)?);
    if begins < ends {
        return Ok((begins, ends));
    }
    let message = format!("freeze end is before its start: {}", freeze_text(freeze));
    let problem = Diagnostic::error(diagnostic_codes::FREEZE_BACKWARDS, head.place(until.extent), message);
    Err(Box::new(problem.help("enter a later end date or time")))
}

/// Boundary of a day, for a date without a time.
#[derive(Clone, Copy)]
enum DayBoundary {
    Begun,
    Over,
}

/// Returns the instant of a date or local time in a time zone. A local time skipped by a clock change is the
/// instant after the gap; a repeated local time is the first of the two.
fn moment(text: &str, day: DayBoundary, zone: &TimeZone) -> Option<ZonedDateTime> {
    let is_time = |text: &str| text.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.'));
    let time = match (text.split_once(['T', 't', ' ']), day) {
        // A time with its own offset would contradict `timeZone`.
        (Some((_, time)), _) if !is_time(time) => return None,
        (Some(_), _) => text.parse::<DateTime>().ok()?,
        (None, DayBoundary::Begun) => text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight()),
        (None, DayBoundary::Over) => {
            text.parse::<Date>().ok()?.tomorrow().ok()?.to_datetime(jiff::civil::Time::midnight())
        }
    };
    time.to_zoned_datetime(zone.clone()).ok()
}
