//! Writes the `Network` manifest of a surveyed network.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::init_network::SurveyedZone;
use crate::manifest::write_yaml::{ManifestText, WriteYamlError, YamlItem, YamlPart, write_manifests};
use crate::model::network::EnvironmentType;

/// Address of the zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkAddress {
    /// Hosting region, as in a manifest.
    Region(String),
    /// Base URL of the API.
    BaseUrl(String),
}

/// Source of the keys in the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySourceForm {
    /// Variables.
    Variables,
    /// Variables, or else the lines `CODE=KEY` of one variable, as the GitHub workflow has them.
    VariablesOrLines,
}

/// Network to write.
#[derive(Debug, Clone)]
pub struct NetworkDraft<'a> {
    /// Name.
    pub name: &'a str,
    /// Address of the zones.
    pub address: &'a NetworkAddress,
    /// Source of the keys.
    pub keys: KeySourceForm,
    /// Network Zone, if the network has one.
    pub network_zone: Option<&'a SurveyedZone>,
    /// Members.
    pub members: Vec<&'a SurveyedZone>,
}

/// Requests a second in a sandbox; the vendor's sandboxes accept fewer than production.
const SANDBOX_RATE: u32 = 10;
/// Requests a second in production.
const PRODUCTION_RATE: u32 = 20;
/// Requests a day that stay for other applications.
const DAILY_RESERVE: u32 = 5000;
/// First line of a manifest, for editors.
pub const SCHEMA_LINE: &str = "# yaml-language-server: $schema=schemas/manifest.json\n";

/// Returns the `Network` manifest as text.
///
/// # Errors
/// Returns the error of the serializer.
pub fn network_manifest(draft: &NetworkDraft<'_>) -> Result<String, WriteYamlError> {
    let zones = || draft.network_zone.into_iter().chain(draft.members.iter().copied());
    let environments: Vec<_> = zones().map(|zone| zone.environment).collect();
    let common = environments.first().copied().flatten();
    let common = common.filter(|_| environments.iter().all(|environment| *environment == common));
    let pattern = variable_pattern(zones());
    let mut spec = vec![match draft.address {
        NetworkAddress::Region(region) => ("region", YamlPart::Value(json!(region))),
        NetworkAddress::BaseUrl(url) => ("baseUrl", YamlPart::Value(json!(url))),
    }];
    let credentials =
        [("read", draft.keys.source(&pattern)), ("write", draft.keys.source(&write_name(&pattern)))];
    let credentials = credentials.map(|(purpose, source)| (purpose, YamlPart::Value(source)));
    spec.push(("credentials", YamlPart::Fields(credentials.into())));
    let per_second = if common == Some(EnvironmentType::Sandbox) { SANDBOX_RATE } else { PRODUCTION_RATE };
    spec.push(("rate", YamlPart::Value(json!({"perSecond": per_second, "dailyReserve": DAILY_RESERVE}))));
    if let Some(environment) = common {
        spec.push(("environmentType", YamlPart::Value(json!(environment.as_str()))));
    }
    let zone = |zone: &SurveyedZone| zone_part(zone, &pattern, common, draft.keys);
    if let Some(network_zone) = draft.network_zone {
        spec.push(("networkZone", zone(network_zone)));
    }
    if !draft.members.is_empty() {
        let item = |member: &&SurveyedZone| YamlItem { comments: Vec::new(), part: zone(member) };
        spec.push(("members", YamlPart::Items(draft.members.iter().map(item).collect())));
    }
    let manifest = ManifestText { comments: Vec::new(), kind: "Network", name: draft.name.to_owned(), spec };
    Ok(format!("{SCHEMA_LINE}{}", write_manifests(&[manifest])?))
}

impl KeySourceForm {
    /// Returns the source of a key, given the name of its variable.
    fn source(self, variable: &str) -> Json {
        let lines = if variable.contains("WRITE") { "ZONAL_WRITE_KEYS" } else { "ZONAL_READ_KEYS" };
        match self {
            Self::Variables => json!({"env": variable}),
            Self::VariablesOrLines => {
                let line = format!(r#"printf "%s\n" "${lines}" | sed -n "s/^{{code}}=//p""#);
                json!({"command": format!("printenv {variable} || {line}")})
            }
        }
    }
}

fn zone_part(
    zone: &SurveyedZone,
    pattern: &str,
    common: Option<EnvironmentType>,
    keys: KeySourceForm,
) -> YamlPart {
    let mut fields =
        vec![("code", YamlPart::Value(json!(zone.code))), ("name", YamlPart::Value(json!(zone.name.trim())))];
    if pattern.replace("{code}", &zone.code) != zone.variable {
        let write = write_name(pattern).replace("{code}", &zone.code);
        let credentials = json!({"read": keys.source(&zone.variable), "write": keys.source(&write)});
        fields.push(("credentials", YamlPart::Value(credentials)));
    }
    if let (Some(environment), None) = (zone.environment, common) {
        fields.push(("environmentType", YamlPart::Value(json!(environment.as_str()))));
    }
    let campuses: BTreeMap<&str, &str> = (zone.libraries.iter())
        .filter_map(|library| Some((library.campus.as_deref()?, library.campus_name.as_str())))
        .collect();
    if !campuses.is_empty() {
        let campuses = campuses.into_iter().map(|(code, name)| part(code, name, None));
        fields.push(("campuses", YamlPart::Value(campuses.collect())));
    }
    if !zone.libraries.is_empty() {
        let libraries = zone.libraries.iter();
        let libraries =
            libraries.map(|library| part(&library.code, &library.name, library.campus.as_deref()));
        fields.push(("libraries", YamlPart::Value(libraries.collect())));
    }
    YamlPart::Fields(fields)
}

/// Returns a campus or a library.
fn part(code: &str, name: &str, campus: Option<&str>) -> Json {
    let mut fields = Map::from_iter([("code".to_owned(), json!(code))]);
    if !name.trim().is_empty() {
        fields.insert("name".to_owned(), json!(name.trim()));
    }
    if let Some(campus) = campus {
        fields.insert("campus".to_owned(), json!(campus));
    }
    Json::Object(fields)
}

/// Returns the name of the variables with read keys, with `{code}` for the zone: the form of most of them.
fn variable_pattern<'a>(zones: impl Iterator<Item = &'a SurveyedZone>) -> String {
    let mut patterns: BTreeMap<String, usize> = BTreeMap::new();
    for zone in zones.filter(|zone| zone.variable.contains(&zone.code)) {
        *patterns.entry(zone.variable.replacen(&zone.code, "{code}", 1)).or_default() += 1;
    }
    let most = patterns.into_iter().max_by_key(|(_, number)| *number);
    most.map_or_else(|| "ZONAL_READ_{code}".to_owned(), |(pattern, _)| pattern)
}

/// Returns the name of the variables with write keys.
fn write_name(read: &str) -> String {
    match read.contains("READ") {
        true => read.replacen("READ", "WRITE", 1),
        false => "ZONAL_WRITE_{code}".to_owned(),
    }
}

/// Returns the name of a network, from what the codes of its zones have in common: `omni` for `01OMNI_...`.
pub fn network_name<'a>(codes: impl IntoIterator<Item = &'a str>) -> String {
    let mut codes = codes.into_iter();
    let first = codes.next().unwrap_or_default();
    let common = codes.fold(first, |common, code| {
        let length = common.bytes().zip(code.bytes()).take_while(|(one, other)| one == other).count();
        common.get(..length).unwrap_or_default()
    });
    // Only whole parts of a code are a name.
    let common = common.rsplit_once(['_', '-']).map_or("", |(start, _)| start);
    let letters = common.trim_start_matches(|c: char| c.is_ascii_digit());
    let name: String = letters
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    match name.trim_matches('-') {
        "" => "network".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap in a test shows its line")]

    use super::*;
    use crate::manifest::SourceFile;
    use crate::model::LibraryListing;
    use crate::session::load::load;

    fn zone(code: &str, variable: &str, environment: Option<EnvironmentType>) -> SurveyedZone {
        let library = |code: &str, campus: Option<&str>| LibraryListing {
            code: code.to_owned(),
            name: format!("Library: \"{code}\" # {code}"),
            campus: campus.map(str::to_owned),
            campus_name: "North, campus".to_owned(),
        };
        SurveyedZone {
            code: code.to_owned(),
            name: format!("{code}: Université \"A\" & B"),
            variable: variable.to_owned(),
            environment,
            libraries: vec![library("MAIN", Some("NORTH")), library("no", None)],
        }
    }

    fn written(zones: &[SurveyedZone], keys: KeySourceForm) -> String {
        let address = NetworkAddress::Region("ca".to_owned());
        let (network_zone, members) = zones.split_first().unwrap();
        let members = members.iter().collect();
        let network_zone = Some(network_zone);
        network_manifest(&NetworkDraft { name: "omni", address: &address, keys, network_zone, members })
            .unwrap()
    }

    #[test]
    fn manifest_of_a_surveyed_network_validates() {
        let sandbox = Some(EnvironmentType::Sandbox);
        let zones = [
            zone("01OMNI_NETWORK", "ZONAL_READ_01OMNI_NETWORK", sandbox),
            zone("01OMNI_A", "ZONAL_READ_01OMNI_A", Some(EnvironmentType::Production)),
            zone("01OMNI_B", "KEY_OF_B", None),
        ];
        for keys in [KeySourceForm::Variables, KeySourceForm::VariablesOrLines] {
            let text = written(&zones, keys);
            let source = SourceFile { file: "network.yaml".into(), text: Ok(text.clone()) };
            let config = load(vec![source], None).unwrap_or_else(|found| panic!("{text}\n{:?}", found.found));
            assert_eq!(config.warnings, Vec::new(), "{text}");
            let network = config.network;
            let of = |code: &str| network.zones.iter().find(|zone| zone.code.as_str() == code).unwrap();
            assert_eq!(of("01OMNI_A").name, zones[1].name);
            assert_eq!(of("01OMNI_A").environment_type, Some(EnvironmentType::Production));
            assert_eq!(of("01OMNI_NETWORK").environment_type, sandbox);
            assert_eq!(of("01OMNI_B").libraries[0].campus.as_deref(), Some("NORTH"));
            assert_eq!(of("01OMNI_B").campuses[0].name, "North, campus");
            let read = format!("{:?}", of("01OMNI_B").credentials.read.as_ref().unwrap().source);
            assert!(read.contains("KEY_OF_B"), "{read}");
        }
    }

    #[test]
    fn network_zone_may_be_missing() {
        let zones = [zone("01OMNI_A", "ZONAL_READ_01OMNI_A", None)];
        let address = NetworkAddress::BaseUrl("http://127.0.0.1:1".to_owned());
        let draft = NetworkDraft {
            name: "omni",
            address: &address,
            keys: KeySourceForm::Variables,
            network_zone: None,
            members: zones.iter().collect(),
        };
        let text = network_manifest(&draft).unwrap();
        let config = load(vec![SourceFile { file: "network.yaml".into(), text: Ok(text.clone()) }], None);
        let roles: Vec<_> = config.unwrap_or_else(|found| panic!("{text}\n{:?}", found.found)).network.zones;
        assert_eq!(roles.len(), 1);
        assert_eq!(roles[0].role, crate::model::network::ZoneRole::Member);
    }

    #[test]
    fn name_comes_from_what_codes_have_in_common() {
        assert_eq!(network_name(["01OMNI_NETWORK", "01OMNI_ALPHA"]), "omni");
        assert_eq!(network_name(["01OMNI_ALPHA", "01OMNI_ALTO"]), "omni");
        assert_eq!(network_name(["01ABC_INST", "02DEF_INST"]), "network");
        assert_eq!(network_name(["41SLSP_NETWORK"]), "slsp");
        assert_eq!(network_name([]), "network");
    }
}
