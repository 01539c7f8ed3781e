//! Plans and reports of runs: a head and one part per zone, compressed.

use std::io;

use futures::FutureExt as _;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Store;
use super::bulk_insert::SqlValue;
use super::database::StoreConnection;
use super::error::StoreError;
use super::location::StoreLocation;
use super::packed_text::PackedText;
use super::runs::number;
use crate::model::{RunId, ZoneCode};

/// Document of a run. No part grows with the number of zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDocument {
    head: PackedText,
    zones: Vec<(ZoneCode, PackedText)>,
}

/// Plan and report of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunPapers {
    /// Plan.
    pub plan: RunDocument,
    /// Report; `None` before the end of the run.
    pub report: Option<RunDocument>,
}

/// Kind of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentKind {
    Plan,
    Report,
}

impl DocumentKind {
    /// Returns the name in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Report => "report",
        }
    }
}

impl RunDocument {
    /// Creates a document without zones.
    pub fn new(head: &str) -> Self {
        Self { head: PackedText::new(head), zones: Vec::new() }
    }

    /// Creates the report of a run without writes.
    pub fn empty_report() -> Self {
        Self::new("{}")
    }

    /// Adds the part of a zone.
    pub fn add_zone(&mut self, code: &ZoneCode, text: &str) {
        self.zones.push((code.clone(), PackedText::new(text)));
    }

    /// Returns the text of the head.
    ///
    /// # Errors
    /// Returns an error for a damaged document.
    pub fn head(&self) -> Result<String, io::Error> {
        self.head.text()
    }

    /// Returns the texts of the zones, in the order of their codes.
    pub fn zones(&self) -> impl Iterator<Item = Result<(ZoneCode, String), io::Error>> {
        self.zones.iter().map(|(code, part)| Ok((code.clone(), part.text()?)))
    }
}

impl Store {
    /// Returns the plan of a run; `None` without one.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn plan(&self, id: RunId) -> Result<Option<RunDocument>, StoreError> {
        self.execute(move |database| load(database, id, DocumentKind::Plan).boxed_local()).await
    }

    /// Returns the plan of a run, and its report if the run has ended; `None` without a plan.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn papers(&self, id: RunId) -> Result<Option<RunPapers>, StoreError> {
        self.execute(move |database| {
            async move {
                let Some(plan) = load(database, id, DocumentKind::Plan).await? else { return Ok(None) };
                Ok(Some(RunPapers { plan, report: load(database, id, DocumentKind::Report).await? }))
            }
            .boxed_local()
        })
        .await
    }
}

/// Saves a document of a run, in place of an earlier one.
pub(super) async fn save(
    database: &mut StoreConnection,
    run: RunId,
    kind: DocumentKind,
    document: &RunDocument,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM run_documents WHERE run = $1 AND kind = $2";
    database.execute(sql, |query| query.bind(number(run)).bind(kind.name())).await?;
    let parts = document.zones.iter().map(|(code, part)| (code.as_str(), part));
    let row = |(zone, part): (&str, &PackedText)| -> [SqlValue; 4] {
        [number(run).into(), kind.name().into(), zone.into(), part.into()]
    };
    let rows: Vec<[SqlValue; 4]> = [("", &document.head)].into_iter().chain(parts).map(row).collect();
    let into = "INSERT INTO run_documents (run, kind, zone, body)";
    database.insert(into, "", &rows).await.map(drop)
}

/// Keeps the report of a run, and saves an empty one if there is none.
pub(super) async fn keep_report(database: &mut StoreConnection, run: RunId) -> Result<(), StoreError> {
    let RunDocument { head, .. } = RunDocument::empty_report();
    let row: [SqlValue; 4] =
        [number(run).into(), DocumentKind::Report.name().into(), "".into(), (&head).into()];
    let into = "INSERT INTO run_documents (run, kind, zone, body)";
    database.insert(into, "ON CONFLICT (run, kind, zone) DO NOTHING", &[row]).await.map(drop)
}

async fn load(
    database: &mut StoreConnection,
    run: RunId,
    kind: DocumentKind,
) -> Result<Option<RunDocument>, StoreError> {
    let sql = "SELECT zone, body FROM run_documents WHERE run = $1 AND kind = $2 ORDER BY zone";
    let mut found: Option<RunDocument> = None;
    let keep = |location: &StoreLocation, row: AnyRow| {
        let trouble = |error| StoreError::from_sqlx(location, error);
        let part = PackedText::from_bytes(row.try_get::<&[u8], _>(1).map_err(trouble)?);
        match (row.try_get::<&str, _>(0).map_err(trouble)?, &mut found) {
            ("", _) => found = Some(RunDocument { head: part, zones: Vec::new() }),
            (code, Some(document)) => document.zones.push((code.into(), part)),
            // Without its head, a document is incomplete.
            (_, None) => {}
        }
        Ok(())
    };
    database.fetch_each(sql, |query| query.bind(number(run)).bind(kind.name()), keep).await?;
    Ok(found)
}
