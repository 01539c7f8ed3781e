//! What a network guards against: limits, protected records and freezes, from the manifest to the model.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use schemars::JsonSchema;
use serde::Deserialize;

use super::validation::distinct_names;
use super::{NetworkSpec, select_zones};
use crate::kinds::KINDS;
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::schema_check::{FILLED, NAME};
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::{ManifestHeader, diagnostic_codes, suggestions};
use crate::model::guard::LimitScope;
use crate::model::{
    Diagnostic, ExpectationGuard, FindingEffect, FreezeWindow, GuardConfig, GuardLimit, LimitedAction,
    Network, ProtectedRecords,
};

/// What keeps a plan from being applied. Guards are on unless something else is said here.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GuardsSpec {
    /// How much one apply may do. Only what apply does itself counts, not what people do by hand.
    #[serde(default)]
    pub limits: LimitsSpec,
    /// Records that stay as they are, whatever manifests want.
    #[serde(default)]
    pub protected: Vec<Spanned<ProtectedRecordsSpec>>,
    /// Times in which nothing is written.
    #[serde(default)]
    pub freezes: Vec<Spanned<FreezeSpec>>,
    /// What a plan comes to that breaks an `Expectation`: one that is met now, and would not be any more.
    pub expectations: Option<Spanned<BrokenExpectationsSpec>>,
}

/// What a plan comes to that breaks expectations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BrokenExpectationsSpec {
    /// It says which, and that is all.
    Allow,
    /// It warns.
    Warn,
    /// Nothing at all of it is written.
    Deny,
}

/// How much one apply may do. Each change is one of these.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitsSpec {
    /// Records that come. Where nothing is said: 5,000 in a collection.
    #[serde(default)]
    pub creates: LimitScopesSpec,
    /// Records of which fields change, those that are disabled aside. Where nothing is said: 1,000 in a
    /// collection.
    #[serde(default)]
    pub updates: LimitScopesSpec,
    /// Records that are switched off. Where nothing is said: 50 records or 30 percent of a collection, 200
    /// in a zone, 1,000 in the network.
    #[serde(default)]
    pub disables: LimitScopesSpec,
    /// Records that go. Where nothing is said: 50 records or 30 percent of a collection, 200 in a zone,
    /// 1,000 in the network.
    #[serde(default)]
    pub deletes: LimitScopesSpec,
}

/// Where a limit counts. Each replaces the one that is on by default; `null` switches it off.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitScopesSpec {
    /// In each collection of each zone.
    pub collection: Option<Spanned<Nullable<LimitSpec>>>,
    /// In each zone.
    pub zone: Option<Spanned<Nullable<LimitSpec>>>,
    /// In all zones together.
    pub network: Option<Spanned<Nullable<LimitSpec>>>,
}

/// At most so many. Of two, the stricter one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitSpec {
    /// Records; `0` for none at all.
    pub records: Option<u32>,
    /// Of a hundred records that exist. Counts only where 10 or more do: one of three is no alarm.
    #[schemars(range(max = 10000))]
    pub percent: Option<u32>,
}

/// Records that stay as they are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProtectedRecordsSpec {
    /// Their address without the zone, `CodeTable/UserGroups/FACULTY`; `*` stands for anything. Where it
    /// names no library and no language, it means all.
    #[schemars(regex(pattern = FILLED))]
    pub records: Spanned<String>,
    /// What they are protected from; all three where nothing is said. `update` includes `disable`.
    pub from: Option<Vec<ProtectedActionSpec>>,
    /// Why.
    pub reason: Option<String>,
}

/// What a record can be protected from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProtectedActionSpec {
    /// That any field of it changes.
    Update,
    /// That it is switched off.
    Disable,
    /// That it goes.
    Delete,
}

/// A time in which nothing is written. `plan` goes on working.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FreezeSpec {
    /// What it is called: it is overridden as `freeze/NAME`.
    #[schemars(regex(pattern = NAME))]
    pub name: Spanned<String>,
    /// A day, `2026-12-14`, from its first moment; or a day and a time, `2026-12-14T18:00`.
    pub from: Spanned<String>,
    /// A day, which is still part of the freeze; or a day and a time, with which it is over.
    pub until: Spanned<String>,
    /// Whose days and times these are: `America/Toronto`.
    pub time_zone: Spanned<String>,
    /// The zones that it holds; the whole network where nothing is said.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Why.
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

/// What is wrong with the guards, whatever the network is.
pub fn check(guards: &GuardsSpec, head: &ManifestHeader) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (_, _, at) in guards.limits.declared_limits() {
        if let Nullable::Value(LimitSpec { records: None, percent: None }) = at.value {
            let message = "a limit needs `records` or `percent`";
            problems.push(
                Diagnostic::error(diagnostic_codes::MISSING_FIELD, head.place(at.extent), message)
                    .help("write one of them, or `null` for no limit"),
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

/// A pattern that cannot meet a record would protect nothing, and nobody would notice.
fn in_no_collection(records: &Spanned<String>, head: &ManifestHeader) -> Option<Diagnostic> {
    let kind = records.value.split(['/', '[']).next().unwrap_or_default();
    let known: BTreeSet<&str> = KINDS.iter().flat_map(|kind| kind.collections.iter().copied()).collect();
    if kind.contains('*') || known.contains(kind) {
        return None;
    }
    let message = format!("no record has an address that begins with `{kind}`");
    let help = match suggestions::nearest(kind, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write the address without the zone: `CodeTable/UserGroups/FACULTY`".to_owned(),
    };
    Some(Diagnostic::error(diagnostic_codes::NOT_PROTECTED, head.place(records.extent), message).help(help))
}

/// The guards of a network: what is on by default, and what the manifest says instead.
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
        // One that is written wrongly has been told.
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

/// The first moment of a freeze, and the first one after it.
fn span(freeze: &FreezeSpec, head: &ManifestHeader) -> Result<(Timestamp, Timestamp), Box<Diagnostic>> {
    let FreezeSpec { from, until, time_zone, .. } = freeze;
    let zone = TimeZone::get(&time_zone.value).map_err(|_| {
        let message = format!("there is no time zone `{}`", time_zone.value);
        let problem = Diagnostic::error(diagnostic_codes::TIME_ZONE, head.place(time_zone.extent), message);
        Box::new(problem.help("write a name of the IANA's, such as `America/Toronto` or `Europe/Berlin`"))
    })?;
    let moment = |at: &Spanned<String>, day_after| {
        moment(&at.value, day_after, &zone).map(|zoned| zoned.timestamp()).ok_or_else(|| {
            let message = format!("`{}` is no time", at.value);
            let problem = Diagnostic::error(diagnostic_codes::FREEZE_TIME, head.place(at.extent), message);
            Box::new(problem.help("write a day, `2026-12-14`, or a day and a time, `2026-12-14T18:00`"))
        })
    };
    let (begins, ends) = (moment(from, DayBoundary::Begun)?, moment(until, DayBoundary::Over)?);
    if begins < ends {
        return Ok((begins, ends));
    }
    let message = format!("the freeze ends before it begins: {}", freeze_text(freeze));
    let problem = Diagnostic::error(diagnostic_codes::FREEZE_BACKWARDS, head.place(until.extent), message);
    Err(Box::new(problem.help("write the day on which it ends, or a later time")))
}

/// Which end of a day is meant where only the day is said.
#[derive(Clone, Copy)]
enum DayBoundary {
    Begun,
    Over,
}

/// A day or a local time in a time zone. A time that the clock skips is the moment after it has skipped,
/// one that it repeats the first of the two.
fn moment(text: &str, day: DayBoundary, zone: &TimeZone) -> Option<ZonedDateTime> {
    let is_time = |text: &str| text.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.'));
    let time = match (text.split_once(['T', 't', ' ']), day) {
        // A moment with an offset of its own would contradict `timeZone`.
        (Some((_, time)), _) if !is_time(time) => return None,
        (Some(_), _) => text.parse::<DateTime>().ok()?,
        (None, DayBoundary::Begun) => text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight()),
        (None, DayBoundary::Over) => {
            text.parse::<Date>().ok()?.tomorrow().ok()?.to_datetime(jiff::civil::Time::midnight())
        }
    };
    time.to_zoned_datetime(zone.clone()).ok()
}
