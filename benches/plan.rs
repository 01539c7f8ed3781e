//! Time and peak memory of the pure stages of a plan of 250,000 rows: expand, diff, order, group.
//!
//! Allocations count only on the benchmark's own thread, which runs every stage except expansion. The
//! resident memory at the end covers the whole process.

mod shared;

use divan::{AllocProfiler, Bencher};
use zonal::{kinds, manifest};

use shared::{ConsortiumSize, ManifestAudience, ZoneFill};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const SIZE: ConsortiumSize = ConsortiumSize { members: 120, tables: 20, rows: 104 };

fn main() {
    divan::main();
    resident();
}

#[divan::bench(args = [ZoneFill::Everything, ZoneFill::Drifted, ZoneFill::Nothing, ZoneFill::Others], sample_count = 5, sample_size = 1)]
fn shared_manifests(bencher: Bencher<'_, '_>, held: ZoneFill) {
    run(bencher, ManifestAudience::Shared, held);
}

#[divan::bench(args = [ZoneFill::Everything, ZoneFill::Drifted, ZoneFill::Nothing, ZoneFill::Others], sample_count = 5, sample_size = 1)]
fn own_manifests(bencher: Bencher<'_, '_>, held: ZoneFill) {
    run(bencher, ManifestAudience::Own, held);
}

/// Keeps the plan until the measurement ends, as a command does, so that its memory counts.
#[expect(clippy::expect_used, reason = "a failing benchmark panics")]
fn run(bencher: Bencher<'_, '_>, manifests: ManifestAudience, held: ZoneFill) {
    let loaded = manifest::load(&kinds::KINDS, &SIZE.sources(manifests, "http://127.0.0.1:8080", 25), None);
    let network = loaded.network.expect("network should be valid");
    let observed = held.observed(&kinds::expand(&network, &loaded.manifests).0);
    bencher.bench(|| {
        let (desired, _) = kinds::expand(&network, &loaded.manifests);
        let plan = shared::make_plan(&network, &desired, &observed);
        (desired, plan)
    });
}

/// Prints the peak memory of the process, with manifests and observed state. For the peak of a single
/// benchmark, run only that benchmark.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn resident() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(line) = status.lines().find(|line| line.starts_with("VmHWM:")) {
        println!("highest resident memory of the whole run: {}", line.trim_start_matches("VmHWM:").trim());
    }
}
