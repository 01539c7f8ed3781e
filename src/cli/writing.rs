//! Carries a plan out and remembers it: what apply, resume and revert have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::author::author;
use super::config::Format;
use super::credentials::{self, Purpose};
use super::exit::{self, Exit};
use super::journal::{self, About, Patience, RunJournal, Ways};
use super::plan::Planned;
use super::planfile;
use super::progress::Progress;
use super::store;
use super::unfinished;
use super::world::World;
use crate::apply::{Stop, roll_out};
use crate::model::network::Zone;
use crate::model::{
    Event, FailureClass, Outcome, Plan, Report, Run, RunDeed, RunId, RunState, ZonePlan, ZoneReport,
};
use crate::render;
use crate::store::{Lesson, StoreError};

/// How a plan is carried out.
pub struct Manner {
    /// The run that it is.
    pub begin: Begin,
    /// Whether it waits where another run writes to a zone.
    pub patience: Patience,
}

impl Manner {
    /// Whether the run is one of several that belong together, and is remembered even where it does nothing.
    fn is_grouped(&self) -> bool {
        match &self.begin {
            Begin::New { about, .. } => about.group.is_some(),
            Begin::TakenUp(_) => false,
        }
    }
}

/// Which run it is.
pub enum Begin {
    /// One that begins now.
    New {
        /// What it does.
        deed: RunDeed,
        /// What else is known of it.
        about: About,
    },
    /// One that was killed or interrupted.
    TakenUp(Box<Run>),
}

/// What came of it.
pub struct Written {
    /// How it ended in each zone.
    pub report: Report,
    /// The exit codes that apply.
    pub exits: BTreeSet<Exit>,
    /// The run, where it is remembered.
    pub run: Option<RunId>,
}

/// Carries a plan out, as far as nothing stands in its way, and keeps in the store what there is to be learned.
///
/// # Errors
/// An exit code, once it has been said why nothing was begun, or that the user stopped it at once.
pub async fn carry_out(
    planned: &Planned,
    manner: Manner,
    directory: &Path,
    format: Format,
    world: &World,
    tell: &(dyn Fn(&Event) + Sync),
) -> Result<Written, Exit> {
    let plan = &planned.plan;
    let may_write = plan.has_work() && !plan.is_denied();
    let lessons = super::learning::lessons(planned);
    // One that is taken up ends, even where nothing is left of it.
    let taken_up = matches!(manner.begin, Begin::TakenUp(_)) && !plan.is_denied();
    let worth_it = may_write || taken_up || !lessons.is_empty() || manner.is_grouped();
    let journal = match (&planned.store, worth_it) {
        (Some(_), true) => begin(planned, manner, directory, world).await?,
        (_, _) => None,
    };
    let run = journal.as_ref().map(|journal| journal.run.id);
    let report = match may_write {
        true => match write(planned, &journal, directory, format, world, tell).await {
            Ok(report) => report,
            Err(exit) => {
                if let Some(journal) = &journal {
                    leave_open(journal, world).await;
                }
                return Err(exit);
            }
        },
        false => Report::default(),
    };
    let mut exits = exit::of_apply(plan, &report);
    if let Some(journal) = journal
        && let Err(trouble) = keep(planned, &journal, &report, &exits, lessons, world).await
    {
        if let Some(error) = trouble {
            store::told(&error, world);
        }
        let id = journal.run.id;
        world.err.line(format!(
            "{id} could not write down all that it did; `zonal resume {id}` finishes it when the store answers, and asks the zones what became of it"
        ));
        exits.remove(&Exit::Done);
        exits.insert(Exit::Partial);
    }
    Ok(Written { report, exits, run })
}

async fn begin(
    planned: &Planned,
    Manner { begin, patience }: Manner,
    directory: &Path,
    world: &World,
) -> Result<Option<RunJournal>, Exit> {
    let Planned { config, plan, under_review, store, doors, keys, base, .. } = planned;
    let Some(store) = store else { return Ok(None) };
    let network = &config.network;
    // What people have attested is never written, so nobody has to be asked about it.
    let before = plan.made_from.reverts.and_then(|_| Some(base.as_ref()?.ledger.clone()));
    let ways = Ways { patience, readers: doors.readers(network, keys, BTreeMap::new()), before };
    let begun = match begin {
        Begin::New { deed, about } => {
            let author = world.unless_interrupted(author(directory, world)).await?;
            let run = journal::new(plan, deed, &about, author, world);
            let mut text = planfile::plan_json(plan);
            // Whoever takes the run up asks for the approvals that it was given.
            text.reconciler.under_review =
                under_review.zones.iter().map(|(code, digest)| (code.0.clone(), *digest)).collect();
            let text = serde_json::to_string(&text).unwrap_or_default();
            RunJournal::begin(store, network, run, text, ways, world).await
        }
        Begin::TakenUp(run) => RunJournal::take_up(store, network, *run, ways, world).await,
    };
    begun.map(Some).map_err(|error| store::told(&error, world))
}

/// Writes down what there is to be learned, and how the run ended. Comes back with what went wrong, which is nothing
/// new where the report tells of it.
async fn keep(
    planned: &Planned,
    journal: &RunJournal,
    report: &Report,
    exits: &BTreeSet<Exit>,
    lessons: Vec<Lesson>,
    world: &World,
) -> Result<(), Option<StoreError>> {
    let Planned { config, plan, store, .. } = planned;
    let Some(store) = store else { return Ok(()) };
    store.learn(store::scope(&config.network), journal.run.id, lessons).await?;
    end(journal, plan, report, exits).await?;
    if report.zones.values().any(has_lost_the_store) {
        return Err(None);
    }
    if is_all_done(plan, exits) {
        unfinished::make_up(store, journal, world).await?;
    }
    Ok(())
}

/// Whether the store failed while a zone was written to, so that its writing was given up.
fn has_lost_the_store(zone: &ZoneReport) -> bool {
    let outcomes = zone.collections.iter().filter_map(|(_, outcome)| match outcome {
        Outcome::Failed { failure } => Some(failure),
        Outcome::Applied { .. }
        | Outcome::Stale { .. }
        | Outcome::Blocked { .. }
        | Outcome::VerifyFailed { .. }
        | Outcome::Held { .. }
        | Outcome::Interrupted => None,
    });
    zone.refused.iter().chain(outcomes).any(|failure| failure.class == FailureClass::Store)
}

/// Whether nothing is left of a plan for another run.
fn is_all_done(plan: &Plan, exits: &BTreeSet<Exit>) -> bool {
    let mut steps = plan.zones.values().flat_map(|zone| &zone.collections);
    *exits == BTreeSet::from([Exit::Done]) && steps.all(|step| step.diff.later().next().is_none())
}

/// A run that was stopped at once can be taken up.
async fn leave_open(journal: &RunJournal, world: &World) {
    // Where this cannot be kept either, the run looks like one that was killed, and can be taken up as well.
    let _ = journal.end(RunState::Interrupted, vec![Exit::Interrupted.code()], String::new()).await;
    world.err.line(format!("`zonal resume {}` finishes it.", journal.run.id));
}

async fn end(
    journal: &RunJournal,
    plan: &Plan,
    report: &Report,
    exits: &BTreeSet<Exit>,
) -> Result<(), StoreError> {
    let outcomes = report.zones.values().flat_map(|zone| &zone.collections);
    let interrupted = outcomes.into_iter().any(|(_, outcome)| *outcome == Outcome::Interrupted);
    let cut_short = interrupted || report.zones.values().any(has_lost_the_store);
    let state = if cut_short { RunState::Interrupted } else { RunState::Ended };
    let codes = exits.iter().map(|exit| exit.code()).collect();
    let text = serde_json::to_string(&planfile::report_json(plan, report)).unwrap_or_default();
    journal.end(state, codes, text).await.map(drop)
}

async fn write(
    planned: &Planned,
    journal: &Option<RunJournal>,
    directory: &Path,
    format: Format,
    world: &World,
    tell: &(dyn Fn(&Event) + Sync),
) -> Result<Report, Exit> {
    let Planned { config, desired, base, plan, doors, keys, .. } = planned;
    let network = &config.network;
    let writable = |zone: &&Zone| plan.zones.get(&zone.code).is_some_and(ZonePlan::is_writable);
    let zones: Vec<&Zone> = network.zones.iter().filter(writable).collect();
    let fetching = credentials::keys(network, &zones, Purpose::Write, directory, world);
    let write_keys = world
        .unless_interrupted(fetching)
        .await?
        .map_err(|problems| config.report(&problems, format, world))?;
    let shared = credentials::shared(&keys.zones, &write_keys.zones);
    if shared > 0 {
        let zones = render::text::count(shared, "zone");
        world.err.line(format!(
            "note: one key both reads and writes in {zones}; give `credentials` a `write` key of its own"
        ));
    }
    let writers = doors.writers(network, &write_keys);
    let progress = Progress::new(world, "Writing", writers.len());
    let shown = |event: Event| {
        tell(&event);
        progress.tell(&event);
    };
    let (halt, stop) = Stop::new();
    let running = roll_out(&writers, desired, base.as_ref(), plan, &network.rollout, journal, &stop, &shown);
    tokio::pin!(running);
    let report = tokio::select! {
        report = &mut running => report,
        () = world.interrupted(1) => {
            halt.send_replace(true);
            progress.note("Interrupted: finishing what is being written, beginning nothing more. Again to stop at once.");
            tokio::select! {
                report = &mut running => report,
                () = world.interrupted(2) => {
                    progress.finish();
                    world.err.line(
                        "Stopped at once. What was being written may or may not be there; `zonal plan` shows what is left.",
                    );
                    return Err(Exit::Interrupted);
                }
            }
        }
    };
    progress.finish();
    Ok(report)
}
