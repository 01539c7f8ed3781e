//! Every format of a plan of 250,000 changes, the same in each zone or different in each.

mod shared;

use divan::{Bencher, black_box};
use zonal::model::Plan;
use zonal::plan::digest::Scope;
use zonal::render::markdown::{self, Context};
use zonal::render::{github, gitlab, json, junit, sarif, text};
use zonal::{kinds, manifest};

use shared::{Held, Manifests, Size};

const SIZE: Size = Size { members: 120, tables: 20, rows: 104 };

fn main() {
    divan::main();
}

/// What a plan is rendered as.
#[derive(Debug, Clone, Copy)]
enum As {
    Text,
    Json,
    Comment,
    Summary,
    Github,
    Gitlab,
    Sarif,
    Junit,
}

const ALL: [As; 8] =
    [As::Text, As::Json, As::Comment, As::Summary, As::Github, As::Gitlab, As::Sarif, As::Junit];

#[divan::bench(args = ALL, sample_count = 3, sample_size = 1)]
fn the_same_in_each_zone(bencher: Bencher<'_, '_>, format: As) {
    run(bencher, Manifests::Shared, format);
}

#[divan::bench(args = ALL, sample_count = 3, sample_size = 1)]
fn different_in_each_zone(bencher: Bencher<'_, '_>, format: As) {
    run(bencher, Manifests::Own, format);
}

#[expect(clippy::expect_used, reason = "a benchmark that cannot go on says so by panicking")]
fn run(bencher: Bencher<'_, '_>, manifests: Manifests, format: As) {
    let mut sources = SIZE.sources(manifests, "http://127.0.0.1:8080", 25);
    if manifests == Manifests::Own {
        for source in &mut sources {
            let member = source.file.replace(".yaml", "");
            source.text = source.text.as_ref().map(|text| distinct(text, &member)).map_err(Clone::clone);
        }
    }
    let loaded = manifest::load(&sources, None);
    let network = loaded.network.expect("the network is right");
    let (desired, _) = kinds::expand(&network, &loaded.manifests);
    let plan = shared::make_plan(&network, &desired, &Held::Others.observed(&desired));
    bencher.bench(|| black_box(rendered(&plan, format)));
}

/// The manifests of one member, with texts of its own.
fn distinct(text: &str, member: &str) -> String {
    text.replace("description: ", &format!("description: {member} "))
        .replace("Note: ", &format!("Note: {member} "))
}

fn rendered(plan: &Plan, format: As) -> String {
    match format {
        As::Text => text::plan(plan),
        As::Json => {
            let scope = Scope::from(plan);
            serde_json::to_string_pretty(&json::plan::plan(plan, |change| scope.change(change)))
                .unwrap_or_default()
        }
        As::Comment => markdown::comment(plan, Context::default()).text,
        As::Summary => {
            markdown::summary(plan, Context::default(), 0).map_or_else(String::new, |page| page.text)
        }
        As::Github => github::annotations(plan, "") + &github::outputs(plan),
        As::Gitlab => serde_json::to_string_pretty(&gitlab::code_quality(plan, "")).unwrap_or_default(),
        As::Sarif => serde_json::to_string_pretty(&sarif::sarif(plan, "")).unwrap_or_default(),
        As::Junit => junit::junit(plan),
    }
}
