//! The pure part of a plan of 250,000 rows: expand, diff, order, group. Time, and memory at its height.
//!
//! The allocations that are counted are those of the benchmark's own thread, where everything but
//! the expanding is done; the resident memory at the end is that of the whole process.

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

/// The plan is kept until the measuring ends, as a command keeps it: what it took is in the maximum.
#[expect(clippy::expect_used, reason = "a benchmark that cannot go on says so by panicking")]
fn run(bencher: Bencher<'_, '_>, manifests: ManifestAudience, held: ZoneFill) {
    let loaded = manifest::load(&SIZE.sources(manifests, "http://127.0.0.1:8080", 25), None);
    let network = loaded.network.expect("the network is right");
    let observed = held.observed(&kinds::expand(&network, &loaded.manifests).0);
    bencher.bench(|| {
        let (desired, _) = kinds::expand(&network, &loaded.manifests);
        let plan = shared::make_plan(&network, &desired, &observed);
        (desired, plan)
    });
}

/// What the process needed at its height, manifests and observed zones included: run with the name
/// of one benchmark to know it of that one.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn resident() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(line) = status.lines().find(|line| line.starts_with("VmHWM:")) {
        println!("highest resident memory of the whole run: {}", line.trim_start_matches("VmHWM:").trim());
    }
}
