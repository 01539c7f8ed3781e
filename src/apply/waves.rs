//! A rollout: the zones in waves, each looked at again before the next one begins.
//!
//! Nothing is remembered from one apply to the next, and nothing need be: a wave that was done has no
//! work left, so the next apply begins with the one in which the last stopped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::{Journal, Runs, Stop};
use crate::model::{
    Base, Desired, Event, Hold, Outcome, Plan, Report, Rollout, Wave, WaveEnd, WaveReport, ZoneCode,
    ZoneReport,
};
use crate::provider::Write;

/// Carries out a plan wave by wave, all zones of a wave at once, as [`super::apply`] does. After each,
/// what was written is read once more; where more zones failed than the rollout allows, or nothing
/// was written in the wave at all, no further wave begins and the rest is held. Without waves, all
/// zones are written to at once.
#[expect(clippy::too_many_arguments, reason = "each is another thing, and they are put together at once")]
pub async fn roll_out<W: Write>(
    writers: &BTreeMap<ZoneCode, W>,
    desired: &Desired,
    base: Option<&Base>,
    plan: &Plan,
    rollout: &Rollout,
    journal: &impl Journal,
    stop: &Stop,
    tell: &(dyn Fn(Event) + Sync),
) -> Report {
    if rollout.waves.is_empty() {
        return super::apply(writers, desired, base, plan, journal, stop, tell).await;
    }
    let runs = Runs { writers, desired, base, plan, journal, stop, tell };
    let mut report = Report::default();
    let mut stopped: Option<Hold> = None;
    let mut waves = rollout.waves.iter().filter(|wave| concerns(plan, wave)).peekable();
    while let Some(wave) = waves.next() {
        let busy = |code: &ZoneCode| wave.zones.contains(code);
        if let Some(hold) = &stopped {
            let left = plan.zones.iter().filter(|(code, zone)| busy(code) && zone.has_work());
            report.zones.extend(left.map(|(code, _)| (code.clone(), runs.hold(code, hold))));
            continue;
        }
        let zones: Vec<ZoneCode> = plan
            .zones
            .iter()
            .filter(|(code, zone)| busy(code) && zone.has_work())
            .map(|(code, _)| code.clone())
            .collect();
        // Once the run is interrupted, no wave begins: its zones say that they were not tried.
        if stop.is_set() {
            report.zones.extend(runs.all(busy).await);
            continue;
        }
        tell(Event::WaveStart { wave: wave.name.clone(), zones: zones.len() });
        let mut done = runs.all(busy).await;
        if waves.peek().is_some() && !stop.is_set() {
            runs.look_again(&mut done, Duration::from_secs(rollout.pause)).await;
        }
        let end = end(plan, wave, &done, rollout, stop);
        tell(Event::WaveComplete { wave: wave.name.clone(), end: end.clone() });
        stopped = match &end {
            WaveEnd::Verified { .. } | WaveEnd::Interrupted => None,
            WaveEnd::Failed { .. } | WaveEnd::Idle => Some(Hold::Stopped { wave: Arc::clone(&wave.name) }),
        };
        report.zones.extend(done);
        report.waves.push(WaveReport { name: Arc::clone(&wave.name), zones, end });
    }
    report
}

/// Whether there is anything to do in a wave, or anything of it that nobody knows.
fn concerns(plan: &Plan, wave: &Wave) -> bool {
    let zones = plan.zones.iter().filter(|(code, _)| wave.zones.contains(code));
    zones.into_iter().any(|(_, zone)| zone.has_work() || zone.failure.is_some())
}

impl<W: Write, J: Journal> Runs<'_, W, J> {
    /// Waits, and reads once more what was written.
    async fn look_again(&self, done: &mut BTreeMap<ZoneCode, ZoneReport>, pause: Duration) {
        if self.stop.unless_set(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
        let looks: FuturesUnordered<_> = done
            .iter_mut()
            .filter_map(|(code, report)| {
                let (code, _) = self.plan.zones.get_key_value(code)?;
                let run = self.run(code)?;
                Some(async move { run.look_again(report).await })
            })
            .collect();
        // Whoever is in a hurry has what was verified right after it was written.
        self.stop.unless_set(looks.collect::<()>()).await;
    }
}

fn end(
    plan: &Plan,
    wave: &Wave,
    done: &BTreeMap<ZoneCode, ZoneReport>,
    rollout: &Rollout,
    stop: &Stop,
) -> WaveEnd {
    let unknown =
        plan.zones.iter().filter(|(code, zone)| wave.zones.contains(code) && zone.failure.is_some());
    let failed = done.iter().filter(|(_, zone)| has_failed(zone)).map(|(code, _)| code);
    let mut failed: Vec<ZoneCode> = failed.chain(unknown.map(|(code, _)| code)).cloned().collect();
    failed.sort();
    failed.dedup();
    let written = done.values().flat_map(|zone| &zone.collections).any(|(_, outcome)| match outcome {
        Outcome::Applied { .. } => true,
        Outcome::Stale { .. }
        | Outcome::Failed { .. }
        | Outcome::Blocked { .. }
        | Outcome::VerifyFailed { .. }
        | Outcome::Held { .. }
        | Outcome::Interrupted => false,
    });
    if stop.is_set() {
        WaveEnd::Interrupted
    } else if failed.len() > rollout.stop.zones {
        WaveEnd::Failed { failed }
    } else if !written {
        WaveEnd::Idle
    } else {
        WaveEnd::Verified { failed }
    }
}

/// Whether a zone counts for the stop rule. One that only moved has not failed: somebody works there.
fn has_failed(zone: &ZoneReport) -> bool {
    let failed = |outcome: &Outcome| match outcome {
        Outcome::Failed { .. } | Outcome::VerifyFailed { .. } => true,
        Outcome::Applied { .. }
        | Outcome::Stale { .. }
        | Outcome::Blocked { .. }
        | Outcome::Held { .. }
        | Outcome::Interrupted => false,
    };
    zone.refused.is_some() || zone.collections.iter().any(|(_, outcome)| failed(outcome))
}
