//! Fetches API keys from the sources in the Network manifest.
//!
//! A key stays a secret value: never printed, wiped from memory when dropped. Errors about a missing key name
//! the source, never the content found there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use secrecy::{ExposeSecret as _, SecretString};

use super::machine::LocalMachine;
use super::regular_file::read_text;
use crate::manifest::{diagnostic_codes, suggestions};
use crate::model::network::{Credential, CredentialSource, Credentials, Zone};
use crate::model::secret_text::{SOURCE_FORM, is_path, is_variable_name};
use crate::model::{Diagnostic, Network, ZoneCode};
use crate::session::effect_future::EffectFuture;
use crate::session::effects::{KeySource, WriteKeys, ZoneKeys};

/// Maximum number of concurrent commands.
const AT_ONCE: usize = 8;
/// Time limit of a command.
const PATIENCE: Duration = Duration::from_secs(60);
/// Maximum size of a file with a key in bytes.
const KEY_BYTES: u64 = 64 << 10;

/// Purpose of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPurpose {
    /// Reading.
    Read,
    /// Writing; a zone without a write key uses its read key.
    Write,
}

impl KeyPurpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl KeySource for LocalMachine {
    fn read_keys<'a>(
        &'a self,
        network: &'a Network,
        zones: &'a [&'a Zone],
    ) -> EffectFuture<'a, Result<ZoneKeys, Vec<Diagnostic>>> {
        Box::pin(keys(network, zones, KeyPurpose::Read, self))
    }

    fn write_keys<'a>(
        &'a self,
        network: &'a Network,
        zones: &'a [&'a Zone],
    ) -> EffectFuture<'a, Result<WriteKeys, Vec<Diagnostic>>> {
        Box::pin(async move { keys(network, zones, KeyPurpose::Write, self).await.map(WriteKeys) })
    }
}

/// Fetches the keys of some zones and of the network's gateway.
///
/// # Errors
/// Same as [`fetch`].
async fn keys(
    network: &Network,
    zones: &[&Zone],
    purpose: KeyPurpose,
    machine: &LocalMachine,
) -> Result<ZoneKeys, Vec<Diagnostic>> {
    let gateway = network.gateway.as_ref().and_then(|gateway| credential_for(&gateway.credentials, purpose));
    let (zones, gateway) = futures::join!(fetch(zones, purpose, machine), async {
        let Credential { source, span } = gateway?;
        Some(fetch_secret(&source, machine).await.and_then(check).map_err(|reason| {
            let message = format!("no {} key for the gateway: {reason}", purpose.as_str());
            Diagnostic::error(diagnostic_codes::MISSING_CREDENTIAL, span, message).help(way_out(&source))
        }))
    });
    match (zones, gateway.transpose()) {
        (Ok(zones), Ok(gateway)) => Ok(ZoneKeys { zones, gateway }),
        (Ok(_), Err(problem)) => Err(vec![problem]),
        (Err(problems), gateway) => Err(problems.into_iter().chain(gateway.err()).collect()),
    }
}

fn credential_for(credentials: &Credentials, purpose: KeyPurpose) -> Option<Credential> {
    match purpose {
        KeyPurpose::Read => credentials.read.clone(),
        KeyPurpose::Write => credentials.write.clone().or_else(|| credentials.read.clone()),
    }
}

/// Fetches the keys of some zones; queries each source once.
///
/// # Errors
/// Returns one diagnostic per missing key.
pub async fn fetch(
    zones: &[&Zone],
    purpose: KeyPurpose,
    machine: &LocalMachine,
) -> Result<BTreeMap<ZoneCode, SecretString>, Vec<Diagnostic>> {
    let credential = |zone: &&Zone| credential_for(&zone.credentials, purpose);
    let places: BTreeSet<CredentialSource> =
        zones.iter().filter_map(credential).map(|credential| credential.source).collect();
    let found: BTreeMap<CredentialSource, Result<SecretString, String>> = stream::iter(places)
        .map(|source| async move {
            let key = fetch_secret(&source, machine).await.and_then(check);
            (source, key)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut keys = BTreeMap::new();
    let mut problems = Vec::new();
    let mut without: Vec<(Credential, &String, Vec<&Zone>)> = Vec::new();
    for zone in zones {
        let Some(Credential { source, span: place }) = credential(zone) else {
            let message = format!("zone {} has no read key", zone.code);
            problems.push(
                Diagnostic::error(diagnostic_codes::MISSING_CREDENTIAL, zone.span.clone(), message)
                    .help("add `credentials: {read: {env: NAME}}` to the Network manifest or to the zone"),
            );
            continue;
        };
        match &found[&source] {
            Ok(key) => {
                keys.insert(zone.code.clone(), key.clone());
            }
            // Reports a key that many zones share once.
            Err(reason) => match without.iter_mut().find(|(other, _, _)| other.source == source) {
                Some((_, _, zones)) => zones.push(zone),
                None => without.push((Credential { source, span: place }, reason, vec![zone])),
            },
        }
    }
    for (Credential { source, span: place }, reason, zones) in without {
        let whom = match zones.as_slice() {
            [one] => one.code.to_string(),
            several => suggestions::abbreviated_list(several.iter().map(|zone| zone.code.as_str())),
        };
        let message = format!("no {} key for {whom}: {reason}", purpose.as_str());
        problems.push(
            Diagnostic::error(diagnostic_codes::MISSING_CREDENTIAL, place, message).help(way_out(&source)),
        );
    }
    if problems.is_empty() { Ok(keys) } else { Err(problems) }
}

/// Returns the content of a source. Errors quote only a source that is certainly no key itself.
async fn fetch_secret(source: &CredentialSource, machine: &LocalMachine) -> Result<SecretString, String> {
    match source {
        CredentialSource::Env(name) => match machine.env.get(&**name) {
            Some(key) => Ok(SecretString::from(key.clone())),
            None if is_variable_name(name) => Err(format!("the environment variable `{name}` is not set")),
            None => Err("no environment variable has the name given here".to_owned()),
        },
        // The file can be a link to any place: secrets are mounted outside the config directory.
        CredentialSource::File(path) => match read_text(&machine.directory.join(&**path), KEY_BYTES) {
            Ok(key) => Ok(SecretString::from(key)),
            Err(error) if is_path(path) => Err(format!("cannot read the file `{path}`: {error}")),
            Err(error) => Err(format!("cannot read the file: {error}")),
        },
        CredentialSource::Command(words) => command(words, machine).await,
    }
}

async fn command(words: &[String], machine: &LocalMachine) -> Result<SecretString, String> {
    let [program, arguments @ ..] = words else { return Err("the command is empty".to_owned()) };
    let run = tokio::process::Command::new(program)
        .args(arguments)
        .current_dir(&machine.directory)
        .env_clear()
        .envs(&*machine.env)
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    match tokio::time::timeout(PATIENCE, run).await {
        Err(_) => Err(format!("the command took longer than {} s", PATIENCE.as_secs())),
        Ok(Err(error)) => Err(format!("cannot run the command: {error}")),
        Ok(Ok(output)) if !output.status.success() => {
            Err(format!("the command failed with {}", output.status))
        }
        Ok(Ok(output)) => match String::from_utf8(output.stdout) {
            Ok(key) => Ok(SecretString::from(key)),
            Err(_) => Err("the output of the command is not UTF-8 text".to_owned()),
        },
    }
}

/// Checks the form of a key; ignores a final line break.
fn check(found: SecretString) -> Result<SecretString, String> {
    let key = found.expose_secret().trim();
    match key {
        "" => Err("the value is empty".to_owned()),
        key if key.chars().any(|c| !c.is_ascii_graphic()) => {
            Err("the value is not an API key: it contains spaces or invalid characters".to_owned())
        }
        key => Ok(SecretString::from(key)),
    }
}

fn way_out(source: &CredentialSource) -> String {
    match source {
        CredentialSource::Env(name) if is_variable_name(name) => {
            format!("set the variable: export {name}=...")
        }
        CredentialSource::File(path) if is_path(path) => {
            format!("write the key to `{path}` (absolute, or relative to the config directory)")
        }
        CredentialSource::Env(_) | CredentialSource::File(_) => SOURCE_FORM.to_owned(),
        CredentialSource::Command(_) => {
            "run the command in a shell, in the config directory, to see the error".to_owned()
        }
    }
}
