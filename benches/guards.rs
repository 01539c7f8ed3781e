//! Time of guards and policies for a plan of 250,000 changes.

mod shared;

use divan::{Bencher, black_box};
use zonal::guard::findings;
use zonal::model::{FindingEffect, Policy, PolicyRule, PolicyScope, SourceSpan};
use zonal::{kinds, manifest};

use shared::{ConsortiumSize, ManifestAudience, ZoneFill};

const SIZE: ConsortiumSize = ConsortiumSize { members: 120, tables: 20, rows: 104 };

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn guards_alone(bencher: Bencher<'_, '_>) {
    run(bencher, &[]);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn three_policies(bencher: Bencher<'_, '_>) {
    let each = [
        "!(change.action == 'delete' && change.table == 'UserGroups')",
        "zone.role == 'member' || change.channel == 'api'",
        "!has(change.edits.description) || change.edits.description.after.size() < 1000",
    ];
    let policy = |(index, expression): (usize, &&str)| Policy {
        name: format!("p{index}").into(),
        scope: PolicyScope::Change,
        rules: vec![PolicyRule {
            name: "r".into(),
            expression: (*expression).into(),
            action: FindingEffect::Deny,
            message: "no".into(),
            span: SourceSpan::file("p.yaml"),
        }],
    };
    let policies: Vec<Policy> = each.iter().enumerate().map(policy).collect();
    run(bencher, &policies);
}

#[expect(clippy::expect_used, reason = "a failing benchmark panics")]
fn run(bencher: Bencher<'_, '_>, policies: &[Policy]) {
    let loaded = manifest::load(
        &kinds::KINDS,
        &SIZE.sources(ManifestAudience::Shared, "http://127.0.0.1:8080", 25),
        None,
    );
    let network = loaded.network.expect("network should be valid");
    let (desired, _) = kinds::expand(&network, &loaded.manifests);
    let plan = shared::make_plan(&network, &desired, &ZoneFill::Nothing.observed(&desired));
    let now = "2026-01-01T00:00:00Z".parse().expect("should be a time");
    let changes: usize = plan.counts().add;
    assert!(changes > 200_000, "{changes} changes");
    bencher.bench(|| black_box(findings(&plan, &network, policies, now)));
}
