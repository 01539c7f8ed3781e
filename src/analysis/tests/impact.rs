//! Tests of the structure and order of impacts.

#![expect(clippy::unwrap_used, reason = "a failed test should show its location")]

use std::fmt::Write as _;

use super::network::observed;
use crate::analysis::SettingsCollection;
use crate::analysis::impact::impacts_of_changes;
use crate::model::{ImpactEffect, PlanImpact, ResourceId, ZoneCode};

/// Returns the impacts of changed collections, by zone and name.
fn impacts(changed: &[(&str, SettingsCollection)], before: &str, after: &str) -> Vec<PlanImpact> {
    let names = changed.iter().map(|(zone, collection)| {
        let name = collection.to_string().into();
        ((collection.clone(), ZoneCode::from(*zone)), [name].into())
    });
    impacts_of_changes(&names.collect(), &observed(before), &observed(after))
}

fn shown(impacts: &[PlanImpact]) -> String {
    let mut out = String::new();
    for PlanImpact { effect, topic, zones, collections, members, subjects, text } in impacts {
        let [zones, collections, members, subjects] =
            [zones, collections, members, subjects].map(|list| list.join(","));
        let _ = writeln!(
            out,
            "{} {topic}: {text}; {zones} {collections}; members={members}; subjects={subjects}",
            effect.sign()
        );
    }
    out
}

#[test]
fn impact_has_effect_causes_members_and_subjects() {
    let before = "A RestrictedUsers\nuserGroup=GRAD\nB RestrictedUsers\nC RestrictedUsers\n\
                  NZ ImportPermissions\ninstitution=A; authority=allow\n\
                  NZ AvailabilityGroups\nname=ALL; institutions=[A,B,C]\n\
                  NZ ElectronicAvailability/61200\ntitle=Open Reports\ngroup=ALL; public_name=Old\n\
                  A DisplayLogicRules\nB DisplayLogicRules\nC DisplayLogicRules";
    let after = before
        .replace("userGroup=GRAD\nB RestrictedUsers", "B RestrictedUsers\nuserGroup=ALUM")
        .replace("authority=allow", "authority=deny")
        .replace("[A,B,C]", "[B]")
        .replace("public_name=Old", "public_name=New");
    let availability = ResourceId::parse("61200").map(SettingsCollection::Availability).unwrap();
    let changed = [
        ("A", SettingsCollection::RestrictedUsers),
        ("B", SettingsCollection::RestrictedUsers),
        ("NZ", SettingsCollection::ImportPermissions),
        ("NZ", SettingsCollection::AvailabilityGroups),
        ("NZ", availability),
    ];
    insta::assert_snapshot!(shown(&impacts(&changed, before, &after)), @r#"
    - access: a College and c College lose access to "Open Reports"; NZ AvailabilityGroups,ElectronicAvailability/61200; members=A,C; subjects=Open Reports (61200)
    - import: a College may no longer contribute authority records to the Network Zone; NZ ImportPermissions; members=A; subjects=
    - visibility: partners can no longer see ALUM of b College; B RestrictedUsers; members=B; subjects=ALUM
    ~ access: b College gets a different public name for "Open Reports"; NZ AvailabilityGroups,ElectronicAvailability/61200; members=B; subjects=Open Reports (61200)
    + visibility: partners can now see GRAD of a College; A RestrictedUsers; members=A; subjects=GRAD
    "#);
}

#[test]
fn every_impact_is_listed() {
    let list = |may: &str| {
        (0..100).fold("A AuthorityTaskList".to_owned(), |list, number| {
            format!("{list}\nrole=Role {number}; view={may}")
        })
    };
    let all = impacts(&[("A", SettingsCollection::TaskList)], &list("false"), &list("true"));
    assert_eq!(all.len(), 100);
    assert!(all.iter().all(|impact| impact.effect == ImpactEffect::Gain && impact.text.contains("a Role ")));
}

#[test]
fn equal_titles_have_ids() {
    let resources = ["61100", "61200", "61300"].map(|id| {
        let title = if id == "61300" { "Reports" } else { "Journals" };
        format!("NZ ElectronicAvailability/{id}\ntitle={title}\ngroup=ALL\n")
    });
    let settings = |members: &str| {
        format!(
            "NZ AvailabilityGroups\nname=ALL; institutions=[{members}]\n{}\
             NZ ElectronicAvailability/61400\ngroup=ALL\n\
             A DisplayLogicRules\nB DisplayLogicRules\nC DisplayLogicRules",
            resources.concat()
        )
    };
    let changed = [("NZ", SettingsCollection::AvailabilityGroups)];
    let all = impacts(&changed, &settings("A,B"), &settings("B,C"));
    insta::assert_snapshot!(shown(&all), @r#"
    - access: a College loses access to "Journals" (61100), "Journals" (61200), "Reports" and e-resource 61400; NZ AvailabilityGroups; members=A; subjects=61400,Journals (61100),Journals (61200),Reports (61300)
    + access: c College gains access to "Journals" (61100), "Journals" (61200), "Reports" and e-resource 61400; NZ AvailabilityGroups; members=C; subjects=61400,Journals (61100),Journals (61200),Reports (61300)
    "#);
}
