//! `zonal effective`: shows what the manifests come to at one zone.

use std::path::Path;

use clap::Args;

use super::CommandExit;
use super::config::{OutputFormat, load_config, to_json};
use super::context::CommandContext;
use super::open_session::session_without_store;
use super::session_output::report_error;
use crate::manifest::suggestions::among;
use crate::model::Network;
use crate::model::network::Zone;
use crate::render::effective_yaml::{EffectiveComments, effective_yaml};
use crate::render::json::effective::{EffectiveZoneJson, effective_zone};
use crate::render::text::{effective_layers, line_differences};
use crate::session::SessionError;
use crate::session::base_revision::{LoadedRevision, load_at};
use crate::session::error::RevisionUse;

/// Show what the manifests come to at one zone
///
/// Prints all settings that the manifests declare for the zone, with variables and overrides resolved, as YAML.
/// Comments name the file and line of each record, and of each value that an override replaced. Sends no
/// request and needs no API key.
#[derive(Debug, Args)]
pub struct EffectiveCommand {
    /// Zone
    #[arg(value_name = "ZONE")]
    zone: String,
    /// Show the layers of each value of this record, collection or manifest (can be repeated)
    #[arg(long, value_name = "ADDRESS|MANIFEST", conflicts_with_all = ["base", "json"])]
    why: Vec<String>,
    /// Show only what differs from the manifests of this git revision
    #[arg(long, value_name = "REVISION")]
    base: Option<String>,
    /// Print the settings as JSON
    #[arg(long)]
    json: bool,
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
}

impl EffectiveCommand {
    /// Shows the settings of a zone of the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.show(directory, world).await {
            Ok(()) => CommandExit::Done,
            Err(exit) => exit,
        }
    }

    async fn show(&self, directory: &Path, world: &CommandContext) -> Result<(), CommandExit> {
        let format = if self.json { OutputFormat::Json } else { OutputFormat::Text };
        let config = load_config(directory, self.environment.as_deref(), format, world)?;
        let session = session_without_store(config, directory, world);
        let (network, desired) = (&session.config.network, &session.config.desired);
        let zone = self.find_zone(network).map_err(|message| super::fail(world, message))?;
        let mut effective = effective_zone(network, zone, desired);
        if !self.why.is_empty() {
            return self.print_layers(&effective, world);
        }
        let Some(revision) = &self.base else {
            match self.json {
                true => world.out.print_line(to_json(&effective)),
                false => world.out.print(effective_yaml(&effective, EffectiveComments::Locations)),
            }
            return Ok(());
        };
        let report = |error| report_error(&error, format, world);
        let LoadedRevision { commit, config } =
            load_at(&session, revision, RevisionUse::Base).await.map_err(report)?;
        let before = config.map_err(|source| {
            report(SessionError::UnusableRevision { used_as: RevisionUse::Base, source })
        })?;
        let base_zone = before.network.zone(&zone.code).unwrap_or(zone);
        let base = effective_zone(&before.network, base_zone, &before.desired);
        if self.json {
            effective.base = Some(effective.differences(commit, &base));
            world.out.print_line(to_json(&effective));
            return Ok(());
        }
        let [old, new] =
            [&base, &effective].map(|settings| effective_yaml(settings, EffectiveComments::None));
        match old == new {
            true => world.out.print_plain_line(format!(
                "The effective settings of {} are those of {revision}.",
                zone.code
            )),
            false => world.out.print(line_differences(&old, &new)),
        }
        Ok(())
    }

    fn find_zone<'n>(&self, network: &'n Network) -> Result<&'n Zone, String> {
        let code = self.zone.as_str();
        network.zones.iter().find(|zone| zone.code.as_str() == code).ok_or_else(|| {
            let codes = network.zones.iter().map(|zone| zone.code.as_str());
            format!("the network has no zone {code}; {}", among(code, codes))
        })
    }

    fn print_layers(&self, effective: &EffectiveZoneJson, world: &CommandContext) -> Result<(), CommandExit> {
        let zone = &effective.zone;
        let mut exit = Ok(());
        for address in &self.why {
            let address = address.strip_prefix(&format!("{zone}/")).unwrap_or(address);
            match effective_layers(effective, address) {
                Some(text) => world.out.print(text),
                None => {
                    let collections = effective.collections.iter();
                    let known = collections.flat_map(|each| {
                        let records = each.records.iter().map(|record| record.address.as_str());
                        records.chain([each.collection.as_str(), each.manifest.as_str()])
                    });
                    let message =
                        format!("no manifest declares {address} at {zone}; {}", among(address, known));
                    exit = Err(super::fail(world, message));
                }
            }
        }
        exit
    }
}
