//! Small test network with settings and answers as text.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed test should show its location")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::analysis::{self, NetworkSettings};
use crate::model::network::{Campus, Library};
use crate::model::{
    Channel, CollectionId, FailureClass, FieldValue, Network, ObservationSource, ObservedCollection,
    ObservedRecord, ObservedState, Question, ZoneCode, ZoneFailure,
};
use crate::test_notation;

/// Members, in the notation of comparisons; [`places`] sets their campuses and libraries.
pub(crate) const MEMBERS: [&str; 3] = ["A", "B", "C"];

/// Returns the settings declared by manifests: each a line `KIND NAME` and its spec, separated by a line of
/// dashes.
pub(crate) fn declared(manifests: &str) -> NetworkSettings {
    let (mut network, desired) = test_notation::desired(&MEMBERS, manifests);
    places(&mut network);
    NetworkSettings::from_desired(&network, &desired)
}

/// Returns observed settings.
///
/// A line `ZONE TYPE` or `ZONE TYPE/CODE` starts a collection. Its records follow: `field=value; list=[X,Y]`.
/// A line `title=TEXT` is the title of the collection. The line `fails` makes the collection unreadable, and `attested` before the records makes them attested.
/// Missing collections count as not queried.
pub(crate) fn observed(tables: &str) -> NetworkSettings {
    let (mut network, _) =
        test_notation::desired(&MEMBERS, "CodeTable some\ntable: T\nrows: [{code: A, description: A}]");
    places(&mut network);
    let mut observed = ObservedState::default();
    let mut asked: Option<(ZoneCode, CollectionId)> = None;
    for line in tables.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match (line.contains('='), &asked) {
            (true, Some((zone, id))) if line.starts_with("title=") => {
                let answer = observed.zones.get_mut(zone).unwrap().collections.get_mut(id).unwrap();
                answer.as_mut().unwrap().title = line.strip_prefix("title=").map(str::to_owned);
            }
            (true, Some((zone, id))) => {
                let answer = observed.zones.entry(zone.clone()).or_default().collections.get_mut(id).unwrap();
                answer.as_mut().unwrap().records.push(record(line));
            }
            (false, Some((zone, id))) if line == "fails" => {
                let failure = ZoneFailure::new(FailureClass::Unreachable, "no response");
                observed.zones.entry(zone.clone()).or_default().collections.insert(id.clone(), Err(failure));
            }
            (false, Some((zone, id))) if line == "attested" => {
                let answer = observed.zones.get_mut(zone).unwrap().collections.get_mut(id).unwrap();
                answer.as_mut().unwrap().witness =
                    ObservationSource::Attestation { gone: Vec::new(), refusal: None };
            }
            (false, _) => {
                let (zone, name) = line.split_once(' ').unwrap();
                let id = match name.split_once('/') {
                    Some((kind, code)) => CollectionId::with_code(kind, code),
                    None => CollectionId::of_institution(name),
                };
                let found = ObservedCollection {
                    id: id.clone(),
                    title: None,
                    aliases: BTreeMap::new(),
                    columns: Vec::new(),
                    records: Vec::new(),
                    references: None,
                    channel: Channel::Gateway,
                    witness: ObservationSource::Zone,
                };
                let zone = ZoneCode::from(zone);
                observed.zones.entry(zone.clone()).or_default().collections.insert(id.clone(), Ok(found));
                asked = Some((zone, id));
            }
            (true, None) => panic!("record without a collection: {line}"),
        }
    }
    NetworkSettings::from_observed(&network, &observed)
}

fn record(line: &str) -> ObservedRecord {
    let mut record = ObservedRecord { updated_by: Some("librarian".to_owned()), ..ObservedRecord::default() };
    for (field, value) in line.split("; ").map(|cell| cell.split_once('=').unwrap()) {
        let list = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let value = match (list, value.parse::<bool>()) {
            (Some(list), _) => FieldValue::list(list.split(',').filter(|text| !text.is_empty())),
            // Same notation as the API's.
            (None, Ok(flag)) if field != "proxy_enabled" => FieldValue::Bool(flag),
            (None, _) => FieldValue::from_text(value),
        };
        record.fields.insert(field.into(), value);
    }
    record
}

/// Sets the campuses and libraries of member `A`.
///
/// Campus `N` has ranges of its own and library `LAW`. Campus `S` has only the ranges of its library `MED`.
/// Library `MAIN` has no campus. Campus `X` and library `OLD` have no ranges.
fn places(network: &mut Network) {
    let ranges = |text: &str| text.split_whitespace().map(|range| range.parse().unwrap()).collect();
    let a = network.zones.iter_mut().find(|zone| zone.code.as_str() == "A").unwrap();
    let campus = |code: &str, text: &str| Campus {
        code: code.to_owned(),
        name: code.to_owned(),
        ip_ranges: ranges(text),
    };
    a.campuses = vec![campus("N", "192.0.2.0/26"), campus("S", ""), campus("X", "")];
    let library = |code: &str, campus: Option<&str>, text: &str| Library {
        code: code.to_owned(),
        name: code.to_owned(),
        campus: campus.map(str::to_owned),
        ip_ranges: ranges(text),
    };
    a.libraries = vec![
        library("LAW", Some("N"), "198.51.100.0/25"),
        library("MED", Some("S"), "198.51.100.128/25 2001:db8::/32"),
        library("MAIN", None, "203.0.113.0/24"),
        library("OLD", None, ""),
    ];
}

/// Returns the facts, one per line, or the reasons for unknown facts.
pub(crate) fn facts(question: Question, settings: &NetworkSettings, wanted: &[&str]) -> String {
    let explanation = analysis::explain(&question, settings);
    let mut out = String::new();
    for fact in wanted {
        let value =
            explanation.facts.get(fact).map_or_else(|| "no such fact".to_owned(), ToString::to_string);
        let _ = writeln!(out, "{fact}: {value}");
    }
    out
}

/// Returns the answer line, then each reason with its source.
pub(crate) fn reasons(question: Question, settings: &NetworkSettings) -> String {
    let explanation = analysis::explain(&question, settings);
    let mut out = format!("{}\n", explanation.line);
    for reason in &explanation.reasons {
        let _ = writeln!(out, "- {} ({})", reason.text, reason.ground);
    }
    out
}
