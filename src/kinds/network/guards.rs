//! What a network guards against: limits, protected records and freezes, from the manifest to the model.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use schemars::JsonSchema;
use serde::Deserialize;

use super::rules::distinct_names;
use super::{NetworkSpec, selected};
use crate::kinds::KINDS;
use crate::manifest::check::{FILLED, NAME};
use crate::manifest::selection::AppliesTo;
use crate::manifest::typed::{At, Nullable};
use crate::manifest::{Head, codes, suggest};
use crate::model::guard::Extent;
use crate::model::{Deed, Diagnostic, Freeze, Guards, Kept, Limit, Network, Protected, Verdict};

/// What keeps a plan from being applied. Guards are on unless something else is said here.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GuardsSpec {
    /// How much one apply may do. Only what apply does itself counts, not what people do by hand.
    #[serde(default)]
    pub limits: LimitsSpec,
    /// Records that stay as they are, whatever manifests want.
    #[serde(default)]
    pub protected: Vec<At<ProtectedSpec>>,
    /// Times in which nothing is written.
    #[serde(default)]
    pub freezes: Vec<At<FreezeSpec>>,
    /// What a plan comes to that breaks an `Expectation`: one that is met now, and would not be any more.
    pub expectations: Option<At<BreakingSpec>>,
}

/// What a plan comes to that breaks expectations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BreakingSpec {
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
    pub creates: ExtentsSpec,
    /// Records of which fields change, those that are disabled aside. Where nothing is said: 1,000 in a
    /// collection.
    #[serde(default)]
    pub updates: ExtentsSpec,
    /// Records that are switched off. Where nothing is said: 50 records or 30 percent of a collection, 200
    /// in a zone, 1,000 in the network.
    #[serde(default)]
    pub disables: ExtentsSpec,
    /// Records that go. Where nothing is said: 50 records or 30 percent of a collection, 200 in a zone,
    /// 1,000 in the network.
    #[serde(default)]
    pub deletes: ExtentsSpec,
}

/// Where a limit counts. Each replaces the one that is on by default; `null` switches it off.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExtentsSpec {
    /// In each collection of each zone.
    pub collection: Option<At<Nullable<LimitSpec>>>,
    /// In each zone.
    pub zone: Option<At<Nullable<LimitSpec>>>,
    /// In all zones together.
    pub network: Option<At<Nullable<LimitSpec>>>,
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
pub struct ProtectedSpec {
    /// Their address without the zone, `CodeTable/UserGroups/FACULTY`; `*` stands for anything. Where it
    /// names no library and no language, it means all.
    #[schemars(regex(pattern = FILLED))]
    pub records: At<String>,
    /// What they are protected from; all three where nothing is said. `update` includes `disable`.
    pub from: Option<Vec<FromSpec>>,
    /// Why.
    pub reason: Option<String>,
}

/// What a record can be protected from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FromSpec {
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
    pub name: At<String>,
    /// A day, `2026-12-14`, from its first moment; or a day and a time, `2026-12-14T18:00`.
    pub from: At<String>,
    /// A day, which is still part of the freeze; or a day and a time, with which it is over.
    pub until: At<String>,
    /// Whose days and times these are: `America/Toronto`.
    pub time_zone: At<String>,
    /// The zones that it holds; the whole network where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// Why.
    pub reason: Option<String>,
}

impl LimitsSpec {
    fn said(&self) -> impl Iterator<Item = (Deed, Extent, &At<Nullable<LimitSpec>>)> {
        let Self { creates, updates, disables, deletes } = self;
        let deeds = [
            (Deed::Create, creates),
            (Deed::Update, updates),
            (Deed::Disable, disables),
            (Deed::Delete, deletes),
        ];
        deeds.into_iter().flat_map(|(deed, ExtentsSpec { collection, zone, network })| {
            let extents =
                [(Extent::Collection, collection), (Extent::Zone, zone), (Extent::Network, network)];
            extents.into_iter().filter_map(move |(extent, said)| Some((deed, extent, said.as_ref()?)))
        })
    }
}

/// What is wrong with the guards, whatever the network is.
pub fn check(guards: &GuardsSpec, head: &Head) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (_, _, at) in guards.limits.said() {
        if let Nullable::Value(LimitSpec { records: None, percent: None }) = at.value {
            let message = "a limit needs `records` or `percent`";
            problems.push(
                Diagnostic::error(codes::MISSING_FIELD, head.place(at.extent), message)
                    .help("write one of them, or `null` for no limit"),
            );
        }
    }
    for At { value: protected, .. } in &guards.protected {
        problems.extend(in_no_collection(&protected.records, head));
    }
    for At { value: freeze, .. } in &guards.freezes {
        problems.extend(span(freeze, head).err().map(|problem| *problem));
    }
    let names = guards.freezes.iter().map(|freeze| &freeze.value.name);
    distinct_names("freezes", names, head, &mut problems);
    problems
}

/// A pattern that cannot meet a record would protect nothing, and nobody would notice.
fn in_no_collection(records: &At<String>, head: &Head) -> Option<Diagnostic> {
    let kind = records.value.split(['/', '[']).next().unwrap_or_default();
    let known: BTreeSet<&str> = KINDS.iter().flat_map(|kind| kind.collections.iter().copied()).collect();
    if kind.contains('*') || known.contains(kind) {
        return None;
    }
    let message = format!("no record has an address that begins with `{kind}`");
    let help = match suggest::nearest(kind, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write the address without the zone: `CodeTable/UserGroups/FACULTY`".to_owned(),
    };
    Some(Diagnostic::error(codes::NOT_PROTECTED, head.place(records.extent), message).help(help))
}

/// The guards of a network: what is on by default, and what the manifest says instead.
pub fn guards(spec: &NetworkSpec, network: &Network, head: &Head, problems: &mut Vec<Diagnostic>) -> Guards {
    let mut guards = Guards::default();
    let Some(said) = &spec.guards else { return guards };
    for (deed, extent, at) in said.limits.said() {
        guards.limits.retain(|limit| (limit.deed, limit.extent) != (deed, extent));
        if let Nullable::Value(LimitSpec { records, percent }) = at.value {
            guards.limits.push(Limit {
                deed,
                extent,
                records: records.map(|records| records as usize),
                percent,
                place: Some(head.place(at.extent)),
            });
        }
    }
    guards.protected = (said.protected.iter())
        .map(|At { value: ProtectedSpec { records, from, reason }, .. }| Protected {
            records: records.value.as_str().into(),
            from: from.as_ref().map_or_else(
                || [Deed::Update, Deed::Disable, Deed::Delete].into(),
                |from| from.iter().map(|each| (*each).into()).collect(),
            ),
            reason: reason.as_deref().map(Into::into),
            place: head.place(records.extent),
        })
        .collect();
    guards.expectations = said.expectations.and_then(|At { value, extent }| {
        let verdict = match value {
            BreakingSpec::Allow => return None,
            BreakingSpec::Warn => Verdict::Warn,
            BreakingSpec::Deny => Verdict::Deny,
        };
        Some(Kept { verdict, place: head.place(extent) })
    });
    for At { value: freeze, extent } in &said.freezes {
        let lost = head.lost_spec().field("guards").field("freezes").item(*extent).field("appliesTo");
        let zones = freeze
            .applies_to
            .as_ref()
            .map(|applies_to| selected((applies_to, lost), network, head, problems));
        // One that is written wrongly has been told.
        let Ok((from, until)) = span(freeze, head) else { continue };
        guards.freezes.push(Freeze {
            name: freeze.name.value.as_str().into(),
            from,
            until,
            words: words(freeze),
            zones,
            reason: freeze.reason.as_deref().map(Into::into),
            place: head.place(freeze.name.extent),
        });
    }
    guards
}

impl From<FromSpec> for Deed {
    fn from(from: FromSpec) -> Self {
        match from {
            FromSpec::Update => Self::Update,
            FromSpec::Disable => Self::Disable,
            FromSpec::Delete => Self::Delete,
        }
    }
}

fn words(freeze: &FreezeSpec) -> Arc<str> {
    format!("from {} to {} ({})", freeze.from.value, freeze.until.value, freeze.time_zone.value).into()
}

/// The first moment of a freeze, and the first one after it.
fn span(freeze: &FreezeSpec, head: &Head) -> Result<(Timestamp, Timestamp), Box<Diagnostic>> {
    let FreezeSpec { from, until, time_zone, .. } = freeze;
    let zone = TimeZone::get(&time_zone.value).map_err(|_| {
        let message = format!("there is no time zone `{}`", time_zone.value);
        let problem = Diagnostic::error(codes::TIME_ZONE, head.place(time_zone.extent), message);
        Box::new(problem.help("write a name of the IANA's, such as `America/Toronto` or `Europe/Berlin`"))
    })?;
    let moment = |at: &At<String>, day_after| {
        moment(&at.value, day_after, &zone).map(|zoned| zoned.timestamp()).ok_or_else(|| {
            let message = format!("`{}` is no time", at.value);
            let problem = Diagnostic::error(codes::FREEZE_TIME, head.place(at.extent), message);
            Box::new(problem.help("write a day, `2026-12-14`, or a day and a time, `2026-12-14T18:00`"))
        })
    };
    let (begins, ends) = (moment(from, DayIs::Begun)?, moment(until, DayIs::Over)?);
    if begins < ends {
        return Ok((begins, ends));
    }
    let message = format!("the freeze ends before it begins: {}", words(freeze));
    let problem = Diagnostic::error(codes::FREEZE_BACKWARDS, head.place(until.extent), message);
    Err(Box::new(problem.help("write the day on which it ends, or a later time")))
}

/// Which end of a day is meant where only the day is said.
#[derive(Clone, Copy)]
enum DayIs {
    Begun,
    Over,
}

/// A day or a local time in a time zone. A time that the clock skips is the moment after it has skipped,
/// one that it repeats the first of the two.
fn moment(text: &str, day: DayIs, zone: &TimeZone) -> Option<ZonedDateTime> {
    let is_time = |text: &str| text.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.'));
    let time = match (text.split_once(['T', 't', ' ']), day) {
        // A moment with an offset of its own would contradict `timeZone`.
        (Some((_, time)), _) if !is_time(time) => return None,
        (Some(_), _) => text.parse::<DateTime>().ok()?,
        (None, DayIs::Begun) => text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight()),
        (None, DayIs::Over) => {
            text.parse::<Date>().ok()?.tomorrow().ok()?.to_datetime(jiff::civil::Time::midnight())
        }
    };
    time.to_zoned_datetime(zone.clone()).ok()
}
