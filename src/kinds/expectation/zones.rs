//! Zones in expectation rows: one code, several codes, or a selector.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Visitor};

use crate::kinds::ZoneCoverage;
use crate::kinds::manifest_expansion::ManifestExpansion;
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::{self, AppliesToSpec};
use crate::manifest::unreadable::NOTHING;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{diagnostic_codes, suggestions};
use crate::model::network::Zone;

/// Zones of the network.
#[derive(Debug, Clone)]
pub enum ZonesSpec {
    /// Zone code.
    One(String),
    /// Zone codes.
    Many(Vec<Spanned<String>>),
    /// Selector, as in `appliesTo`.
    Selected(Box<AppliesToSpec>),
}

impl<'de> Deserialize<'de> for ZonesSpec {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ZonesVisitor;

        impl<'de> Visitor<'de> for ZonesVisitor {
            type Value = ZonesSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a code, a list of codes, or a selector")
            }

            fn visit_str<E: de::Error>(self, code: &str) -> Result<ZonesSpec, E> {
                Ok(ZonesSpec::One(code.to_owned()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<ZonesSpec, A::Error> {
                let mut codes = Vec::new();
                while let Some(code) = seq.next_element()? {
                    codes.push(code);
                }
                Ok(ZonesSpec::Many(codes))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<ZonesSpec, A::Error> {
                AppliesToSpec::deserialize(MapAccessDeserializer::new(map))
                    .map(|it| ZonesSpec::Selected(it.into()))
            }
        }

        deserializer.deserialize_any(ZonesVisitor)
    }
}

impl JsonSchema for ZonesSpec {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Places".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let selection = generator.subschema_for::<AppliesToSpec>();
        json_schema!({
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
                selection
            ]
        })
    }
}

/// Returns the zones without duplicates, in manifest order, or in network order for a selector. Returns
/// `None` after reporting an unknown zone or a zone of another role.
pub fn zones<'n>(
    places: &Spanned<ZonesSpec>,
    reach: ZoneCoverage,
    scope: &mut ManifestExpansion<'_, 'n>,
) -> Option<Vec<&'n Zone>> {
    let named: Vec<Spanned<&str>> = match &places.value {
        ZonesSpec::One(code) => vec![Spanned { value: code, extent: places.extent }],
        ZonesSpec::Many(codes) => {
            codes.iter().map(|code| Spanned { value: &*code.value, extent: code.extent }).collect()
        }
        ZonesSpec::Selected(applies_to) => {
            let network = scope.network;
            let applies_to = Spanned { value: (**applies_to).clone(), extent: places.extent };
            let mut problems = Vec::new();
            let selected = selection::of_field((&applies_to, &NOTHING), network, scope.head, &mut problems);
            let whole = problems.iter().all(|problem| problem.severity == crate::model::Severity::Warning);
            problems.into_iter().for_each(|problem| scope.report(problem));
            let zones: Vec<&Zone> = selected.zones.into_iter().map(|zone| &network.zones[zone]).collect();
            let fits =
                zones.iter().fold(whole, |fits, zone| has_role(zone, reach, places.extent, scope) && fits);
            return fits.then_some(zones);
        }
    };
    let mut zones: Vec<&Zone> = Vec::new();
    let mut whole = true;
    for Spanned { value: code, extent } in named {
        match scope.network.zones.iter().find(|zone| zone.code.as_str() == code) {
            Some(zone) if !has_role(zone, reach, extent, scope) => whole = false,
            Some(zone) if zones.iter().any(|each| each.code == zone.code) => {}
            Some(zone) => zones.push(zone),
            None => {
                whole = false;
                let known = scope.network.zones.iter().filter(|zone| reach.covers(zone.role));
                let help = suggestions::code(code, known.map(|zone| zone.code.as_str()));
                let message = format!("unknown zone `{code}`");
                scope.error(diagnostic_codes::UNKNOWN_CODE, extent, message, &help);
            }
        }
    }
    whole.then_some(zones)
}

/// Returns true if the zone has a permitted role, and reports an error otherwise.
fn has_role(
    zone: &Zone,
    reach: ZoneCoverage,
    extent: NodeSpan,
    scope: &mut ManifestExpansion<'_, '_>,
) -> bool {
    let fits = reach.covers(zone.role);
    if !fits {
        let message = format!("`{}` is the Network Zone; this question applies to members only", zone.code);
        scope.error(diagnostic_codes::NOT_A_MEMBER, extent, message, "use codes of members");
    }
    fits
}
