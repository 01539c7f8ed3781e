//! Zones of an expectation row: a code, a list of codes, or a selector.

use schemars::{Schema, SchemaGenerator, json_schema};

use crate::kinds::ZoneCoverage;
use crate::kinds::manifest_expansion::ManifestExpansion;
use crate::manifest::deserialize::{Spanned, deserialize_node};
use crate::manifest::selection::{self, AppliesToSpec};
use crate::manifest::unreadable::NOTHING;
use crate::manifest::yaml_node::{NodeSpan, YamlNode, YamlValue};
use crate::manifest::{diagnostic_codes, suggestions};
use crate::model::Severity;
use crate::model::network::Zone;

/// Returns the schema of the zones.
pub fn schema(generator: &mut SchemaGenerator) -> Schema {
    let selector = generator.subschema_for::<AppliesToSpec>();
    json_schema!({
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
            selector
        ]
    })
}

/// Returns the zones without duplicates, in manifest order, or in network order for a selector. Returns
/// `None` after reporting an unknown zone or a zone of another role.
pub fn zones<'n>(
    node: &YamlNode,
    coverage: ZoneCoverage,
    scope: &mut ManifestExpansion<'_, 'n>,
) -> Option<Vec<&'n Zone>> {
    let network = scope.network;
    let mut is_valid = true;
    let mut zones: Vec<&Zone> = Vec::new();
    match &node.value {
        YamlValue::Map(_) => {
            let applies_to: Spanned<AppliesToSpec> = deserialize_node(node).ok()?;
            let mut problems = Vec::new();
            let selected = selection::of_field((&applies_to, &NOTHING), network, scope.head, &mut problems);
            is_valid = problems.iter().all(|problem| problem.severity == Severity::Warning);
            problems.into_iter().for_each(|problem| scope.report(problem));
            for zone in selected.zones.into_iter().map(|index| &network.zones[index]) {
                is_valid &= has_role(zone, coverage, node.extent, scope);
                zones.push(zone);
            }
        }
        YamlValue::Null
        | YamlValue::Bool(_)
        | YamlValue::Number(_)
        | YamlValue::Text(_)
        | YamlValue::List(_) => {
            for item in super::row::items(node) {
                let code = item.as_text()?;
                match network.zones.iter().find(|zone| zone.code.as_str() == &**code) {
                    Some(zone) if !has_role(zone, coverage, item.extent, scope) => is_valid = false,
                    Some(zone) if zones.iter().any(|other| other.code == zone.code) => {}
                    Some(zone) => zones.push(zone),
                    None => {
                        is_valid = false;
                        let known = network.zones.iter().filter(|zone| coverage.covers(zone.role));
                        let help = suggestions::code(code, known.map(|zone| zone.code.as_str()));
                        let message = format!("unknown zone `{code}`");
                        scope.error(diagnostic_codes::UNKNOWN_CODE, item.extent, message, &help);
                    }
                }
            }
        }
    }
    is_valid.then_some(zones)
}

/// Returns true if the zone has a permitted role, and reports an error otherwise.
fn has_role(
    zone: &Zone,
    coverage: ZoneCoverage,
    extent: NodeSpan,
    scope: &mut ManifestExpansion<'_, '_>,
) -> bool {
    let has_role = coverage.covers(zone.role);
    if !has_role {
        let message = format!("`{}` is the Network Zone; this question applies to members only", zone.code);
        scope.error(diagnostic_codes::NOT_A_MEMBER, extent, message, "use codes of members");
    }
    has_role
}
