//! `zonal approve`: approves a plan, or the part of it of a manifest, a row or a zone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::CommandExit;
use super::approvable_parts::{ApprovablePart, approvable_parts};
use super::config::to_json;
use super::context::CommandContext;
use super::plan_file;
use super::session_output::config_file_text;
use crate::local::approval_files;
use crate::manifest::suggestions::among;
use crate::model::{
    AppliedOverride, Approval, ApprovedItem, ContentDigest, Finding, FindingEffect, Plan, TWO_WAY, ZoneCode,
};
use crate::render::text::{PlanPart, count};

/// Approve a plan, or the part of a manifest, a row or a zone
///
/// Writes a file to approvals/ of the config directory; commit the file. An approval is bound to the exact
/// changes and becomes invalid when they change. A collection of a zone is written when all its changes are
/// approved, by one approval or by several.
#[derive(Debug, Args)]
pub struct ApproveCommand {
    /// Plan file
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Digest of the plan, of a group of zones or of a zone (default: the whole plan)
    #[arg(value_name = "DIGEST")]
    digests: Vec<String>,
    /// Approve only this zone (can be repeated)
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    zone: Vec<String>,
    /// Approve only the changes of this manifest (can be repeated)
    #[arg(long, value_name = "KIND/NAME")]
    manifest: Vec<String>,
    /// Approve only the changes of this row (can be repeated)
    #[arg(long, value_name = "FILE:LINE")]
    row: Vec<String>,
    /// Name of the approver
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Comment to store with the approval
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Override this guard or policy in the plan (requires --reason)
    #[arg(long = "override", value_name = "NAME", requires = "reason", conflicts_with_all = ["digests", "zone", "manifest", "row"])]
    overrides: Vec<String>,
    /// Reason for the override
    #[arg(long, value_name = "TEXT", requires = "overrides")]
    reason: Option<String>,
    /// Print the approvals as JSON
    #[arg(long)]
    json: bool,
}

/// Written approval.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal approve --json, one of a list")]
pub struct WrittenApproval {
    /// File name, relative to the config directory.
    pub file: String,
    /// Content of the file.
    #[serde(flatten)]
    pub approval: Approval,
}

impl ApproveCommand {
    /// Approves for the config directory.
    pub fn run(&self, directory: &Path, world: &CommandContext) -> CommandExit {
        match self.approve(directory, world) {
            Ok(()) => CommandExit::Done,
            Err(exit) => exit,
        }
    }

    fn approve(&self, directory: &Path, world: &CommandContext) -> Result<(), CommandExit> {
        let fail = |message: String| super::fail(world, message);
        if self.by.trim().is_empty() || self.by.contains(char::is_control) {
            return Err(fail("--by must contain the name of the approver on one line".into()));
        }
        let shown = self.plan.display();
        let plan = plan_file::read_for_review(&self.plan, world)?;
        let overridden =
            self.applied_overrides(&plan).map_err(|problem| fail(format!("{shown}: {problem}")))?;
        let chosen = self.choose(&plan).map_err(|problem| fail(format!("{shown}: {problem}")))?;
        let date = (world.now)().chars().take(10).collect::<String>();
        let mut written = Vec::new();
        for ApprovablePart { approves, digest, zones, names, changes } in chosen {
            let digest_of = |code: &ZoneCode| Some((code.to_string(), plan.zones.get(code)?.digest));
            let approval = Approval {
                version: 1,
                network: plan.network.clone(),
                environment: plan.environment.clone(),
                approves,
                digest,
                zones: zones.iter().filter_map(digest_of).collect::<BTreeMap<_, _>>(),
                parts: names,
                changes,
                by: self.by.trim().to_owned(),
                date: date.clone(),
                comment: self.comment.clone(),
                overrides: overridden.clone(),
            };
            let file =
                approval_files::save(directory, &approval).map_err(|error| fail(config_file_text(&error)))?;
            written.push(WrittenApproval { file, approval });
        }
        if self.json {
            world.out.print_line(to_json(&written));
            return Ok(());
        }
        for WrittenApproval { file, approval } in &written {
            world.out.print_plain_line(format!(
                "Approved by {}: {}, saved to {file}. Commit the file.",
                approval.by,
                approved_words(approval)
            ));
        }
        if !plan.is_complete() {
            world.err.print_line(
                "note: the plan is incomplete; the approval does not cover zones that could not be read",
            );
        }
        Ok(())
    }

    /// Returns the overrides, which must name findings that block the plan.
    fn applied_overrides(&self, plan: &Plan) -> Result<Vec<AppliedOverride>, String> {
        let reason = self.reason.as_deref().unwrap_or_default().trim();
        if !self.overrides.is_empty() && reason.is_empty() {
            return Err("an override requires a reason; pass --reason".to_owned());
        }
        let in_the_way = |finding: &Finding| match finding.effect {
            FindingEffect::Deny | FindingEffect::Defer => true,
            // A plan only warns, because `apply` may have a base.
            FindingEffect::Warn => *finding.guard == *TWO_WAY,
            FindingEffect::RequireApproval | FindingEffect::Overridden { .. } => false,
        };
        let guards: BTreeSet<&str> = (plan.findings.iter())
            .filter(|finding| in_the_way(finding))
            .map(|finding| &*finding.guard)
            .collect();
        let overridden = self.overrides.iter().map(|guard| match guards.contains(guard.as_str()) {
            true => Ok(AppliedOverride { guard: guard.clone(), reason: reason.to_owned() }),
            false => Err(format!(
                "no blocking finding of `{guard}` in the plan; {}",
                among(guard, guards.iter().copied())
            )),
        });
        overridden.collect()
    }

    fn choose(&self, plan: &Plan) -> Result<Vec<ApprovablePart>, String> {
        let parts = approvable_parts(plan);
        if !parts.iter().any(|part| part.approves == ApprovedItem::Zone) {
            return Err("the plan has no changes to approve".to_owned());
        }
        let whole = parts.iter().filter(|part| part.approves == ApprovedItem::Plan);
        if [&self.digests, &self.zone, &self.manifest, &self.row].iter().all(|part| part.is_empty()) {
            return Ok(whole.cloned().collect());
        }
        let mut chosen = Vec::new();
        if !self.manifest.is_empty() {
            let part = PlanPart { manifests: self.manifest.clone(), ..PlanPart::default() };
            chosen.push(ApprovablePart::of_changes(plan, ApprovedItem::Manifest, part)?);
        }
        if !self.row.is_empty() {
            let part = PlanPart { rows: self.row.clone(), ..PlanPart::default() };
            chosen.push(ApprovablePart::of_changes(plan, ApprovedItem::Row, part)?);
        }
        for asked in &self.digests {
            let digest: ContentDigest = asked.parse().map_err(|error| format!("`{asked}`: {error}"))?;
            let found: Vec<ApprovablePart> =
                parts.iter().filter(|part| part.digest == digest).cloned().collect();
            if found.is_empty() {
                return Err(format!(
                    "no part of the plan has the digest {digest}; the plan is a newer or different plan"
                ));
            }
            chosen.extend(found);
        }
        let codes: BTreeSet<&str> = plan.zones.keys().map(ZoneCode::as_str).collect();
        for code in &self.zone {
            let zone = parts.iter().find(|part| {
                part.approves == ApprovedItem::Zone && part.zones.iter().any(|zone| zone.as_str() == code)
            });
            match zone {
                Some(part) => chosen.push(part.clone()),
                None if codes.contains(code.as_str()) => {
                    return Err(format!("no changes to approve in zone {code}"));
                }
                None => {
                    return Err(format!(
                        "the plan has no zone {code}; {}",
                        among(code, codes.iter().copied())
                    ));
                }
            }
        }
        Ok(chosen)
    }
}

/// Returns what an approval covers, for a sentence.
fn approved_words(approval: &Approval) -> String {
    if approval.changes.is_empty() {
        let codes: Vec<&str> = approval.zones.keys().map(String::as_str).collect();
        return format!("the changes in {} ({})", count(codes.len(), "zone"), codes.join(", "));
    }
    let changes = approval.changes.values().map(BTreeSet::len).sum();
    let zones = count(approval.changes.len(), "zone");
    format!("{} of {} in {zones}", count(changes, "change"), approval.parts.join(", "))
}
