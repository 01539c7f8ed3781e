//! What becomes of one record: created, changed, left alone, reported, disabled or removed.

use super::notation::differing;

#[test]
fn a_new_row_gets_the_documented_defaults_where_its_manifest_is_silent() {
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
fn a_row_changes_in_the_fields_that_its_manifest_mentions_and_in_no_other() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, description: Two}, {code: B, enabled: true}, {code: C}]",
            "code T en\nA One - *\nB Other -\nC Three -"
        ),
        "~ ALPHA/CodeTable/T/A description=\"One\"->\"Two\"\n~ ALPHA/CodeTable/T/B enabled=false->true\n"
    );
}

#[test]
fn null_clears_a_field_and_a_field_that_the_zone_leaves_out_is_clear() {
    let manifest = "MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: K, Note: null}}]";
    assert_eq!(
        differing(manifest, "map M Names: ID Note\nK note"),
        "~ ALPHA/MappingTable/M/K Note=\"note\"->null\n"
    );
    assert_eq!(differing(manifest, "map M Names: ID Note\nK ."), "");
    assert_eq!(differing(manifest, "map M Names: ID Note\nK"), "");
}

#[test]
fn a_row_that_cannot_be_created_keeps_its_table_from_being_planned() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, enabled: true}, {code: B, description: Two}]",
            "code T en"
        ),
        "! ALPHA/CodeTable/T: Mismatch: `A` is not in the zone's CodeTable/T and cannot be created without \
         `description`; add `description` at t.yaml:6:10\n"
    );
}

#[test]
fn initial_creates_what_is_missing_and_leaves_the_rest_to_the_zone() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nenforcement: createOnly\nrows: [{code: A, description: One}, {code: B, description: Two}, {code: C, absent: true}]",
            "code T en\nB Other\nC Three"
        ),
        "+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled=true\n2 ignored in ALPHA/CodeTable/T\n"
    );
}

#[test]
fn observe_reports_and_never_applies() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nenforcement: report\nunlisted: disable\nrows: [{code: A, description: One}, {code: B, description: Two}, {code: C, absent: true}]",
            "code T en\nB Other\nC Three\nD Four"
        ),
        "\
.+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled=true
.~ ALPHA/CodeTable/T/B description=\"Other\"->\"Two\"
.- ALPHA/CodeTable/T/C (because the manifest says `absent: true`)
.~ ALPHA/CodeTable/T/D enabled=true->false (because no manifest lists it and CodeTable/t says `unlisted: disable`)
"
    );
}

#[test]
fn unlisted_rows_are_kept_disabled_or_removed_as_the_manifest_says() {
    let with = |unlisted: &str| {
        let manifest =
            format!("CodeTable t\ntable: T\nunlisted: {unlisted}\nrows: [{{code: A, description: One}}]");
        differing(&manifest, "code T en\nA One\nB Two\nC Three -")
    };
    assert_eq!(with("keep"), "2 unmanaged in ALPHA/CodeTable/T\n");
    assert_eq!(
        with("disable"),
        "~ ALPHA/CodeTable/T/B enabled=true->false (because no manifest lists it and CodeTable/t says \
         `unlisted: disable`)\n1 unmanaged in ALPHA/CodeTable/T\n"
    );
    assert_eq!(
        with("delete"),
        "\
- ALPHA/CodeTable/T/B (because no manifest lists it and CodeTable/t says `unlisted: delete`)
- ALPHA/CodeTable/T/C (because no manifest lists it and CodeTable/t says `unlisted: delete`)
"
    );
}

#[test]
fn a_row_that_another_language_or_another_manifest_lists_is_not_unlisted() {
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
fn of_several_manifests_the_one_that_is_strictest_about_unlisted_rows_counts() {
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
            "- ALPHA/CodeTable/T/C (because no manifest lists it and CodeTable/{manifest} says `unlisted: delete`)\n"
        )
    };
    assert_eq!(with("delete", "keep"), gone("one"));
    assert_eq!(with("keep", "delete"), gone("two"));
}

#[test]
fn what_unlisted_initial_would_do_is_ignored() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nenforcement: createOnly\nunlisted: delete\nrows: [{code: A, description: One}]",
            "code T en\nA One\nB Two"
        ),
        "1 ignored in ALPHA/CodeTable/T\n"
    );
}

#[test]
fn a_new_row_that_looks_like_another_says_so() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: CONSORTIA, description: One}]",
            "code T en\nConsortia One"
        ),
        "+ ALPHA/CodeTable/T/CONSORTIA code=\"CONSORTIA\" description=\"One\" default=false enabled=true \
         (beside `Consortia`, which the zone takes for another row: keys are case-sensitive)\n\
         1 unmanaged in ALPHA/CodeTable/T\n"
    );
}
