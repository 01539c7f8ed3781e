//! Checks keys and zones, and what the manifests need of them. Changes nothing.

mod zone_checks;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use self::zone_checks::{check_access, check_libraries, check_tables, needed_tables};
use super::effects::{WriteKeys, ZoneKeys};
use super::error::{SessionError, SessionStage};
use super::network_session::NetworkSession;
use super::observe_zones::ZoneReaders;
use super::observer::SessionObserver;
use super::provider_factory::ProviderFactory;
use super::table_inventory::{CollectionsByZone, read_tables};
use crate::model::network::Zone;
use crate::model::{Diagnostic, Network, ZoneCode};
use crate::render::json::doctor::{CheckResult, CheckSubject};

/// Test of the write keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteKeyChecks {
    /// Leaves the write keys alone.
    Skip,
    /// Loads the write keys, and sends the test request that changes nothing.
    Test,
}

/// Checks the zones with their read keys, and on request their write keys.
///
/// # Errors
/// Returns the error of an effect. A missing key or the failure of a zone is part of the result.
pub async fn check_zones(
    session: &NetworkSession,
    zones: &[&Zone],
    write_keys: WriteKeyChecks,
    observer: &dyn SessionObserver,
) -> Result<Vec<CheckResult>, SessionError> {
    let (opened, mut results) = open_one_by_one(session, zones).await?;
    let opened_zones: Vec<&Zone> =
        zones.iter().copied().filter(|zone| opened.readers.contains_key(&zone.code)).collect();
    let clock = || session.effects.timestamp().ok();
    let checks: FuturesUnordered<_> = (opened_zones.iter())
        .filter_map(|zone| {
            let reader = opened.readers.get(&zone.code)?.alma();
            let desired = session.config.desired.zones.get(&zone.code).map(Vec::as_slice).unwrap_or_default();
            Some(async move {
                let mut access = check_access(zone, reader, desired, clock).await;
                if access.is_open {
                    access.results.extend(check_libraries(zone, reader.libraries().await));
                }
                (zone.code.clone(), access)
            })
        })
        .collect();
    let checked: Vec<_> =
        session.effects.cancel.interruptible(SessionStage::Reading, checks.collect()).await?;
    let is_open = |code: &ZoneCode| checked.iter().any(|(known, access)| known == code && access.is_open);
    let writable: Vec<&Zone> = opened_zones.iter().copied().filter(|zone| is_open(&zone.code)).collect();
    let collections: CollectionsByZone = (opened_zones.iter())
        .filter(|zone| is_open(&zone.code))
        .map(|zone| (zone.code.clone(), needed_tables(session.config.desired.zones.get(&zone.code))))
        .filter(|(_, tables)| !tables.is_empty())
        .collect();
    results.extend(checked.into_iter().flat_map(|(_, access)| access.results));
    if !collections.is_empty() {
        let observed = read_tables(session, &opened, &collections, observer).await?;
        for (code, zone) in &observed.zones {
            let desired = session.config.desired.zones.get(code).map(Vec::as_slice).unwrap_or_default();
            results.extend(check_tables(code, zone, desired));
        }
    }
    if write_keys == WriteKeyChecks::Test {
        results.extend(test_write_keys(session, &opened, &writable).await?);
    }
    // The order of the network, not of the answers.
    let place = |result: &CheckResult| {
        let zone = result.zones.first();
        zone.and_then(|code| zones.iter().position(|zone| zone.code == *code))
    };
    results.sort_by_key(place);
    Ok(results)
}

/// Opens each zone that has a read key, so that one missing key hides no other zone.
async fn open_one_by_one(
    session: &NetworkSession,
    zones: &[&Zone],
) -> Result<(ZoneReaders, Vec<CheckResult>), SessionError> {
    // The key of the gateway is checked by `zonal gateway check`.
    let network = Network { gateway: None, ..session.config.network.clone() };
    let mut keys = ZoneKeys::default();
    let mut results = Vec::new();
    for zone in zones {
        let fetching = session.effects.keys.read_keys(&network, std::slice::from_ref(zone));
        match session.effects.cancel.before_writing(fetching).await? {
            Ok(found) => keys.zones.extend(found.zones),
            Err(problems) => {
                results.extend(problems.iter().map(|problem| missing_key(CheckSubject::Key, zone, problem)))
            }
        }
    }
    let providers = ProviderFactory::new(&network, (session.effects.transport)(), keys);
    let readers = providers.readers(&network, Default::default());
    Ok((ZoneReaders { providers, readers }, results))
}

/// Returns the check of a key that is missing on this machine, in words that are the same for all zones.
fn missing_key(check: CheckSubject, zone: &Zone, problem: &Diagnostic) -> CheckResult {
    let code = zone.code.as_str();
    let message = problem.message.replace(&format!(" for {code}"), "").replace(code, "{code}");
    let help = problem.help.as_ref().map(|help| help.replace(code, "{code}"));
    let failure = CheckResult::failure(check, message, help);
    CheckResult { zones: vec![zone.code.clone()], ..failure }
}

/// Sends the test request of each write key, which changes nothing.
async fn test_write_keys(
    session: &NetworkSession,
    opened: &ZoneReaders,
    zones: &[&Zone],
) -> Result<Vec<CheckResult>, SessionError> {
    let network = Network { gateway: None, ..session.config.network.clone() };
    let mut results = Vec::new();
    let mut keys = WriteKeys::default();
    for zone in zones {
        if zone.credentials.write.is_none() {
            let message = "reads and writes use one key, so every plan is made with a key that can write";
            let fix = "set `write` in `credentials` to a second key, and make the read key read-only";
            results.push(CheckResult::warning(CheckSubject::WriteKey, message, fix).of_zone(&zone.code));
        }
        let fetching = session.effects.keys.write_keys(&network, std::slice::from_ref(zone));
        match session.effects.cancel.before_writing(fetching).await? {
            Ok(WriteKeys(found)) => keys.0.zones.extend(found.zones),
            Err(problems) => {
                results.extend(
                    problems.iter().map(|problem| missing_key(CheckSubject::WriteKey, zone, problem)),
                );
            }
        }
    }
    let tests = opened.providers.write_key_tests(&network, &keys);
    let tests: FuturesUnordered<_> =
        tests.into_iter().map(|(code, test)| async move { (code, test.run().await) }).collect();
    let tested: Vec<_> = session.effects.cancel.interruptible(SessionStage::Reading, tests.collect()).await?;
    results.extend(tested.into_iter().map(|(code, answer)| {
        let result = match answer {
            Ok(()) => CheckResult::ok(CheckSubject::WriteKey, "may write in the area Configuration"),
            Err(failure) => {
                let fix = failure.help.clone();
                CheckResult::failure(CheckSubject::WriteKey, failure.message, fix)
            }
        };
        result.of_zone(&code)
    }));
    Ok(results)
}
