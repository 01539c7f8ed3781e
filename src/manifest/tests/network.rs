//! Loading of `Network` manifests.

use super::{credential, judge, shown, source};
use crate::kinds::KINDS;
use crate::manifest::load;
use crate::model::Network;

const LAYERS: &str = "\
apiVersion: zonal/v1
kind: Network
metadata: {name: omni}
spec:
  region: ca
  credentials: {read: {env: 'READ_{code}'}, write: {env: 'WRITE_{code}'}}
  rate: {perSecond: 25, dailyReserve: 5000}
  networkZone: {code: NZ, name: Network Zone}
  members:
    - {code: ALPHA, name: Alpha, baseUrl: 'https://alpha.example/almaws/v1/', credentials: {read: {file: keys/alpha}}}
    - {code: BETA, name: Beta, rate: {perSecond: 5}, environmentType: sandbox}
  environments:
    sandbox:
      region: eu
      credentials: {read: {command: 'pass zonal/{code}'}}
      rate: {perSecond: 10}
      zones:
        BETA: {credentials: {read: {command: [pass, 'beta-{code}']}}, region: na, environmentType: production}
    training: {credentials: {read: {env: T}}}
    slow: {rate: {perSecond: 1}}
    production: {}
";

fn network(environment: Option<&str>) -> Network {
    let loaded = load(&KINDS, &[source("n.yaml", LAYERS)], environment);
    assert_eq!(shown(&loaded.diagnostics), "");
    loaded.network.unwrap_or_else(|| unreachable!("there are no problems"))
}

fn reached(environment: Option<&str>) -> Vec<String> {
    (network(environment).zones.iter())
        .map(|zone| {
            format!(
                "{} {} read {} write {} {}/s {} {:?}",
                zone.code,
                zone.base_url,
                credential(zone.credentials.read.as_ref()),
                credential(zone.credentials.write.as_ref()),
                zone.rate.per_second,
                zone.rate.daily_reserve,
                zone.environment_type
            )
        })
        .collect()
}

#[test]
fn zone_settings_override_network_settings() {
    assert_eq!(
        reached(None),
        [
            r#"NZ https://api-ca.hosted.exlibrisgroup.com read Env("READ_NZ") write Env("WRITE_NZ") 25/s 5000 Some(Production)"#,
            r#"ALPHA https://alpha.example read File("keys/alpha") write none 25/s 5000 Some(Production)"#,
            r#"BETA https://api-ca.hosted.exlibrisgroup.com read Env("READ_BETA") write Env("WRITE_BETA") 5/s 5000 Some(Sandbox)"#,
        ]
    );
}

#[test]
fn environment_keys_are_never_mixed_with_others() {
    assert_eq!(
        reached(Some("sandbox")),
        [
            r#"NZ https://api-eu.hosted.exlibrisgroup.com read Command(["sh", "-c", "pass zonal/NZ"]) write none 10/s 5000 Some(Sandbox)"#,
            r#"ALPHA https://api-eu.hosted.exlibrisgroup.com read Command(["sh", "-c", "pass zonal/ALPHA"]) write none 10/s 5000 Some(Sandbox)"#,
            r#"BETA https://api-na.hosted.exlibrisgroup.com read Command(["pass", "beta-BETA"]) write none 10/s 5000 Some(Production)"#,
        ]
    );
}

#[test]
fn environment_with_other_address_drops_the_type() {
    let types = |name| {
        network(Some(name))
            .zones
            .iter()
            .map(|zone| format!("{:?}", zone.environment_type))
            .collect::<Vec<_>>()
    };
    assert_eq!(types("training"), ["None", "None", "None"]);
    assert_eq!(types("slow"), ["Some(Production)", "Some(Production)", "Some(Sandbox)"]);
    assert_eq!(types("production"), ["Some(Production)"; 3]);
}

#[test]
fn network_is_loaded_with_all_fields() {
    let text = "\
apiVersion: zonal/v1
kind: Network
metadata: {name: omni}
spec:
  baseUrl: http://127.0.0.1:8080/
  credentials: {read: {env: READ}}
  networkZone: {code: 01OMNI_NETWORK, name: Omni Network Zone}
  members:
    - code: 01OMNI_ALPHA
      name: Alpha University
      labels: {afn: lender, size: large}
      vars: {walkinGroup: VISITOR}
      campuses: [{code: NORTH, name: North Campus}]
      libraries: [{code: MAIN, name: Main Library, campus: NORTH, ipRanges: ['192.0.2.0/24', 198.51.100.1-198.51.100.2]}]
";
    let loaded = load(&KINDS, &[source("n.yaml", text)], None);
    assert_eq!(shown(&loaded.diagnostics), "");
    let network = loaded.network.unwrap_or_else(|| unreachable!("there are no problems"));
    let alpha = &network.zones[1];
    assert_eq!(alpha.base_url, "http://127.0.0.1:8080");
    assert_eq!(alpha.span.to_string(), "n.yaml:9:13");
    assert_eq!(alpha.labels["size"], "large");
    assert_eq!(alpha.vars["walkinGroup"], "VISITOR");
    assert_eq!(alpha.campuses[0].name, "North Campus");
    assert_eq!(alpha.libraries[0].campus.as_deref(), Some("NORTH"));
    let ranges: Vec<String> = alpha.libraries[0].ip_ranges.iter().map(ToString::to_string).collect();
    assert_eq!(ranges, ["192.0.2.0/24", "198.51.100.1/32", "198.51.100.2/32"]);
}

#[test]
fn broken_network_is_not_reported_as_missing() {
    let (_, problems) = judge(&[source("n.yaml", &LAYERS.replace("region: ca", "regoin: ca"))], None);
    assert_eq!(
        shown(&problems),
        "n.yaml:5:3 Z0203 unknown field `regoin` in `spec`; did you mean `region`?\n"
    );
}

#[test]
fn whole_numbers_written_as_floats_are_accepted() {
    let text = LAYERS.replace("perSecond: 25, dailyReserve: 5000", "perSecond: 10.0, dailyReserve: 1e3");
    let loaded = load(&KINDS, &[source("n.yaml", &text)], None);
    assert_eq!(shown(&loaded.diagnostics), "");
    let rate = loaded.network.map(|network| network.zones[0].rate);
    assert_eq!(rate.map(|rate| (rate.per_second, rate.daily_reserve)), Some((10, 1000)));
}

/// Returns the test network with extra YAML in its spec.
fn with(more: &str) -> Network {
    let members: String = ('A'..='H').map(|code| format!("    - {{code: {code}, name: {code}}}\n")).collect();
    let text = format!(
        "apiVersion: zonal/v1\nkind: Network\nmetadata: {{name: omni}}\nspec:\n  region: ca\n  \
         credentials: {{read: {{env: A}}}}\n  networkZone: {{code: NZ, name: N}}\n  members:\n{members}{more}"
    );
    let loaded = crate::manifest::load(&KINDS, &[source("n.yaml", &text)], None);
    assert!(loaded.diagnostics.is_empty(), "{}", shown(&loaded.diagnostics));
    loaded.network.unwrap_or_else(|| unreachable!("there are no problems"))
}

#[test]
fn every_zone_is_in_exactly_one_wave() {
    let waves = |waves: &str| -> Vec<String> {
        let network = with(&format!("  rollout:\n    waves: {waves}\n"));
        let wave = |wave: &crate::model::RolloutWave| {
            let zones: Vec<&str> = wave.zones.iter().map(|zone| zone.as_str()).collect();
            format!("{}: {}", wave.name, zones.join(" "))
        };
        network.rollout.waves.iter().map(wave).collect()
    };
    assert_eq!(
        waves("[{name: pilot, appliesTo: {only: [B]}}, {name: third, percent: 34}, {name: last}]"),
        ["pilot: B", "third: A C D NZ", "last: E F G H"],
        "34 % of nine zones are four, without the pilot zone"
    );
    assert_eq!(
        waves("[{name: some, percent: 1}, {name: named, appliesTo: {only: [NZ, A]}}]"),
        ["some: B", "named: A NZ", "rest: C D E F G H"],
        "a percentage wave does not take zones named later"
    );
}

#[test]
fn freeze_times_use_the_given_time_zone() {
    let span = |from: &str, until: &str, zone: &str| -> (String, String) {
        let more = format!(
            "  guards:\n    freezes: [{{name: x, from: {from}, until: {until}, timeZone: {zone}}}]\n"
        );
        let freeze = with(&more).guards.freezes.remove(0);
        (freeze.from.to_string(), freeze.until.to_string())
    };
    let times = |from: &str, until: &str| (from.to_owned(), until.to_owned());
    assert_eq!(
        span("2026-12-14", "2026-12-14", "America/Toronto"),
        times("2026-12-14T05:00:00Z", "2026-12-15T05:00:00Z"),
        "the last day is included"
    );
    assert_eq!(
        span("2026-07-01T18:00", "2026-07-01T18:30:30", "Europe/Berlin"),
        times("2026-07-01T16:00:00Z", "2026-07-01T16:30:30Z")
    );
    // In Toronto, clocks skip from 2:00 to 3:00 in March, and go back from 2:00 to 1:00 in November.
    assert_eq!(
        span("2026-03-08T02:30", "2026-11-01T01:30", "America/Toronto"),
        times("2026-03-08T07:30:00Z", "2026-11-01T05:30:00Z")
    );
}

#[test]
fn limit_replaces_default_and_null_disables_it() {
    use crate::model::guard::LimitScope;
    use crate::model::{GuardConfig, GuardLimit, LimitedAction};
    let guards = with(
        "  guards:\n    limits: {deletes: {collection: {percent: 5}, zone: null}, updates: {network: {records: 7}}}\n",
    )
    .guards;
    let of = |guards: &GuardConfig, deed, extent| -> Option<(Option<usize>, Option<u32>)> {
        let mut limits = guards.limits.iter();
        let found = limits.find(|limit| (limit.action, limit.extent) == (deed, extent));
        found.map(|GuardLimit { records, percent, .. }| (*records, *percent))
    };
    assert_eq!(of(&guards, LimitedAction::Delete, LimitScope::Collection), Some((None, Some(5))));
    assert_eq!(of(&guards, LimitedAction::Delete, LimitScope::Zone), None);
    assert_eq!(of(&guards, LimitedAction::Update, LimitScope::Network), Some((Some(7), None)));
    assert_eq!(
        of(&guards, LimitedAction::Disable, LimitScope::Collection),
        of(&GuardConfig::default(), LimitedAction::Disable, LimitScope::Collection)
    );
}

#[test]
fn orphans_are_kept_unless_the_network_sets_prune() {
    use crate::model::PruneMode::{Delete, Disable, Keep};
    let of = |more: &str| {
        let prune = with(more).prune;
        (["CodeTable", "MappingTable", "Letter"].map(|kind| prune.mode_for_kind(kind)), prune.span.is_some())
    };
    assert_eq!(of(""), ([Keep; 3], false));
    assert_eq!(of("  prune: created\n"), ([Delete; 3], true));
    assert_eq!(of("  prune: {CodeTable: delete, MappingTable: disable}\n"), ([Delete, Disable, Keep], true));
}

#[test]
fn environment_can_use_another_store() {
    let text = LAYERS.replacen("  region: ca\n", "  region: ca\n  store: state.db\n", 1);
    let text = text.replacen("    sandbox:\n", "    sandbox:\n      store: postgres://zonal@db/sandbox\n", 1);
    let store = |environment| {
        let loaded = load(&KINDS, &[source("n.yaml", &text)], environment);
        assert_eq!(shown(&loaded.diagnostics), "");
        loaded.network.and_then(|network| network.store)
    };
    assert_eq!(store(None).as_deref(), Some("state.db"));
    assert_eq!(store(Some("sandbox")).as_deref(), Some("postgres://zonal@db/sandbox"));
    assert_eq!(store(Some("slow")).as_deref(), Some("state.db"));
}
