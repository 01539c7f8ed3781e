//! `zonal support privileges`: which privileges of roles were turned on or off, declared and observed side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{SupportContext, could_not, table};
use crate::cli::config::{ConfigDirectory, to_json};
use crate::cli::context::CommandContext;
use crate::cli::exit_code::CommandExit;
use crate::kinds::PRIVILEGES;
use crate::model::network::{Zone, ZoneRole};
use crate::model::{CollectionId, FieldValue, ZoneFailure};
use crate::render::json::FailureJson;

/// Where a person finds it (the vendor's guide to Support Services).
const MENU: &str = "Network Zone: Consortia Configuration Management > Support Services > Roles Privileges";

/// Show which privileges of roles were turned on or off, beside what the manifests declare
///
/// Alma's public API does not tell, so that this needs a gateway which serves `RolePrivileges`.
/// All of them are kept in the Network Zone, which alone is asked.
#[derive(Debug, Args)]
pub struct PrivilegesCommand {
    #[command(flatten)]
    aim: SupportContext,
}

/// Which privileges of roles were turned on or off.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal support privileges --json")]
pub struct PrivilegesJson {
    /// Version of the shape: its major number changes when a field goes or changes its meaning.
    pub format_version: &'static str,
    /// The network's name.
    pub network: String,
    /// The environment chosen; null for the manifest as it stands.
    pub environment: Option<String>,
    /// Whether the network zone could be asked. What it does not tell does not count.
    pub complete: bool,
    /// Whether it is known what was turned on or off; false where only Alma's own page tells.
    pub known: bool,
    /// Where a person finds it in Alma.
    pub menu: &'static str,
    /// Why the network zone could not be asked.
    pub problem: Option<FailureJson>,
    /// The privileges that are declared or were observed, of the zones that were selected.
    pub privileges: Vec<RolePrivilegeJson>,
}

/// A privilege of a role in one zone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RolePrivilegeJson {
    /// The zone's code.
    pub zone: String,
    /// The role.
    pub role: String,
    /// The privilege.
    pub privilege: String,
    /// What the manifests say; null where they do not speak of it.
    pub declared: Option<PrivilegeState>,
    /// What was observed; null where that is not known.
    pub observed: Option<PrivilegeState>,
}

/// Whether a role has a privilege.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrivilegeState {
    /// It was turned on.
    On,
    /// It was turned off.
    Off,
    /// As Alma delivers it.
    Delivered,
}

impl PrivilegeState {
    fn from_value(enabled: Option<&FieldValue>) -> Self {
        match enabled {
            Some(FieldValue::Bool(true)) => Self::On,
            Some(FieldValue::Text(text)) if text.eq_ignore_ascii_case("true") => Self::On,
            Some(FieldValue::Bool(false) | FieldValue::Text(_) | FieldValue::List(_)) => Self::Off,
            Some(FieldValue::Null) | None => Self::Delivered,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Delivered => "as delivered",
        }
    }
}

/// Zone, role and privilege.
type PrivilegeKey = [String; 3];
type PrivilegeStates = BTreeMap<PrivilegeKey, PrivilegeState>;

impl PrivilegesCommand {
    pub(super) async fn run(
        &self,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<CommandExit, CommandExit> {
        let config = self.aim.config(directory, world)?;
        let zones = self.aim.zones(&config.network, world)?;
        let network_zone: Vec<&Zone> =
            config.network.zones.iter().filter(|zone| zone.role == ZoneRole::Network).collect();
        let id = CollectionId::of_institution(PRIVILEGES);
        let answer = self.aim.observe(&config, &network_zone, &id, directory, world).await?;
        let answers = answer.zones.into_iter().flat_map(|(code, zone)| {
            zone.collections.into_values().map(move |answer| (code.clone(), answer))
        });
        let (mut observed, mut failed): (Option<PrivilegeStates>, Option<(_, ZoneFailure)>) = (None, None);
        for (code, answer) in answers {
            match answer {
                Ok(collection) if collection.witness.is_people() => {}
                Ok(collection) => {
                    let records = collection.records.iter().map(|record| {
                        let said = |field: &str| record.fields.get(field);
                        (privilege_key(said), PrivilegeState::from_value(said("enabled")))
                    });
                    observed = Some(records.collect());
                }
                Err(failure) => failed = Some((code, failure)),
            }
        }
        let declared = declared_states(&config);
        let names: BTreeSet<&PrivilegeKey> =
            declared.keys().chain(observed.iter().flatten().map(|(name, _)| name)).collect();
        // What is left over of an institution that is none of the network's is shown with everything else.
        let everything = zones.len() == config.network.zones.len();
        let is = |zone: &Zone, name: &PrivilegeKey| zone.code.as_str() == name[0];
        let selected = |name: &&&PrivilegeKey| {
            zones.iter().any(|zone| is(zone, name))
                || (everything && !config.network.zones.iter().any(|zone| is(zone, name)))
        };
        let privileges: Vec<RolePrivilegeJson> = (names.iter().filter(selected))
            .map(|name| {
                let [zone, role, privilege] = (*name).clone();
                let observed = observed.as_ref();
                let observed = observed
                    .map(|observed| observed.get(*name).copied().unwrap_or(PrivilegeState::Delivered));
                RolePrivilegeJson { zone, role, privilege, declared: declared.get(*name).copied(), observed }
            })
            .collect();
        let complete = failed.is_none();
        if self.aim.json {
            world.out.print_line(to_json(&PrivilegesJson {
                format_version: "1.0",
                network: config.network.name.clone(),
                environment: config.network.environment.clone(),
                complete,
                known: observed.is_some(),
                menu: MENU,
                problem: failed.as_ref().map(|(_, failure)| failure.into()),
                privileges,
            }));
        } else {
            let mut text = privileges_text(&privileges, observed.is_some());
            if let Some((zone, failure)) = &failed {
                text.push_str(&format!("\n{}", could_not(zone, failure)));
            } else if observed.is_none() {
                text.push_str(&format!(
                    "\nWhat was turned on or off is not known, only Alma itself tells:\n  {MENU}\n"
                ));
            }
            world.out.print(text);
        }
        Ok(if complete { CommandExit::Done } else { CommandExit::Incomplete })
    }
}

/// What the manifests want.
fn declared_states(config: &ConfigDirectory) -> PrivilegeStates {
    let collections = config.desired.zones.values().flatten();
    let records = collections
        .filter(|collection| *collection.id.kind == *PRIVILEGES)
        .flat_map(|collection| collection.records.values());
    let state = |record: &crate::model::DesiredRecord| {
        let said = |field: &str| record.fields.get(field).map(|value| &value.value);
        (
            privilege_key(said),
            if record.absent {
                PrivilegeState::Delivered
            } else {
                PrivilegeState::from_value(said("enabled"))
            },
        )
    };
    records.map(|record| state(record)).collect()
}

fn privilege_key<'a>(said: impl Fn(&'static str) -> Option<&'a FieldValue>) -> PrivilegeKey {
    ["institution", "role", "privilege"]
        .map(|field| said(field).and_then(FieldValue::as_text).unwrap_or_default().to_owned())
}

fn privileges_text(privileges: &[RolePrivilegeJson], known: bool) -> String {
    if privileges.is_empty() {
        return match known {
            true => "No privilege was turned on or off, and none is declared.\n".to_owned(),
            false => "No privilege is declared.\n".to_owned(),
        };
    }
    let rows = privileges.iter().map(|each| {
        let RolePrivilegeJson { zone, role, privilege, declared, observed } = each;
        let verdict = match (declared, observed) {
            (Some(declared), Some(observed)) if declared == observed => "as declared",
            (Some(_), Some(_)) => "differs",
            (Some(_), None) => "",
            (None, _) => "not declared",
        };
        let observed = observed.map_or("not known", PrivilegeState::as_str);
        let declared = declared.map_or("-", PrivilegeState::as_str);
        [zone.as_str(), role, privilege, declared, observed, verdict].map(str::to_owned)
    });
    table(["ZONE", "ROLE", "PRIVILEGE", "DECLARED", "OBSERVED", ""], rows)
}
