//! `zonal approve`: somebody agrees to a plan, a group of zones, or a zone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::approvals;
use super::config::to_json;
use super::context::CommandContext;
use super::exit_code::CommandExit;
use super::plan_file;
use crate::manifest::suggestions::among;
use crate::model::{AppliedOverride, Approval, ApprovedItem, ContentDigest, FindingEffect, Plan, ZoneCode};
use crate::plan::plan_digest::is_busy;
use crate::render::text::count;

/// Approve a plan, groups of it, or single zones
///
/// Writes a file into approvals/ of the config directory, which belongs into git. What is approved is
/// the content: it holds for a zone as long as exactly that would be done there, and not a change longer.
#[derive(Debug, Args)]
pub struct ApproveCommand {
    /// The plan file
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The digest of the plan, of a group or of a zone, as the plan shows them; the whole plan where nothing
    /// is named
    #[arg(value_name = "DIGEST")]
    digests: Vec<String>,
    /// This zone; may be repeated
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    zone: Vec<String>,
    /// Who approves
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why, or under what condition
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Override this guard or policy in the plan, as the plan names it; needs --reason
    #[arg(long = "override", value_name = "NAME", requires = "reason", conflicts_with_all = ["digests", "zone"])]
    overrides: Vec<String>,
    /// Why, for all overrides
    #[arg(long, value_name = "TEXT", requires = "overrides")]
    reason: Option<String>,
    /// Print the approvals as JSON
    #[arg(long)]
    json: bool,
}

/// An approval that was written.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal approve --json, one of a list")]
pub struct WrittenApproval {
    /// The file that it is in, below the config directory.
    pub file: String,
    /// What it says.
    #[serde(flatten)]
    pub approval: Approval,
}

/// Something of a plan that can be approved.
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
            return Err(fail("--by must name who approves, in one line".into()));
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
            let file = approvals::save(directory, &approval).map_err(fail)?;
            written.push(WrittenApproval { file, approval });
        }
        if self.json {
            world.out.print_line(to_json(&written));
            return Ok(());
        }
        for WrittenApproval { file, approval } in &written {
            let codes: Vec<&str> = approval.zones.keys().map(String::as_str).collect();
            world.out.print_line(format!(
                "Approved by {}: what would be done in {} ({}), in {file}. Commit it.",
                approval.by,
                count(codes.len(), "zone"),
                codes.join(", ")
            ));
        }
        if !plan.is_complete() {
            world.err.print_line("note: the plan is incomplete; what it could not see is not approved");
        }
        Ok(())
    }

    /// What is overridden: only what stands in the way of the plan.
    fn applied_overrides(&self, plan: &Plan) -> Result<Vec<AppliedOverride>, String> {
        let reason = self.reason.as_deref().unwrap_or_default().trim();
        if !self.overrides.is_empty() && reason.is_empty() {
            return Err("an override needs a reason; give one with --reason".to_owned());
        }
        let in_the_way = |verdict: &FindingEffect| match verdict {
            FindingEffect::Deny | FindingEffect::Defer => true,
            FindingEffect::RequireApproval | FindingEffect::Warn | FindingEffect::Overridden { .. } => false,
        };
        let guards: BTreeSet<&str> = (plan.findings.iter())
            .filter(|finding| in_the_way(&finding.effect))
            .map(|finding| &*finding.guard)
            .collect();
        let overridden = self.overrides.iter().map(|guard| match guards.contains(guard.as_str()) {
            true => Ok(AppliedOverride { guard: guard.clone(), reason: reason.to_owned() }),
            false => Err(format!(
                "nothing called `{guard}` stands in its way; {}",
                among(guard, guards.iter().copied())
            )),
        });
        overridden.collect()
    }

    fn choose(&self, plan: &Plan) -> Result<Vec<ApprovableItem>, String> {
        let parts = parts(plan);
        if !parts.iter().any(|part| part.approves == ApprovedItem::Zone) {
            return Err("there is nothing in it that could be approved".to_owned());
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
                    "nothing in it has the digest {digest}; it was made anew, or is another plan"
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
                    return Err(format!("nothing would be done in {code}, so there is nothing to approve"));
                }
                None => return Err(format!("it has no zone {code}; {}", among(code, codes.iter().copied()))),
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

/// Everything of a plan that has a digest and something to be done.
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
