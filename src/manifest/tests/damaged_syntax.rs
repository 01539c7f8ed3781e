//! Syntax errors in unusual texts, and near secrets.

use super::{NETWORK, judge, problems, shown, source};
use crate::model::Diagnostic;
use crate::render::diagnostics::{ColorMode, json, text};

/// Texts with a secret and a syntax mistake. The secret is `SECRET`.
const NEAR_SECRETS: [&str; 34] = [
    "credentials:\n  reed: \"SECRET\n",
    "credentials:\n  read:\n    SECRET #5\n",
    "read:\n  SECRET #5\n",
    "credentials:\n  reed: “SECRET”\n",
    "credentials: {reed: “SECRET”}\n",
    "credentials:\n  reed: 'SECRET'cd\n",
    "credentials:\n  reed: \"SECRET\"cd\n",
    "credentials:\n  reed: SECRET: x\n",
    "credentials:\n  reed: x: SECRET\n",
    "credentials:\n  reed:SECRET\n  x: y\n",
    "credentials:\n  reed SECRET\n  x: y\n",
    "credentials:\n  SECRET x\n  x: y\n",
    "credentials:\n  SECRET=x\n  x: y\n",
    "credentials:\n  reed = SECRET\n  x: y\n",
    "credentials:\n  reed: [a] SECRET\n",
    "credentials:\n  reed: {env: SECRET #5}\n",
    "credentials:\n  - SECRET: 'x'y\n",
    "credentials:\n  SECRET: x\n  SECRET: x\n",
    "credentials:\n  reed: !SECRET x\n",
    "credentials:\n  reed: \"a\n    SECRET\n",
    "credentials:\r  reed: \"SECRET\r",
    "credentials:\n  reed: |\n    SECRET\n \tx\n",
    "credentials:\nreed: \"SECRET\n",
    "credentials: \"SECRET\n",
    "credentails: \"SECRET\n",
    "Credential: 'SECRET'x\n",
    "credentials SECRET\nx: y\n",
    "credentials:SECRET\nx: y\n",
    "accessToken: \"SECRET\n",
    "api-key: 'SECRET'x\n",
    "{\"credentials\":\n{\"reed\":\n\"SECRET\" x}}\n",
    "{\"credentials\": [\n\"SECRET\" x]}\n",
    "store: 'postgres://a:SECRET@b'x\n",
    "\u{feff}credentials: \"SECRET\n",
];

/// Returns all that a user can read of the problems of a text.
fn printed(content: &str) -> String {
    let sources = [source("n.yaml", NETWORK), source("m.yaml", content)];
    let found: Vec<Diagnostic> = judge(&sources, None).1;
    let texts = crate::manifest::texts(&sources);
    let document = serde_json::to_string(&json(&found, &texts)).unwrap_or_default();
    format!("{}\n{}\n{document}", shown(&found), text(&found, &texts, ColorMode::Plain))
}

#[test]
fn syntax_errors_quote_no_secret() {
    let mut leaks = String::new();
    for secret in ["hunter2", "Tr0ub4dor", "s3cr3t/horse"] {
        for damaged in NEAR_SECRETS {
            for head in ["", "apiVersion: zonal/v1\nkind: Network\n"] {
                let content = format!("{head}{}", damaged.replace("SECRET", secret));
                let printed = printed(&content);
                assert!(printed.contains("m.yaml"), "{content:?}");
                if secret.split('/').any(|part| printed.contains(part)) {
                    leaks.push_str(&format!("{content:?}\n{printed}\n"));
                }
            }
        }
    }
    assert!(leaks.is_empty(), "{leaks}");
}

#[test]
fn other_lines_near_credentials_stay_readable() {
    for (content, quoted) in [
        ("credentials: {read: {env: X}}\nname: 'ab'cd\n", "`\"abcd\"`"),
        ("{\"credentials\": {\"read\": {\"env\": \"X\"}},\n\"name\": \"ab\"cd}\n", "\"name\": \"ab\"cd"),
        ("credentials:\n  read: {env: X}\nname: a: b\n", "`name: \"a: b\"`"),
    ] {
        let printed = printed(content);
        assert!(printed.contains(quoted), "{content:?} {printed}");
    }
}

#[test]
fn lone_carriage_returns_end_lines() {
    let told = problems("a: 1\rb: 2\nc: 'x'y\n{''aaé\n");
    assert!(told.starts_with("m.yaml:3:7 Z0102"), "{told}");
    let told = problems("a: 1\rb: 'x'y é\r");
    assert!(told.contains("m.yaml:2:7 Z0102") && told.contains("`\"xy é\"`"), "{told}");
}

#[test]
fn byte_order_mark_is_no_mistake() {
    for damaged in ["a: 'x'y\n", "a: b: c\n", "a: \"x\n", "a:\n\tb: c\n", "a: b\nc\n", "a: [b\n"] {
        let told = problems(damaged);
        assert_eq!(problems(&format!("\u{feff}{damaged}")), told, "{damaged:?}");
        assert!(!told.contains("invisible"), "{told}");
    }
    let content = "\u{feff}a: 'x'y\n";
    let sources = [source("n.yaml", NETWORK), source("m.yaml", content)];
    let found = judge(&sources, None).1;
    let places: Vec<&str> = (found.iter().filter_map(|problem| problem.span.as_ref()))
        .filter_map(|place| content.get(place.start.byte as usize..))
        .collect();
    assert_eq!(places, ["y\n"]);
}

#[test]
fn many_mistakes_take_linear_time() {
    let bad = "---\na: 'x'y\nb: “c”\nd: e #5\n".repeat(20_000);
    let start = std::time::Instant::now();
    let found = judge(&[source("n.yaml", NETWORK), source("m.yaml", &bad)], None).1;
    assert!(found.len() >= 20_000, "{}", found.len());
    let rows: String =
        (0..20_000).map(|row| format!("    - {{code: ' A{row}', description: \" b \"}}\n")).collect();
    let table = format!(
        "apiVersion: zonal/v1\nkind: CodeTable\nmetadata: {{name: x}}\nspec:\n  table: T\n  rows:\n{rows}"
    );
    let found = judge(&[source("n.yaml", NETWORK), source("m.yaml", &table)], None).1;
    assert!(found.len() >= 20_000, "{}", found.len());
    // Quadratic time would be minutes.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
