//! Fetches the keys from where the Network manifest says they are.
//!
//! A key is only ever held as a secret: it does not print itself and is wiped when it goes. What is
//! said about a key that is missing names where it was looked for, never what was found there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use secrecy::{ExposeSecret as _, SecretString};

use super::context::CommandContext;
use crate::manifest::{diagnostic_codes, suggestions};
use crate::model::network::{Credential, CredentialSource, Credentials, Zone};
use crate::model::{Diagnostic, Network, ZoneCode};

/// Commands that run at the same time.
const AT_ONCE: usize = 8;
/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPurpose {
    /// Looking.
    Read,
    /// Writing. A zone without a write key is written to with its read key.
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

/// The keys of a run.
#[derive(Debug, Default)]
pub struct ZoneKeys {
    /// By zone.
    pub zones: BTreeMap<ZoneCode, SecretString>,
    /// That of the gateway, where the network has one.
    pub gateway: Option<SecretString>,
}

/// The keys of some zones, and that of the network's gateway.
///
/// # Errors
/// As [`fetch`].
pub async fn keys(
    network: &Network,
    zones: &[&Zone],
    purpose: KeyPurpose,
    directory: &Path,
    world: &CommandContext,
) -> Result<ZoneKeys, Vec<Diagnostic>> {
    let gateway = network.gateway.as_ref().and_then(|gateway| credential_for(&gateway.credentials, purpose));
    let (zones, gateway) = futures::join!(fetch(zones, purpose, directory, world), async {
        let Credential { source, span } = gateway?;
        Some(fetch_secret(&source, directory, world).await.and_then(check).map_err(|reason| {
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

/// The keys of some zones, each place being looked at once.
///
/// # Errors
/// One diagnostic for each key that cannot be had, all of them at once.
pub async fn fetch(
    zones: &[&Zone],
    purpose: KeyPurpose,
    directory: &Path,
    world: &CommandContext,
) -> Result<BTreeMap<ZoneCode, SecretString>, Vec<Diagnostic>> {
    let credential = |zone: &&Zone| credential_for(&zone.credentials, purpose);
    let places: BTreeSet<CredentialSource> =
        zones.iter().filter_map(credential).map(|credential| credential.source).collect();
    let found: BTreeMap<CredentialSource, Result<SecretString, String>> = stream::iter(places)
        .map(|source| async move {
            let key = fetch_secret(&source, directory, world).await.and_then(check);
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
            let message = format!("the zone {} has no key to read with", zone.code);
            problems.push(
                Diagnostic::error(diagnostic_codes::MISSING_CREDENTIAL, zone.span.clone(), message)
                    .help("add `credentials: {read: {env: NAME}}` to the network or to the zone"),
            );
            continue;
        };
        match &found[&source] {
            Ok(key) => {
                keys.insert(zone.code.clone(), key.clone());
            }
            // One key that many zones share is missing once.
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

async fn fetch_secret(
    source: &CredentialSource,
    directory: &Path,
    world: &CommandContext,
) -> Result<SecretString, String> {
    match source {
        CredentialSource::Env(name) => match world.env.get(&**name) {
            Some(key) => Ok(SecretString::from(key.clone())),
            None => Err(format!("the environment variable `{name}` is not set")),
        },
        CredentialSource::File(path) => match std::fs::read_to_string(directory.join(&**path)) {
            Ok(key) => Ok(SecretString::from(key)),
            Err(error) => Err(format!("the file `{path}` cannot be read: {error}")),
        },
        CredentialSource::Command(words) => command(words, directory, world).await,
    }
}

async fn command(words: &[String], directory: &Path, world: &CommandContext) -> Result<SecretString, String> {
    let [program, arguments @ ..] = words else { return Err("the command is empty".to_owned()) };
    let shown = command_line(words);
    let run = tokio::process::Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .envs(&world.env)
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    match tokio::time::timeout(PATIENCE, run).await {
        Err(_) => Err(format!("`{shown}` took longer than {} s", PATIENCE.as_secs())),
        Ok(Err(error)) => Err(format!("`{shown}` cannot be run: {error}")),
        Ok(Ok(output)) if !output.status.success() => Err(format!("`{shown}` ended with {}", output.status)),
        Ok(Ok(output)) => match String::from_utf8(output.stdout) {
            Ok(key) => Ok(SecretString::from(key)),
            Err(_) => Err(format!("`{shown}` printed something that is not text")),
        },
    }
}

/// A command as the manifest has it: one that was written as a shell line without the shell.
fn command_line(words: &[String]) -> String {
    match words {
        [shell, flag, line] if shell == "sh" && flag == "-c" => line.clone(),
        words => words.join(" "),
    }
}

/// What is there must look like a key; a line break at the end does not count.
fn check(found: SecretString) -> Result<SecretString, String> {
    let key = found.expose_secret().trim();
    match key {
        "" => Err("what is there is empty".to_owned()),
        key if key.chars().any(|c| !c.is_ascii_graphic()) => {
            Err("what is there is not a key: it holds spaces or characters that no key has".to_owned())
        }
        key => Ok(SecretString::from(key)),
    }
}

fn way_out(source: &CredentialSource) -> String {
    match source {
        CredentialSource::Env(name) => format!("set it: export {name}=..."),
        CredentialSource::File(path) => {
            format!("put the key into `{path}`, below the config directory or absolute")
        }
        CredentialSource::Command(words) => format!("run `{}` by hand to see why", command_line(words)),
    }
}

/// How many zones are written to with the key that they are read with.
pub fn shared_key_count(
    read: &BTreeMap<ZoneCode, SecretString>,
    write: &BTreeMap<ZoneCode, SecretString>,
) -> usize {
    let same = |(code, key): &(&ZoneCode, &SecretString)| {
        read.get(*code).is_some_and(|read| read.expose_secret() == key.expose_secret())
    };
    write.iter().filter(same).count()
}
