//! Tests of permissions in the authority control task list.

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
fn role_permissions_come_from_its_zones_task_list() {
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
fn network_dismissal_requires_both_sides() {
    assert_snapshot!(reasons(question("A", "Cataloger", None), &observed(HELD)), @r#"
    a Cataloger of a College may view the task list, dismiss entries from the task list; may not process changes, dismiss entries for the whole network
    - a Cataloger is allowed to view the task list (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - a Cataloger is not allowed to process changes (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - a Cataloger is allowed to dismiss entries from the task list (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - the member's list allows a Cataloger to dismiss entries for the whole network, but both sides must allow it (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - the Network Zone's matrix does not allow a Cataloger to dismiss entries for the whole network (NZ/AuthorityDismissal/A|Cataloger, last changed by librarian)
    "#);
    assert_snapshot!(reasons(question("A", "Catalog Manager", None), &observed(HELD)), @r#"
    a Catalog Manager of a College may view the task list, process changes, dismiss entries from the task list, dismiss entries for the whole network
    - a Catalog Manager is allowed to view the task list (A/AuthorityTaskList/Catalog Manager, last changed by librarian)
    - a Catalog Manager is allowed to process changes (A/AuthorityTaskList/Catalog Manager, last changed by librarian)
    - a Catalog Manager is allowed to dismiss entries from the task list (A/AuthorityTaskList/Catalog Manager, last changed by librarian)
    - the member's list allows a Catalog Manager to dismiss entries for the whole network (A/AuthorityTaskList/Catalog Manager, last changed by librarian)
    - the Network Zone's matrix allows a Catalog Manager to dismiss entries for the whole network (NZ/AuthorityDismissal/A|Catalog Manager, last changed by librarian)
    "#);
}

#[test]
fn network_zone_dismissal_depends_on_its_own_list() {
    let settings = observed(HELD);
    assert_snapshot!(facts(question("NZ", "Cataloger", None), &settings, &FACTS), @r#"
    view: true
    process: unknown (no manifest declares the permissions of a Cataloger at NZ: `process`)
    dismiss: unknown (no manifest declares the permissions of a Cataloger at NZ: `dismiss`)
    dismissForNetwork: no such fact
    listed: no such fact
    "#);
    assert_snapshot!(facts(question("NZ", "Catalog Manager", None), &settings, &FACTS), @r#"
    view: true
    process: unknown (no manifest declares the permissions of a Catalog Manager at NZ: `process`)
    dismiss: unknown (no manifest declares the permissions of a Catalog Manager at NZ: `dismiss`)
    dismissForNetwork: true
    listed: no such fact
    "#);
}

#[test]
fn enabled_report_type_is_in_task_list() {
    let settings = observed(HELD);
    let listed = |report| facts(question("A", "Cataloger", Some(report)), &settings, &["listed"]);
    assert_snapshot!(listed("linked"), @"listed: true");
    assert_snapshot!(listed("authority deleted"), @"listed: false");
    assert_snapshot!(listed("authority updated"), @"listed: true");
    assert_snapshot!(listed("linking no match"), @"listed: false");
    assert_snapshot!(reasons(question("A", "Cataloger", Some("linked")), &settings), @r#"
    a Cataloger of a College may view the task list, dismiss entries from the task list; may not process changes, dismiss entries for the whole network
    - a Cataloger is allowed to view the task list (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - a Cataloger is not allowed to process changes (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - a Cataloger is allowed to dismiss entries from the task list (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - the member's list allows a Cataloger to dismiss entries for the whole network, but both sides must allow it (A/AuthorityTaskList/Cataloger, last changed by librarian)
    - the Network Zone's matrix does not allow a Cataloger to dismiss entries for the whole network (NZ/AuthorityDismissal/A|Cataloger, last changed by librarian)
    - the report `linked` is in the task list (A/AuthorityReportTypes/linked, last changed by librarian)
    - entries of `linked` appear only if the customer parameter authority_control_link_available is true; zonal does not read it (Alma's behavior)
    "#);
}

#[test]
fn undeclared_permissions_are_unknown() {
    let settings = declared(
        "AuthorityTaskList some
appliesTo: {only: [A, B]}
roles: [{role: Cataloger, view: true, dismiss: false}]
dismissForNetwork: [{role: Cataloger, members: {only: [A]}}]
reportTypes: {enabled: [linked]}
",
    );
    assert_snapshot!(facts(question("A", "Cataloger", Some("linked")), &settings, &FACTS), @r#"
    view: true
    process: unknown (no manifest declares the permissions of a Cataloger at A: `process`)
    dismiss: false
    dismissForNetwork: true
    listed: true
    "#);
    assert_snapshot!(facts(question("A", "Cataloger", Some("authority deleted")), &settings, &FACTS), @r#"
    view: true
    process: unknown (no manifest declares the permissions of a Cataloger at A: `process`)
    dismiss: false
    dismissForNetwork: true
    listed: unknown (no manifest declares whether `authority deleted` is in the task list of A: `enabled`)
    "#);
    assert_snapshot!(facts(question("B", "Cataloger", None), &settings, &FACTS), @r#"
    view: true
    process: unknown (no manifest declares the permissions of a Cataloger at B: `process`)
    dismiss: false
    dismissForNetwork: false
    listed: no such fact
    "#);
    assert_snapshot!(facts(question("A", "Catalog Manager", None), &settings, &FACTS), @r#"
    view: unknown (no manifest declares the permissions of a Catalog Manager at A: `view`)
    process: unknown (no manifest declares the permissions of a Catalog Manager at A: `process`)
    dismiss: unknown (no manifest declares the permissions of a Catalog Manager at A: `dismiss`)
    dismissForNetwork: false
    listed: no such fact
    "#);
    assert_snapshot!(facts(question("C", "Cataloger", None), &settings, &FACTS), @r#"
    view: unknown (no manifest declares AuthorityTaskList at C)
    process: unknown (no manifest declares AuthorityTaskList at C)
    dismiss: unknown (no manifest declares AuthorityTaskList at C)
    dismissForNetwork: unknown (no manifest declares AuthorityTaskList at C)
    listed: no such fact
    "#);
    assert_snapshot!(reasons(question("A", "Cataloger", None), &settings), @r#"
    a Cataloger of a College may view the task list, dismiss entries for the whole network; may not dismiss entries from the task list; unknown whether the role may process changes
    - a Cataloger is allowed to view the task list (some.yaml:6:35)
    - no manifest declares the permissions of a Cataloger at A: `process` (Alma's behavior)
    - a Cataloger is not allowed to dismiss entries from the task list (some.yaml:6:50)
    - the member's list allows a Cataloger to dismiss entries for the whole network (some.yaml:7:23)
    - the Network Zone's matrix allows a Cataloger to dismiss entries for the whole network (some.yaml:7:23)
    "#);
}

#[test]
fn unreadable_task_list_makes_permissions_unknown() {
    let settings = observed(
        "A AuthorityTaskList\nfails\nNZ AuthorityDismissal\ninstitution=A; role=Cataloger; dismissForNetwork=false",
    );
    assert_snapshot!(facts(question("A", "Cataloger", None), &settings, &FACTS), @r#"
    view: unknown (A did not return AuthorityTaskList: no response)
    process: unknown (A did not return AuthorityTaskList: no response)
    dismiss: unknown (A did not return AuthorityTaskList: no response)
    dismissForNetwork: false
    listed: no such fact
    "#);
}
