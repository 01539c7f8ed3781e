//! Plans and applies through the library alone, without the command line, against an emulated network.
//!
//! Run with `cargo run --example library`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::Arc;

use secrecy::SecretString;
use zonal::emulator::{EmulatedZone, Emulator, EmulatorConfig};
use zonal::manifest::SourceFile;
use zonal::model::network::Zone;
use zonal::model::{Approval, Diagnostic, Network, RunAuthor, RunHost};
use zonal::session::apply::apply;
use zonal::session::attestations::AttestationFile;
use zonal::session::config_source::{ConfigFileError, ConfigSource, RevisionError, RevisionFiles};
use zonal::session::effect_future::EffectFuture;
use zonal::session::effects::{KeySource, RunOrigin, WriteKeys, ZoneKeys};
use zonal::session::execute_plan::ApplyOptions;
use zonal::session::load::load;
use zonal::session::plan::{PlanRequest, plan};
use zonal::session::{CancelSignal, NetworkSession, RunOutcome, SessionEffects, SilentObserver};
use zonal::store::{Store, StoreAccess, StoreLocation, WaitMode};

const FILES: [(&str, &str); 2] = [
    ("network.yaml", include_str!("quickstart/network.yaml")),
    ("network-blocks.yaml", include_str!("quickstart/network-blocks.yaml")),
];

/// Config directory in memory.
struct MemoryConfig(Vec<SourceFile>);

impl ConfigSource for MemoryConfig {
    fn manifest_files(&self) -> Vec<SourceFile> {
        self.0.clone()
    }

    fn manifest_files_at<'a>(&'a self, _: &'a str) -> EffectFuture<'a, Result<RevisionFiles, RevisionError>> {
        Box::pin(async { Err(RevisionError::NoRepository) })
    }

    fn approvals(&self) -> Result<Vec<Approval>, ConfigFileError> {
        Ok(Vec::new())
    }

    fn attestations(&self) -> Result<AttestationFile, ConfigFileError> {
        Ok(AttestationFile::default())
    }
}

/// Keys of the emulated zones.
struct EmulatedKeys;

impl EmulatedKeys {
    fn keys(purpose: &str, zones: &[&Zone]) -> ZoneKeys {
        let key = |zone: &&Zone| (zone.code.clone(), SecretString::from(format!("{purpose}-{}", zone.code)));
        ZoneKeys { zones: zones.iter().map(key).collect::<BTreeMap<_, _>>(), gateway: None }
    }
}

impl KeySource for EmulatedKeys {
    fn read_keys<'a>(
        &'a self,
        _: &'a Network,
        zones: &'a [&'a Zone],
    ) -> EffectFuture<'a, Result<ZoneKeys, Vec<Diagnostic>>> {
        Box::pin(async { Ok(Self::keys("read", zones)) })
    }

    fn write_keys<'a>(
        &'a self,
        _: &'a Network,
        zones: &'a [&'a Zone],
    ) -> EffectFuture<'a, Result<WriteKeys, Vec<Diagnostic>>> {
        Box::pin(async { Ok(WriteKeys(Self::keys("write", zones))) })
    }
}

/// Origin of runs without knowledge about other processes.
struct ThisProcess;

impl RunOrigin for ThisProcess {
    fn host(&self) -> RunHost {
        RunHost { name: "example".to_owned(), process: std::process::id() }
    }

    fn author(&self) -> EffectFuture<'_, RunAuthor> {
        Box::pin(async { RunAuthor { actor: Some("example".to_owned()), ..RunAuthor::default() } })
    }

    fn is_gone(&self, _: &RunHost) -> bool {
        false
    }
}

/// Plans, applies and plans again. Returns the number of changes before and after the apply.
pub async fn plan_and_apply() -> Result<(usize, usize), Box<dyn Error>> {
    // The configuration, and an emulated network with its zones.
    let files = FILES.map(|(file, text)| SourceFile { file: file.into(), text: Ok(text.to_owned()) });
    let config = load(files.to_vec(), None).map_err(|located| format!("{:?}", located.found))?;
    let zones = config.network.zones.iter().map(|zone| {
        EmulatedZone::from(zone, format!("read-{}", zone.code), Some(format!("write-{}", zone.code)))
    });
    let emulator = Emulator::new(zones.collect(), EmulatorConfig::default());
    // The store, opened once.
    let folder = tempfile::tempdir()?;
    let location = StoreLocation::File(folder.path().join("store.db"));
    let store = Store::open(location, StoreAccess::Write, WaitMode::Async).await?;
    // The effects.
    let effects = SessionEffects {
        transport: Arc::new(move || Arc::new(emulator.transport())),
        config: Arc::new(MemoryConfig(files.to_vec())),
        keys: Arc::new(EmulatedKeys),
        origin: Arc::new(ThisProcess),
        clock: || jiff::Timestamp::now().to_string(),
        cancel: CancelSignal::never(),
    };
    // The work. A person can read the plan between the two calls.
    let session = NetworkSession { config, store, effects };
    let planned = plan(&session, PlanRequest::default(), &SilentObserver).await?;
    let applied = apply(&session, &planned, &ApplyOptions::default(), &SilentObserver).await?;
    assert_eq!(applied.executed.outcomes, BTreeSet::from([RunOutcome::Done]));
    let planned_again = plan(&session, PlanRequest::default(), &SilentObserver).await?;
    session.close().await;
    let changes = |plan: &zonal::model::Plan| {
        let counts = plan.counts();
        counts.add + counts.change + counts.destroy
    };
    Ok((changes(&planned.plan), changes(&planned_again.plan)))
}

/// Runs the example.
#[expect(clippy::print_stdout, reason = "the example shows its result")]
pub fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (before, after) = runtime.block_on(plan_and_apply())?;
    println!("{before} changes planned and applied, {after} left");
    Ok(())
}
