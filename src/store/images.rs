//! Images of collections in the store: what a PUT replaced, and what an unverified PUT left.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use futures::FutureExt as _;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::bulk_insert::SqlValue;
use super::database::StoreConnection;
use super::error::StoreError;
use super::journal::StoredJournalEntry;
use super::runs::{json, number};
use super::{Store, StoreScope};
use crate::model::{CollectionId, CollectionImage, CollectionName, RunId, ZoneCode};

/// Number of images that each collection keeps.
const KEPT: i64 = 20;
/// Maximum age of an image, in days.
const DAYS: i64 = 90;

/// Image of a collection of one zone.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredImage {
    /// The zone.
    pub zone: ZoneCode,
    /// The collection.
    pub collection: CollectionId,
    /// The image.
    pub image: CollectionImage,
}

impl Store {
    /// Returns the images of a run in a zone, or in all zones for `None`, in the order of its journal.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn images(&self, run: RunId, zone: Option<ZoneCode>) -> Result<Vec<StoredImage>, StoreError> {
        self.execute(move |database| load(database, run, zone.clone()).boxed_local()).await
    }
}

/// Adds the images of new journal entries.
pub(super) async fn add(
    database: &mut StoreConnection,
    added: &[&StoredJournalEntry],
) -> Result<(), StoreError> {
    let mut rows: Vec<[SqlValue; 8]> = Vec::new();
    for line in added {
        let StoredJournalEntry {
            scope: StoreScope { network, environment },
            run,
            number: position,
            at,
            entry,
        } = line;
        let Some(image) = &entry.image else { continue };
        let body = packed(image)
            .map_err(|error| StoreError::new(&database.location, super::StoreErrorType::Damaged, error))?;
        rows.push([
            number(*run).into(),
            i64::try_from(*position).unwrap_or(i64::MAX).into(),
            network.as_ref().into(),
            environment.as_ref().into(),
            entry.zone.as_str().into(),
            json(&CollectionName::from(&entry.collection)).into(),
            at.as_str().into(),
            body.into(),
        ]);
    }
    let into = "INSERT INTO images (run, number, network, environment, zone, collection, at, body)";
    database.insert(into, "ON CONFLICT (run, number) DO NOTHING", &rows).await.map(drop)
}

/// Deletes images of ended runs: all but the last of each collection, and those that are too old.
///
/// `now` is the end of a run, in RFC 3339.
pub(super) async fn prune(database: &mut StoreConnection, now: &str) -> Result<(), StoreError> {
    const ENDED: &str = "run IN (SELECT run FROM run_documents WHERE kind = 'report' AND zone = '')";
    let sql = format!(
        "DELETE FROM images WHERE {ENDED} AND (run, number) IN (SELECT run, number FROM (
             SELECT run, number, ROW_NUMBER() OVER (
                 PARTITION BY network, environment, zone, collection ORDER BY run DESC, number DESC
             ) AS place FROM images) AS ranked WHERE place > $1)"
    );
    database.execute(&sql, |query| query.bind(KEPT)).await?;
    let oldest = now
        .parse::<jiff::Timestamp>()
        .ok()
        .and_then(|now| now.checked_sub(jiff::SignedDuration::from_hours(24 * DAYS)).ok());
    let Some(oldest) = oldest.map(|oldest| oldest.to_string()) else { return Ok(()) };
    let sql = format!("DELETE FROM images WHERE {ENDED} AND at < $1");
    database.execute(&sql, |query| query.bind(oldest)).await.map(drop)
}

async fn load(
    database: &mut StoreConnection,
    run: RunId,
    zone: Option<ZoneCode>,
) -> Result<Vec<StoredImage>, StoreError> {
    let sql = "SELECT zone, collection, body FROM images
               WHERE run = $1 AND zone = COALESCE(CAST($2 AS TEXT), zone) ORDER BY number";
    let zone = zone.map(|code| code.to_string());
    let rows = database.fetch(sql, |query| query.bind(number(run)).bind(zone)).await?;
    let mut images = Vec::new();
    for row in &rows {
        let text = |row: &AnyRow, name: &str| row.try_get::<String, _>(name);
        let columns = (text(row, "zone"), text(row, "collection"), text(row, "body"));
        let trouble = |error| database.trouble(error);
        let (zone, collection, body) =
            (columns.0.map_err(trouble)?, columns.1.map_err(trouble)?, columns.2.map_err(trouble)?);
        let damaged = |error| database.corrupt_data_error("an image", error);
        let id: CollectionName = serde_json::from_str(&collection).map_err(damaged)?;
        images.push(StoredImage {
            zone: zone.as_str().into(),
            collection: id.into(),
            image: unpacked(&body).map_err(damaged)?,
        });
    }
    Ok(images)
}

/// Returns an image as compressed text.
fn packed(image: &CollectionImage) -> Result<String, std::io::Error> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(json(image).as_bytes())?;
    Ok(STANDARD.encode(encoder.finish()?))
}

fn unpacked(body: &str) -> Result<CollectionImage, serde_json::Error> {
    let bytes = STANDARD.decode(body).map_err(serde::de::Error::custom)?;
    let mut text = String::new();
    GzDecoder::new(&bytes[..]).read_to_string(&mut text).map_err(serde::de::Error::custom)?;
    serde_json::from_str(&text)
}
