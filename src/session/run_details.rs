//! Details of one recorded run: outcomes, changes and images.

use std::collections::BTreeMap;

use super::effects::RunOrigin;
use super::error::{RunProblem, SessionError};
use super::plan_documents::parse_report;
use super::unfinished_runs::{is_complete, is_killed};
use crate::model::{ApplyReport, Network, RunId, ZoneCode};
use crate::render::json::run_details::{
    ChangeTotalsJson, ImageListJson, KeptCollectionJson, RunDetailsJson, ZoneOutcomeJson,
};
use crate::render::json::runs::RunJson;
use crate::store::{ChangeCount, KeptImages, Store, UnfinishedRun};

/// Loads the details of a run of the network.
///
/// # Errors
/// Returns [`SessionError::Run`] for an unknown run, [`SessionError::StoredReport`] for an unreadable report, or
/// [`SessionError::Store`].
pub async fn load(
    store: &Store,
    network: &Network,
    run: RunId,
    origin: &dyn RunOrigin,
) -> Result<RunDetailsJson, SessionError> {
    let found = store.run(run).await?.filter(|found| {
        (&found.run.network, &found.run.environment) == (&network.name, &network.environment)
    });
    let found = found.ok_or(RunProblem::Unknown(run))?;
    let documents = store.papers(run).await?;
    let report = documents.as_ref().and_then(|papers| papers.report.as_ref());
    let report = report.map(|report| parse_report(report, None)).transpose();
    let report = report.map_err(|source| SessionError::StoredReport { run, source })?.unwrap_or_default();
    let counts = store.change_counts(run).await?;
    let images = store.kept_images(run).await?;
    let images = match is_complete(&found.run, store).await? {
        true => image_list(network, &counts, images),
        // Not all changes are in the history yet.
        false => image_list(network, &[], images),
    };
    let zones = zones(&found, &report, &counts);
    let mut outcomes = BTreeMap::new();
    for (outcome, number) in zones.iter().flat_map(|zone| &zone.outcomes) {
        *outcomes.entry(outcome.clone()).or_default() += number;
    }
    let killed = is_killed(&found, store, origin);
    Ok(RunDetailsJson {
        run: RunJson { run: found.run, killed },
        plan_kept: documents.is_some(),
        outcomes,
        changes: totals(&counts.iter().collect::<Vec<_>>()),
        zone_results: zones,
        images,
    })
}

fn totals(counts: &[&ChangeCount]) -> ChangeTotalsJson {
    ChangeTotalsJson {
        verified: counts.iter().map(|count| count.verified).sum(),
        unverified: counts.iter().map(|count| count.unverified).sum(),
    }
}

fn zones(found: &UnfinishedRun, report: &ApplyReport, counts: &[ChangeCount]) -> Vec<ZoneOutcomeJson> {
    let zone = |code: &ZoneCode| {
        let of_zone: Vec<&ChangeCount> = counts.iter().filter(|count| count.zone == *code).collect();
        let zone = report.zones.get(code);
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        for (_, outcome) in zone.into_iter().flat_map(|zone| &zone.collections) {
            *outcomes.entry(outcome.name().to_owned()).or_default() += 1;
        }
        ZoneOutcomeJson {
            code: code.0.clone(),
            failure: zone.and_then(|zone| zone.zone_failure.as_ref().map(ToString::to_string)),
            outcomes,
            changes: totals(&of_zone),
        }
    };
    found.run.zones.iter().map(|code| zone(&ZoneCode(code.clone()))).collect()
}

fn image_list(network: &Network, counts: &[ChangeCount], images: Vec<KeptImages>) -> ImageListJson {
    let collection = |kept: &KeptImages| KeptCollectionJson {
        zone: kept.zone.0.clone(),
        address: format!("{}/{}", kept.zone, kept.collection),
        images: kept.images,
        bytes: kept.bytes,
        // The way back begins at the changes in the history.
        restorable: network.zone(&kept.zone).is_some()
            && counts.iter().any(|count| count.is_of(&kept.zone, &kept.collection)),
    };
    ImageListJson {
        number: images.iter().map(|kept| kept.images).sum(),
        bytes: images.iter().map(|kept| kept.bytes).sum(),
        collections: images.iter().map(collection).collect(),
    }
}
