//! A table has one default row: who gets the flag, and who loses it.

use super::notation::differing;

#[test]
fn a_new_default_takes_the_flag_from_the_row_that_has_it() {
    assert_eq!(
        differing("CodeTable t\ntable: T\nrows: [{code: A, default: true}]", "code T en\nA One\nB Two *"),
        "\
~ ALPHA/CodeTable/T/A default=false->true
~ ALPHA/CodeTable/T/B default=true->false (because `A` becomes the `default` row, and there can be only one)
1 unmanaged in ALPHA/CodeTable/T
"
    );
    assert_eq!(
        differing("CodeTable t\ntable: T\nrows: [{code: A, default: true}]", "code T en\nA One *\nB Two"),
        "1 unmanaged in ALPHA/CodeTable/T\n"
    );
}

#[test]
fn the_flag_goes_along_with_what_changes_anyway_in_the_row_that_has_it() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, default: true}, {code: B, description: Deux}]",
            "code T en\nA One\nB Two *"
        ),
        "\
~ ALPHA/CodeTable/T/A default=false->true
~ ALPHA/CodeTable/T/B description=\"Two\"->\"Deux\" default=true->false
"
    );
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, default: true}, {code: B, absent: true}]",
            "code T en\nA One\nB Two *"
        ),
        "\
~ ALPHA/CodeTable/T/A default=false->true
- ALPHA/CodeTable/T/B (because the manifest says `absent: true`)
"
    );
}

#[test]
fn a_default_that_is_only_reported_takes_the_flag_from_nobody() {
    assert_eq!(
        differing(
            "\
CodeTable seen
table: T
enforcement: report
rows: [{code: A, default: true}]
---
CodeTable done
table: T
rows: [{code: B, description: Deux}]",
            "code T en\nA One\nB Two *"
        ),
        "\
.~ ALPHA/CodeTable/T/A default=false->true
~ ALPHA/CodeTable/T/B description=\"Two\"->\"Deux\"
.~ ALPHA/CodeTable/T/B default=true->false (because `A` becomes the `default` row, and there can be only one)
"
    );
}

#[test]
fn a_default_takes_the_flag_even_from_a_row_that_is_only_reported() {
    assert_eq!(
        differing(
            "\
CodeTable done
table: T
rows: [{code: A, default: true}]
---
CodeTable seen
table: T
enforcement: report
rows: [{code: B, description: Deux, default: false}]",
            "code T en\nA One\nB Two *"
        ),
        "\
~ ALPHA/CodeTable/T/A default=false->true
~ ALPHA/CodeTable/T/B default=true->false (because `A` becomes the `default` row, and there can be only one)
.~ ALPHA/CodeTable/T/B default=true->false description=\"Two\"->\"Deux\"
"
    );
}
