//! Offline validation of a large consortium: `manifest::load` and `kinds::expand`, without reading files.

mod shared;

use divan::Bencher;

use shared::{ConsortiumSize, ManifestAudience};

fn main() {
    divan::main();
}

/// Validates 120 members, with 2,000 shared rows, or with 2,000 rows for each member.
#[divan::bench(args = [ManifestAudience::Shared, ManifestAudience::Own], sample_count = 5, sample_size = 1)]
fn members_120_rows_2000(bencher: Bencher<'_, '_>, manifests: ManifestAudience) {
    let size = ConsortiumSize { members: 120, tables: 20, rows: 100 };
    let sources = size.sources(manifests, "http://127.0.0.1:8080", 25);
    bencher.bench(|| shared::load(&sources));
}
