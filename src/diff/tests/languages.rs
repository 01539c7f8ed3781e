//! Languages of one table share its rows.

use crate::test_notation::differing;

#[test]
fn new_row_is_created_in_one_language_only() {
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
fn new_row_ignores_reported_values_of_other_language() {
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
