//! The law of the house that the API's client keeps: what plans are made with sends GET alone.

const FILES: &[(&str, &str)] = &[
    ("body", include_str!("../body.rs")),
    ("code_table", include_str!("../code_table.rs")),
    ("complaint", include_str!("../complaint.rs")),
    ("getter", include_str!("../getter.rs")),
    ("identity", include_str!("../identity.rs")),
    ("jobs", include_str!("../jobs.rs")),
    ("layout", include_str!("../layout.rs")),
    ("mapping_table", include_str!("../mapping_table.rs")),
    ("object", include_str!("../object.rs")),
    ("mod", include_str!("../mod.rs")),
    ("path", include_str!("../path.rs")),
    ("patience", include_str!("../patience.rs")),
    ("putter", include_str!("../putter.rs")),
    ("secret", include_str!("../secret.rs")),
    ("strays", include_str!("../strays.rs")),
    ("table", include_str!("../table.rs")),
    ("titles", include_str!("../titles.rs")),
    ("verdict", include_str!("../verdict.rs")),
    ("wire", include_str!("../wire.rs")),
];

fn files_with(words: &str) -> Vec<&'static str> {
    FILES.iter().filter(|(_, text)| text.contains(words)).map(|(name, _)| *name).collect()
}

#[test]
fn law_5_only_the_getter_says_get_and_only_the_putter_says_put() {
    assert_eq!(files_with("Method::GET"), ["getter"]);
    assert_eq!(files_with("Method::PUT"), ["putter"]);
    for verb in ["POST", "DELETE", "PATCH"] {
        assert!(files_with(&format!("Method::{verb}")).is_empty(), "{verb}");
    }
}

#[test]
fn law_5_the_reader_holds_a_getter_and_no_other_way_to_the_zone() {
    let text = include_str!("../mod.rs");
    let start = text.find("pub struct AlmaReader {").unwrap_or_default();
    let fields = &text[start..start + text[start..].find('}').unwrap_or_default()];
    assert!(fields.contains("getter: Getter"), "{fields}");
    for way in ["Putter", "Wire", "Transport", "Key"] {
        assert!(!fields.contains(way), "{fields}");
    }
    assert_eq!(files_with("wire.send("), ["getter", "putter"]);
}
