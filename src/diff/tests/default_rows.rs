//! Exclusive default row of a table: which row gets the flag, and which row loses it.

use crate::test_notation::differing;

#[test]
fn new_default_clears_flag_of_current_default() {
    assert_eq!(
        differing("CodeTable t\ntable: T\nrows: [{code: A, default: true}]", "code T en\nA One\nB Two *"),
        "\
~ ALPHA/CodeTable/T/A default=false->true
~ ALPHA/CodeTable/T/B default=true->false (because `A` becomes the default row (only one is allowed))
1 unmanaged in ALPHA/CodeTable/T
"
    );
    assert_eq!(
        differing("CodeTable t\ntable: T\nrows: [{code: A, default: true}]", "code T en\nA One *\nB Two"),
        "1 unmanaged in ALPHA/CodeTable/T\n"
    );
}

#[test]
fn default_flag_is_cleared_in_existing_change() {
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
fn reported_default_clears_no_flag() {
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
.~ ALPHA/CodeTable/T/B default=true->false (because `A` becomes the default row (only one is allowed))
"
    );
}

#[test]
fn applied_default_clears_flag_of_reported_row() {
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
~ ALPHA/CodeTable/T/B default=true->false (because `A` becomes the default row (only one is allowed))
.~ ALPHA/CodeTable/T/B default=true->false description=\"Two\"->\"Deux\"
"
    );
}
