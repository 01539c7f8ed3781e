//! `zonal support privileges`: lists changed role privileges, declared and observed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{SupportContext, could_not, table};
use crate::cli::CommandExit;
use crate::cli::config::to_json;
use crate::cli::context::CommandContext;
use crate::kinds::PRIVILEGES;
use crate::model::network::{Zone, ZoneRole};
use crate::model::{CollectionId, FieldValue, ZoneFailure};
use crate::session::load::LoadedConfig;

/// Menu path in Alma, from the vendor's guide to Support Services.
const MENU: &str = "Network Zone: Consortia Configuration Management > Support Services > Roles Privileges";

/// List changed role privileges
///
/// Lists privileges that were enabled or disabled, with the declared and the observed value. Requires a
/// gateway that serves `RolePrivileges`, because Alma's public API does not. The Network Zone stores all role
/// privileges, so zonal reads only the Network Zone.
#[derive(Debug, Args)]
pub struct PrivilegesCommand {
    #[command(flatten)]
    aim: SupportContext,
}

/// Changed role privileges.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal support privileges --json")]
pub struct PrivilegesJson {
    /// Version of the format; the major number changes if a field is removed or changes its meaning.
    pub format_version: &'static str,
    /// Name of the network.
    pub network: String,
    /// Selected environment; null without an environment.
    pub environment: Option<String>,
    /// True if the Network Zone was read. Values that the zone does not provide do not count.
    pub complete: bool,
    /// True if the changed privileges are known; false if only Alma's user interface shows them.
    pub known: bool,
    /// Menu path in Alma.
    pub menu: &'static str,
    /// Failure of the read, if the Network Zone could not be read.
    pub problem: Option<ZoneFailure>,
    /// Declared or observed privileges of the selected zones.
    pub privileges: Vec<RolePrivilegeJson>,
}

/// Privilege of a role in one zone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RolePrivilegeJson {
    /// Code of the zone.
    pub zone: String,
    /// Role.
    pub role: String,
    /// Privilege.
    pub privilege: String,
    /// Declared state; null without a declaration.
    pub declared: Option<PrivilegeState>,
    /// Observed state; null if unknown.
    pub observed: Option<PrivilegeState>,
}

/// State of a role's privilege.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrivilegeState {
    /// Enabled.
    On,
    /// Disabled.
    Off,
    /// Default as delivered by Alma.
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
        let session = self.aim.session(directory, world)?;
        let config = &session.config;
        let zones = self.aim.zones(&config.network, world)?;
        let network_zone: Vec<&Zone> =
            config.network.zones.iter().filter(|zone| zone.role == ZoneRole::Network).collect();
        let id = CollectionId::of_institution(PRIVILEGES);
        let answer = self.aim.observe(&session, &network_zone, &id, world).await?;
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
        let declared = declared_states(config);
        let names: BTreeSet<&PrivilegeKey> =
            declared.keys().chain(observed.iter().flatten().map(|(name, _)| name)).collect();
        // A full selection also shows records of institutions outside the network.
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
                problem: failed.as_ref().map(|(_, failure)| (*failure).clone()),
                privileges,
            }));
        } else {
            let mut text = privileges_text(&privileges, observed.is_some());
            if let Some((zone, failure)) = &failed {
                text.push_str(&format!("\n{}", could_not(zone, failure)));
            } else if observed.is_none() {
                text.push_str(&format!(
                    "\nThe changed privileges are unknown; see Alma's user interface:\n  {MENU}\n"
                ));
            }
            world.out.print(text);
        }
        Ok(if complete { CommandExit::Done } else { CommandExit::Incomplete })
    }
}

/// Returns the declared states.
fn declared_states(config: &LoadedConfig) -> PrivilegeStates {
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
            true => "No changed and no declared privileges.\n".to_owned(),
            false => "No declared privileges.\n".to_owned(),
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
        let observed = observed.map_or("unknown", PrivilegeState::as_str);
        let declared = declared.map_or("-", PrivilegeState::as_str);
        [zone.as_str(), role, privilege, declared, observed, verdict].map(str::to_owned)
    });
    table(["ZONE", "ROLE", "PRIVILEGE", "DECLARED", "OBSERVED", ""], rows)
}
