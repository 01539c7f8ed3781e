//! The zones that a row asks about: one, some, or all that a selection finds.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Visitor};

use crate::kinds::Reach;
use crate::kinds::scope::Scope;
use crate::manifest::lost::NOTHING;
use crate::manifest::node::Extent;
use crate::manifest::selection::{self, AppliesTo};
use crate::manifest::typed::At;
use crate::manifest::{codes, suggest};
use crate::model::network::Zone;

/// Zones of the network.
#[derive(Debug, Clone)]
pub enum Places {
    /// By its code.
    One(String),
    /// By their codes.
    Many(Vec<At<String>>),
    /// As a manifest's `appliesTo` finds them.
    Selected(Box<AppliesTo>),
}

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;

        impl<'de> Visitor<'de> for Visit {
            type Value = Places;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a code, a list of codes, or a selection")
            }

            fn visit_str<E: de::Error>(self, code: &str) -> Result<Places, E> {
                Ok(Places::One(code.to_owned()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Places, A::Error> {
                let mut codes = Vec::new();
                while let Some(code) = seq.next_element()? {
                    codes.push(code);
                }
                Ok(Places::Many(codes))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Places, A::Error> {
                AppliesTo::deserialize(MapAccessDeserializer::new(map)).map(|it| Places::Selected(it.into()))
            }
        }

        deserializer.deserialize_any(Visit)
    }
}

impl JsonSchema for Places {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Places".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let selection = generator.subschema_for::<AppliesTo>();
        json_schema!({
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
                selection
            ]
        })
    }
}

/// The zones that are meant, each once, in the order of the manifest or, of a selection, of the network. `None` where
/// one of them is none of the network's, or has another role: that has been told.
pub fn zones<'n>(places: &At<Places>, reach: Reach, scope: &mut Scope<'_, 'n>) -> Option<Vec<&'n Zone>> {
    let named: Vec<At<&str>> = match &places.value {
        Places::One(code) => vec![At { value: code, extent: places.extent }],
        Places::Many(codes) => {
            codes.iter().map(|code| At { value: &*code.value, extent: code.extent }).collect()
        }
        Places::Selected(applies_to) => {
            let network = scope.network;
            let applies_to = At { value: (**applies_to).clone(), extent: places.extent };
            let mut problems = Vec::new();
            let selected = selection::of_field((&applies_to, &NOTHING), network, scope.head, &mut problems);
            let whole = problems.iter().all(|problem| problem.severity == crate::model::Severity::Warning);
            problems.into_iter().for_each(|problem| scope.tell(problem));
            let zones: Vec<&Zone> = selected.zones.into_iter().map(|zone| &network.zones[zone]).collect();
            let fits =
                zones.iter().fold(whole, |fits, zone| has_role(zone, reach, places.extent, scope) && fits);
            return fits.then_some(zones);
        }
    };
    let mut zones: Vec<&Zone> = Vec::new();
    let mut whole = true;
    for At { value: code, extent } in named {
        match scope.network.zones.iter().find(|zone| zone.code.as_str() == code) {
            Some(zone) if !has_role(zone, reach, extent, scope) => whole = false,
            Some(zone) if zones.iter().any(|each| each.code == zone.code) => {}
            Some(zone) => zones.push(zone),
            None => {
                whole = false;
                let known = scope.network.zones.iter().filter(|zone| reach.is(zone.role));
                let help = suggest::code(code, known.map(|zone| zone.code.as_str()));
                let message = format!("`{code}` is no zone of the network");
                scope.error(codes::UNKNOWN_CODE, extent, message, &help);
            }
        }
    }
    whole.then_some(zones)
}

/// Whether a zone can be asked about; one that cannot is told.
fn has_role(zone: &Zone, reach: Reach, extent: Extent, scope: &mut Scope<'_, '_>) -> bool {
    let fits = reach.is(zone.role);
    if !fits {
        let message = format!("`{}` is the network zone, and this is asked of members", zone.code);
        scope.error(codes::NOT_A_MEMBER, extent, message, "name members");
    }
    fits
}
