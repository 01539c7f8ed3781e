//! Comparison of one record: created, changed, unchanged, reported, disabled or deleted.

use crate::test_notation::differing;

#[test]
fn new_row_gets_documented_defaults_for_omitted_fields() {
    assert_eq!(
        differing("CodeTable t\ntable: T\nrows: [{code: A, description: One}]", "code T en"),
        "+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled=true\n"
    );
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, description: One, enabled: false, default: true}]",
            "code T en"
        ),
        "+ ALPHA/CodeTable/T/A code=\"A\" default=true description=\"One\" enabled=false\n"
    );
    assert_eq!(
        differing("MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: K}}]", "map M Names: ID Note"),
        "+ ALPHA/MappingTable/M/K ID=\"K\" enabled=true\n"
    );
}

#[test]
fn row_changes_only_in_declared_fields() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, description: Two}, {code: B, enabled: true}, {code: C}]",
            "code T en\nA One - *\nB Other -\nC Three -"
        ),
        "~ ALPHA/CodeTable/T/A description=\"One\"->\"Two\"\n~ ALPHA/CodeTable/T/B enabled=false->true\n"
    );
}

#[test]
fn null_clears_field_and_equals_omitted_field() {
    let manifest = "MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: K, Note: null}}]";
    assert_eq!(
        differing(manifest, "map M Names: ID Note\nK note"),
        "~ ALPHA/MappingTable/M/K Note=\"note\"->null\n"
    );
    assert_eq!(differing(manifest, "map M Names: ID Note\nK ."), "");
    assert_eq!(differing(manifest, "map M Names: ID Note\nK"), "");
}

#[test]
fn row_without_required_value_blocks_its_table() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, enabled: true}, {code: B, description: Two}]",
            "code T en"
        ),
        "! ALPHA/CodeTable/T: Mismatch: `A` does not exist in CodeTable/T of the zone and cannot be created without \
         `description`; add `description` at t.yaml:6:10\n"
    );
}

#[test]
fn create_only_creates_missing_rows_and_changes_nothing() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nenforcement: createOnly\nrows: [{code: A, description: One}, {code: B, description: Two}, {code: C, absent: true}]",
            "code T en\nB Other\nC Three"
        ),
        "+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled=true\n2 ignored in ALPHA/CodeTable/T\n"
    );
}

#[test]
fn report_only_differences_are_never_applied() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nenforcement: report\nunlisted: disable\nrows: [{code: A, description: One}, {code: B, description: Two}, {code: C, absent: true}]",
            "code T en\nB Other\nC Three\nD Four"
        ),
        "\
.+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled=true
.~ ALPHA/CodeTable/T/B description=\"Other\"->\"Two\"
.- ALPHA/CodeTable/T/C (because the manifest says `absent: true`)
.~ ALPHA/CodeTable/T/D enabled=true->false (because no manifest lists it and CodeTable/t sets `unlisted: disable`)
"
    );
}

#[test]
fn unlisted_rows_follow_the_unlisted_policy() {
    let with = |unlisted: &str| {
        let manifest =
            format!("CodeTable t\ntable: T\nunlisted: {unlisted}\nrows: [{{code: A, description: One}}]");
        differing(&manifest, "code T en\nA One\nB Two\nC Three -")
    };
    assert_eq!(with("keep"), "2 unmanaged in ALPHA/CodeTable/T\n");
    assert_eq!(
        with("disable"),
        "~ ALPHA/CodeTable/T/B enabled=true->false (because no manifest lists it and CodeTable/t sets \
         `unlisted: disable`)\n1 unmanaged in ALPHA/CodeTable/T\n"
    );
    assert_eq!(
        with("delete"),
        "\
- ALPHA/CodeTable/T/B (because no manifest lists it and CodeTable/t sets `unlisted: delete`)
- ALPHA/CodeTable/T/C (because no manifest lists it and CodeTable/t sets `unlisted: delete`)
"
    );
}

#[test]
fn row_listed_by_other_manifest_is_not_unlisted() {
    assert_eq!(
        differing(
            "\
CodeTable one
table: T
language: en
unlisted: delete
rows: [{code: A, description: One}]
---
CodeTable two
table: T
language: en
rows: [{code: B, description: Two}]
---
CodeTable three
table: T
language: fr
rows: [{code: C, description: Trois}]",
            "code T en\nA One\nB Two\nC Three\ncode T fr\nA Un\nB Deux\nC Trois"
        ),
        ""
    );
}

#[test]
fn strictest_unlisted_policy_wins() {
    let with = |one: &str, two: &str| {
        let manifest = |name: &str, unlisted: &str, code: &str| {
            format!(
                "CodeTable {name}\ntable: T\nunlisted: {unlisted}\nrows: [{{code: {code}, enabled: true}}]\n"
            )
        };
        let manifests = format!("{}---\n{}", manifest("one", one, "A"), manifest("two", two, "B"));
        differing(&manifests, "code T en\nA One\nB Two\nC Three")
    };
    let gone = |manifest: &str| {
        format!(
            "- ALPHA/CodeTable/T/C (because no manifest lists it and CodeTable/{manifest} sets `unlisted: delete`)\n"
        )
    };
    assert_eq!(with("delete", "keep"), gone("one"));
    assert_eq!(with("keep", "delete"), gone("two"));
}

#[test]
fn create_only_ignores_unlisted_rows() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nenforcement: createOnly\nunlisted: delete\nrows: [{code: A, description: One}]",
            "code T en\nA One\nB Two"
        ),
        "1 ignored in ALPHA/CodeTable/T\n"
    );
}

#[test]
fn new_row_similar_to_existing_row_has_note() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: CONSORTIA, description: One}]",
            "code T en\nConsortia One"
        ),
        "+ ALPHA/CodeTable/T/CONSORTIA code=\"CONSORTIA\" description=\"One\" default=false enabled=true \
         (a second row beside the zone's \"Consortia\", which differs in upper and lower case only; \
         if they are the same, write the zone's key, or declare its row `absent: true`)\n\
         1 unmanaged in ALPHA/CodeTable/T\n"
    );
}

#[test]
fn row_similar_to_declared_row_has_no_note() {
    let rows = "code T en\nConsortia One";
    let with = |other: &str| {
        differing(
            &format!("CodeTable t\ntable: T\nrows: [{{code: CONSORTIA, description: One}}, {other}]"),
            rows,
        )
    };
    let new =
        "+ ALPHA/CodeTable/T/CONSORTIA code=\"CONSORTIA\" description=\"One\" default=false enabled=true\n";
    assert_eq!(with("{code: Consortia, description: One}"), new);
    let gone = with("{code: Consortia, absent: true}");
    assert!(gone.starts_with(new), "{gone}");
}

#[test]
fn comparison_ignores_the_form_in_which_the_zone_stores_a_text() {
    let with = |compare: &str, stored: &str| {
        let manifest =
            format!("CodeTable t\ntable: T\ncompare: {compare}\nrows: [{{code: A, description: One}}]");
        differing(&manifest, &format!("code T en\nA {stored}"))
    };
    assert_eq!(with("{description: caseInsensitive}", "ONE"), "");
    assert!(with("{}", "ONE").starts_with("~ ALPHA/CodeTable/T/A"));
    assert!(with("{description: trimmed}", "ONE").starts_with("~ ALPHA/CodeTable/T/A"));
    assert!(with("{description: caseInsensitive}", "TWO").starts_with("~ ALPHA/CodeTable/T/A"));
    let columns = "MappingTable m\ntable: M\nkey: [ID]\ncompare: {Note: caseInsensitive}\nrows: [{columns: {ID: K, Note: one}}]";
    assert_eq!(differing(columns, "map M Names: ID Note\nK ONE"), "");
}
