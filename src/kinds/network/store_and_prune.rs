//! Store address, and pruning of orphans, in the `Network` manifest.

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

/// Action for orphans: records that zonal created and no manifest declares any more.
#[derive(Debug, Clone)]
pub enum PruneSpec {
    /// Deletes all orphans.
    Created,
    /// Actions by manifest kind.
    Kinds(Vec<(Spanned<String>, PruneModeSpec)>),
}

/// Action for orphans of one manifest kind.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PruneModeSpec {
    /// Keeps the records, and their mark as created by zonal.
    Keep,
    /// Orphans are deleted.
    Delete,
    /// Disables the records.
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
                f.write_str("`created`, or a map from kind to action")
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
                {"type": "string", "enum": ["created"], "description": "Delete all orphaned records that zonal created."},
                {
                    "type": "object",
                    "description": "Action by manifest kind; orphaned records of other kinds stay.",
                    "additionalProperties": pruning
                }
            ]
        })
    }
}

/// Checks the store addresses and the kinds in `prune`.
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
        if KINDS.iter().any(|each| each.name == kind.value && !each.retired.is_empty()) {
            let message = format!("`{}` has no records to prune: zonal writes none to any zone", kind.value);
            let place = head.place(kind.extent);
            problems.push(
                Diagnostic::warning(diagnostic_codes::NO_RECORDS, place, message).help("remove the entry"),
            );
            continue;
        }
        let message = format!("`{}` is not a kind with records to prune", kind.value);
        let help = suggestions::among(&kind.value, known());
        problems.push(
            Diagnostic::error(diagnostic_codes::PRUNED_KIND, head.place(kind.extent), message).help(help),
        );
    }
    problems
}

/// Reports an invalid store address. A store is a path, or a database address without a password, because
/// manifests are committed to git.
fn wrong_store(store: &Spanned<String>, head: &ManifestHeader) -> Option<Diagnostic> {
    let place = head.place(store.extent);
    let scheme = store.value.split_once("://").map(|(scheme, rest)| (scheme.to_lowercase(), rest));
    let secret = "set the password in `ZONAL_STORE`, `PGPASSWORD` or `~/.pgpass`; change the password if it \
                  was ever committed";
    let told = "the store address contains a password";
    match scheme {
        _ if store.value.trim().is_empty() => {
            let help = "enter a path, or `postgres://HOST/DATABASE`";
            Some(
                Diagnostic::error(diagnostic_codes::STORE_ADDRESS, place, "the store address is empty")
                    .help(help),
            )
        }
        Some((scheme, rest)) if matches!(scheme.as_str(), "postgres" | "postgresql") => {
            let has = has_password(rest);
            has.then(|| Diagnostic::error(diagnostic_codes::STORE_PASSWORD, place, told).help(secret))
        }
        Some((scheme, _)) => {
            let message = format!("unsupported store address `{scheme}://`");
            let help = "enter a path, or `postgres://HOST/DATABASE`";
            Some(Diagnostic::error(diagnostic_codes::STORE_ADDRESS, place, message).help(help))
        }
        // PostgreSQL's key-value form; without this check, it would count as a path.
        None if store.value.to_lowercase().contains("password=") => {
            Some(Diagnostic::error(diagnostic_codes::STORE_PASSWORD, place, told).help(secret))
        }
        None => None,
    }
}

/// Returns true if the text after `postgres://` contains a password, before the host or in the parameters.
fn has_password(rest: &str) -> bool {
    let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    // A password may contain an unescaped `/` or `@`; zonal never shows the text before the last `@`.
    let user = address.rsplit_once('@').map_or("", |(user, _)| user);
    let named = |parameter: &str| parameter.to_lowercase().starts_with("password=");
    user.contains(':') || parameters.split('&').any(named) || parameters.contains('@') && rest.contains(':')
}

/// Returns the actions for orphaned records.
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

/// Returns the store address of the selected environment, or else of the network.
pub fn store(spec: &NetworkSpec, chosen: Option<SelectedEnvironment<'_>>) -> Option<String> {
    let said = chosen.and_then(|chosen| chosen.spec.store.as_ref()).or(spec.store.as_ref())?;
    Some(said.value.clone())
}
