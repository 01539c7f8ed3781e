//! Applies a rollout: zones in waves, each verified before the next wave starts.
//!
//! No rollout state is stored. A finished wave has no work left, so the next apply starts with the wave that
//! stopped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::{ApplyContext, ApplyJournal, StopSignal, SurpriseBrake};
use crate::model::{
    ApplyEvent, ApplyReport, ComparisonBase, Deferral, DesiredState, Plan, Rollout, RolloutWave,
    SurpriseAction, WaveReport, WaveResult, WriteOutcome, ZoneCode, ZoneReport,
};
use crate::provider::ZoneWriter;

/// Applies a plan wave by wave, all zones of a wave concurrently, as [`super::apply`] does.
///
/// After each wave, zonal reads the written collections once more. The rollout stops if more zones failed
/// than allowed, or if the wave wrote nothing. All later waves are then deferred. Without waves, all zones
/// start at once.
#[expect(clippy::too_many_arguments, reason = "distinct inputs, combined into one context at once")]
pub async fn roll_out<W: ZoneWriter>(
    writers: &BTreeMap<ZoneCode, W>,
    desired: &DesiredState,
    base: Option<&ComparisonBase>,
    plan: &Plan,
    rollout: &Rollout,
    surprise: SurpriseAction,
    journal: &impl ApplyJournal,
    stop: &StopSignal,
    tell: &(dyn Fn(ApplyEvent) + Sync),
) -> ApplyReport {
    if rollout.waves.is_empty() {
        return super::apply(writers, desired, base, plan, surprise, journal, stop, tell).await;
    }
    let brake = SurpriseBrake::new(surprise);
    let runs = ApplyContext { writers, desired, base, plan, brake: &brake, journal, stop, tell };
    let mut report = ApplyReport::default();
    let mut stopped: Option<Deferral> = None;
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
        // After an interrupt no wave starts; the remaining zones are reported as not tried.
        if stop.is_set() {
            report.zones.extend(runs.apply_zones(busy).await);
            continue;
        }
        tell(ApplyEvent::WaveStart { wave: wave.name.clone(), zones: zones.len() });
        let mut done = runs.apply_zones(busy).await;
        if waves.peek().is_some() && !stop.is_set() {
            runs.look_again(&mut done, Duration::from_secs(rollout.pause)).await;
        }
        let end = wave_result(plan, wave, &done, rollout, stop);
        tell(ApplyEvent::WaveComplete { wave: wave.name.clone(), result: end.clone() });
        stopped = match &end {
            WaveResult::Verified { .. } | WaveResult::Interrupted => None,
            WaveResult::Failed { .. } | WaveResult::NothingWritten => {
                Some(Deferral::RolloutStopped { wave: Arc::clone(&wave.name) })
            }
        };
        report.zones.extend(done);
        report.waves.push(WaveReport { name: Arc::clone(&wave.name), zones, result: end });
    }
    report
}

/// Returns true if a wave has pending work, or zones that could not be read.
fn concerns(plan: &Plan, wave: &RolloutWave) -> bool {
    let zones = plan.zones.iter().filter(|(code, _)| wave.zones.contains(code));
    zones.into_iter().any(|(_, zone)| zone.has_work() || zone.failure.is_some())
}

impl<W: ZoneWriter, J: ApplyJournal> ApplyContext<'_, W, J> {
    /// Waits, then reads the written collections once more.
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
        // After an interrupt, the verification right after each write is enough.
        self.stop.unless_set(looks.collect::<()>()).await;
    }
}

fn wave_result(
    plan: &Plan,
    wave: &RolloutWave,
    done: &BTreeMap<ZoneCode, ZoneReport>,
    rollout: &Rollout,
    stop: &StopSignal,
) -> WaveResult {
    let unknown =
        plan.zones.iter().filter(|(code, zone)| wave.zones.contains(code) && zone.failure.is_some());
    let failed = done.iter().filter(|(_, zone)| has_failed(zone)).map(|(code, _)| code);
    let mut failed: Vec<ZoneCode> = failed.chain(unknown.map(|(code, _)| code)).cloned().collect();
    failed.sort();
    failed.dedup();
    let written = done.values().flat_map(|zone| &zone.collections).any(|(_, outcome)| match outcome {
        WriteOutcome::Applied { .. } => true,
        WriteOutcome::Stale { .. }
        | WriteOutcome::Failed { .. }
        | WriteOutcome::Blocked { .. }
        | WriteOutcome::VerifyFailed { .. }
        | WriteOutcome::Deferred { .. }
        | WriteOutcome::Interrupted => false,
    });
    if stop.is_set() {
        WaveResult::Interrupted
    } else if failed.len() > rollout.stop.zones {
        WaveResult::Failed { failed }
    } else if !written {
        WaveResult::NothingWritten
    } else {
        WaveResult::Verified { failed }
    }
}

/// Returns true if a zone counts for the stop rule. A stale zone does not count, because a person works
/// there.
fn has_failed(zone: &ZoneReport) -> bool {
    let failed = |outcome: &WriteOutcome| match outcome {
        WriteOutcome::Failed { .. } | WriteOutcome::VerifyFailed { .. } => true,
        WriteOutcome::Applied { .. }
        | WriteOutcome::Stale { .. }
        | WriteOutcome::Blocked { .. }
        | WriteOutcome::Deferred { .. }
        | WriteOutcome::Interrupted => false,
    };
    zone.zone_failure.is_some() || zone.collections.iter().any(|(_, outcome)| failed(outcome))
}
