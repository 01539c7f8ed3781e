//! What becomes of a `Network`.

use super::{credential, judge, shown, source};
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
    let loaded = load(&[source("n.yaml", LAYERS)], environment);
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
fn a_zone_says_more_than_the_network() {
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
fn an_environment_never_mixes_its_keys_with_those_of_another() {
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
fn an_environment_that_leads_elsewhere_leaves_the_type_behind() {
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
fn a_network_is_read_whole() {
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
    let loaded = load(&[source("n.yaml", text)], None);
    assert_eq!(shown(&loaded.diagnostics), "");
    let network = loaded.network.unwrap_or_else(|| unreachable!("there are no problems"));
    let alpha = &network.zones[1];
    assert_eq!(alpha.base_url, "http://127.0.0.1:8080");
    assert_eq!(alpha.place.to_string(), "n.yaml:9:13");
    assert_eq!(alpha.labels["size"], "large");
    assert_eq!(alpha.vars["walkinGroup"], "VISITOR");
    assert_eq!(alpha.campuses[0].name, "North Campus");
    assert_eq!(alpha.libraries[0].campus.as_deref(), Some("NORTH"));
    let ranges: Vec<String> = alpha.libraries[0].ip_ranges.iter().map(ToString::to_string).collect();
    assert_eq!(ranges, ["192.0.2.0/24", "198.51.100.1/32", "198.51.100.2/32"]);
}

#[test]
fn a_broken_network_is_not_also_a_missing_one() {
    let (_, problems) = judge(&[source("n.yaml", &LAYERS.replace("region: ca", "regoin: ca"))], None);
    assert_eq!(
        shown(&problems),
        "n.yaml:5:3 Z0203 unknown field `regoin` in `spec`; did you mean `region`?\n"
    );
}

#[test]
fn whole_numbers_may_be_written_as_floats() {
    let text = LAYERS.replace("perSecond: 25, dailyReserve: 5000", "perSecond: 10.0, dailyReserve: 1e3");
    let loaded = load(&[source("n.yaml", &text)], None);
    assert_eq!(shown(&loaded.diagnostics), "");
    let rate = loaded.network.map(|network| network.zones[0].rate);
    assert_eq!(rate.map(|rate| (rate.per_second, rate.daily_reserve)), Some((10, 1000)));
}
