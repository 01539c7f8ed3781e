//! What becomes of what zonal made, and where it remembers that.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Visitor};

use super::NetworkSpec;
use super::zone_connection::SelectedEnvironment;
use crate::kinds::KINDS;
use crate::manifest::deserialize::Spanned;
use crate::manifest::{ManifestHeader, diagnostic_codes, suggestions};
use crate::model::{Diagnostic, PruneConfig, PruneMode};

/// What becomes of records that zonal created, once no manifest names them any more.
#[derive(Debug, Clone)]
pub enum PruneSpec {
    /// All are removed.
    Created,
    /// By kind of manifest.
    Kinds(Vec<(Spanned<String>, PruneModeSpec)>),
}

/// What becomes of those of one kind of manifest.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PruneModeSpec {
    /// They stay, and zonal goes on knowing that it created them.
    Keep,
    /// Orphans are deleted.
    Delete,
    /// They are disabled.
    Disable,
}

impl From<PruneModeSpec> for PruneMode {
    fn from(spec: PruneModeSpec) -> Self {
        match spec {
            PruneModeSpec::Keep => Self::Keep,
            PruneModeSpec::Delete => Self::Delete,
            PruneModeSpec::Disable => Self::Disable,
        }
    }
}

impl<'de> Deserialize<'de> for PruneSpec {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PruneVisitor;

        impl<'de> Visitor<'de> for PruneVisitor {
            type Value = PruneSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`created`, or what becomes of the records of each kind")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<PruneSpec, E> {
                match word {
                    "created" => Ok(PruneSpec::Created),
                    other => Err(E::unknown_variant(other, &["created"])),
                }
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<PruneSpec, A::Error> {
                let mut kinds = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    kinds.push(entry);
                }
                Ok(PruneSpec::Kinds(kinds))
            }
        }

        deserializer.deserialize_any(PruneVisitor)
    }
}

impl JsonSchema for PruneSpec {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Prune".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let pruning = generator.subschema_for::<PruneModeSpec>();
        json_schema!({
            "anyOf": [
                {"type": "string", "enum": ["created"], "description": "All of them are removed."},
                {
                    "type": "object",
                    "description": "By kind of manifest; those of other kinds stay.",
                    "additionalProperties": pruning
                }
            ]
        })
    }
}

/// What is wrong with it.
pub fn check(spec: &NetworkSpec, head: &ManifestHeader) -> Vec<Diagnostic> {
    let environments = spec.environments.0.iter().filter_map(|(_, environment)| environment.store.as_ref());
    let stores = spec.store.iter().chain(environments);
    let mut problems: Vec<Diagnostic> = stores.filter_map(|store| wrong_store(store, head)).collect();
    let kinds = match spec.prune.as_ref().map(|said| &said.value) {
        Some(PruneSpec::Kinds(kinds)) => kinds.as_slice(),
        Some(PruneSpec::Created) | None => &[],
    };
    let known = || KINDS.iter().filter(|kind| !kind.collections.is_empty()).map(|kind| kind.name);
    for (kind, _) in kinds.iter().filter(|(kind, _)| !known().any(|known| known == kind.value)) {
        let message = format!("`{}` is no kind whose records could be removed", kind.value);
        let help = suggestions::among(&kind.value, known());
        problems.push(
            Diagnostic::error(diagnostic_codes::PRUNED_KIND, head.place(kind.extent), message).help(help),
        );
    }
    problems
}

/// A store is a path, or a database without its password: manifests are committed.
fn wrong_store(store: &Spanned<String>, head: &ManifestHeader) -> Option<Diagnostic> {
    let place = head.place(store.extent);
    let scheme = store.value.split_once("://").map(|(scheme, rest)| (scheme.to_lowercase(), rest));
    let secret = "take it from `ZONAL_STORE`, `PGPASSWORD` or `~/.pgpass` instead, and change this one if it was \
                  ever committed";
    let told = "the address of the store has a password in it";
    match scheme {
        _ if store.value.trim().is_empty() => {
            let help = "write a path, or `postgres://HOST/DATABASE`";
            Some(
                Diagnostic::error(diagnostic_codes::STORE_ADDRESS, place, "the store has no address")
                    .help(help),
            )
        }
        Some((scheme, rest)) if matches!(scheme.as_str(), "postgres" | "postgresql") => {
            let has = has_password(rest);
            has.then(|| Diagnostic::error(diagnostic_codes::STORE_PASSWORD, place, told).help(secret))
        }
        Some((scheme, _)) => {
            let message = format!("`{scheme}://` is no address that a store can have");
            let help = "write a path, or `postgres://HOST/DATABASE`";
            Some(Diagnostic::error(diagnostic_codes::STORE_ADDRESS, place, message).help(help))
        }
        // The other way to write the address of a database, which would pass for a path.
        None if store.value.to_lowercase().contains("password=") => {
            Some(Diagnostic::error(diagnostic_codes::STORE_PASSWORD, place, told).help(secret))
        }
        None => None,
    }
}

/// Whether what stands behind `postgres://` has a password: before the host, or among the parameters.
fn has_password(rest: &str) -> bool {
    let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    // A password may itself hold `/` or `@`, written wrongly: what stands before the last `@` is not shown.
    let user = address.rsplit_once('@').map_or("", |(user, _)| user);
    let named = |parameter: &str| parameter.to_lowercase().starts_with("password=");
    user.contains(':') || parameters.split('&').any(named) || parameters.contains('@') && rest.contains(':')
}

/// What becomes of records that no manifest names any more.
pub fn prune(spec: &NetworkSpec, head: &ManifestHeader) -> PruneConfig {
    let Some(Spanned { value, extent }) = &spec.prune else { return PruneConfig::default() };
    let place = Some(head.place(*extent));
    match value {
        PruneSpec::Created => {
            PruneConfig { otherwise: PruneMode::Delete, span: place, ..PruneConfig::default() }
        }
        PruneSpec::Kinds(kinds) => {
            let kinds = kinds.iter().map(|(kind, pruning)| (kind.value.as_str().into(), (*pruning).into()));
            PruneConfig { otherwise: PruneMode::Keep, kinds: kinds.collect(), span: place }
        }
    }
}

/// Where the network's memory is, as the chosen environment says it, or the network.
pub fn store(spec: &NetworkSpec, chosen: Option<SelectedEnvironment<'_>>) -> Option<String> {
    let said = chosen.and_then(|chosen| chosen.spec.store.as_ref()).or(spec.store.as_ref())?;
    Some(said.value.clone())
}
