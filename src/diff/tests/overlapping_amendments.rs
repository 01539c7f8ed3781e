//! Overlapping amendments of one record, and amendments of records that zonal cannot read.

use std::collections::BTreeMap;

use crate::diff::diff;
use crate::model::{
    Channel, FieldValue, ObservationSource, ObservedCollection, ObservedRecord, ObservedState, ObservedZone,
    Record,
};
use crate::test_notation::{desired, shown};

const GROUPS: &str = "\
UserGroups one
groups: [{code: A, visibleToPartners: false}, {code: B, visibleToPartners: true}]
rotaRules: {}
displayLogic: {hiddenService: Request}
---
UserGroups two
groups: [{code: C, visibleToPartners: true}]
rotaRules: {}
";

/// Returns the differences of a member with these collections; other collections give no answer.
fn differing(manifests: &str, witness: ObservationSource, held: &[(&str, &[Record])]) -> String {
    let (_, desired) = desired(&["ALPHA"], manifests);
    let mut zone = ObservedZone::default();
    for id in desired.zones.values().flatten().map(|wanted| &wanted.id) {
        let Some((_, records)) = held.iter().find(|(kind, _)| *kind == &*id.kind) else { continue };
        let records = records.iter().cloned();
        let channel = if witness.is_people() { Channel::Runbook } else { Channel::Gateway };
        let collection = ObservedCollection {
            id: id.clone(),
            title: None,
            aliases: BTreeMap::new(),
            columns: Vec::new(),
            records: records.map(|fields| ObservedRecord { fields, ..ObservedRecord::default() }).collect(),
            references: None,
            channel,
            witness: witness.clone(),
        };
        zone.collections.insert(id.clone(), Ok(collection));
    }
    let zones = desired.zones.keys().map(|code| (code.clone(), zone.clone())).collect();
    shown(&diff(&desired, &ObservedState { zones }))
}

fn rule(name: &str, operator: &str, groups: &[&str]) -> Record {
    [
        ("name".into(), name.into()),
        ("operator".into(), operator.into()),
        ("userGroups".into(), FieldValue::list(groups.iter().copied())),
        ("hides".into(), "Request".into()),
    ]
    .into()
}

#[test]
fn amendments_of_one_list_add_up() {
    let rules = [rule("In", "INLIST", &["A", "X"]), rule("Out", "NOTINLIST", &["B", "C", "X"])];
    assert_eq!(
        differing(GROUPS, ObservationSource::Zone, &[("RotaAssignmentRules", &rules)]),
        "\
~ ALPHA/RotaAssignmentRules/In userGroups=[\"A\", \"X\"]->[\"B\", \"C\", \"X\"]
~ ALPHA/RotaAssignmentRules/Out userGroups=[\"B\", \"C\", \"X\"]->[\"A\", \"X\"]
2 unmanaged in ALPHA/RotaAssignmentRules
"
    );
    let rules = [rule("In", "INLIST", &["B", "C", "X"]), rule("Out", "NOTINLIST", &["A", "X"])];
    assert_eq!(
        differing(GROUPS, ObservationSource::Zone, &[("RotaAssignmentRules", &rules)]),
        "2 unmanaged in ALPHA/RotaAssignmentRules\n"
    );
}

#[test]
fn blocked_and_allowed_groups_need_one_operator() {
    let rules = [rule("All", "", &[])];
    assert_eq!(
        differing(GROUPS, ObservationSource::Zone, &[("RotaAssignmentRules", &rules)]),
        "\
~ ALPHA/RotaAssignmentRules/All userGroups=null->[\"A\"] operator=null->\"NOTINLIST\"
1 unmanaged in ALPHA/RotaAssignmentRules
"
    );
}

#[test]
fn hiding_rule_matches_groups_to_be_hidden() {
    let rules = [rule("All", "", &[]), rule("In", "INLIST", &["B"]), rule("Out", "NOTINLIST", &["A"])];
    assert_eq!(
        differing(GROUPS, ObservationSource::Zone, &[("DisplayLogicRules", &rules)]),
        "\
~ ALPHA/DisplayLogicRules/In userGroups=[\"B\"]->[\"A\"]
~ ALPHA/DisplayLogicRules/Out userGroups=[\"A\"]->[\"B\"]
3 unmanaged in ALPHA/DisplayLogicRules
"
    );
}

#[test]
fn unreadable_record_is_absent_only_if_attested() {
    let of = |group: &str| -> Record { [("userGroup".into(), group.into())].into() };
    let there = ">+ ALPHA/RestrictedUsers/A userGroup=\"A\"\n";
    let removal = |group, reason| format!(">- ALPHA/RestrictedUsers/{group}{reason}\n");
    let unsaid = " (if the record exists: its removal is not attested)";
    let differing = |held: &[Record], gone: &[&str]| {
        let gone = gone.iter().map(|group| of(group)).collect();
        differing(
            GROUPS,
            ObservationSource::Attestation { gone, refusal: None },
            &[("RestrictedUsers", held)],
        )
    };
    let both = format!("{}{}", removal("B", unsaid), removal("C", unsaid));
    assert_eq!(differing(&[], &[]), format!("{there}{both}"));
    assert_eq!(differing(&[], &["A", "B", "C", "X"]), there, "a record attested as absent is not present");
    assert_eq!(differing(&[of("A"), of("C")], &["B"]), removal("C", ""));
}
