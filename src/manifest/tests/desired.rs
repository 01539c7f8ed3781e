//! Expansion of tables into records per zone.

use std::sync::Arc;

use proptest::prelude::{Just, Strategy};

use super::{NETWORK, judge, manifest, shown, source, wanted};
use crate::model::{CollectionShape, DesiredState};

fn desired(kind: &str, spec: &str) -> DesiredState {
    let text = manifest(kind, "x", spec);
    let (desired, problems) = judge(&[source("n.yaml", NETWORK), source("m.yaml", &text)], None);
    assert_eq!(shown(&problems), "");
    desired
}

#[test]
fn surface_manifest_expands_without_problems() {
    let sources = [source("m.yaml", include_str!("surface.yaml"))];
    for environment in [None, Some("sandbox")] {
        let (desired, problems) = judge(&sources, environment);
        assert_eq!(shown(&problems), "");
        let wanted = wanted(&desired);
        let beta: Vec<&str> = wanted.lines().filter(|line| line.starts_with("01omni_beta")).collect();
        assert_eq!(
            beta,
            [
                "01omni_beta/codetable/userblockdescription[language=en]/consortia enforce keep: code=\"consortia\" description=\"bloc consortial\"",
                "01omni_beta/codetable/userblockdescription[language=en]/from_target enforce keep: code=\"from_target\" default=false description=\"block from the target institution for linked accounts\" enabled=true",
                "01omni_beta/codetable/userblockdescription[language=en]/old_block absent enforce keep: code=\"old_block\"",
                "01omni_beta/mappingtable/userblockdefinitions/from_target enforce keep: blocked action=\"05\" description=\"from_target\" id=\"from_target\" network block=\"true\" overridable=\"all\" type=\"consortia\" enabled=true",
            ]
        );
        // Zone Gamma is excluded only from the first manifest.
        assert_eq!(wanted.lines().filter(|line| line.starts_with("01omni_gamma")).count(), 1);
    }
}

#[test]
fn rows_expand_to_records_of_selected_zones() {
    let spec = "table: T\nappliesTo: {zones: all, except: [BETA]}\nrows:\n- {code: A, description: Text, default: true}\n- {code: B, absent: true}";
    assert_eq!(
        wanted(&desired("CodeTable", spec)),
        "\
alpha/codetable/t/a enforce keep: code=\"a\" default=true description=\"text\"
alpha/codetable/t/b absent enforce keep: code=\"b\"
nz/codetable/t/a enforce keep: code=\"a\" default=true description=\"text\"
nz/codetable/t/b absent enforce keep: code=\"b\"
"
    );
}

#[test]
fn overrides_replace_fields_and_the_last_one_wins() {
    let spec = "\
table: T
enforcement: createOnly
rows:
  - {code: A, description: Text, enabled: true}
  - {code: B, description: Gone}
  - {code: C, absent: true}
  - {code: E, description: Left to ALPHA}
overrides:
  - appliesTo: {labels: {size: large}}
    enforcement: report
    unlisted: disable
    rows:
      - {code: E, managed: false}
      - {code: A, description: null}
      - {code: B, absent: true}
      - {code: C, description: Back}
      - {code: D, description: New}
  - appliesTo: {only: [ALPHA]}
    rows: [{code: A, enabled: false}]";
    let desired = desired("CodeTable", spec);
    assert_eq!(
        wanted(&desired),
        "\
alpha/codetable/t/a report disable: code=\"a\" description=null enabled=false
alpha/codetable/t/b absent report disable: code=\"b\"
alpha/codetable/t/c report disable: code=\"c\" description=\"back\"
alpha/codetable/t/d report disable: code=\"d\" description=\"new\"
beta/codetable/t/a createonly keep: code=\"a\" description=\"text\" enabled=true
beta/codetable/t/b createonly keep: code=\"b\" description=\"gone\"
beta/codetable/t/c absent createonly keep: code=\"c\"
beta/codetable/t/e createonly keep: code=\"e\" description=\"left to alpha\"
"
    );
    let alpha = &desired.zones[&"ALPHA".into()][0];
    let places: Vec<String> = (alpha.records.values().flat_map(|record| record.fields.iter()))
        .map(|(field, value)| format!("{field} {}", value.provenance))
        .take(3)
        .collect();
    assert_eq!(
        places,
        [
            "code m.yaml:8:14",
            "description m.yaml:18:34 (overrides[0])",
            "enabled m.yaml:23:33 (overrides[1])"
        ]
    );
}

#[test]
fn variables_are_resolved_in_each_zone() {
    let spec = "table: T\nkey: [ID]\nlanguage: fr\nrows:\n- columns: {ID: {var: group}, Text: X, Other: null}\n  enabled: false";
    assert_eq!(
        wanted(&desired("MappingTable", spec)),
        "\
alpha/mappingtable/t[language=fr]/visitor enforce keep: id=\"visitor\" other=null text=\"x\" enabled=false
beta/mappingtable/t[language=fr]/guest enforce keep: id=\"guest\" other=null text=\"x\" enabled=false
"
    );
}

#[test]
fn overrides_match_rows_with_a_variable_key() {
    let spec = "table: T\nrows: [{code: {var: group}, description: Text}]\noverrides:\n- {appliesTo: {only: [BETA]}, rows: [{code: GUEST, enabled: false}]}";
    assert_eq!(
        wanted(&desired("CodeTable", spec)),
        "\
alpha/codetable/t/visitor enforce keep: code=\"visitor\" description=\"text\"
beta/codetable/t/guest enforce keep: code=\"guest\" description=\"text\" enabled=false
"
    );
}

#[test]
fn table_name_and_library_are_in_the_address() {
    let spec = "tableName: User Block Definitions\nlibrary: {var: lib}\nkey: [column0, column1]\nappliesTo: {only: [ALPHA]}\nrows: [{columns: {column0: A, column1: B}}]";
    assert_eq!(
        wanted(&desired("MappingTable", spec)),
        "alpha/mappingtable/\"user block definitions\"[library=main]/a|b enforce keep: column0=\"a\" column1=\"b\"\n"
    );
}

#[test]
fn shapes_describe_collection_behavior() {
    let shape = |desired: DesiredState| {
        let CollectionShape {
            stage,
            required,
            defaults,
            exclusive,
            shared,
            switch,
            attachment,
            shadow,
            stale,
            calendar,
            menu,
        } = &*desired.zones[&"BETA".into()][0].shape;
        assert!(
            attachment.is_none()
                && shadow.is_none()
                && stale.is_none()
                && calendar.is_none()
                && menu.contains("table's own page")
        );
        format!("{stage} {required:?} {defaults:?} {exclusive:?} {shared:?} {switch:?}")
    };
    let shown = shape(desired("CodeTable", "table: T\nrows: [{code: A}]"));
    assert_eq!(
        shown,
        r#"0 ["description"] {"default": Bool(false), "enabled": Bool(true)} ["default"] ["enabled", "default"] Some("enabled")"#
    );
    let shown = shape(desired("MappingTable", "table: T\nkey: [ID]\nrows: [{columns: {ID: A}}]"));
    assert_eq!(shown, r#"1 [] {"enabled": Bool(true)} [] [] Some("enabled")"#);
}

#[test]
fn zones_share_identical_records() {
    let spec = "table: T\nrows: [{code: A}, {code: B}]\noverrides:\n- {appliesTo: {only: [BETA, ALPHA]}, rows: [{code: B, enabled: true}]}";
    let desired = desired("CodeTable", spec);
    let records = |zone: &str| desired.zones[&zone.into()][0].records.values().cloned().collect::<Vec<_>>();
    assert!(records("ALPHA").iter().zip(records("BETA")).all(|(one, other)| Arc::ptr_eq(one, &other)));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(32))]
    #[test]
    fn file_and_member_order_changes_nothing(
        files in Just((0..4).collect::<Vec<usize>>()).prop_shuffle(),
        members in Just((0..4).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let texts = [
            manifest("CodeTable", "a", "table: T\nrows: [{code: A, description: {var: v}}]"),
            manifest("CodeTable", "b", "table: T\nrows: [{code: B, description: X}]\noverrides: [{appliesTo: {only: [M1]}, rows: [{code: B, enabled: true}]}]"),
            manifest("MappingTable", "c", "table: T\nkey: [ID]\nappliesTo: {labels: {l: even}}\nrows: [{columns: {ID: A}}]"),
            manifest("CodeTable", "d", "table: S\nappliesTo: {zones: all, except: [M2, NZ]}\nrows: [{code: A, absent: true}]"),
        ];
        let says = |members: &[usize], files: &[usize]| {
            let members: String = members.iter().map(|at| {
                let label = if at % 2 == 0 { "even" } else { "odd" };
                format!("    - {{code: M{at}, name: M, labels: {{l: {label}}}, vars: {{v: V{at}}}}}\n")
            }).collect();
            let network = format!("apiVersion: zonal/v1\nkind: Network\nmetadata: {{name: n}}\nspec:\n  region: ca\n  credentials: {{read: {{env: A}}}}\n  networkZone: {{code: NZ, name: N}}\n  members:\n{members}");
            let mut sources: Vec<_> = files.iter().map(|&at| source(&format!("{at}.yaml"), &texts[at])).collect();
            sources.insert(files[0], source("n.yaml", &network));
            let (desired, problems) = judge(&sources, None);
            assert_eq!(shown(&problems), "");
            format!("{desired:?}")
        };
        assert_eq!(says(&members, &files), says(&[0, 1, 2, 3], &[0, 1, 2, 3]));
    }
}
