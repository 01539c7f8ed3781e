//! `zonal attest`: records that people completed manual steps.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::CommandExit;
use super::config::{OutputFormat, to_json};
use super::context::CommandContext;
use super::open_session::plan_target;
use super::session_output::config_file_text;
use super::target_args::TargetArgs;
use crate::local::attestation_file::{self, FILE};
use crate::manifest::suggestions::nearest;
use crate::model::{ApplyMode, Change, ChangeAction, CollectionDiff, FieldValue, ObservationSource, Record};
use crate::render::text::count;
use crate::session::attestations::{Attestation, AttestationFile, AttestedPresence};
use crate::session::plan::PlanRequest;
use crate::store::StoreAccess;

/// Record that manual steps were completed
///
/// Writes attestations.json in the config directory; commit the file. Attested records are marked `attested`,
/// not `verified`. An attestation expires when the desired state changes.
#[derive(Debug, Args)]
pub struct AttestCommand {
    /// Record address as printed by `zonal runbook`, for example `01A/TermsOfUse/Request`
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<String>,
    /// Attest all selected steps
    #[arg(long, conflicts_with = "addresses")]
    all: bool,
    /// Who completed the steps
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Date of completion, YYYY-MM-DD (default: today)
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// Print the attested records as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
}

/// Result of `zonal attest`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal attest --json")]
pub struct AttestJson {
    /// Addresses of the records.
    pub attested: Vec<String>,
    /// Name of the person who completed the steps.
    pub by: String,
    /// Date of completion, as `YYYY-MM-DD`.
    pub date: String,
}

impl AttestCommand {
    /// Attests manual steps for the manifests below `directory`.
    pub async fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.attest(directory, world).await {
            Ok(()) => CommandExit::Done,
            Err(exit) => exit,
        }
    }

    async fn attest(&self, directory: &Path, world: &CommandContext) -> Result<(), CommandExit> {
        let fail = |message: String| super::fail(world, message);
        if self.addresses.is_empty() && !self.all {
            return Err(fail(
                "no record address given; pass addresses or --all; `zonal runbook` lists them".into(),
            ));
        }
        if self.by.trim().is_empty() || self.by.contains(char::is_control) {
            return Err(fail("--by must contain the name of the person on one line".into()));
        }
        let today = (world.now)();
        let date = self.date.clone().unwrap_or_else(|| today.chars().take(10).collect());
        let day: jiff::civil::Date =
            date.parse().map_err(|_| fail(format!("--date {date}: invalid date; expected YYYY-MM-DD")))?;
        if day.to_string() > today {
            return Err(fail(format!("--date {date}: the date is in the future")));
        }
        let (request, access) = (PlanRequest::default(), StoreAccess::Read);
        let (_, planned) =
            plan_target(request, &self.target, access, directory, OutputFormat::Text, world).await?;
        let steps: Vec<(&CollectionDiff, &Change)> = (planned.plan.zones.values())
            .flat_map(|zone| &zone.collections)
            .flat_map(|step| {
                step.diff.outcome.iter().flat_map(|found| &found.changes).map(|change| (&step.diff, change))
            })
            .filter(|(_, change)| change.mode == ApplyMode::Manual)
            .collect();
        let chosen = self.choose(&steps, world)?;
        let mut attestations =
            attestation_file::load(directory).map_err(|error| fail(config_file_text(&error)))?;
        for (diff, change) in &chosen {
            let seen = diff.outcome.as_ref().is_ok_and(|found| found.witness == ObservationSource::Zone);
            if seen {
                return Err(fail(format!(
                    "{}: no attestation needed: the zone can be read; `zonal plan` shows the remaining changes",
                    change.address
                )));
            }
            attest(&mut attestations, diff, change, self.by.trim(), &date);
        }
        let saved = attestation_file::save(directory, &attestations);
        saved.map_err(|error| fail(config_file_text(&error)))?;
        let attested: Vec<String> = chosen.iter().map(|(_, change)| change.address.to_string()).collect();
        if self.json {
            world.out.print_line(to_json(&AttestJson { attested, by: self.by.trim().to_owned(), date }));
            return Ok(());
        }
        attested.iter().for_each(|address| world.out.print_plain_line(format!("  {address}")));
        let zones: BTreeSet<_> = chosen.iter().map(|(_, change)| &change.address.zone).collect();
        world.out.print_plain_line(format!(
            "Attested: {} in {}, by {} on {date}, saved to {FILE}. Commit the file.",
            count(chosen.len(), "record"),
            count(zones.len(), "zone"),
            self.by.trim()
        ));
        Ok(())
    }

    fn choose<'a>(
        &self,
        steps: &[(&'a CollectionDiff, &'a Change)],
        world: &CommandContext,
    ) -> Result<Vec<(&'a CollectionDiff, &'a Change)>, CommandExit> {
        if self.all {
            return match steps.is_empty() {
                true => Err(super::fail(world, "the selection has no manual steps left")),
                false => Ok(steps.to_vec()),
            };
        }
        let known: Vec<String> = steps.iter().map(|(_, change)| change.address.to_string()).collect();
        let mut chosen = Vec::new();
        let mut wrong = None;
        for address in &self.addresses {
            match known.iter().position(|known| known == address) {
                Some(index) => chosen.push(steps[index]),
                None => {
                    let near = nearest(address, known.iter().map(String::as_str));
                    let near = near.map(|near| format!("; did you mean `{near}`?"));
                    let near = near.unwrap_or_else(|| "; `zonal runbook` lists them".to_owned());
                    wrong = Some(super::fail(world, format!("{address}: not a step of the runbook{near}")));
                }
            }
        }
        wrong.map_or(Ok(chosen), Err)
    }
}

/// Replaces the previous attestation of a record.
fn attest(attestations: &mut AttestationFile, diff: &CollectionDiff, change: &Change, by: &str, date: &str) {
    let key: Record = change.key.iter().cloned().collect();
    // The manifest's own name of the collection, as used in requests.
    let id = diff.asked.first().unwrap_or(&diff.id);
    let same = |each: &Attestation| {
        let of = |field: &str| each.fields.get(field).map(FieldValue::from);
        each.zone == change.address.zone.as_str()
            && each.collection() == *id
            && key.iter().all(|(field, value)| of(field).as_ref() == Some(value))
    };
    let before = attestations.attestations.iter().find(|each| same(each) && !each.gone);
    let mut record: Record = before
        .into_iter()
        .flat_map(|each| each.fields.iter().map(|(field, said)| (field.as_str().into(), said.into())))
        .collect();
    attestations.attestations.retain(|each| !same(each));
    record.extend(key.clone());
    record.extend(change.field_changes.iter().map(|edit| (edit.field.clone(), edit.after.clone())));
    let (record, now) = match change.action {
        ChangeAction::Create | ChangeAction::Update => (record, AttestedPresence::Present),
        ChangeAction::Delete => (key, AttestedPresence::Absent),
    };
    attestations.attestations.push(Attestation::new(&change.address.zone, id, &record, now, by, date));
    attestations.attestations.sort_by(|one, other| {
        let order = |each: &Attestation| (each.zone.clone(), each.collection(), format!("{:?}", each.fields));
        order(one).cmp(&order(other))
    });
}
