//! Asks the user for confirmation before a write.

use super::CommandExit;
use super::context::CommandContext;
use super::questions::read_answer;
use crate::model::text_safety::escape_invisible;
use crate::model::{Plan, ZonePlan};
use crate::render::decisions::{PlanDecision, decisions};
use crate::render::text::{count, thousands};

/// Asks for confirmation with Terraform's wording; only `yes` is accepted.
///
/// # Errors
/// Prints that nothing was done and returns [`CommandExit::Invalid`].
pub async fn confirm(world: &CommandContext) -> Result<(), CommandExit> {
    ask(
        "Do you want to perform these actions?\n  zonal will perform the actions described above.",
        "yes",
        world,
    )
    .await
}

/// Asks for confirmation of an apply. The question names the network, the environment, the number of zones
/// and what is removed; in production the answer is the name of the network.
///
/// # Errors
/// Prints that nothing was done and returns [`CommandExit::Invalid`].
pub async fn confirm_apply(plan: &Plan, world: &CommandContext) -> Result<(), CommandExit> {
    let zones = plan.zones.values().filter(|zone| ZonePlan::is_writable(zone)).count();
    let is_production = plan.reaches_production();
    let network = match &plan.environment {
        Some(environment) => format!("{} / {environment}", plan.network),
        None => plan.network.clone(),
    };
    let kind = if is_production { "PRODUCTION" } else { "sandbox" };
    let removed = decisions(plan, |_| true).iter().map(removed_records).sum::<usize>();
    let counts = plan.counts();
    let mut question = format!(
        "Apply to {network} ({kind}): {} to add, {} to change, {} to destroy, at {}?",
        thousands(counts.add as u64),
        thousands(counts.change as u64),
        thousands(counts.destroy as u64),
        count(zones, "zone")
    );
    if removed > 0 {
        question.push_str(&format!(
            "\n  {} destroyed or disabled. `zonal revert` brings records back, but not what users could not \
             do\n  in the meantime.",
            if removed == 1 { "1 record is".to_owned() } else { format!("{} are", count(removed, "record")) }
        ));
    }
    let answer = if is_production { plan.network.as_str() } else { "yes" };
    ask(&question, answer, world).await
}

/// Returns the number of records that a decision deletes or switches off.
fn removed_records(decision: &PlanDecision<'_>) -> usize {
    let removed = decision.variants.iter().filter(|variant| variant.takes_away());
    removed.map(|variant| variant.records.len()).sum()
}

/// Asks a question; only `expected` is accepted.
async fn ask(question: &str, expected: &str, world: &CommandContext) -> Result<(), CommandExit> {
    let Some(input) = world.input.clone() else {
        return Err(super::fail(world, "cannot ask for confirmation: stdin is not a terminal; pass --yes"));
    };
    let question: Vec<String> = question.split('\n').map(escape_invisible).collect();
    let what =
        if expected == "yes" { "'yes'".to_owned() } else { format!("the network's name, '{expected}',") };
    world.err.print(format!(
        "\n{}\n  Only {} will be accepted to approve.\n\n  Enter a value: ",
        question.join("\n"),
        escape_invisible(&what)
    ));
    let answer = read_answer(input, world).await?;
    world.err.print_line("");
    match answer.as_deref().map(str::trim) {
        Some(answer) if answer == expected => Ok(()),
        _ => {
            world.err.print_line("Apply cancelled. Nothing was written.");
            Err(CommandExit::Invalid)
        }
    }
}
