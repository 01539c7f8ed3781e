//! What rows of expectations come to: text in, text out. What is wrong with them is told in `manifest::tests`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::fmt::Write;

use crate::kinds::expectations;
use crate::manifest::{self, SourceFile};
use crate::model::{Diagnostic, Expectation};

const NETWORK: &str = "\
apiVersion: zonal/v1
kind: Network
metadata: {name: omni}
spec:
  region: ca
  credentials: {read: {env: 'READ_{code}'}}
  networkZone: {code: NZ, name: Network Zone}
  members:
    - {code: A, name: Alpha, labels: {afn: lender}, vars: {group: VISITOR}, libraries: [{code: MAIN}], campuses: [{code: NORTH}]}
    - {code: B, name: Beta, labels: {afn: lender}, vars: {group: GUEST}}
    - {code: C, name: Gamma, labels: {afn: borrower}, vars: {group: WALKIN}}
";

/// What rows come to, and what is wrong with them in this network.
fn all(spec: &str) -> (Vec<Expectation>, Vec<Diagnostic>) {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    let text = format!("apiVersion: zonal/v1\nkind: Expectation\nmetadata: {{name: x}}\nspec:\n{spec}");
    let source = |file: &str, text: &str| SourceFile { file: file.into(), text: Ok(text.to_owned()) };
    let loaded =
        manifest::load(&crate::kinds::KINDS, &[source("n.yaml", NETWORK), source("m.yaml", &text)], None);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    expectations(&loaded.network.unwrap(), &loaded.manifests)
}

/// What is expected, an expectation for each line: the question, the facts, and why.
fn expected(spec: &str) -> String {
    let (expectations, problems) = all(spec);
    assert!(problems.is_empty(), "{problems:?}");
    let mut out = String::new();
    for Expectation { question, facts, reason: because, provenance } in expectations {
        let _ = write!(out, "{}: {question}?", provenance.span.start.line);
        for (fact, expected) in facts {
            let _ = write!(out, " {fact}={}", expected.value);
        }
        if let Some(because) = because {
            let _ = write!(out, " ({because})");
        }
        out.push('\n');
    }
    out
}

#[test]
fn a_row_stands_for_each_member_and_record_that_it_means() {
    let spec = "\
import:
  given: {record: bibliographic, allowed: true}
  rows:
    - {member: {labels: {afn: lender}}, record: [bibliographic, authority]}
    - {member: C, allowed: false, channels: []}";
    assert_eq!(
        expected(spec),
        "\
8: may A bring bibliographic records into the Network Zone? allowed=true
8: may A bring authority records into the Network Zone? allowed=true
8: may B bring bibliographic records into the Network Zone? allowed=true
8: may B bring authority records into the Network Zone? allowed=true
9: may C bring bibliographic records into the Network Zone? allowed=false channels=null
"
    );
}

#[test]
fn a_patron_is_asked_about_at_every_other_member_and_groups_are_those_of_each() {
    let spec = "\
patron:
  given: {userGroup: [STAFF, {var: group}], expires: 2027-06-30, because: faculty can borrow everywhere}
  rows:
    - {from: [A, B], at: {zones: members}, group: {var: group}, expiry: 2027-06-30, stops: [renew, loan], purge: null}
    - {from: A, at: B, onTo: {zones: members}, userGroup: X, travelsOn: false, because: \"it\\n stays\"}";
    assert_eq!(
        expected(spec),
        "\
8: what is a patron of group STAFF of A at B, expiring on 2027-06-30? expiry=\"2027-06-30\" group=\"GUEST\" purge=null stops=[\"loan\", \"renew\"] (faculty can borrow everywhere)
8: what is a patron of group VISITOR of A at B, expiring on 2027-06-30? expiry=\"2027-06-30\" group=\"GUEST\" purge=null stops=[\"loan\", \"renew\"] (faculty can borrow everywhere)
8: what is a patron of group STAFF of A at C, expiring on 2027-06-30? expiry=\"2027-06-30\" group=\"WALKIN\" purge=null stops=[\"loan\", \"renew\"] (faculty can borrow everywhere)
8: what is a patron of group VISITOR of A at C, expiring on 2027-06-30? expiry=\"2027-06-30\" group=\"WALKIN\" purge=null stops=[\"loan\", \"renew\"] (faculty can borrow everywhere)
8: what is a patron of group STAFF of B at A, expiring on 2027-06-30? expiry=\"2027-06-30\" group=\"VISITOR\" purge=null stops=[\"loan\", \"renew\"] (faculty can borrow everywhere)
8: what is a patron of group GUEST of B at A, expiring on 2027-06-30? expiry=\"2027-06-30\" group=\"VISITOR\" purge=null stops=[\"loan\", \"renew\"] (faculty can borrow everywhere)
8: what is a patron of group STAFF of B at C, expiring on 2027-06-30? expiry=\"2027-06-30\" group=\"WALKIN\" purge=null stops=[\"loan\", \"renew\"] (faculty can borrow everywhere)
8: what is a patron of group GUEST of B at C, expiring on 2027-06-30? expiry=\"2027-06-30\" group=\"WALKIN\" purge=null stops=[\"loan\", \"renew\"] (faculty can borrow everywhere)
9: what is a patron of group X of A at B, expiring on 2027-06-30, and on to C? travelsOn=false (it stays)
"
    );
}

#[test]
fn a_row_that_says_where_a_user_is_leaves_nothing_of_that_to_what_is_given() {
    let spec = "\
access:
  given: {member: A, resource: \"1.22\", address: 192.0.2.7, reach: true}
  rows:
    - {userGroup: {var: group}, proxy: EZ, level: e-service}
    - {library: MAIN, why: null}
    - {campus: NORTH, reach: false, why: outside-ip-range}";
    assert_eq!(
        expected(spec),
        "\
8: does a user of group VISITOR of A at 192.0.2.7 reach the e-service 1.22? level=\"e-service\" proxy=\"EZ\" reach=true
9: does a user of A in the library MAIN reach the e-service 1.22? reach=true why=null
10: does a user of A on the campus NORTH reach the e-service 1.22? reach=false why=\"outside-ip-range\"
"
    );
}

#[test]
fn roles_and_reports_are_asked_about_in_the_words_of_almas_pages() {
    let spec = "\
tasks:
  rows:
    - {zone: {zones: all}, role: Cataloger, view: true}
    - {zone: NZ, role: [Cataloger, Catalog Manager], report: preferred-term-missing, listed: true}";
    assert_eq!(
        expected(spec),
        "\
7: what may a Cataloger do with the task list of NZ? view=true
7: what may a Cataloger do with the task list of A? view=true
7: what may a Cataloger do with the task list of B? view=true
7: what may a Cataloger do with the task list of C? view=true
8: what may a Cataloger do with the task list of NZ, and is `preferred term no authorised term` in it? listed=true
8: what may a Catalog Manager do with the task list of NZ, and is `preferred term no authorised term` in it? listed=true
"
    );
}

#[test]
fn a_row_that_stands_for_too_much_is_refused_before_it_fills_the_memory() {
    let told = |groups: usize| {
        let groups: Vec<String> = (0..groups).map(|group| format!("G{group}")).collect();
        let every = "{zones: members}";
        let row =
            format!("{{from: {every}, at: {every}, onTo: {every}, userGroup: [{}]}}", groups.join(", "));
        let (expectations, problems) =
            all(&format!("patron:\n  given: {{travelsOn: true}}\n  rows: [{row}]"));
        let problems: Vec<String> =
            problems.iter().map(|each| format!("{} {}", each.code, each.message)).collect();
        (expectations.len(), problems.join("; "))
    };
    assert_eq!(told(10), (60, String::new()));
    let message = "the row stands for 202,500 combinations of members and groups, and at most 200,000 can be \
                   asked about";
    assert_eq!(told(7_500), (0, format!("Z0345 {message}")));
}
