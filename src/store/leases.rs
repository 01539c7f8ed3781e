//! Leases: only one run writes to a zone at a time.
//!
//! A lease only keeps concurrent runs apart. Every write is checked against the zone immediately before, so a
//! lost lease does no harm.

use std::time::Duration;

use futures::FutureExt as _;
use sqlx::Row as _;

use super::database::StoreConnection;
use super::error::StoreError;
use super::runs::number;
use super::{Store, StoreScope};
use crate::model::{RunId, ZoneCode};

/// Interval between lease renewals.
pub const HEARTBEAT: Duration = Duration::from_secs(10);
/// Lifetime of a lease without renewal.
pub const LASTS: Duration = Duration::from_secs(30);

/// Result of a lease request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseResult {
    /// Granted, until the run ends or releases the lease.
    Ours,
    /// Held by another run.
    Theirs(LeaseHolder),
}

/// Holder of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseHolder {
    /// The run.
    pub run: RunId,
    /// Host and process, `HOST/123`.
    pub at: String,
    /// Seconds until the lease expires without renewal.
    pub ends_in: u64,
}

impl Store {
    /// Requests the lease of a zone, without waiting.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn lease(
        &self,
        scope: StoreScope,
        zone: ZoneCode,
        run: RunId,
        holder: String,
    ) -> Result<LeaseResult, StoreError> {
        self.execute(move |database| {
            lease(database, scope.clone(), zone.clone(), run, holder.clone()).boxed_local()
        })
        .await
    }

    /// Returns true if a run still holds its lease of a zone, even after a pause of the process. An expired
    /// lease is renewed, unless another run has taken it.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn is_held_by(
        &self,
        scope: StoreScope,
        zone: ZoneCode,
        run: RunId,
    ) -> Result<bool, StoreError> {
        self.execute(move |database| is_held_by(database, scope.clone(), zone.clone(), run).boxed_local())
            .await
    }

    /// Releases the lease of a zone.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`]. The lease then expires.
    pub async fn let_go(&self, scope: StoreScope, zone: ZoneCode, run: RunId) -> Result<(), StoreError> {
        self.execute(move |database| let_go(database, scope.clone(), zone.clone(), run).boxed_local()).await
    }
}

async fn lease(
    database: &mut StoreConnection,
    StoreScope { network, environment }: StoreScope,
    ZoneCode(zone): ZoneCode,
    run: RunId,
    holder: String,
) -> Result<LeaseResult, StoreError> {
    let (network, environment, zone) = (network.to_string(), environment.to_string(), zone.to_string());
    let lasts = i64::try_from(LASTS.as_secs()).unwrap_or(i64::MAX);
    let sql = "INSERT INTO leases (network, environment, zone, run, holder, expires)
               VALUES ($1, $2, $3, $4, $5, {now} + $6)
               ON CONFLICT (network, environment, zone) DO UPDATE
               SET run = excluded.run, holder = excluded.holder, expires = excluded.expires
               WHERE leases.run = excluded.run OR leases.expires < {now}";
    let (in_network, in_environment, of_zone) = (network.clone(), environment.clone(), zone.clone());
    let ours = database
        .execute(sql, |query| {
            query
                .bind(in_network)
                .bind(in_environment)
                .bind(of_zone)
                .bind(number(run))
                .bind(holder)
                .bind(lasts)
        })
        .await?;
    if ours > 0 {
        return Ok(LeaseResult::Ours);
    }
    let sql = "SELECT run, holder, expires - {now} AS ends_in FROM leases
               WHERE network = $1 AND environment = $2 AND zone = $3";
    let rows = database.fetch(sql, |query| query.bind(network).bind(environment).bind(zone)).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(LeaseHolder {
            run: RunId(row.try_get::<i64, _>("run")?.unsigned_abs()),
            at: row.try_get("holder")?,
            ends_in: u64::try_from(row.try_get::<i64, _>("ends_in")?).unwrap_or_default(),
        })
    };
    match rows.first().map(read).transpose().map_err(|error| database.trouble(error))? {
        Some(holder) => Ok(LeaseResult::Theirs(holder)),
        // The lease was released between the two queries; the caller retries.
        None => Ok(LeaseResult::Theirs(LeaseHolder { run, at: String::new(), ends_in: 0 })),
    }
}

async fn is_held_by(
    database: &mut StoreConnection,
    StoreScope { network, environment }: StoreScope,
    ZoneCode(zone): ZoneCode,
    run: RunId,
) -> Result<bool, StoreError> {
    let lasts = i64::try_from(LASTS.as_secs()).unwrap_or(i64::MAX);
    let sql = "UPDATE leases SET expires = {now} + $5
               WHERE run = $1 AND network = $2 AND environment = $3 AND zone = $4";
    let bound = database.execute(sql, |query| {
        query
            .bind(number(run))
            .bind(network.to_string())
            .bind(environment.to_string())
            .bind(zone.to_string())
            .bind(lasts)
    });
    bound.await.map(|held| held > 0)
}

async fn let_go(
    database: &mut StoreConnection,
    StoreScope { network, environment }: StoreScope,
    ZoneCode(zone): ZoneCode,
    run: RunId,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM leases WHERE run = $1 AND network = $2 AND environment = $3 AND zone = $4";
    let bound = database.execute(sql, |query| {
        query.bind(number(run)).bind(network.to_string()).bind(environment.to_string()).bind(zone.to_string())
    });
    bound.await.map(drop)
}

/// Renews all leases of a run, and its heartbeat.
pub async fn renew(database: &mut StoreConnection, run: RunId) -> Result<(), StoreError> {
    let lasts = i64::try_from(LASTS.as_secs()).unwrap_or(i64::MAX);
    let sql = "UPDATE leases SET expires = {now} + $2 WHERE run = $1";
    database.execute(sql, |query| query.bind(number(run)).bind(lasts)).await?;
    let sql = "UPDATE runs SET last_heartbeat = {now} WHERE id = $1";
    database.execute(sql, |query| query.bind(number(run))).await.map(drop)
}
