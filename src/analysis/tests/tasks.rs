//! What roles may do with the task list of authority control.

use insta::assert_snapshot;

use super::network::{declared, facts, observed, reasons};
use crate::model::{Question, TasksQuestion, ZoneCode};

fn question(zone: &str, role: &str, report: Option<&str>) -> Question {
    Question::Tasks(TasksQuestion {
        zone: ZoneCode::from(zone),
        role: role.into(),
        report: report.map(Into::into),
    })
}

const FACTS: [&str; 5] = ["view", "process", "dismiss", "dismissForNetwork", "listed"];

const HELD: &str = "
    A AuthorityTaskList
    role=Cataloger; view=true; process=false; dismiss=true; dismissForNetwork=true
    role=Catalog Manager; view=true; process=true; dismiss=true; dismissForNetwork=true
    A AuthorityReportTypes
    reportType=linked; enabled=true
    reportType=authority deleted; enabled=false
    reportType=authority updated
    NZ AuthorityTaskList
    role=Cataloger; view=true
    role=Catalog Manager; view=true; dismissForNetwork=true
    NZ AuthorityDismissal
    institution=A; role=Catalog Manager; dismissForNetwork=true
    institution=A; role=Cataloger; dismissForNetwork=false
";

#[test]
fn a_role_may_what_the_list_of_its_zone_says() {
    let settings = observed(HELD);
    assert_snapshot!(facts(question("A", "Catalog Manager", None), &settings, &FACTS), @r#"
    view: true
    process: true
    dismiss: true
    dismissForNetwork: true
    listed: no such fact
    "#);
    assert_snapshot!(facts(question("A", "Cataloger", None), &settings, &FACTS), @r#"
    view: true
    process: false
    dismiss: true
    dismissForNetwork: false
    listed: no such fact
    "#);
    assert_snapshot!(facts(question("A", "Catalog Administrator", None), &settings, &FACTS), @r#"
    view: false
    process: false
    dismiss: false
    dismissForNetwork: false
    listed: no such fact
    "#);
}

#[test]
fn dismissing_for_the_network_takes_both_sides() {
    assert_snapshot!(reasons(question("A", "Cataloger", None), &observed(HELD)), @r#"
    a Cataloger of a College may see the list, dismiss entries from the list; may not process changes, dismiss entries for the whole network
    - the list lets a Cataloger see the list (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - the list does not let a Cataloger process changes (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - the list lets a Cataloger dismiss entries from the list (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - the member's list lets a Cataloger dismiss entries for the whole network; it alone does, so that they may not (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - the Network Zone's matrix does not let a Cataloger dismiss entries for the whole network (NZ/AuthorityDismissal/A|Cataloger, last changed by librarian)
    "#);
    assert_snapshot!(reasons(question("A", "Catalog Manager", None), &observed(HELD)), @r#"
    a Catalog Manager of a College may see the list, process changes, dismiss entries from the list, dismiss entries for the whole network
    - the list lets a Catalog Manager see the list (A/AuthorityTaskList/Catalog Manager, last changed by librarian)
    - the list lets a Catalog Manager process changes (A/AuthorityTaskList/Catalog Manager, last changed by librarian)
    - the list lets a Catalog Manager dismiss entries from the list (A/AuthorityTaskList/Catalog Manager, last changed by librarian)
    - the member's list lets a Catalog Manager dismiss entries for the whole network (A/AuthorityTaskList/Catalog Manager, last changed by librarian)
    - the Network Zone's matrix lets a Catalog Manager dismiss entries for the whole network (NZ/AuthorityDismissal/A|Catalog Manager, last changed by librarian)
    "#);
}

#[test]
fn of_the_network_zone_it_is_said_only_by_its_own_list() {
    let settings = observed(HELD);
    assert_snapshot!(facts(question("NZ", "Cataloger", None), &settings, &FACTS), @r#"
    view: true
    process: unknown (nobody says what a Cataloger may do at NZ: `process`)
    dismiss: unknown (nobody says what a Cataloger may do at NZ: `dismiss`)
    dismissForNetwork: no such fact
    listed: no such fact
    "#);
    assert_snapshot!(facts(question("NZ", "Catalog Manager", None), &settings, &FACTS), @r#"
    view: true
    process: unknown (nobody says what a Catalog Manager may do at NZ: `process`)
    dismiss: unknown (nobody says what a Catalog Manager may do at NZ: `dismiss`)
    dismissForNetwork: true
    listed: no such fact
    "#);
}

#[test]
fn a_report_is_in_the_list_where_it_is_switched_on() {
    let settings = observed(HELD);
    let listed = |report| facts(question("A", "Cataloger", Some(report)), &settings, &["listed"]);
    assert_snapshot!(listed("linked"), @"listed: true");
    assert_snapshot!(listed("authority deleted"), @"listed: false");
    assert_snapshot!(listed("authority updated"), @"listed: true");
    assert_snapshot!(listed("linking no match"), @"listed: false");
    assert_snapshot!(reasons(question("A", "Cataloger", Some("linked")), &settings), @r#"
    a Cataloger of a College may see the list, dismiss entries from the list; may not process changes, dismiss entries for the whole network
    - the list lets a Cataloger see the list (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - the list does not let a Cataloger process changes (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - the list lets a Cataloger dismiss entries from the list (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - the member's list lets a Cataloger dismiss entries for the whole network; it alone does, so that they may not (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - the Network Zone's matrix does not let a Cataloger dismiss entries for the whole network (NZ/AuthorityDismissal/A|Cataloger, last changed by librarian)
    - the report `linked` is in the list (A/AuthorityReportTypes/linked, last changed by librarian)
    - entries of `linked` show only where the customer parameter authority_control_link_available is true, which zonal does not read (as Alma does it)
    "#);
}

#[test]
fn what_nobody_declares_is_not_known() {
    let settings = declared(
        "AuthorityTaskList some
appliesTo: {only: [A, B]}
roles: [{role: Cataloger, view: true, dismiss: false}]
dismissForNetwork: [{role: Cataloger, members: {only: [A]}}]
reportTypes: {on: [linked]}
",
    );
    assert_snapshot!(facts(question("A", "Cataloger", Some("linked")), &settings, &FACTS), @r#"
    view: true
    process: unknown (nobody says what a Cataloger may do at A: `process`)
    dismiss: false
    dismissForNetwork: true
    listed: true
    "#);
    assert_snapshot!(facts(question("A", "Cataloger", Some("authority deleted")), &settings, &FACTS), @r#"
    view: true
    process: unknown (nobody says what a Cataloger may do at A: `process`)
    dismiss: false
    dismissForNetwork: true
    listed: unknown (nobody says whether `authority deleted` is in the list of A: `enabled`)
    "#);
    assert_snapshot!(facts(question("B", "Cataloger", None), &settings, &FACTS), @r#"
    view: true
    process: unknown (nobody says what a Cataloger may do at B: `process`)
    dismiss: false
    dismissForNetwork: false
    listed: no such fact
    "#);
    assert_snapshot!(facts(question("A", "Catalog Manager", None), &settings, &FACTS), @r#"
    view: unknown (nobody says what a Catalog Manager may do at A: `view`)
    process: unknown (nobody says what a Catalog Manager may do at A: `process`)
    dismiss: unknown (nobody says what a Catalog Manager may do at A: `dismiss`)
    dismissForNetwork: false
    listed: no such fact
    "#);
    assert_snapshot!(facts(question("C", "Cataloger", None), &settings, &FACTS), @r#"
    view: unknown (nothing is said of AuthorityTaskList at C)
    process: unknown (nothing is said of AuthorityTaskList at C)
    dismiss: unknown (nothing is said of AuthorityTaskList at C)
    dismissForNetwork: unknown (nothing is said of AuthorityTaskList at C)
    listed: no such fact
    "#);
    assert_snapshot!(reasons(question("A", "Cataloger", None), &settings), @r#"
    a Cataloger of a College may see the list, dismiss entries for the whole network; may not dismiss entries from the list; whether they may process changes is not known
    - the list lets a Cataloger see the list (some.yaml:6:35)
    - nobody says what a Cataloger may do at A: `process` (as Alma does it)
    - the list does not let a Cataloger dismiss entries from the list (some.yaml:6:50)
    - the member's list lets a Cataloger dismiss entries for the whole network (some.yaml:7:23)
    - the Network Zone's matrix lets a Cataloger dismiss entries for the whole network (some.yaml:7:23)
    "#);
}

#[test]
fn a_zone_that_does_not_tell_its_list_leaves_it_open() {
    let settings = observed(
        "A AuthorityTaskList\nfails\nNZ AuthorityDismissal\ninstitution=A; role=Cataloger; dismissForNetwork=false",
    );
    assert_snapshot!(facts(question("A", "Cataloger", None), &settings, &FACTS), @r#"
    view: unknown (A does not tell AuthorityTaskList: nobody answered)
    process: unknown (A does not tell AuthorityTaskList: nobody answered)
    dismiss: unknown (A does not tell AuthorityTaskList: nobody answered)
    dismissForNetwork: false
    listed: no such fact
    "#);
}
