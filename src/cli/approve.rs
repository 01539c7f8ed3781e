//! `zonal approve`: approves a plan, a change group, or a zone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::CommandExit;
use super::config::to_json;
use super::context::CommandContext;
use super::plan_file;
use super::session_output::config_file_text;
use crate::local::approval_files;
use crate::manifest::suggestions::among;
use crate::model::{
    AppliedOverride, Approval, ApprovedItem, ContentDigest, Finding, FindingEffect, Plan, TWO_WAY, ZoneCode,
};
use crate::plan::plan_digest::is_busy;
use crate::render::text::count;

/// Approve a plan, a manifest's part of it, or a zone
///
/// Writes a file to approvals/ of the config directory; commit the file. An approval is bound to the exact
/// changes of a zone and becomes invalid when they change.
#[derive(Debug, Args)]
pub struct ApproveCommand {
    /// Plan file
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Digest of a plan, a manifest's part or a zone (default: the whole plan)
    #[arg(value_name = "DIGEST")]
    digests: Vec<String>,
    /// Approve only this zone (can be repeated)
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    zone: Vec<String>,
    /// Name of the approver
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Comment to store with the approval
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Override this guard or policy in the plan (requires --reason)
    #[arg(long = "override", value_name = "NAME", requires = "reason", conflicts_with_all = ["digests", "zone"])]
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

/// Part of a plan that can be approved.
struct ApprovableItem {
    approves: ApprovedItem,
    digest: ContentDigest,
    zones: Vec<ZoneCode>,
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
        for ApprovableItem { approves, digest, zones } in chosen {
            let digest_of = |code: &ZoneCode| Some((code.to_string(), plan.zones.get(code)?.digest));
            let approval = Approval {
                version: 1,
                network: plan.network.clone(),
                environment: plan.environment.clone(),
                approves,
                digest,
                zones: zones.iter().filter_map(digest_of).collect::<BTreeMap<_, _>>(),
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
            let codes: Vec<&str> = approval.zones.keys().map(String::as_str).collect();
            world.out.print_plain_line(format!(
                "Approved by {}: the changes in {} ({}), saved to {file}. Commit the file.",
                approval.by,
                count(codes.len(), "zone"),
                codes.join(", ")
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

    fn choose(&self, plan: &Plan) -> Result<Vec<ApprovableItem>, String> {
        let parts = parts(plan);
        if !parts.iter().any(|part| part.approves == ApprovedItem::Zone) {
            return Err("the plan has no changes to approve".to_owned());
        }
        let whole = parts.iter().filter(|part| part.approves == ApprovedItem::Plan);
        if self.digests.is_empty() && self.zone.is_empty() {
            return Ok(whole.map(ApprovableItem::for_retry).collect());
        }
        let mut chosen = Vec::new();
        for asked in &self.digests {
            let digest: ContentDigest = asked.parse().map_err(|error| format!("`{asked}`: {error}"))?;
            let found: Vec<ApprovableItem> =
                parts.iter().filter(|part| part.digest == digest).map(ApprovableItem::for_retry).collect();
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
                Some(part) => chosen.push(part.for_retry()),
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

impl ApprovableItem {
    fn for_retry(&self) -> Self {
        Self { approves: self.approves, digest: self.digest, zones: self.zones.clone() }
    }
}

/// Returns all parts of a plan that contain changes, each with its digest.
fn parts(plan: &Plan) -> Vec<ApprovableItem> {
    let busy = |code: &&ZoneCode| plan.zones.get(*code).is_some_and(is_busy);
    let all: Vec<ZoneCode> = plan.zones.keys().filter(busy).cloned().collect();
    let zones = all.iter().filter_map(|code| {
        let digest = plan.zones.get(code)?.digest;
        Some(ApprovableItem { approves: ApprovedItem::Zone, digest, zones: vec![code.clone()] })
    });
    let groups =
        plan.change_groups.iter().filter(|group| group.zones.first().is_some_and(|code| all.contains(code)));
    let groups = groups.map(|group| ApprovableItem {
        approves: ApprovedItem::Group,
        digest: group.digest,
        zones: group.zones.clone(),
    });
    let whole = ApprovableItem { approves: ApprovedItem::Plan, digest: plan.digest, zones: all.clone() };
    std::iter::once(whole).chain(groups).chain(zones).collect()
}
