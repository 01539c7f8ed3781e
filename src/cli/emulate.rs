//! `zonal emulate`: serves an emulated Alma network on a loopback address.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::ExposeSecret as _;

use super::CommandExit;
use super::config::{OutputFormat, load_config};
use super::context::CommandContext;
use crate::emulator::{
    EmulatedZone, Emulator, EmulatorConfig, GatewayKeys, InjectedFault, LibrarianEdit, OptionalFields,
    PastEdit,
};
use crate::local::credentials::{self, KeyPurpose};
use crate::local::regular_file::read_given_text;
use crate::model::network::{Credential, CredentialSource, Credentials};
use crate::render::text::count;
use crate::session::load::LoadedConfig;

/// Maximum size of a file with edits in bytes.
const MAX_EDITS_BYTES: u64 = 1 << 24;

/// Run a local emulator of the Alma API
///
/// The emulator serves every zone of the network. Each zone starts with generated default and local rows. Set
/// the `baseUrl` of an environment to the address, and load the printed API keys (or the file of --keys-out).
/// Requests to /emulator beside the API change the configuration, inject faults, and edit tables as a
/// librarian would. The options --fault and --edit take the same JSON.
#[derive(Debug, Args)]
pub struct EmulateCommand {
    /// Loopback address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Use this environment of the Network manifest
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Write the API keys to this file, as shell exports (default: print them)
    #[arg(long, value_name = "FILE")]
    keys_out: Option<PathBuf>,
    /// Response delay in ms (default: 0)
    #[arg(long, value_name = "MS")]
    latency: Option<u64>,
    /// Maximum random extra delay in ms (default: 0)
    #[arg(long, value_name = "MS")]
    jitter: Option<u64>,
    /// Maximum number of requests per second and zone (default: 25)
    #[arg(long, value_name = "N")]
    requests_per_second: Option<u32>,
    /// Maximum number of requests per day and zone (default: 100,000)
    #[arg(long, value_name = "N")]
    requests_per_day: Option<u64>,
    /// Omit all fields that the API's schemas call optional
    #[arg(long)]
    omit_optional_fields: bool,
    /// Emulator configuration, as JSON; the other options override it
    #[arg(long, value_name = "JSON", value_parser = json::<EmulatorConfig>)]
    config: Option<EmulatorConfig>,
    /// Inject a fault, as JSON (can be repeated)
    ///
    /// Example: {"method": "PUT", "when": {"nth": 1}, "effect": "response_lost"}
    #[arg(long, value_name = "JSON", value_parser = json::<InjectedFault>)]
    fault: Vec<InjectedFault>,
    /// Simulate an edit by a librarian, as JSON (can be repeated)
    #[arg(long, value_name = "JSON", value_parser = json::<LibrarianEdit>)]
    edit: Vec<LibrarianEdit>,
    /// Start with the edits in this file: one JSON object a line, also with `date`, and `zones` for several zones
    #[arg(long, value_name = "FILE")]
    edits: Option<PathBuf>,
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

impl EmulateCommand {
    /// Serves the network of the manifests below `directory` until interrupted.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.serve(directory, world).await {
            Ok(()) => CommandExit::Done,
            Err(exit) => exit,
        }
    }

    async fn serve(&self, directory: &Path, world: &CommandContext) -> Result<(), CommandExit> {
        let fail = |message: String| super::fail(world, message);
        if !self.listen.ip().is_loopback() {
            return Err(fail(format!(
                "{} is not a loopback address; use 127.0.0.1 or [::1]",
                self.listen.ip()
            )));
        }
        let config = load_config(directory, self.environment.as_deref(), OutputFormat::Text, world)?;
        let (zones, mut exports) = zones(&config, directory, world).await.map_err(fail)?;
        let listener = tokio::net::TcpListener::bind(self.listen).await.map_err(|error| {
            fail(format!("cannot listen on {}: {error}; choose another address with --listen", self.listen))
        })?;
        let address = listener.local_addr().unwrap_or(self.listen);
        let (gateway, gateway_exports) = gateway_keys(&config);
        exports.push_str(&gateway_exports);
        let emulator = Emulator::new(zones, self.behaviour(&address, world)).with_gateway(gateway);
        for fault in &self.fault {
            emulator.control().add_fault(fault.clone()).map_err(|error| fail(format!("--fault: {error}")))?;
        }
        self.apply_past_edits(&emulator, world).map_err(fail)?;
        for edit in &self.edit {
            emulator.control().edit(edit.clone()).map_err(|error| fail(format!("--edit: {error}")))?;
        }
        if let Some(file) = &self.keys_out {
            let file = world.directory.join(file);
            std::fs::write(&file, &exports)
                .map_err(|error| fail(format!("cannot write {}: {error}", file.display())))?;
        }
        let zones = count(config.network.zones.len(), "zone");
        world.out.print_plain_line(format!(
            "# {}: {zones} of an emulated Alma on http://{address}",
            config.network.name
        ));
        world.out.print(&exports);
        world.err.print_line("Press Ctrl-C to stop. All changes are lost on exit.");
        let served = axum::serve(listener, emulator.router());
        tokio::select! {
            served = async { served.await } => served.map_err(|error| fail(format!("the emulator stopped: {error}"))),
            () = world.wait_for_interrupts(1) => Ok(()),
        }
    }

    /// Applies the edits of the file.
    fn apply_past_edits(&self, emulator: &Emulator, world: &CommandContext) -> Result<(), String> {
        let Some(file) = &self.edits else { return Ok(()) };
        let shown = file.display();
        let text = read_given_text(&world.directory.join(file), MAX_EDITS_BYTES)
            .map_err(|error| format!("cannot read {shown}: {error}"))?;
        let edits = PastEdit::parse_list(&text).map_err(|error| format!("{shown}: {error}"))?;
        edits
            .into_iter()
            .try_for_each(|past| emulator.control().edit_in_past(past))
            .map_err(|error| format!("{shown}: {error}"))
    }

    /// Returns the configuration from the options; the emulated date defaults to today, so job runs look
    /// recent.
    fn behaviour(&self, address: &SocketAddr, world: &CommandContext) -> EmulatorConfig {
        let now: Option<jiff::Timestamp> = (world.now)().parse().ok();
        let today = now.map(|now| now.strftime("%FZ").to_string());
        let untold = || EmulatorConfig {
            today: today.unwrap_or(EmulatorConfig::default().today),
            ..EmulatorConfig::default()
        };
        let mut behaviour = self.config.clone().unwrap_or_else(untold);
        behaviour.base_url = format!("http://{address}");
        behaviour.latency_ms = self.latency.unwrap_or(behaviour.latency_ms);
        behaviour.jitter_ms = self.jitter.unwrap_or(behaviour.jitter_ms);
        behaviour.per_second = self.requests_per_second.unwrap_or(behaviour.per_second);
        behaviour.daily = self.requests_per_day.unwrap_or(behaviour.daily);
        if self.omit_optional_fields {
            behaviour.optional_fields = OptionalFields::Sparse;
        }
        behaviour
    }
}

/// Returns the gateway's keys, and shell exports for keys that the network reads from variables.
fn gateway_keys(config: &LoadedConfig) -> (GatewayKeys, String) {
    let keys = GatewayKeys::default();
    let mut exports = String::new();
    if let Some(gateway) = &config.network.gateway {
        let Credentials { read, write } = &gateway.credentials;
        let said = [(read, if write.is_some() { &keys.read } else { &keys.write }), (write, &keys.write)];
        for (credential, key) in said {
            if let Some(CredentialSource::Env(name)) =
                credential.as_ref().map(|credential| &credential.source)
            {
                exports.push_str(&format!("export {name}={key}\n"));
            }
        }
    }
    (keys, exports)
}

/// Returns the zones with their keys, and shell exports for keys generated by the emulator.
async fn zones(
    config: &LoadedConfig,
    directory: &Path,
    world: &CommandContext,
) -> Result<(Vec<EmulatedZone>, String), String> {
    let mut zones = Vec::new();
    let mut exports = String::new();
    let mut taken = BTreeMap::new();
    let machine = world.machine(directory);
    for zone in &config.network.zones {
        let mut key = async |purpose, credential: Option<&Credential>, word: &str| {
            let found = credentials::fetch(&[zone], purpose, &machine).await.ok();
            let found = found.and_then(|keys| keys.get(&zone.code).map(|key| key.expose_secret().to_owned()));
            let key = found.unwrap_or_else(|| format!("emulated-{word}-{}", zone.code));
            if let Some(CredentialSource::Env(name)) = credential.map(|credential| &credential.source) {
                exports.push_str(&format!("export {name}={key}\n"));
            }
            key
        };
        let Credentials { read, write } = &zone.credentials;
        let read_key = key(KeyPurpose::Read, read.as_ref(), "read").await;
        let emulated = match write {
            Some(write) if Some(&write.source) != read.as_ref().map(|read| &read.source) => {
                let write_key = key(KeyPurpose::Write, Some(write), "write").await;
                EmulatedZone::from(zone, read_key, Some(write_key))
            }
            // A single key needs write access; the separate read key stays unused.
            _ => EmulatedZone::from(zone, format!("emulated-unused-{}", zone.code), Some(read_key)),
        };
        for key in std::iter::once(&emulated.read_key).chain(&emulated.write_key) {
            if let Some(other) = taken.insert(key.clone(), zone.code.clone()) {
                return Err(format!(
                    "{other} and {} share an API key, but the key identifies the zone and its permissions; \
                     add `{{code}}` to the name of the key's source, or remove `write`",
                    zone.code
                ));
            }
        }
        zones.push(emulated);
    }
    Ok((zones, exports))
}
