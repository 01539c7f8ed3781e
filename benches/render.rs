//! Rendering of a plan of 120 zones x 2,000 rows in every format, and parsing of its plan file.

mod shared;

use divan::Bencher;
use zonal::model::{FieldValue, Plan};
use zonal::render::markdown::CommentContext;
use zonal::{kinds, manifest, render};

use shared::{ConsortiumSize, ManifestAudience, ZoneFill};

const SIZE: ConsortiumSize = ConsortiumSize { members: 120, tables: 20, rows: 100 };

/// Differences between the zones' changes.
#[derive(Debug, Clone, Copy)]
enum ChangeSpread {
    /// Equal changes.
    Alike,
    /// Equal changes, declared in different manifests.
    DeclaredApart,
    /// Equal desired values, different observed values.
    HeldApart,
    /// Different changes.
    Different,
}

fn main() {
    divan::main();
}

#[divan::bench(args = [ChangeSpread::Alike, ChangeSpread::DeclaredApart, ChangeSpread::HeldApart, ChangeSpread::Different], sample_count = 5, sample_size = 1)]
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn html(bencher: Bencher<'_, '_>, changes: ChangeSpread) {
    let plan = changes.plan();
    println!("{changes:?}: {} bytes", render::html::html(&plan).len());
    bencher.bench(|| render::html::html(&plan));
}

fn json(plan: &Plan) -> String {
    render::json::compact_lines::compact_lines(&zonal::session::plan_documents::plan_json(plan))
}

#[divan::bench(args = [ChangeSpread::Alike, ChangeSpread::Different], sample_count = 3, sample_size = 1)]
fn text(bencher: Bencher<'_, '_>, changes: ChangeSpread) {
    let plan = changes.plan();
    bencher.bench(|| render::text::plan(&plan));
}

#[divan::bench(args = [ChangeSpread::Alike, ChangeSpread::Different], sample_count = 3, sample_size = 1)]
fn comment(bencher: Bencher<'_, '_>, changes: ChangeSpread) {
    let plan = changes.plan();
    bencher.bench(|| render::markdown::comment(&plan, CommentContext::default()));
}

#[divan::bench(args = [ChangeSpread::Alike, ChangeSpread::Different], sample_count = 3, sample_size = 1)]
fn summary(bencher: Bencher<'_, '_>, changes: ChangeSpread) {
    let plan = changes.plan();
    bencher.bench(|| render::markdown::summary(&plan, CommentContext::default(), 0));
}

#[divan::bench(args = [ChangeSpread::Alike, ChangeSpread::Different], sample_count = 3, sample_size = 1)]
fn github(bencher: Bencher<'_, '_>, changes: ChangeSpread) {
    let plan = changes.plan();
    bencher.bench(|| (render::github::annotations(&plan, ""), render::github::outputs(&plan)));
}

#[divan::bench(args = [ChangeSpread::Alike, ChangeSpread::Different], sample_count = 3, sample_size = 1)]
fn gitlab(bencher: Bencher<'_, '_>, changes: ChangeSpread) {
    let plan = changes.plan();
    bencher.bench(|| serde_json::to_string_pretty(&render::gitlab::code_quality(&plan, "")));
}

#[divan::bench(args = [ChangeSpread::Alike, ChangeSpread::Different], sample_count = 3, sample_size = 1)]
fn sarif(bencher: Bencher<'_, '_>, changes: ChangeSpread) {
    let plan = changes.plan();
    bencher.bench(|| serde_json::to_string_pretty(&render::sarif::sarif(&plan, "")));
}

#[divan::bench(args = [ChangeSpread::Alike, ChangeSpread::Different], sample_count = 3, sample_size = 1)]
fn junit(bencher: Bencher<'_, '_>, changes: ChangeSpread) {
    let plan = changes.plan();
    bencher.bench(|| render::junit::junit(&plan));
}

#[divan::bench(args = [ChangeSpread::Alike, ChangeSpread::Different], sample_count = 3, sample_size = 1)]
fn plan_file(bencher: Bencher<'_, '_>, changes: ChangeSpread) {
    let plan = changes.plan();
    bencher.bench(|| json(&plan));
}

#[divan::bench(args = [ChangeSpread::Alike, ChangeSpread::Different], sample_count = 3, sample_size = 1)]
#[expect(clippy::expect_used, reason = "a failing benchmark panics")]
fn plan_file_read_back(bencher: Bencher<'_, '_>, changes: ChangeSpread) {
    let text = json(&changes.plan());
    bencher.bench(|| {
        let file = render::json::plan::parse(&text).expect("plan file should parse");
        Plan::try_from(file).expect("plan file should be complete")
    });
}

impl ChangeSpread {
    #[expect(clippy::expect_used, reason = "a failing benchmark panics")]
    fn plan(self) -> Plan {
        let (manifests, held) = match self {
            Self::Alike => (ManifestAudience::Shared, ZoneFill::Nothing),
            Self::HeldApart => (ManifestAudience::Shared, ZoneFill::Everything),
            Self::DeclaredApart | Self::Different => (ManifestAudience::Own, ZoneFill::Nothing),
        };
        let loaded =
            manifest::load(&kinds::KINDS, &SIZE.sources(manifests, "http://127.0.0.1:8080", 25), None);
        let network = loaded.network.expect("network should be valid");
        let (desired, _) = kinds::expand(&network, &loaded.manifests);
        let mut observed = held.observed(&desired);
        if let Self::HeldApart = self {
            for (zone, observed) in &mut observed.zones {
                for record in observed.collections.values_mut().flatten().flat_map(|found| &mut found.records)
                {
                    let last = record.fields.iter_mut().rfind(|(_, value)| value.as_text().is_some());
                    let (_, value) = last.expect("row should have a text");
                    *value = FieldValue::from_text(format!("{} {zone}", value.as_text().unwrap_or_default()));
                }
            }
        }
        let mut plan = shared::make_plan(&network, &desired, &observed);
        if let Self::Different = self {
            for (zone, planned) in &mut plan.zones {
                for found in planned.collections.iter_mut().flat_map(|step| &mut step.diff.outcome) {
                    for change in &mut found.changes {
                        let own = |value: &FieldValue| match value.as_text() {
                            Some(text) => FieldValue::from_text(format!("{text} {zone}")),
                            None => value.clone(),
                        };
                        change.key.iter_mut().for_each(|(_, value)| *value = own(value));
                        change.field_changes.iter_mut().for_each(|edit| edit.after = own(&edit.after));
                    }
                }
            }
        }
        plan.change_groups = zonal::plan::groups(&plan);
        plan
    }
}
