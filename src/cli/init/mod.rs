//! `zonal init`: creates a config directory from the API keys of a network.

mod init_progress;
mod pipeline_files;
mod written_files;
mod zone_survey;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use self::init_progress::InitProgress;
use self::pipeline_files::PipelineHost;
use self::written_files::{MANIFEST, write_files};
use self::zone_survey::{listed_variables, survey};
use super::CommandExit;
use super::config::{OutputFormat, load_config, print_diagnostics, to_json};
use super::context::CommandContext;
use super::questions::ask_until;
use crate::kinds::{AlmaRegion, parse_base_url, sends_keys_in_the_open};
use crate::local::config_files::read_manifest_files;
use crate::local::export_folder::LocalExportFolder;
use crate::manifest::SourceFile;
use crate::model::{FailureClass, ZoneFailure};
use crate::render::json::init::{InitFileJson, InitJson, InitZoneJson, RefusedKeyJson};
use crate::render::text;
use crate::session::export::{ExistingFile, ExportFolder as _};
use crate::session::init_network::{NetworkSurvey, RefusedKey, SurveyedZone};
use crate::session::key_list::{KeyCodeOrigin, KeyVariable, find_key_variables};
use crate::session::load::load;
use crate::session::network_manifest::{
    KeySourceForm, NetworkAddress, NetworkDraft, network_manifest, network_name,
};

/// Value of `--network-zone` for a network without a Network Zone.
const NO_ZONE: &str = "none";

/// Create a config directory from the API keys of a network
///
/// Asks each read key whose it is, and writes the Network manifest with the names, campuses, libraries and
/// environment of the institutions. Keys come from variables: those named in --keys, or all that begin with
/// ZONAL_READ_. No key is ever written. Also writes .gitignore, the schemas for editors, and a pipeline on
/// request. If some zones do not answer, the others are kept, and the same command goes on from there.
#[derive(Debug, Args)]
pub struct InitCommand {
    /// Directory to create (default: -C, ZONAL_DIR, or the current directory)
    #[arg(value_name = "DIR")]
    out: Option<PathBuf>,
    /// Code of the Network Zone, or `none`
    #[arg(long, value_name = "CODE")]
    network_zone: Option<String>,
    /// Hosting region of all zones: eu, na, ap, aps, ca or cn
    #[arg(long, value_name = "REGION", conflicts_with = "base_url", value_parser = region)]
    region: Option<String>,
    /// Base URL of the API, in place of a region
    #[arg(long, value_name = "URL", value_parser = parse_base_url)]
    base_url: Option<String>,
    /// File with lines CODE=NAME_OF_VARIABLE; contains no keys
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Name of the network (default: what the codes of the zones have in common)
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Also write a GitHub workflow
    #[arg(long)]
    github: bool,
    /// Also write a GitLab pipeline
    #[arg(long)]
    gitlab: bool,
    /// Ask all keys again, and replace existing files
    #[arg(long)]
    force: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

fn region(name: &str) -> Result<String, String> {
    match AlmaRegion::of_name(name) {
        Some(_) => Ok(name.to_owned()),
        None => Err(format!("not a region; the regions are {}", region_names())),
    }
}

/// Returns the names of all regions: `eu, na, ...`.
fn region_names() -> String {
    AlmaRegion::NAMES.map(|(name, _)| name).join(", ")
}

impl InitCommand {
    /// Creates the config directory.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.create(directory, world).await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn create(&self, directory: &Path, world: &CommandContext) -> Result<CommandExit, CommandExit> {
        let fail = |message: String| super::fail(world, message);
        let directory =
            self.out.as_ref().map_or_else(|| directory.to_path_buf(), |out| world.directory.join(out));
        let variables = self.key_variables(world).await?;
        let address = self.address(world).await?;
        let base_url = base_url(&address);
        if sends_keys_in_the_open(&base_url) && !self.force {
            return Err(fail(format!(
                "API keys would be sent unencrypted to {base_url}; use https://, or --force on a network that you trust"
            )));
        }
        let folder = LocalExportFolder::open(&directory, &directory)
            .map_err(|error| fail(format!("cannot write in {}: {error}", directory.display())))?;
        let progress = InitProgress::load(&folder);
        self.check_manifest(&directory, &folder, &progress).map_err(fail)?;
        let known = match !self.force && !progress.complete && progress.base_url == base_url {
            true => progress.zones,
            false => Vec::new(),
        };
        let survey = survey(&base_url, &variables, known, &directory, self.format(), world).await?;
        if survey.zones.is_empty() {
            let result = result(self.name.as_deref().unwrap_or_default(), None, &survey, Vec::new());
            self.print(&result, world);
            return Ok(CommandExit::Incomplete);
        }
        let network_zone = self.network_zone(&survey, world).await?;
        let survey = self.with_missing_network_zone(survey);
        let codes = survey.zones.iter().map(|zone| zone.code.as_str());
        let name = self.name.clone().unwrap_or_else(|| network_name(codes));
        let draft = NetworkDraft {
            name: &name,
            address: &address,
            keys: if self.github { KeySourceForm::VariablesOrLines } else { KeySourceForm::Variables },
            network_zone: survey.zones.iter().find(|zone| Some(&zone.code) == network_zone.as_ref()),
            members: survey.zones.iter().filter(|zone| Some(&zone.code) != network_zone.as_ref()).collect(),
        };
        let manifest =
            network_manifest(&draft).map_err(|error| fail(format!("cannot write the manifest: {error}")))?;
        let source = SourceFile { file: MANIFEST.into(), text: Ok(manifest.clone()) };
        if let Err(located) = load(vec![source], None) {
            print_diagnostics(&located, self.format(), world);
            return Err(CommandExit::Invalid);
        }
        let files = write_files(&folder, &manifest, &self.pipeline_hosts(), self.force).map_err(fail)?;
        let progress = InitProgress {
            base_url,
            zones: survey.zones.clone(),
            complete: survey.refused.is_empty(),
            manifest,
        };
        progress.save(&folder).map_err(|error| fail(format!("cannot write .zonal/init.json: {error}")))?;
        self.print(&result(&name, network_zone, &survey, files), world);
        // Other manifests in the directory can disagree with the network.
        let _ = load_config(&directory, None, OutputFormat::Text, world)?;
        if !self.json && survey.refused.is_empty() {
            self.print_next_steps(world);
        }
        Ok(if survey.refused.is_empty() { CommandExit::Done } else { CommandExit::Incomplete })
    }

    fn format(&self) -> OutputFormat {
        if self.json { OutputFormat::Json } else { OutputFormat::Text }
    }

    /// Returns the variables with read keys: named in a file, or found by their prefix.
    async fn key_variables(&self, world: &CommandContext) -> Result<Vec<KeyVariable>, CommandExit> {
        let found = match &self.keys {
            Some(file) => listed_variables(file, world)?,
            None => find_key_variables(&world.env),
        };
        if !found.is_empty() {
            return Ok(found);
        }
        let question = "No variable ZONAL_READ_<code> is set. File with lines CODE=NAME_OF_VARIABLE";
        let asked = match self.keys {
            None => ask_until(question, |file| Ok(PathBuf::from(file)), world).await?,
            Some(_) => None,
        };
        let found = match asked {
            Some(file) => listed_variables(&file, world)?,
            None => Vec::new(),
        };
        match found.is_empty() {
            false => Ok(found),
            true => Err(super::fail(
                world,
                "no API key found; export each read key as ZONAL_READ_<institution code>, or name the variables \
                 in a file with lines CODE=NAME_OF_VARIABLE and pass it with --keys FILE",
            )),
        }
    }

    /// Returns the address of the zones.
    async fn address(&self, world: &CommandContext) -> Result<NetworkAddress, CommandExit> {
        if let Some(url) = &self.base_url {
            return Ok(NetworkAddress::BaseUrl(url.clone()));
        }
        if let Some(region) = &self.region {
            return Ok(NetworkAddress::Region(region.clone()));
        }
        let names = region_names();
        let question = format!("Hosting region of the zones ({names}), or the base URL of the API");
        let accept = |answer: &str| match region(answer) {
            Ok(region) => Ok(NetworkAddress::Region(region)),
            Err(_) if answer.contains("://") => parse_base_url(answer).map(NetworkAddress::BaseUrl),
            Err(reason) => Err(reason),
        };
        let answer = ask_until(&question, accept, world).await?;
        answer.ok_or_else(|| {
            let message = format!("no address of the zones; pass --region ({names}) or --base-url URL");
            super::fail(world, message)
        })
    }

    /// Checks that no other Network manifest exists, and that the file of this one is init's own.
    fn check_manifest(
        &self,
        directory: &Path,
        folder: &LocalExportFolder,
        progress: &InitProgress,
    ) -> Result<(), String> {
        let is_network = |source: &SourceFile| {
            let text = source.text.as_deref().unwrap_or_default();
            &*source.file != MANIFEST && text.lines().any(|line| line.trim_end() == "kind: Network")
        };
        if let Some(other) = read_manifest_files(directory).iter().find(|source| is_network(source)) {
            let file = &other.file;
            return Err(format!(
                "{file} is a Network manifest already; choose another directory, or remove it"
            ));
        }
        match folder.find(MANIFEST) {
            ExistingFile::Missing => Ok(()),
            ExistingFile::Text(text) if text == progress.manifest || self.force => Ok(()),
            ExistingFile::Text(_) => Err(format!(
                "{} exists, and is not as init wrote it; edit it by hand, or replace it with --force",
                directory.join(MANIFEST).display()
            )),
            ExistingFile::Unreadable(reason) => {
                Err(format!("cannot read {}: {reason}", directory.join(MANIFEST).display()))
            }
        }
    }

    /// Returns the code of the Network Zone among the surveyed zones.
    async fn network_zone(
        &self,
        survey: &NetworkSurvey,
        world: &CommandContext,
    ) -> Result<Option<String>, CommandExit> {
        let codes: BTreeSet<&str> = survey.zones.iter().map(|zone| zone.code.as_str()).collect();
        if let Some(code) = &self.network_zone {
            return Ok(Some(code.clone()).filter(|code| codes.contains(code.as_str())));
        }
        let likely: Vec<&str> = codes.iter().copied().filter(|code| is_network_code(code)).collect();
        let likely = if let [only] = likely.as_slice() { Some(*only) } else { None };
        let default = likely.map(|code| format!(" [{code}]")).unwrap_or_default();
        let question = format!("Code of the Network Zone, or `{NO_ZONE}`{default}");
        let accept = |answer: &str| match (answer, likely) {
            (NO_ZONE, _) => Ok(None),
            ("", Some(likely)) => Ok(Some(likely.to_owned())),
            (code, _) if codes.contains(code) => Ok(Some(code.to_owned())),
            (code, _) => Err(format!(
                "no key opens `{code}`; the zones are {}",
                Vec::from_iter(codes.iter().copied()).join(", ")
            )),
        };
        if let Some(answer) = ask_until(&question, accept, world).await? {
            return Ok(answer);
        }
        if let Some(code) = likely {
            world.err.print_plain_line(format!(
                "note: {code} is taken for the Network Zone, by its name; correct this with --network-zone CODE or {NO_ZONE}"
            ));
        }
        Ok(likely.map(str::to_owned))
    }

    /// Adds a Network Zone without a key to the refused keys.
    fn with_missing_network_zone(&self, survey: NetworkSurvey) -> NetworkSurvey {
        let NetworkSurvey { zones, mut refused } = survey;
        let named = self.network_zone.as_ref().filter(|code| *code != NO_ZONE);
        let Some(code) = named.filter(|code| !zones.iter().any(|zone| zone.code == **code)) else {
            return NetworkSurvey { zones, refused };
        };
        if !refused.iter().any(|key| key.variable.fits(code)) {
            let name = format!("{}{code}", crate::session::key_list::READ_PREFIX);
            let variable = KeyVariable { code: code.clone(), name, origin: KeyCodeOrigin::Listed };
            let failure = ZoneFailure::new(
                FailureClass::Denied,
                "no key for the Network Zone; the manifest has none",
            )
            .help("create a key in the account of the Network institution; a member's key does not open it");
            refused.push(RefusedKey { variable, failure });
        }
        NetworkSurvey { zones, refused }
    }

    /// Returns the hosts whose pipeline is wanted.
    fn pipeline_hosts(&self) -> Vec<PipelineHost> {
        let hosts = [(self.github, PipelineHost::GitHub), (self.gitlab, PipelineHost::GitLab)];
        hosts.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, host)| host).collect()
    }

    fn print(&self, result: &InitJson, world: &CommandContext) {
        match self.json {
            true => world.out.print_line(to_json(result)),
            false => world.out.print(text::init(result)),
        }
    }

    fn print_next_steps(&self, world: &CommandContext) {
        for host in self.pipeline_hosts() {
            world.out.print_line(host.next_step());
        }
        world.out.print_line(
            "Next: `zonal doctor` checks keys and zones, `zonal tables` lists their tables, `zonal export` \
             writes their settings as manifests.",
        );
    }
}

fn base_url(address: &NetworkAddress) -> String {
    match address {
        NetworkAddress::BaseUrl(url) => url.clone(),
        NetworkAddress::Region(name) => {
            AlmaRegion::of_name(name).map(|region| region.base_url().to_owned()).unwrap_or_default()
        }
    }
}

/// Returns true for a code that looks like the one of a Network Zone.
fn is_network_code(code: &str) -> bool {
    let last = code.rsplit(['_', '-']).next().unwrap_or_default().to_ascii_uppercase();
    matches!(last.as_str(), "NETWORK" | "NZ")
}

fn result(
    name: &str,
    network_zone: Option<String>,
    survey: &NetworkSurvey,
    files: Vec<InitFileJson>,
) -> InitJson {
    let campuses = |zone: &SurveyedZone| {
        let campuses = zone.libraries.iter().filter_map(|library| library.campus.as_deref());
        campuses.collect::<BTreeSet<_>>().len()
    };
    let zone = |zone: &SurveyedZone| InitZoneJson {
        code: zone.code.clone(),
        name: zone.name.clone(),
        variable: zone.variable.clone(),
        environment: zone.environment,
        campuses: campuses(zone),
        libraries: zone.libraries.len(),
    };
    let refused = |key: &RefusedKey| RefusedKeyJson {
        variable: key.variable.name.clone(),
        code: key.variable.code.clone(),
        failure: key.failure.clone(),
    };
    InitJson {
        network: name.to_owned(),
        network_zone,
        zones: survey.zones.iter().map(zone).collect(),
        refused: survey.refused.iter().map(refused).collect(),
        files,
    }
}
