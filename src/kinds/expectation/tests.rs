//! Tests of the expansion of expectation rows. Tests of their diagnostics are in `manifest::tests`.

#![expect(clippy::unwrap_used, reason = "a failed test reports its location")]

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

/// Returns the expanded expectations and their problems.
fn all(spec: &str) -> (Vec<Expectation>, Vec<Diagnostic>) {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    let text = format!("apiVersion: zonal/v1\nkind: Expectation\nmetadata: {{name: x}}\nspec:\n{spec}");
    let source = |file: &str, text: &str| SourceFile { file: file.into(), text: Ok(text.to_owned()) };
    let loaded =
        manifest::load(&crate::kinds::KINDS, &[source("n.yaml", NETWORK), source("m.yaml", &text)], None);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    expectations(&loaded.network.unwrap(), &loaded.manifests)
}

/// Returns one line per expectation: question, facts and reason.
fn expected(spec: &str) -> String {
    let (expectations, problems) = all(spec);
    assert!(problems.is_empty(), "{problems:?}");
    let mut out = String::new();
    for Expectation { question, facts, reason, provenance } in expectations {
        let _ = write!(out, "{}: {question}?", provenance.span.start.line);
        for (fact, expected) in facts {
            let _ = write!(out, " {fact}={}", expected.value);
        }
        if let Some(reason) = reason {
            let _ = write!(out, " ({reason})");
        }
        out.push('\n');
    }
    out
}

#[test]
fn row_expands_to_each_member_and_record_type() {
    let spec = "\
import:
  given: {record: bibliographic, allowed: true}
  rows:
    - {member: {labels: {afn: lender}}, record: [bibliographic, authority]}
    - {member: C, allowed: false, channels: []}";
    assert_eq!(
        expected(spec),
        "\
8: may A contribute bibliographic records to the Network Zone? allowed=true
8: may A contribute authority records to the Network Zone? allowed=true
8: may B contribute bibliographic records to the Network Zone? allowed=true
8: may B contribute authority records to the Network Zone? allowed=true
9: may C contribute bibliographic records to the Network Zone? allowed=false channels=null
"
    );
}

#[test]
fn patron_row_expands_to_every_other_member() {
    let spec = "\
patron:
  given: {userGroup: [STAFF, {var: group}], expires: 2027-06-30, reason: faculty can borrow everywhere}
  rows:
    - {source: [A, B], target: {zones: members}, group: {var: group}, expiry: 2027-06-30, blockedActions: [renew, loan], purge: null}
    - {source: A, target: B, nextTarget: {zones: members}, userGroup: X, sentToOtherTargets: false, reason: \"it\\n stays\"}";
    assert_eq!(
        expected(spec),
        "\
8: which linked account does a patron in user group STAFF of A get at B, with expiry date 2027-06-30? blockedActions=[\"loan\", \"renew\"] expiry=\"2027-06-30\" group=\"GUEST\" purge=null (faculty can borrow everywhere)
8: which linked account does a patron in user group VISITOR of A get at B, with expiry date 2027-06-30? blockedActions=[\"loan\", \"renew\"] expiry=\"2027-06-30\" group=\"GUEST\" purge=null (faculty can borrow everywhere)
8: which linked account does a patron in user group STAFF of A get at C, with expiry date 2027-06-30? blockedActions=[\"loan\", \"renew\"] expiry=\"2027-06-30\" group=\"WALKIN\" purge=null (faculty can borrow everywhere)
8: which linked account does a patron in user group VISITOR of A get at C, with expiry date 2027-06-30? blockedActions=[\"loan\", \"renew\"] expiry=\"2027-06-30\" group=\"WALKIN\" purge=null (faculty can borrow everywhere)
8: which linked account does a patron in user group STAFF of B get at A, with expiry date 2027-06-30? blockedActions=[\"loan\", \"renew\"] expiry=\"2027-06-30\" group=\"VISITOR\" purge=null (faculty can borrow everywhere)
8: which linked account does a patron in user group GUEST of B get at A, with expiry date 2027-06-30? blockedActions=[\"loan\", \"renew\"] expiry=\"2027-06-30\" group=\"VISITOR\" purge=null (faculty can borrow everywhere)
8: which linked account does a patron in user group STAFF of B get at C, with expiry date 2027-06-30? blockedActions=[\"loan\", \"renew\"] expiry=\"2027-06-30\" group=\"WALKIN\" purge=null (faculty can borrow everywhere)
8: which linked account does a patron in user group GUEST of B get at C, with expiry date 2027-06-30? blockedActions=[\"loan\", \"renew\"] expiry=\"2027-06-30\" group=\"WALKIN\" purge=null (faculty can borrow everywhere)
9: which linked account does a patron in user group X of A get at B, with expiry date 2027-06-30, with C as next target? sentToOtherTargets=false (it stays)
"
    );
}

#[test]
fn row_with_user_location_ignores_given_location() {
    let spec = "\
access:
  given: {member: A, resource: \"1.22\", address: 192.0.2.7, reach: true}
  rows:
    - {userGroup: {var: group}, proxy: EZ, level: e-service}
    - {library: MAIN, refusal: null}
    - {campus: NORTH, reach: false, refusal: outside-ip-range}";
    assert_eq!(
        expected(spec),
        "\
8: can a user of user group VISITOR of A at 192.0.2.7 access the e-service 1.22? level=\"e-service\" proxy=\"EZ\" reach=true
9: can a user of A in the library MAIN access the e-service 1.22? reach=true refusal=null
10: can a user of A on the campus NORTH access the e-service 1.22? reach=false refusal=\"outside-ip-range\"
"
    );
}

#[test]
fn tasks_row_uses_names_of_alma_pages() {
    let spec = "\
tasks:
  rows:
    - {zone: {zones: all}, role: Cataloger, view: true}
    - {zone: NZ, role: [Cataloger, Catalog Manager], report: preferred-term-missing, listed: true}";
    assert_eq!(
        expected(spec),
        "\
7: what may a Cataloger do in the authority control task list of NZ? view=true
7: what may a Cataloger do in the authority control task list of A? view=true
7: what may a Cataloger do in the authority control task list of B? view=true
7: what may a Cataloger do in the authority control task list of C? view=true
8: what may a Cataloger do in the authority control task list of NZ, and does the list contain `preferred term no authorised term`? listed=true
8: what may a Catalog Manager do in the authority control task list of NZ, and does the list contain `preferred term no authorised term`? listed=true
"
    );
}

#[test]
fn row_with_too_many_combinations_is_refused() {
    let told = |groups: usize| {
        let groups: Vec<String> = (0..groups).map(|group| format!("G{group}")).collect();
        let every = "{zones: members}";
        let row = format!(
            "{{source: {every}, target: {every}, nextTarget: {every}, userGroup: [{}]}}",
            groups.join(", ")
        );
        let (expectations, problems) =
            all(&format!("patron:\n  given: {{sentToOtherTargets: true}}\n  rows: [{row}]"));
        let problems: Vec<String> =
            problems.iter().map(|each| format!("{} {}", each.code, each.message)).collect();
        (expectations.len(), problems.join("; "))
    };
    assert_eq!(told(10), (60, String::new()));
    let message = "the row has 202,500 combinations of members and groups; the maximum is 200,000";
    assert_eq!(told(7_500), (0, format!("Z0345 {message}")));
}
