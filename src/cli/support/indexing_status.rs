//! `zonal support indexing-status`: how the last indexing of each zone went.

use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{SupportContext, could_not, table};
use crate::cli::config::to_json;
use crate::cli::context::CommandContext;
use crate::cli::exit_code::CommandExit;
use crate::model::network::Zone;
use crate::model::{CollectionId, ObservationSource, ObservedCollection, ObservedRecord, ZoneFailure};
use crate::render::json::FailureJson;

/// Where a person finds it (the vendor's guide to Support Services).
const MENU: &str =
    "Network Zone: Consortia Configuration Management > Support Services > Last Indexing Status";

/// Show how the last indexing of each zone went
///
/// Alma's public API does not tell, so that this needs a gateway which serves `IndexingStatus`. A small
/// number of errors is usually harmless.
#[derive(Debug, Args)]
pub struct IndexingStatusCommand {
    #[command(flatten)]
    aim: SupportContext,
}

/// How the last indexing of each zone went.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal support indexing-status --json")]
pub struct IndexingJson {
    /// Version of the shape: its major number changes when a field goes or changes its meaning.
    pub format_version: &'static str,
    /// The network's name.
    pub network: String,
    /// The environment chosen; null for the manifest as it stands.
    pub environment: Option<String>,
    /// Whether every zone could be asked. What no zone tells does not count.
    pub complete: bool,
    /// Where a person finds it in Alma.
    pub menu: &'static str,
    /// The zones that were selected.
    pub zones: Vec<ZoneIndexesJson>,
}

/// The indexes of one zone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ZoneIndexesJson {
    /// The zone's code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Its indexes; null where that is not known, because only Alma's own page tells, or because of
    /// the problem.
    pub indexes: Option<Vec<IndexJson>>,
    /// Why the zone could not be asked.
    pub problem: Option<FailureJson>,
}

/// One index. What is null was not told.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IndexJson {
    /// Which one, `repository`.
    pub index: Option<String>,
    /// When it was last built.
    pub last_run: Option<String>,
    /// How that went, in Alma's code.
    pub status: Option<String>,
    /// Records that it holds.
    pub records: Option<String>,
    /// Records that could not be indexed.
    pub errors: Option<String>,
}

/// What one zone answered; nothing where only people could.
type IndexingAnswer = Result<Option<Vec<IndexJson>>, ZoneFailure>;

impl IndexingStatusCommand {
    pub(super) async fn run(
        &self,
        directory: &Path,
        world: &CommandContext,
    ) -> Result<CommandExit, CommandExit> {
        let config = self.aim.config(directory, world)?;
        let zones = self.aim.zones(&config.network, world)?;
        let id = CollectionId::of_institution("IndexingStatus");
        let mut observed = self.aim.observe(&config, &zones, &id, directory, world).await?;
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
                problem: answer.as_ref().err().map(FailureJson::from),
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

/// What a zone says of its indexes; nothing where only people could.
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
                rows.push(row("not known"));
            }
            Err(failure) => {
                rows.push(row("could not be asked"));
                failures.push_str(&could_not(&zone.code, failure));
            }
        }
    }
    let mut text = table(["ZONE", "INDEX", "STATUS", "LAST RUN", "RECORDS", "ERRORS"], rows);
    if unknown {
        text.push_str(&format!("\nWhere it is not known, only Alma itself tells:\n  {MENU}\n"));
    }
    if !failures.is_empty() {
        text.push_str(&format!("\n{failures}"));
    }
    text
}
