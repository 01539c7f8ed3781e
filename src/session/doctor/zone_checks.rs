//! Checks of one zone.

use std::collections::BTreeSet;

use futures::future::join_all;

use crate::model::network::{EnvironmentType, Zone};
use crate::model::{
    CollectionId, CollectionOwner, DesiredCollection, FailureClass, GroupedNumber, LibraryListing,
    ObservedZone, ZoneCode, ZoneFailure,
};
use crate::provider::RequestUsage;
use crate::provider::ZoneReader as _;
use crate::provider::alma::AlmaReader;
use crate::provider::alma::institution::{KEY_AREAS, KeyArea};
use crate::render::json::doctor::{CheckResult, CheckSubject};
use crate::session::table_kinds::is_table;

/// Difference of clocks that is worth a warning, in seconds.
const CLOCK_LIMIT: u64 = 60;
/// Requests a second that the vendor's sandboxes accept, as reported by client authors.
const SANDBOX_PACE: u32 = 10;
/// Requests a second that every published threshold of production allows.
const PRODUCTION_PACE: u32 = 25;

/// Result of the checks of a key.
pub struct ZoneAccess {
    /// Results.
    pub results: Vec<CheckResult>,
    /// True if the key opens the intended zone and calls are left, so that further checks make sense.
    pub is_open: bool,
}

/// Checks whose key it is, the environment, the areas, the requests left, the pace and the clock.
pub async fn check_access(
    zone: &Zone,
    reader: &AlmaReader,
    desired: &[DesiredCollection],
    clock: impl Fn() -> Option<jiff::Timestamp>,
) -> ZoneAccess {
    let answer = reader.institution().await;
    let mut results = Vec::new();
    results.extend(check_clock(reader.server_date(), clock()));
    let is_open = match &answer {
        Ok(profile) if profile.code == zone.code.as_str() => {
            results.push(CheckResult::ok(CheckSubject::Key, "opens its own institution"));
            results.push(check_environment(zone, profile.environment));
            true
        }
        Ok(profile) => {
            let message = format!("the key belongs to `{}`", profile.code);
            let fix =
                "store a key of this institution at the location in `credentials`, or correct its `code`";
            results.push(CheckResult::failure(CheckSubject::Key, message, Some(fix.to_owned())));
            false
        }
        Err(failure) => {
            results.push(CheckResult::failure(
                CheckSubject::Key,
                failure.message.as_str(),
                failure.help.clone(),
            ));
            false
        }
    };
    let usage = reader.request_usage();
    // Below the reserve, zonal itself sends no further request.
    let has_calls = usage.quota_left.is_none_or(|left| left > zone.rate.daily_reserve);
    let is_denied = answer.as_ref().is_err_and(|failure| failure.class == FailureClass::Denied);
    if has_calls && (answer.is_ok() || is_denied) {
        let tests =
            join_all(KEY_AREAS.iter().map(|area| async move { (area, reader.test_area(area).await) }));
        let tests = tests.await;
        let electronic = match needs_electronic(desired) {
            true => Some(reader.test_electronic().await),
            false => None,
        };
        // A key that opens nothing at all failed before.
        if is_open || tests.iter().any(|(_, answer)| answer.is_ok()) {
            results.push(check_areas(&tests, electronic));
        }
    }
    results.extend(check_calls(zone, usage));
    results.push(check_pace(zone));
    let results = results.into_iter().map(|result| result.of_zone(&zone.code)).collect();
    ZoneAccess { results, is_open: is_open && has_calls }
}

fn needs_electronic(desired: &[DesiredCollection]) -> bool {
    desired.iter().any(|collection| &*collection.id.kind == "ElectronicAvailability")
}

fn check_environment(zone: &Zone, stated: Option<EnvironmentType>) -> CheckResult {
    let check = CheckSubject::Environment;
    match (stated, zone.environment_type) {
        (Some(stated), Some(declared)) if stated == declared => {
            CheckResult::ok(check, format!("{}, as declared", stated.as_str()))
        }
        (Some(stated), Some(declared)) => CheckResult::failure(
            check,
            format!(
                "the key belongs to the {}, and the manifest says {}",
                stated.as_str(),
                declared.as_str()
            ),
            Some(format!(
                "use a {} key, or set `environmentType: {}`; zonal writes nothing otherwise",
                declared.as_str(),
                stated.as_str()
            )),
        ),
        (Some(stated), None) => CheckResult::warning(
            check,
            format!("{}; the manifest does not say so", stated.as_str()),
            format!("set `environmentType: {}` in the Network manifest or the environment", stated.as_str()),
        ),
        (None, _) => CheckResult::warning(
            check,
            "the zone does not report its environment",
            "check in Alma which environment it is; zonal treats it as production",
        ),
    }
}

fn check_areas(
    tests: &[(&KeyArea, Result<(), ZoneFailure>)],
    electronic: Option<Result<(), ZoneFailure>>,
) -> CheckResult {
    let is_closed = |failure: &ZoneFailure| failure.class == FailureClass::Denied;
    let areas = tests.iter().map(|(area, answer)| (area.name, answer));
    let areas: Vec<_> = areas.chain(electronic.as_ref().map(|answer| ("Electronic", answer))).collect();
    let open: Vec<&str> = areas.iter().filter(|(_, answer)| answer.is_ok()).map(|(name, _)| *name).collect();
    // Any other failure says nothing about the key.
    let closed =
        areas.iter().filter(|(_, answer)| answer.as_ref().is_err_and(is_closed)).map(|(name, _)| *name);
    let needed: Vec<&str> = closed.filter(|area| matches!(*area, "Configuration" | "Electronic")).collect();
    let opens = match open.is_empty() {
        true => "opens no area".to_owned(),
        false => format!("opens {}", open.join(", ")),
    };
    match needed.is_empty() {
        true => CheckResult::ok(CheckSubject::Areas, opens),
        false => CheckResult::failure(
            CheckSubject::Areas,
            format!("{opens}; not {}, which the manifests need", needed.join(", ")),
            Some(format!(
                "grant the key the area {} in the Developer Network, read-only",
                needed.join(" and ")
            )),
        ),
    }
}

fn check_calls(zone: &Zone, usage: RequestUsage) -> Option<CheckResult> {
    let left = usage.quota_left?;
    let reserve = zone.rate.daily_reserve;
    let check = CheckSubject::Calls;
    let result = match left > reserve {
        true if reserve == 0 => CheckResult::ok(check, "calls left today"),
        true => CheckResult::ok(
            check,
            format!("calls left today, of which {} are kept for others", GroupedNumber(reserve)),
        ),
        false => CheckResult::failure(
            check,
            format!(
                "calls left today, and {} are kept for others, so zonal sends no more",
                GroupedNumber(reserve)
            ),
            Some("wait until midnight of the zone, or lower `rate.dailyReserve`".to_owned()),
        ),
    };
    Some(result.with_number(left))
}

fn check_pace(zone: &Zone) -> CheckResult {
    let pace = zone.rate.per_second;
    let (kind, limit) = match zone.environment_type {
        Some(EnvironmentType::Sandbox) => ("sandbox", SANDBOX_PACE),
        Some(EnvironmentType::Production) | None => ("production", PRODUCTION_PACE),
    };
    let message = format!("at most {pace} requests a second");
    match pace > limit {
        false => CheckResult::ok(CheckSubject::Pace, message),
        true => CheckResult::warning(
            CheckSubject::Pace,
            message,
            format!(
                "set `rate.perSecond` to {limit}, the lowest threshold known for {kind}; above it, zonal waits \
                     after each rejected request, and so does every other integration"
            ),
        ),
    }
}

/// Compares this machine's clock with the date of an answer. `None` if the answer had no date.
fn check_clock(server_date: Option<String>, now: Option<jiff::Timestamp>) -> Option<CheckResult> {
    let server = jiff::fmt::rfc2822::parse(&server_date?).ok()?.timestamp();
    let seconds = now?.as_second().abs_diff(server.as_second());
    Some(match seconds > CLOCK_LIMIT {
        false => CheckResult::ok(CheckSubject::Clock, "agrees with the zone's"),
        true => CheckResult::warning(
            CheckSubject::Clock,
            "seconds between this machine's clock and the zone's",
            "set the clock, for example with NTP: freezes, leases and dates of a plan depend on it",
        )
        .with_number(seconds),
    })
}

/// Compares the libraries and campuses of the manifest with those in Alma.
pub fn check_libraries(zone: &Zone, answer: Result<Vec<LibraryListing>, ZoneFailure>) -> Vec<CheckResult> {
    let check = CheckSubject::Libraries;
    let listed = match answer {
        Ok(listed) => listed,
        Err(failure) => {
            return vec![
                CheckResult::failure(check, failure.message.as_str(), failure.help.clone())
                    .of_zone(&zone.code),
            ];
        }
    };
    let compare = |noun: &str, declared: BTreeSet<&str>, found: BTreeSet<&str>| {
        let names = |codes: Vec<&&str>| codes.into_iter().copied().collect::<Vec<_>>().join(", ");
        let gone = names(declared.difference(&found).collect());
        let new = names(found.difference(&declared).collect());
        let gone = (!gone.is_empty()).then(|| {
            let fix = format!("correct the {noun} in the Network manifest, or create them in Alma");
            CheckResult::warning(check, format!("{noun} that are not in Alma: {gone}"), fix)
        });
        let new = (!new.is_empty() && !declared.is_empty()).then(|| {
            let fix = format!("add the {noun} to the Network manifest, so that manifests can name them");
            CheckResult::warning(check, format!("{noun} that are not in the manifest: {new}"), fix)
        });
        gone.into_iter().chain(new).collect::<Vec<_>>()
    };
    let mut results = compare(
        "libraries",
        zone.libraries.iter().map(|library| library.code.as_str()).collect(),
        listed.iter().map(|library| library.code.as_str()).collect(),
    );
    results.extend(compare(
        "campuses",
        zone.campuses.iter().map(|campus| campus.code.as_str()).collect(),
        listed.iter().filter_map(|library| library.campus.as_deref()).collect(),
    ));
    if results.is_empty() {
        results.push(match zone.libraries.is_empty() && !listed.is_empty() {
            true => {
                CheckResult::ok(check, "libraries in Alma, none declared").with_number(listed.len() as u64)
            }
            false => CheckResult::ok(check, "libraries and campuses as declared"),
        });
    }
    results.into_iter().map(|result| result.of_zone(&zone.code)).collect()
}

/// Returns the tables that the manifests need in a zone.
pub fn needed_tables(desired: Option<&Vec<DesiredCollection>>) -> BTreeSet<CollectionId> {
    let collections = desired.into_iter().flatten().map(|collection| &collection.id);
    collections.filter(|id| is_table(&id.kind)).cloned().collect()
}

/// Checks the tables that the manifests need: open to the API, and written by nobody else.
pub fn check_tables(
    code: &ZoneCode,
    observed: &ObservedZone,
    desired: &[DesiredCollection],
) -> Vec<CheckResult> {
    let mut results = Vec::new();
    let (mut hidden, mut distributed) = (Vec::new(), Vec::new());
    for (id, answer) in &observed.collections {
        match answer {
            Ok(table) if table.witness.is_people() => hidden.push(id.to_string()),
            Ok(table) => {
                let is_decided = |collection: &DesiredCollection| {
                    collection.id == *id && collection.owner != CollectionOwner::Undecided
                };
                let is_distributed = table.records.iter().any(crate::model::ObservedRecord::is_distributed);
                if is_distributed && !desired.iter().any(is_decided) {
                    distributed.push(id.to_string());
                }
            }
            Err(failure) => results.push(CheckResult::failure(
                CheckSubject::Tables,
                format!("{id}: {}", failure.message),
                failure.help.clone(),
            )),
        }
    }
    if !hidden.is_empty() {
        results.push(CheckResult::warning(
            CheckSubject::Tables,
            format!("hidden from the API: {}", hidden.join(", ")),
            "change them by hand (`zonal runbook`) or through a gateway, or ask the vendor to open them",
        ));
    }
    if results.is_empty() {
        let message = "tables that the manifests name, all readable; whether one may be changed shows at its first write";
        results.push(
            CheckResult::ok(CheckSubject::Tables, message).with_number(observed.collections.len() as u64),
        );
    }
    if !distributed.is_empty() {
        results.push(CheckResult::warning(
            CheckSubject::Distribution,
            format!("the network's distribution jobs also write {}", distributed.join(", ")),
            "set `owner: zonal` in the manifest to take the table over, or `owner: network` to report only",
        ));
    }
    results.into_iter().map(|result| result.of_zone(code)).collect()
}
