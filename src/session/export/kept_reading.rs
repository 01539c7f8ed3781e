//! Reading of an export that stopped or lacked zones, kept so that the same command goes on from there.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{EarlierReading, ExportFolder};
use crate::model::{CollectionId, Network, ObservedCollection, ObservedState, ZoneCode, ZoneFailure};
use crate::provider::{CollectionSnapshot, RequestUsage, ZoneReader};
use crate::render::json::snapshot;
use crate::session::error::SessionError;
use crate::session::network_session::NetworkSession;
use crate::session::observe_zones::ZoneReaders;
use crate::session::observer::SessionObserver;
use crate::session::table_inventory::{CollectionsByZone, read_collections};

/// Age in minutes from which a kept reading is not used.
pub const MAX_MINUTES: i64 = 30;

/// Answers of the zones, of an earlier export and of this one.
pub(super) struct KeptReading {
    /// Time of the oldest answer.
    read_at: Timestamp,
    /// Age of the earlier answers in minutes.
    pub(super) minutes: i64,
    answers: Mutex<ObservedState>,
}

/// File with a kept reading.
#[derive(Serialize, Deserialize)]
struct KeptReadingJson {
    /// Time of the oldest answer.
    read_at: Timestamp,
    /// Base URL of each zone.
    addresses: BTreeMap<String, String>,
    /// Answers, as a snapshot.
    snapshot: Json,
}

impl KeptReading {
    /// Returns the answers of an earlier export of the same network, unless they are too old.
    ///
    /// # Errors
    /// Returns [`SessionError::InvalidClock`] for an invalid clock value.
    pub(super) fn load(
        session: &NetworkSession,
        earlier: EarlierReading,
        folder: &dyn ExportFolder,
    ) -> Result<Self, SessionError> {
        let now = session.effects.timestamp()?;
        let text = match earlier {
            EarlierReading::Reuse => folder.kept_reading(),
            EarlierReading::Ignore => None,
        };
        let found = text.and_then(|text| parse(&text, &session.config.network, now));
        let (read_at, answers) = found.unwrap_or_else(|| (now, ObservedState::default()));
        let minutes = now.duration_since(read_at).as_mins();
        Ok(Self { read_at, minutes, answers: Mutex::new(answers) })
    }

    /// Returns the number of these collections that need no request.
    pub(super) fn count(&self, collections: &CollectionsByZone) -> usize {
        let answers = self.answers();
        let is_known = |code: &ZoneCode, id: &CollectionId| {
            answers.zones.get(code).is_some_and(|zone| zone.collections.contains_key(id))
        };
        collections.iter().map(|(code, ids)| ids.iter().filter(|id| is_known(code, id)).count()).sum()
    }

    /// Reads the collections that are missing, and adds them.
    ///
    /// # Errors
    /// Returns [`SessionError::Interrupted`].
    pub(super) async fn read(
        &self,
        session: &NetworkSession,
        zones: &ZoneReaders,
        collections: &CollectionsByZone,
        observer: &dyn SessionObserver,
    ) -> Result<ObservedState, SessionError> {
        let keeping = zones
            .readers
            .iter()
            .map(|(zone, reader)| (zone.clone(), KeepingReader { zone, reader, kept: self }));
        read_collections(session, &keeping.collect(), collections, observer).await
    }

    /// Writes the answers to the file, unless there are none.
    ///
    /// # Errors
    /// Returns the reason.
    pub(super) fn save(&self, network: &Network, folder: &dyn ExportFolder) -> Result<(), String> {
        let answers = self.answers();
        if answers.zones.is_empty() {
            return Ok(());
        }
        let snapshot = snapshot::snapshot(network, &answers);
        let snapshot = serde_json::to_value(&snapshot).map_err(|error| error.to_string())?;
        let kept = KeptReadingJson { read_at: self.read_at, addresses: addresses(network), snapshot };
        let text = serde_json::to_string(&kept).map_err(|error| error.to_string())?;
        folder.keep_reading(Some(&text))
    }

    fn find(&self, zone: &ZoneCode, id: &CollectionId) -> Option<ObservedCollection> {
        self.answers().zones.get(zone)?.collections.get(id)?.as_ref().ok().cloned()
    }

    fn add(&self, zone: &ZoneCode, id: &CollectionId, found: &ObservedCollection) {
        // Attestations are read again from their file.
        if !found.witness.is_people() {
            let mut answers = self.answers();
            let answers = answers.zones.entry(zone.clone()).or_default();
            answers.collections.insert(id.clone(), Ok(found.clone()));
        }
    }

    fn answers(&self) -> MutexGuard<'_, ObservedState> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the base URL of each zone, because an environment can move.
fn addresses(network: &Network) -> BTreeMap<String, String> {
    network.zones.iter().map(|zone| (zone.code.to_string(), zone.base_url.clone())).collect()
}

/// Returns the answers of the same network that are young enough.
fn parse(text: &str, network: &Network, now: Timestamp) -> Option<(Timestamp, ObservedState)> {
    let kept: KeptReadingJson = serde_json::from_str(text).ok()?;
    let age = now.duration_since(kept.read_at);
    let is_young = !age.is_negative() && age < SignedDuration::from_mins(MAX_MINUTES);
    if !is_young || kept.addresses != addresses(network) {
        return None;
    }
    let content = snapshot::parse(&kept.snapshot.to_string()).ok()?;
    let is_same = content.network == network.name && content.environment == network.environment;
    is_same.then(|| (kept.read_at, content.into()))
}

/// Reader that asks the zone only for what no earlier export has read, and keeps the answers.
struct KeepingReader<'k, R> {
    zone: &'k ZoneCode,
    reader: &'k R,
    kept: &'k KeptReading,
}

impl<R: ZoneReader> ZoneReader for KeepingReader<'_, R> {
    async fn read_collection(&self, id: &CollectionId) -> Result<CollectionSnapshot, ZoneFailure> {
        if let Some(observed) = self.kept.find(self.zone, id) {
            return Ok(CollectionSnapshot { observed, raw: Json::Null });
        }
        let answer = self.reader.read_collection(id).await?;
        self.kept.add(self.zone, id, &answer.observed);
        Ok(answer)
    }

    fn request_usage(&self) -> RequestUsage {
        self.reader.request_usage()
    }
}
