//! Malicious and unusual input files.

use super::{NETWORK, judge, manifest, problems, problems_of, source};

#[test]
fn billion_laughs_input_is_refused() {
    let mut text = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for (name, before) in ('b'..='i').zip('a'..) {
        text.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(", ")));
    }
    let told = problems(&text);
    assert!(told.contains("Z0107 the anchors and aliases of this file repeat more than"), "{told}");
}

#[test]
fn long_anchor_with_many_aliases_is_refused() {
    let list = vec!["x"; 20_000].join(", ");
    let aliases = vec!["*a"; 20_000].join(", ");
    let told = problems(&format!("a: &a [{list}]\nb: [{aliases}]\n"));
    assert!(told.contains("Z0107"), "{told}");
    let text = "x".repeat(20_000);
    let told = problems(&format!("a: &a {text}\nb: [{aliases}]\n"));
    assert!(told.contains("Z0107"), "{told}");
}

#[test]
fn deep_nesting_is_refused() {
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "? ".repeat(100_000)] {
        let told = problems(&text);
        assert!(told.contains("Z0108"), "{told}");
    }
    let stairs: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(problems(&stairs).contains("Z0108"));
}

#[test]
fn recursive_alias_is_refused() {
    let told = problems("apiVersion: &a [*a]\n");
    assert!(told.contains("m.yaml:1:17 Z0107 alias of a value that contains the alias"), "{told}");
}

#[test]
fn plain_anchors_and_aliases_are_accepted() {
    let spec = "table: T\nrows:\n- {code: A, description: &text Shared}\n- {code: B, description: *text}";
    assert_eq!(problems_of("CodeTable", spec), "");
}

#[test]
fn byte_order_marks_and_crlf_are_accepted() {
    let text = manifest("CodeTable", "x", "table: T\nrows:\n- {code: A, lable: x}");
    let expected = "m.yaml:7:15 Z0203 unknown field `lable` in an item of `rows`; known: `code`, `description`, `enabled`, `default`, `absent`, `managed`\n";
    assert_eq!(problems(&text), expected);
    assert_eq!(problems(&format!("\u{feff}{text}")), expected);
    assert_eq!(problems(&text.replace('\n', "\r\n")), expected);
    assert_eq!(
        problems("\u{feff}apiversion: x\n"),
        "m.yaml:1:1 Z0201 unknown field `apiversion`, and `apiVersion` is missing; did you mean `apiVersion`?\n"
    );
}

#[test]
fn columns_count_characters() {
    let spec = "table: T\nrows:\n- {code: A, description: é漢🔑, lable: x}";
    assert!(
        problems_of("CodeTable", spec).starts_with("m.yaml:7:33 Z0203"),
        "{}",
        problems_of("CodeTable", spec)
    );
}

#[test]
fn empty_documents_are_skipped() {
    let text = manifest("CodeTable", "x", "table: T\nrows: [{code: A}]");
    assert_eq!(problems(&format!("---\n---\n# nothing\n---\n{text}---\n...\n")), "");
    assert_eq!(problems(""), "");
}

#[test]
fn identifiers_and_dates_stay_text() {
    let spec = "table: T\nrows: [{code: 00123}, {code: NO}, {code: on}, {code: 1_000}, {code: 2024-05-30}, {code: 1234567890123456789012}]";
    assert_eq!(problems_of("CodeTable", spec), "");
}

#[test]
fn duplicate_key_in_a_long_map_is_found() {
    let fields: String = (0..40).map(|index| format!("k{index}: x\n")).collect();
    let told = problems(&format!("{fields}k20: y\n"));
    assert!(
        told.contains("m.yaml:41:1 Z0104 duplicate key `k20` in the same map [m.yaml:21:1 first here]"),
        "{told}"
    );
}

#[test]
fn tab_indentation_is_reported_everywhere() {
    for text in ["spec:\n\trows: x\n", "spec:\n  rows:\n  - a\n\t- b\n", "spec:\n  - a: b\n  \tc: d\n"] {
        let told = problems(text);
        assert!(told.contains("Z0103 tab used as indentation"), "{text:?} {told}");
    }
    assert_eq!(problems_of("CodeTable", "table:\tT\nrows: [{code: A,\tdescription: \"a\tb\"}] \t# x"), "");
}

proptest::proptest! {
    #[test]
    fn damaged_input_never_panics_and_locations_stay_valid(
        at in 0usize..2_000,
        length in 0usize..40,
        patch in r#"[ \t\n\r:\-?{}\[\],&*!|>'"%@~#a-c0-9é漢🔑\u{feff}\u{85}\u{0}]{0,12}"#,
    ) {
        let good = format!(
            "{NETWORK}---\n{}",
            manifest("MappingTable", "x", "table: T\nkey: [ID]\nrows:\n- columns: {ID: &a A, É: {var: group}}\n- columns:\n    ID: \"B\"\n    C: *a\n  absent: false\noverrides:\n- appliesTo: {only: [ALPHA]}\n  rows: [{columns: {ID: A, C: ~}}]")
        );
        let cut = |at: usize| (at.min(good.len())..=good.len()).find(|&at| good.is_char_boundary(at)).unwrap_or(good.len());
        let (from, to) = (cut(at % good.len()), cut(at % good.len() + length));
        let text = format!("{}{patch}{}", &good[..from], &good[to..]);
        let sources = [source("m.yaml", &text)];
        let (_, problems) = judge(&sources, None);
        let lines: Vec<&str> = text.split('\n').collect();
        for place in problems.iter().filter_map(|problem| problem.span.as_ref()) {
            proptest::prop_assert!(text.is_char_boundary(place.start.byte as usize), "{place} {text:?}");
            proptest::prop_assert!(place.start <= place.end, "{place} {text:?}");
            proptest::prop_assert!(place.start.line as usize <= lines.len().max(1) + text.matches('\r').count() , "{place} {text:?}");
        }
        let texts = crate::manifest::texts(&sources);
        let shown = crate::render::diagnostics::text(&problems, &texts, crate::render::diagnostics::ColorMode::Plain);
        proptest::prop_assert_eq!(shown.is_empty(), problems.is_empty());
        crate::render::diagnostics::json(&problems, &texts);
    }
}

#[test]
fn too_long_expression_names_the_limit() {
    let rule = format!("rules: [{{name: r, message: m, expression: \"{}true\"}}]", "true || ".repeat(600));
    let sources = [source("n.yaml", NETWORK), source("p.yaml", &manifest("Policy", "p", &rule))];
    let (_, problems) = judge(&sources, None);
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["the text has more than 4000 characters"]);
}
