//! Shows the progress of each zone on stderr: bars on a terminal, otherwise one line per zone.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::context::CommandContext;
use crate::model::{ApplyEvent, ZoneCode};
use crate::render::text::count;

/// Maximum number of bars shown at once; the total includes the other zones.
const BARS: usize = 8;

/// Progress display, driven by events.
pub struct ProgressReporter<'a> {
    world: &'a CommandContext,
    state: Mutex<ProgressState>,
}

struct ProgressState {
    bars: MultiProgress,
    total: ProgressBar,
    zones: BTreeMap<ZoneCode, ZoneProgress>,
    zones_total: usize,
    zones_done: usize,
}

struct ZoneProgress {
    bar: Option<ProgressBar>,
    todo: usize,
    done: usize,
    failed: usize,
}

impl<'a> ProgressReporter<'a> {
    /// Creates the display of a phase over a number of zones.
    ///
    /// `verb` names the phase, for example `Reading`. The start event of a zone contains its number of
    /// collections.
    pub fn new(world: &'a CommandContext, verb: &'static str, zones: usize) -> Self {
        let target = match world.err.is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bars = MultiProgress::with_draw_target(target);
        let total = bars.add(ProgressBar::new(0).with_prefix(verb));
        total.set_style(style("{prefix:12} {bar:30} {pos}/{len} collections, {elapsed} so far, {eta} left"));
        total.enable_steady_tick(std::time::Duration::from_millis(200));
        let state = ProgressState { bars, total, zones: BTreeMap::new(), zones_total: zones, zones_done: 0 };
        Self { world, state: Mutex::new(state) }
    }

    /// Handles one event.
    pub fn handle_event(&self, event: &ApplyEvent) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            ApplyEvent::ObserveStart { zone, collections } | ApplyEvent::ZoneStart { zone, collections } => {
                state.start(zone, *collections);
            }
            ApplyEvent::Observed { zone, collection: _, failure } => state.step(zone, failure.is_some()),
            ApplyEvent::ApplyEnd { zone, collection: _, outcome } => {
                state.step(zone, !matches!(outcome, crate::model::WriteOutcome::Applied { .. }));
            }
            ApplyEvent::ApplyStart { .. } | ApplyEvent::ZoneDeferred { .. } => {}
            ApplyEvent::ZoneWaiting { zone, by } => {
                let line = format!("{zone}: waiting for the lease of {by}");
                state.bars.suspend(|| self.world.err.print_plain_line(line));
            }
            ApplyEvent::ConcurrentEdits { zone, collection, edits } => {
                let line = format!("{zone}/{collection}: edited during the write: {}", edits.join("; "));
                state.bars.suspend(|| self.world.err.print_plain_line(line));
            }
            ApplyEvent::WaveStart { wave, zones } => {
                let line = format!("Wave {wave}: {}", count(*zones, "zone"));
                state.bars.suspend(|| self.world.err.print_plain_line(line));
            }
            ApplyEvent::WaveComplete { wave, result: end } => {
                let line = format!("Wave {wave}: {}", crate::render::text::wave_end(end));
                state.bars.suspend(|| self.world.err.print_plain_line(line));
            }
            ApplyEvent::ZoneFailed { zone, failure: _ } => state.refuse(zone),
            ApplyEvent::ObserveComplete { zone, requests } | ApplyEvent::ZoneComplete { zone, requests } => {
                let line = state.finish_zone(zone, *requests);
                if !self.world.err.is_terminal() {
                    self.world.err.print_plain_line(line);
                }
            }
        }
    }

    /// Prints a line above the bars.
    pub fn note(&self, text: &str) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.bars.suspend(|| self.world.err.print_line(text));
    }

    /// Removes the bars from the screen.
    pub fn finish(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.total.finish_and_clear();
        state.zones.values().filter_map(|zone| zone.bar.as_ref()).for_each(ProgressBar::finish_and_clear);
    }
}

impl ProgressState {
    fn start(&mut self, code: &ZoneCode, todo: usize) {
        self.total.inc_length(todo as u64);
        let shown = self.zones.values().filter(|zone| zone.bar.is_some()).count();
        let bar = (shown < BARS).then(|| self.bar(code, todo, 0));
        self.zones.insert(code.clone(), ZoneProgress { bar, todo, done: 0, failed: 0 });
    }

    fn bar(&self, code: &ZoneCode, todo: usize, done: usize) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new(todo as u64).with_prefix(code.to_string()));
        bar.set_style(style("  {prefix:20} {pos}/{len}"));
        bar.set_position(done as u64);
        bar.tick();
        bar
    }

    fn step(&mut self, code: &ZoneCode, failed: bool) {
        if let Some(zone) = self.zones.get_mut(code) {
            self.total.inc(1);
            zone.done += 1;
            zone.failed += usize::from(failed);
            if let Some(bar) = &zone.bar {
                bar.inc(1);
            }
        }
    }

    fn refuse(&mut self, code: &ZoneCode) {
        if let Some(zone) = self.zones.get_mut(code) {
            self.total.inc((zone.todo - zone.done) as u64);
            zone.failed = zone.todo;
            zone.done = zone.todo;
        }
    }

    /// Passes the zone's bar to a waiting zone, and returns the summary line.
    fn finish_zone(&mut self, code: &ZoneCode, requests: u64) -> String {
        self.zones_done += 1;
        let Some(zone) = self.zones.remove(code) else { return String::new() };
        // Abandoned collections count as processed.
        self.total.inc((zone.todo.saturating_sub(zone.done)) as u64);
        if let Some(bar) = zone.bar {
            bar.finish_and_clear();
            let next = self.zones.iter().find(|(_, zone)| zone.bar.is_none());
            if let Some((next, todo, done)) = next.map(|(code, zone)| (code.clone(), zone.todo, zone.done)) {
                let bar = self.bar(&next, todo, done);
                if let Some(zone) = self.zones.get_mut(&next) {
                    zone.bar = Some(bar);
                }
            }
        }
        let failed = match zone.failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let verb = self.total.prefix().to_lowercase();
        format!(
            "{code}: {verb} done: {}/{} collections{failed}, {} ({}/{} zones)",
            zone.done,
            zone.todo,
            count(requests as usize, "request"),
            self.zones_done,
            self.zones_total
        )
    }
}

fn style(template: &str) -> ProgressStyle {
    // Constant templates; an invalid template would fall back to the default bar.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
