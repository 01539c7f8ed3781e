//! The languages of one table share its rows.

use super::notation::differing;

#[test]
fn a_new_row_of_two_languages_is_created_in_one_and_described_in_the_other() {
    let manifests = "\
CodeTable one
table: T
language: en
rows: [{code: A, description: One, enabled: false}]
---
CodeTable two
table: T
language: fr
rows: [{code: A, description: Un}]";
    assert_eq!(
        differing(manifests, "code T en\ncode T fr"),
        "\
+ ALPHA/CodeTable/T[language=en]/A code=\"A\" description=\"One\" enabled=false default=false
~ ALPHA/CodeTable/T[language=fr]/A description=null->\"Un\" (in the row that CodeTable/T[language=en] creates)
"
    );
}

#[test]
fn a_new_row_does_not_take_from_another_language_what_is_only_observed_there() {
    let manifests = "\
CodeTable one
table: T
language: en
enforcement: report
rows: [{code: A, description: One, enabled: false}]
---
CodeTable two
table: T
language: fr
rows: [{code: A, description: Un}]";
    assert_eq!(
        differing(manifests, "code T en\ncode T fr"),
        "\
.+ ALPHA/CodeTable/T[language=en]/A code=\"A\" description=\"One\" enabled=false default=false
+ ALPHA/CodeTable/T[language=fr]/A code=\"A\" description=\"Un\" default=false enabled=true
"
    );
}
