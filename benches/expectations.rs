//! Cost of expectations and of a plan's impact: a consortium of 120 members, each with rules about all
//! others.

use std::fmt::Write as _;

use divan::{Bencher, black_box};
use zonal::analysis::{self, NetworkSettings};
use zonal::manifest::{self, SourceFile};
use zonal::model::{
    Channel, DesiredState, Expectation, ExpectationVerdict, Network, ObservationSource, ObservedCollection,
    ObservedRecord, ObservedState, ObservedZone, Plan,
};
use zonal::{diff, kinds, plan};

const MEMBERS: usize = 120;
const RESOURCES: usize = 40;

fn main() {
    divan::main();
}

/// Parses, expands and checks 10,000 expectation rows, with one question each.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn rows_10000_read_and_judged(bencher: Bencher<'_, '_>) {
    let sources = sources(FacultyGroup::Faculty, 10_000);
    bencher.bench(|| {
        let (network, desired, expectations) = load(&sources);
        judge(&network, &desired, &expectations)
    });
}

/// Checks the same rows, already parsed.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn rows_10000_judged(bencher: Bencher<'_, '_>) {
    let (network, desired, expectations) = load(&sources(FacultyGroup::Faculty, 10_000));
    bencher.bench(|| judge(&network, &desired, &expectations));
}

/// Measures the impact with rules for 30 different user groups.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn impact_of_30_groups(bencher: Bencher<'_, '_>) {
    let rules = |group: &str| {
        let codes: Vec<String> = (0..30).map(|code| format!("G{code}")).collect();
        let from = format!("userGroups: [FACULTY, {}], group: {group}", codes.join(", "));
        let text = settings(&FacultyGroup::Faculty).replace("userGroups: [FACULTY], group: FACULTY", &from);
        vec![source("network.yaml", network()), source("settings.yaml", text)]
    };
    bench_impact(bencher, &rules("VISITOR"), &ZoneRecords::As(&rules("FACULTY")));
}

/// Measures the impact of a first plan, and of a plan that changes one user group in every rule.
#[divan::bench(args = [PlanBaseline::Nothing, PlanBaseline::AnotherGroup], sample_count = 5, sample_size = 1)]
fn impact(bencher: Bencher<'_, '_>, before: PlanBaseline) {
    let wanted = sources(FacultyGroup::Visitor, 0);
    match before {
        PlanBaseline::Nothing => bench_impact(bencher, &wanted, &ZoneRecords::Nothing),
        PlanBaseline::AnotherGroup => {
            bench_impact(bencher, &wanted, &ZoneRecords::As(&sources(FacultyGroup::Faculty, 0)))
        }
    }
}

fn bench_impact(bencher: Bencher<'_, '_>, wanted: &[SourceFile], held: &ZoneRecords<'_>) {
    let (network, desired, _) = load(wanted);
    let observed = match held {
        ZoneRecords::Nothing => observed(&desired, held),
        ZoneRecords::As(sources) => observed(&load(sources).1, held),
    };
    let plan: Plan = plan::plan(&network, diff::diff(&desired, &observed), &observed, None);
    bencher.bench(|| {
        let before = NetworkSettings::from_observed(&network, &observed);
        let impacts = analysis::impact(&plan, &before, &before.with_plan_applied(&plan));
        assert!(!impacts.is_empty(), "the plan should list impacts");
        black_box(impacts)
    });
}

#[derive(Debug, Clone, Copy)]
enum PlanBaseline {
    Nothing,
    AnotherGroup,
}

/// Records of the zones: none, or the desired state of other manifests.
enum ZoneRecords<'a> {
    Nothing,
    As(&'a [SourceFile]),
}

/// User group of visiting faculty.
enum FacultyGroup {
    Faculty,
    Visitor,
}

#[expect(clippy::expect_used, reason = "a failing benchmark panics")]
fn load(sources: &[SourceFile]) -> (Network, DesiredState, Vec<Expectation>) {
    let loaded = manifest::load(&kinds::KINDS, sources, None);
    assert!(!loaded.has_errors(), "the manifests should be valid: {:?}", loaded.diagnostics.first());
    let network = loaded.network.expect("network should exist");
    let (desired, _) = kinds::expand(&network, &loaded.manifests);
    let (expectations, problems) = kinds::expectations(&network, &loaded.manifests);
    assert!(problems.is_empty(), "the expectations should be valid: {:?}", problems.first());
    (network, desired, expectations)
}

fn judge(network: &Network, desired: &DesiredState, expectations: &[Expectation]) -> usize {
    let settings = NetworkSettings::from_desired(network, desired);
    let judged = analysis::judge_all(expectations, &settings);
    let met = judged.iter().filter(|judged| matches!(judged, ExpectationVerdict::Met)).count();
    assert_eq!(met, expectations.len(), "all expectations should be met");
    black_box(met)
}

/// Returns the observed state of zones that contain the desired state, or no records.
fn observed(desired: &DesiredState, held: &ZoneRecords<'_>) -> ObservedState {
    let zones = desired.zones.iter().map(|(code, collections)| {
        let collections = collections.iter().map(|wanted| {
            let records = wanted.records.values().filter(|record| match held {
                ZoneRecords::Nothing => false,
                ZoneRecords::As(_) => !record.absent,
            });
            let records = records.map(|record| ObservedRecord {
                fields: record
                    .fields
                    .iter()
                    .map(|(field, said)| (field.clone(), said.value.clone()))
                    .collect(),
                ..ObservedRecord::default()
            });
            let collection = ObservedCollection {
                id: wanted.id.clone(),
                title: None,
                aliases: std::collections::BTreeMap::new(),
                columns: Vec::new(),
                records: records.collect(),
                references: None,
                channel: Channel::Gateway,
                witness: ObservationSource::Zone,
            };
            (wanted.id.clone(), Ok(collection))
        });
        (code.clone(), ObservedZone { collections: collections.collect(), ..ObservedZone::default() })
    });
    ObservedState { zones: zones.collect() }
}

fn code(member: usize) -> String {
    format!("01B_M{member:03}")
}

fn sources(given: FacultyGroup, rows: usize) -> Vec<SourceFile> {
    let mut sources = vec![source("network.yaml", network()), source("settings.yaml", settings(&given))];
    if rows > 0 {
        sources.push(source("expectations.yaml", expectations(rows)));
    }
    sources
}

fn source(file: &str, text: String) -> SourceFile {
    SourceFile { file: file.into(), text: Ok(text) }
}

fn network() -> String {
    let mut out = "apiVersion: zonal/v1\nkind: Network\nmetadata: {name: bench}\nspec:\n  region: eu\n  \
        credentials: {read: {env: \"R_{code}\"}}\n  networkZone: {code: 01B_NETWORK, name: Bench}\n  members:\n"
        .to_owned();
    for member in 0..MEMBERS {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            out,
            "    - {{code: {}, name: Member {member}, libraries: [{{code: MAIN, name: Main, ipRanges: [\"10.{member}.0.0/17\"]}}, \
             {{code: LAW, name: Law, ipRanges: [\"10.{member}.128.0/17\"]}}]}}",
            code(member)
        );
    }
    out
}

fn settings(given: &FacultyGroup) -> String {
    let group = match given {
        FacultyGroup::Faculty => "FACULTY",
        FacultyGroup::Visitor => "VISITOR",
    };
    let head = |kind: &str, name: &str| {
        format!("---\napiVersion: zonal/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n")
    };
    let mut out = head("ImportPermissions", "imports");
    out.push_str("  default: {bibliographic: allow, authority: deny, linking: allow}\n");
    out.push_str(&head("LinkingRules", "partners"));
    let _ = write!(
        out,
        "  rules:\n    - {{name: Faculty, userGroups: [FACULTY], group: {group}, expiry: {{fromSource: same}}, refreshExpiry: true, \
         purge: {{afterExpired: 1 month}}}}\n    - {{name: Students, userGroups: [UNDRGRD, GRAD], group: STUDENT, expiry: {{fromSource: \
         same}}}}\n    - {{name: Others, group: PUBLIC, expiry: null}}\n"
    );
    out.push_str(&head("BlockSharing", "blocks"));
    out.push_str(
        "  copy: true\n  blocks:\n    - {direction: source, id: AFNBLOCK, description: {code: CONSORTIA, text: Block}, blockedAction: \"03\"}\n    \
         - {direction: target, id: FROM_TARGET, description: {code: FROM_TARGET, text: From target}, blockedAction: \"03\"}\n",
    );
    out.push_str(&head("UserGroups", "walk-in"));
    out.push_str("  groups:\n    - {code: WALKIN, visibleToPartners: false}\n");
    // Rules may only refer to existing user groups.
    for group in ["FACULTY", "VISITOR", "STUDENT", "PUBLIC"] {
        let _ = writeln!(out, "    - {{code: {group}, description: {group}, visibleToPartners: true}}");
    }
    out.push_str(&head("AuthorityTaskList", "tasks"));
    out.push_str("  roles:\n    - {role: Cataloger, view: true, process: false, dismiss: false}\n");
    out.push_str(&head("AvailabilityGroup", "law"));
    out.push_str("  name: LAW\n  members:\n    libraries:\n");
    for member in 0..MEMBERS {
        let _ = writeln!(out, "      - {{institution: {}, library: LAW}}", code(member));
    }
    for resource in 0..RESOURCES {
        out.push_str(&head("ElectronicAvailability", &format!("journals-{resource}")));
        let _ = writeln!(
            out,
            "  service: {{collection: \"1{resource:02}\", id: \"2{resource:02}\"}}\n  unlisted: delete\n  groups: [{{group: LAW}}]"
        );
    }
    out
}

/// Returns the given number of rows, spread over all topics.
fn expectations(rows: usize) -> String {
    let head = |topic: &str| {
        format!(
            "---\napiVersion: zonal/v1\nkind: Expectation\nmetadata: {{name: {topic}}}\nspec:\n  {topic}:\n    rows:\n"
        )
    };
    let mut out = head("import");
    for member in 0..MEMBERS {
        let _ = writeln!(out, "      - {{member: {}, record: authority, allowed: false}}", code(member));
    }
    out.push_str(&head("visibility"));
    for member in 0..MEMBERS {
        let _ = writeln!(out, "      - {{member: {}, userGroup: WALKIN, visible: false}}", code(member));
    }
    out.push_str(&head("tasks"));
    for member in 0..MEMBERS {
        let _ =
            writeln!(out, "      - {{zone: {}, role: Cataloger, view: true, process: false}}", code(member));
    }
    out.push_str(&head("access"));
    let access = MEMBERS * 20;
    for index in 0..access {
        let (member, resource) = (index % MEMBERS, index / MEMBERS);
        let _ = writeln!(
            out,
            "      - {{member: {}, library: LAW, resource: \"1{resource:02}.2{resource:02}\", reach: true, group: LAW}}",
            code(member)
        );
    }
    out.push_str(&head("patron"));
    for index in 0..rows - access - 3 * MEMBERS {
        let (from, at) = (index % MEMBERS, (index % MEMBERS + 1 + index / MEMBERS) % MEMBERS);
        let _ = writeln!(
            out,
            "      - {{source: {}, target: {}, userGroup: FACULTY, expires: 2027-06-30, group: FACULTY, expiry: 2027-06-30, copiesBlocks: true}}",
            code(from),
            code(at)
        );
    }
    out
}
