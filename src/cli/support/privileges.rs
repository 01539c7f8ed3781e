//! `zonal support privileges`: which privileges of roles were turned on or off, declared and observed side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Aim, could_not, table};
use crate::cli::config::{Config, to_json};
use crate::cli::exit::Exit;
use crate::cli::world::World;
use crate::kinds::PRIVILEGES;
use crate::model::network::{Role, Zone};
use crate::model::{CollectionId, Failure, Value};
use crate::render::json::Problem;

/// Where a person finds it (the vendor's guide to Support Services).
const MENU: &str = "Network Zone: Consortia Configuration Management > Support Services > Roles Privileges";

/// Show which privileges of roles were turned on or off, beside what the manifests declare
///
/// Alma's public API does not tell, so that this needs a gateway which serves `RolePrivileges`.
/// All of them are kept in the Network Zone, which alone is asked.
#[derive(Debug, Args)]
pub struct Privileges {
    #[command(flatten)]
    aim: Aim,
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
    pub problem: Option<Problem>,
    /// The privileges that are declared or were observed, of the zones that were selected.
    pub privileges: Vec<Privilege>,
}

/// A privilege of a role in one zone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Privilege {
    /// The zone's code.
    pub zone: String,
    /// The role.
    pub role: String,
    /// The privilege.
    pub privilege: String,
    /// What the manifests say; null where they do not speak of it.
    pub declared: Option<State>,
    /// What was observed; null where that is not known.
    pub observed: Option<State>,
}

/// Whether a role has a privilege.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was turned on.
    On,
    /// It was turned off.
    Off,
    /// As Alma delivers it.
    Delivered,
}

impl State {
    fn of(enabled: Option<&Value>) -> Self {
        match enabled {
            Some(Value::Bool(true)) => Self::On,
            Some(Value::Text(text)) if text.eq_ignore_ascii_case("true") => Self::On,
            Some(Value::Bool(false) | Value::Text(_) | Value::List(_)) => Self::Off,
            Some(Value::Null) | None => Self::Delivered,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Delivered => "as delivered",
        }
    }
}

/// Zone, role and privilege.
type Name = [String; 3];
type States = BTreeMap<Name, State>;

impl Privileges {
    pub(super) async fn run(&self, directory: &Path, world: &World) -> Result<Exit, Exit> {
        let config = self.aim.config(directory, world)?;
        let zones = self.aim.zones(&config.network, world)?;
        let network_zone: Vec<&Zone> =
            config.network.zones.iter().filter(|zone| zone.role == Role::Network).collect();
        let id = CollectionId::whole(PRIVILEGES);
        let answer = self.aim.observe(&config, &network_zone, &id, directory, world).await?;
        let answers = answer.zones.into_iter().flat_map(|(code, zone)| {
            zone.collections.into_values().map(move |answer| (code.clone(), answer))
        });
        let (mut observed, mut failed): (Option<States>, Option<(_, Failure)>) = (None, None);
        for (code, answer) in answers {
            match answer {
                Ok(collection) if collection.witness.is_people() => {}
                Ok(collection) => {
                    let records = collection.records.iter().map(|record| {
                        let said = |field: &str| record.fields.get(field);
                        (named(said), State::of(said("enabled")))
                    });
                    observed = Some(records.collect());
                }
                Err(failure) => failed = Some((code, failure)),
            }
        }
        let declared = declared(&config);
        let names: BTreeSet<&Name> =
            declared.keys().chain(observed.iter().flatten().map(|(name, _)| name)).collect();
        // What is left over of an institution that is none of the network's is shown with everything else.
        let everything = zones.len() == config.network.zones.len();
        let is = |zone: &Zone, name: &Name| zone.code.as_str() == name[0];
        let selected = |name: &&&Name| {
            zones.iter().any(|zone| is(zone, name))
                || (everything && !config.network.zones.iter().any(|zone| is(zone, name)))
        };
        let privileges: Vec<Privilege> = (names.iter().filter(selected))
            .map(|name| {
                let [zone, role, privilege] = (*name).clone();
                let observed = observed.as_ref();
                let observed =
                    observed.map(|observed| observed.get(*name).copied().unwrap_or(State::Delivered));
                Privilege { zone, role, privilege, declared: declared.get(*name).copied(), observed }
            })
            .collect();
        let complete = failed.is_none();
        if self.aim.json {
            world.out.line(to_json(&PrivilegesJson {
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
            let mut text = shown(&privileges, observed.is_some());
            if let Some((zone, failure)) = &failed {
                text.push_str(&format!("\n{}", could_not(zone, failure)));
            } else if observed.is_none() {
                text.push_str(&format!(
                    "\nWhat was turned on or off is not known, only Alma itself tells:\n  {MENU}\n"
                ));
            }
            world.out.print(text);
        }
        Ok(if complete { Exit::Done } else { Exit::Incomplete })
    }
}

/// What the manifests want.
fn declared(config: &Config) -> States {
    let collections = config.desired.zones.values().flatten();
    let records = collections
        .filter(|collection| *collection.id.kind == *PRIVILEGES)
        .flat_map(|collection| collection.records.values());
    let state = |record: &crate::model::DesiredRecord| {
        let said = |field: &str| record.fields.get(field).map(|value| &value.value);
        (named(said), if record.absent { State::Delivered } else { State::of(said("enabled")) })
    };
    records.map(|record| state(record)).collect()
}

fn named<'a>(said: impl Fn(&'static str) -> Option<&'a Value>) -> Name {
    ["institution", "role", "privilege"]
        .map(|field| said(field).and_then(Value::as_text).unwrap_or_default().to_owned())
}

fn shown(privileges: &[Privilege], known: bool) -> String {
    if privileges.is_empty() {
        return match known {
            true => "No privilege was turned on or off, and none is declared.\n".to_owned(),
            false => "No privilege is declared.\n".to_owned(),
        };
    }
    let rows = privileges.iter().map(|each| {
        let Privilege { zone, role, privilege, declared, observed } = each;
        let verdict = match (declared, observed) {
            (Some(declared), Some(observed)) if declared == observed => "as declared",
            (Some(_), Some(_)) => "differs",
            (Some(_), None) => "",
            (None, _) => "not declared",
        };
        let observed = observed.map_or("not known", State::word);
        let declared = declared.map_or("-", State::word);
        [zone.as_str(), role, privilege, declared, observed, verdict].map(str::to_owned)
    });
    table(["ZONE", "ROLE", "PRIVILEGE", "DECLARED", "OBSERVED", ""], rows)
}
