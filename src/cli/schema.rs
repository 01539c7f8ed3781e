//! `zonal schema`: prints JSON Schemas of inputs and outputs.

use std::path::PathBuf;

use clap::Args;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, schema_for};

use super::CommandExit;
use super::config::to_json;
use super::context::CommandContext;
use super::support::{IndexingJson, JobsJson, PrivilegesJson};
use crate::model::Approval;
use crate::provider::gateway;
use crate::render::{diagnostics, json, runbook};
use crate::session::attestations::AttestationFile;
use crate::{emulator, kinds};

/// Print JSON Schemas of inputs and outputs
///
/// Without a name, lists the schemas. The repository contains the same files in schemas/.
#[derive(Debug, Args)]
pub struct SchemaCommand {
    /// Name of a schema; `manifest` for all manifests
    name: Option<String>,
    /// Write all schemas to this directory
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    out: Option<PathBuf>,
}

impl SchemaCommand {
    /// Prints or writes schemas.
    pub fn run(&self, world: &CommandContext) -> CommandExit {
        let schemas = schemas();
        match (&self.name, &self.out) {
            (Some(name), _) => {
                match schemas.iter().find(|(file, _)| file.strip_suffix(".json") == Some(name)) {
                    Some((_, schema)) => {
                        world.out.print(schema);
                        CommandExit::Done
                    }
                    None => super::fail(
                        world,
                        format!("schema `{name}` not found; `zonal schema` lists all schemas"),
                    ),
                }
            }
            (None, Some(directory)) => {
                let directory = world.directory.join(directory);
                let written = std::fs::create_dir_all(&directory).and_then(|()| {
                    schemas.iter().try_for_each(|(file, schema)| std::fs::write(directory.join(file), schema))
                });
                match written {
                    Ok(()) => CommandExit::Done,
                    Err(error) => {
                        super::fail(world, format!("cannot write {}: {error}", directory.display()))
                    }
                }
            }
            (None, None) => {
                schemas
                    .iter()
                    .for_each(|(file, _)| world.out.print_line(file.strip_suffix(".json").unwrap_or(file)));
                CommandExit::Done
            }
        }
    }
}

/// Returns all schemas with their file names.
pub fn schemas() -> Vec<(String, String)> {
    let outputs = [
        ("validate.json", output::<diagnostics::ValidateJson>()),
        ("plan.json", output::<json::plan::PlanJson>()),
        ("explain.json", output::<json::explanation::ExplainJson>()),
        ("test.json", output::<json::test::TestJson>()),
        ("export.json", output::<json::export::ExportJson>()),
        ("absorb.json", output::<json::absorb::AbsorbJson>()),
        ("snapshot.json", output::<json::snapshot::SnapshotJson>()),
        ("apply-event.json", output::<json::stream_message::StreamMessage>()),
        ("history.json", output::<json::history::HistoryJson>()),
        ("history-verify.json", output::<json::history::ChainCheckJson>()),
        ("runs.json", output::<json::runs::RunsJson>()),
        ("run.json", output::<json::run_details::RunDetailsJson>()),
        ("runs-prune.json", output::<json::run_details::PrunedRunsJson>()),
        ("report.json", output::<json::report::ApplyReportJson>()),
        ("capabilities.json", output::<crate::session::capabilities::CapabilityMatrix>()),
        ("doctor.json", output::<json::doctor::DoctorJson>()),
        ("init.json", output::<json::init::InitJson>()),
        ("effective.json", output::<json::effective::EffectiveZoneJson>()),
        ("compare.json", output::<json::comparison::ComparisonJson>()),
        ("tables.json", output::<json::tables::TablesJson>()),
        ("runbook.json", output::<runbook::RunbookJson>()),
        ("gateway-check.json", output::<super::gateway::GatewayCheckJson>()),
        ("unmanage.json", output::<super::unmanage::UnmanageJson>()),
        ("approve.json", output::<Vec<super::approve::WrittenApproval>>()),
        ("attest.json", output::<super::attest::AttestJson>()),
        ("support-jobs.json", output::<JobsJson>()),
        ("support-indexing-status.json", output::<IndexingJson>()),
        ("support-privileges.json", output::<PrivilegesJson>()),
    ];
    let doors = [
        ("attestations.json", to_json(&schema_for!(AttestationFile))),
        ("approval.json", to_json(&schema_for!(Approval))),
        ("gateway.openapi.json", to_json(&gateway::openapi())),
        ("emulator-record.json", to_json(&schema_for!(emulator::RecordEdit))),
        ("emulator-config.json", to_json(&schema_for!(emulator::EmulatorConfig))),
        ("emulator-fault.json", to_json(&schema_for!(emulator::InjectedFault))),
        ("emulator-edit.json", to_json(&schema_for!(emulator::LibrarianEdit))),
        ("emulator-contribution.json", to_json(&schema_for!(emulator::RecordContribution))),
        ("emulator-table.json", to_json(&schema_for!(emulator::TableSeed))),
    ];
    let inputs = kinds::schemas().into_iter().map(|(file, schema)| (file, to_json(&schema)));
    let outputs = outputs.into_iter().chain(doors).map(|(file, schema)| (file.to_owned(), schema));
    inputs.chain(outputs).map(|(file, schema)| (file, schema + "\n")).collect()
}

/// Returns the schema of an output; fields that may be omitted are optional.
fn output<T: JsonSchema>() -> String {
    to_json(&SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>())
}
