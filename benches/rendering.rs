//! A plan of 120 zones x 2,000 rows in every format, and a plan file back to the plan.

mod shared;

use divan::Bencher;
use zonal::model::Plan;
use zonal::plan::digest::Scope;
use zonal::render;
use zonal::render::markdown::Context;
use zonal::{kinds, manifest};

use shared::{Held, Manifests, Size};

const SIZE: Size = Size { members: 120, tables: 20, rows: 100 };

fn main() {
    divan::main();
}

/// Whether zones differ alike.
#[derive(Debug, Clone, Copy)]
enum Zones {
    /// Each lacks the same rows.
    Alike,
    /// Each lacks rows of its own, from a manifest of its own.
    Different,
}

#[expect(clippy::expect_used, reason = "a benchmark that cannot go on says so by panicking")]
fn planned(zones: Zones) -> Plan {
    let manifests = match zones {
        Zones::Alike => Manifests::Shared,
        Zones::Different => Manifests::Own,
    };
    let loaded = manifest::load(&SIZE.sources(manifests, "http://127.0.0.1:8080", 25), None);
    let network = loaded.network.expect("the network is right");
    let (desired, _) = kinds::expand(&network, &loaded.manifests);
    let mut plan = shared::make_plan(&network, &desired, &Held::Nothing.observed(&desired));
    if let Zones::Different = zones {
        differ(&mut plan);
    }
    plan
}

/// Makes every change of every zone another one.
fn differ(plan: &mut Plan) {
    for (code, zone) in &mut plan.zones {
        for found in zone.collections.iter_mut().flat_map(|step| &mut step.diff.outcome) {
            for edit in found.changes.iter_mut().flat_map(|change| &mut change.edits) {
                if let zonal::model::Value::Text(text) = &edit.after {
                    edit.after = format!("{text} of {code}").as_str().into();
                }
            }
        }
    }
    zonal::plan::hold(plan, |_, _| None, |_, _| None);
}

fn json(plan: &Plan) -> String {
    let scope = Scope::from(plan);
    let json = render::json::plan::plan(plan, |change| scope.change(change));
    render::json::layout::lines(&json)
}

#[divan::bench(args = [Zones::Alike, Zones::Different], sample_count = 3, sample_size = 1)]
fn text(bencher: Bencher<'_, '_>, zones: Zones) {
    let plan = planned(zones);
    bencher.bench(|| render::text::plan(&plan));
}

#[divan::bench(args = [Zones::Alike, Zones::Different], sample_count = 3, sample_size = 1)]
fn comment(bencher: Bencher<'_, '_>, zones: Zones) {
    let plan = planned(zones);
    bencher.bench(|| render::markdown::comment(&plan, Context::default()));
}

#[divan::bench(args = [Zones::Alike, Zones::Different], sample_count = 3, sample_size = 1)]
fn summary(bencher: Bencher<'_, '_>, zones: Zones) {
    let plan = planned(zones);
    bencher.bench(|| render::markdown::summary(&plan, Context::default(), 0));
}

#[divan::bench(args = [Zones::Alike, Zones::Different], sample_count = 3, sample_size = 1)]
fn github(bencher: Bencher<'_, '_>, zones: Zones) {
    let plan = planned(zones);
    bencher.bench(|| (render::github::annotations(&plan, ""), render::github::outputs(&plan)));
}

#[divan::bench(args = [Zones::Alike, Zones::Different], sample_count = 3, sample_size = 1)]
fn gitlab(bencher: Bencher<'_, '_>, zones: Zones) {
    let plan = planned(zones);
    bencher.bench(|| serde_json::to_string_pretty(&render::gitlab::code_quality(&plan, "")));
}

#[divan::bench(args = [Zones::Alike, Zones::Different], sample_count = 3, sample_size = 1)]
fn sarif(bencher: Bencher<'_, '_>, zones: Zones) {
    let plan = planned(zones);
    bencher.bench(|| serde_json::to_string_pretty(&render::sarif::sarif(&plan, "")));
}

#[divan::bench(args = [Zones::Alike, Zones::Different], sample_count = 3, sample_size = 1)]
fn junit(bencher: Bencher<'_, '_>, zones: Zones) {
    let plan = planned(zones);
    bencher.bench(|| render::junit::junit(&plan));
}

#[divan::bench(args = [Zones::Alike, Zones::Different], sample_count = 3, sample_size = 1)]
fn plan_file(bencher: Bencher<'_, '_>, zones: Zones) {
    let plan = planned(zones);
    bencher.bench(|| json(&plan));
}

#[divan::bench(args = [Zones::Alike, Zones::Different], sample_count = 3, sample_size = 1)]
#[expect(clippy::expect_used, reason = "a benchmark that cannot go on says so by panicking")]
fn plan_file_read_back(bencher: Bencher<'_, '_>, zones: Zones) {
    let text = json(&planned(zones));
    bencher.bench(|| {
        let file = render::json::plan::read(&text).expect("a plan can be read");
        Plan::try_from(file).expect("and is whole")
    });
}
