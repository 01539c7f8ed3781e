//! `zonal support indexing-status`: shows the last indexing run of each zone.

use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{SupportContext, could_not, table};
use crate::cli::CommandExit;
use crate::cli::config::to_json;
use crate::cli::context::CommandContext;
use crate::model::network::Zone;
use crate::model::{CollectionId, ObservationSource, ObservedCollection, ObservedRecord, ZoneFailure};

/// Menu path in Alma, from the vendor's guide to Support Services.
const MENU: &str =
    "Network Zone: Consortia Configuration Management > Support Services > Last Indexing Status";

/// Show the last indexing run of each zone
///
/// Requires a gateway that serves `IndexingStatus`, because Alma's public API does not. A small number of
/// errors is usually harmless.
#[derive(Debug, Args)]
pub struct IndexingStatusCommand {
    #[command(flatten)]
    aim: SupportContext,
}

/// Last indexing run of each zone.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal support indexing-status --json")]
pub struct IndexingJson {
    /// Version of the format; the major number changes if a field is removed or changes its meaning.
    pub format_version: &'static str,
    /// Name of the network.
    pub network: String,
    /// Selected environment; null without an environment.
    pub environment: Option<String>,
    /// True if every zone was read. Values that no zone provides do not count.
    pub complete: bool,
    /// Menu path in Alma.
    pub menu: &'static str,
    /// Selected zones.
    pub zones: Vec<ZoneIndexesJson>,
}

/// Indexes of one zone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ZoneIndexesJson {
    /// Code of the zone.
    pub code: String,
    /// Name of the zone.
    pub name: String,
    /// Indexes of the zone; null if only Alma's user interface shows them, or if the zone could not be read.
    pub indexes: Option<Vec<IndexJson>>,
    /// Failure of the read, if the zone could not be read.
    pub problem: Option<ZoneFailure>,
}

/// Index; null marks a missing value.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IndexJson {
    /// Name of the index, for example `repository`.
    pub index: Option<String>,
    /// Time of the last indexing run.
    pub last_run: Option<String>,
    /// Status of the last indexing run, as Alma's code.
    pub status: Option<String>,
    /// Number of indexed records.
    pub records: Option<String>,
    /// Number of records with indexing errors.
    pub errors: Option<String>,
}

/// Indexes of one zone; `None` if only Alma's user interface shows them.
type IndexingAnswer = Result<Option<Vec<IndexJson>>, ZoneFailure>;

impl IndexingStatusCommand {
    pub(super) async fn run(
        &self,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<CommandExit, CommandExit> {
        let session = self.aim.session(directory, world)?;
        let config = &session.config;
        let zones = self.aim.zones(&config.network, world)?;
        let id = CollectionId::of_institution("IndexingStatus");
        let mut observed = self.aim.observe(&session, &zones, &id, world).await?;
        let answers: Vec<(&Zone, IndexingAnswer)> = zones
            .iter()
            .map(|zone| {
                let collections = observed.zones.get_mut(&zone.code).map(|zone| &mut zone.collections);
                let answer = collections.and_then(|collections| collections.remove(&id)).transpose();
                (*zone, answer.map(|answer| answer.and_then(indexes)))
            })
            .collect();
        let complete = answers.iter().all(|(_, answer)| answer.is_ok());
        if self.aim.json {
            let zones = answers.into_iter().map(|(zone, answer)| ZoneIndexesJson {
                code: zone.code.to_string(),
                name: zone.name.clone(),
                problem: answer.as_ref().err().cloned(),
                indexes: answer.ok().flatten(),
            });
            world.out.print_line(to_json(&IndexingJson {
                format_version: "1.0",
                network: config.network.name.clone(),
                environment: config.network.environment.clone(),
                complete,
                menu: MENU,
                zones: zones.collect(),
            }));
        } else {
            world.out.print(indexing_text(&answers));
        }
        Ok(if complete { CommandExit::Done } else { CommandExit::Incomplete })
    }
}

/// Returns the indexes in a response; `None` if only Alma's user interface shows them.
fn indexes(collection: ObservedCollection) -> Option<Vec<IndexJson>> {
    (collection.witness == ObservationSource::Zone).then(|| collection.records.iter().map(index).collect())
}

fn index(record: &ObservedRecord) -> IndexJson {
    let said = |field: &str| {
        let text = record.fields.get(field)?.texts().join(", ");
        (!text.is_empty()).then_some(text)
    };
    IndexJson {
        index: said("index"),
        last_run: said("lastRun"),
        status: said("status"),
        records: said("records"),
        errors: said("errors"),
    }
}

fn indexing_text(answers: &[(&Zone, IndexingAnswer)]) -> String {
    let mut rows = Vec::new();
    let mut unknown = false;
    let mut failures = String::new();
    for (zone, answer) in answers {
        let code = zone.code.to_string();
        let row = |words: &str| {
            [code.clone(), words.to_owned(), String::new(), String::new(), String::new(), String::new()]
        };
        match answer {
            Ok(Some(indexes)) if indexes.is_empty() => rows.push(row("no index listed")),
            Ok(Some(indexes)) => rows.extend(indexes.iter().map(|index| {
                let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
                [
                    code.clone(),
                    said(&index.index),
                    said(&index.status),
                    said(&index.last_run),
                    said(&index.records),
                    said(&index.errors),
                ]
            })),
            Ok(None) => {
                unknown = true;
                rows.push(row("unknown"));
            }
            Err(failure) => {
                rows.push(row("could not be read"));
                failures.push_str(&could_not(&zone.code, failure));
            }
        }
    }
    let mut text = table(["ZONE", "INDEX", "STATUS", "LAST RUN", "RECORDS", "ERRORS"], rows);
    if unknown {
        text.push_str(&format!("\nFor zones with unknown status, see Alma's user interface:\n  {MENU}\n"));
    }
    if !failures.is_empty() {
        text.push_str(&format!("\n{failures}"));
    }
    text
}
