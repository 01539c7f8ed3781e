//! Architecture rules: a failing test names the broken rule.

use std::path::{Path, PathBuf};

use zonal::kinds::KINDS;

fn sources(below: &str) -> Vec<(PathBuf, String)> {
    fn walk(directory: &Path, out: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(directory).expect("src should be readable") {
            let path = entry.expect("entry should be readable").path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("source should be readable");
                out.push((path, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(below);
    let mut out = Vec::new();
    match root.is_dir() {
        true => walk(&root, &mut out),
        false => out.push((root.clone(), std::fs::read_to_string(&root).expect("file should exist"))),
    }
    out.sort();
    assert!(!out.is_empty(), "{below} contains no sources: the rule checks nothing");
    out
}

/// Returns the code of a file without comments and tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

fn offenders(places: &[&str], forbidden: &[&str]) -> Vec<String> {
    let files = places.iter().flat_map(|place| sources(place)).filter(|(path, _)| !is_test(path));
    files
        .flat_map(|(path, text)| {
            let code = code(&text);
            let found: Vec<String> = forbidden
                .iter()
                .filter(|word| code.contains(**word))
                .map(|word| format!("{} holds `{word}`", path.display()))
                .collect();
            found
        })
        .collect()
}

const OURS: [&str; 14] = [
    "guard", "analysis", "manifest", "kinds", "observe", "diff", "plan", "apply", "provider", "store",
    "render", "emulator", "session", "cli",
];

#[test]
fn rule_1_pure_stages_import_only_model() {
    let imports = |of: &[&str]| of.iter().map(|module| format!("crate::{module}")).collect::<Vec<_>>();
    let all = imports(&OURS);
    assert_eq!(
        offenders(&["src/model"], &all.iter().map(String::as_str).collect::<Vec<_>>()),
        Vec::<String>::new()
    );
    for stage in ["diff", "plan", "guard", "analysis", "render"] {
        let others: Vec<&str> = OURS.iter().copied().filter(|module| *module != stage).collect();
        let others = imports(&others);
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        let found = offenders(&[&format!("src/{stage}")], &others);
        assert_eq!(found, Vec::<String>::new(), "rule 1: {stage} imports only model");
    }
}

#[test]
fn rule_2_engine_does_not_name_kinds() {
    let names =
        KINDS.iter().flat_map(|kind| std::iter::once(kind.name).chain(kind.collections.iter().copied()));
    let quoted: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    assert!(quoted.len() > 5, "the rule checks nothing");
    let words: Vec<&str> = quoted.iter().map(String::as_str).chain(["crate::kinds"]).collect();
    let engine =
        ["src/model", "src/diff", "src/plan", "src/guard", "src/apply", "src/observe.rs", "src/render"];
    assert_eq!(offenders(&engine, &words), Vec::<String>::new(), "rule 2: the engine names a kind");
}

#[test]
fn rule_3_pure_stages_are_not_async() {
    let pure = [
        "src/model",
        "src/manifest",
        "src/kinds",
        "src/diff",
        "src/plan",
        "src/guard",
        "src/analysis",
        "src/render",
    ];
    assert_eq!(
        offenders(&pure, &["async fn", "async move", ".await", "tokio"]),
        Vec::<String>::new(),
        "rule 3"
    );
}

#[test]
fn rule_4_only_cli_accesses_the_environment() {
    let others: Vec<String> =
        OURS.iter().filter(|module| **module != "cli").map(|module| format!("src/{module}")).collect();
    let there: Vec<&str> = others
        .iter()
        .map(String::as_str)
        .chain(["src/model", "src/observe.rs"])
        .filter(|place| Path::new(env!("CARGO_MANIFEST_DIR")).join(place).exists())
        .collect();
    let words = [
        "println!",
        "eprintln!",
        "print!(",
        "process::exit",
        "std::fs",
        "std::env",
        "env::var",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
    ];
    // Tests can pause tokio's clock. The stages provider, apply and emulator use it to wait.
    let found: Vec<String> = offenders(&there, &words)
        .into_iter()
        .filter(|line| !(line.ends_with("`Instant::now`") && tokio_clock(line)))
        .collect();
    assert_eq!(found, Vec::<String>::new(), "rule 4: only cli accesses the environment");
}

fn tokio_clock(line: &str) -> bool {
    let path = line.split(" holds").next().unwrap_or_default();
    let text = std::fs::read_to_string(path).unwrap_or_default();
    !text.contains("std::time::Instant")
        && (text.contains("tokio::time::Instant") || text.contains("tokio::time::{"))
}

#[test]
fn rule_4_session_is_handed_its_effects() {
    let terminal =
        ["clap", "anstream", "indicatif", "crate::cli", "crate::local", "crate::emulator", "render::text"];
    assert_eq!(offenders(&["src/session"], &terminal), Vec::<String>::new());
}

#[test]
fn rule_5_readers_can_only_send_get() {
    // Readers send requests only through `GetClient`, which supports a single method.
    let reader = sources("src/provider/http/get_client.rs");
    let code = code(&reader[0].1);
    assert!(code.contains("Method::GET"), "rule 5: the GET client builds its own GET");
    for verb in ["Method::PUT", "Method::POST", "Method::DELETE", "Method::PATCH"] {
        assert!(!code.contains(verb), "rule 5: the GET client contains {verb}");
    }
    for (path, text) in sources("src/observe.rs") {
        assert!(!text.contains("Write"), "rule 5: {} can write", path.display());
    }
    let plan = &sources("src/session/plan.rs")[0].1;
    assert!(!plan.contains("writers(") && !plan.contains("write_keys"), "rule 5: planning needs a write key");
}

#[test]
fn rule_5_only_three_files_send_requests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/provider");
    let files: Vec<(String, String)> = sources("src/provider")
        .into_iter()
        .filter(|(path, _)| !is_test(path))
        .map(|(path, text)| (path.strip_prefix(&root).unwrap_or(&path).display().to_string(), code(&text)))
        .collect();
    let with = |words: &str| -> Vec<&str> {
        files.iter().filter(|(_, text)| text.contains(words)).map(|(name, _)| name.as_str()).collect()
    };
    assert_eq!(with("Method::GET"), ["http/get_client.rs"]);
    assert_eq!(with("Method::PUT"), ["alma/put_client.rs", "gateway/record_client.rs"]);
    assert_eq!(with("Method::DELETE"), ["gateway/record_client.rs"]);
    for verb in ["Method::POST", "Method::PATCH"] {
        assert_eq!(with(verb), Vec::<&str>::new());
    }
    assert_eq!(with("wire.send("), ["alma/put_client.rs", "gateway/record_client.rs", "http/get_client.rs"]);
    for (file, reader) in [("alma/mod.rs", "AlmaReader"), ("gateway/mod.rs", "GatewayReader")] {
        let text = files.iter().find(|(name, _)| name == file).map_or("", |(_, text)| text);
        let fields =
            text.split(&format!("pub struct {reader} {{")).nth(1).and_then(|rest| rest.split('}').next());
        let fields = fields.unwrap_or_default();
        assert!(fields.contains("getter: GetClient"), "rule 5: {reader} has {fields}");
        for way in ["PutClient", "RecordClient", "HttpClient", "Transport", "Key,"] {
            assert!(!fields.contains(way), "rule 5: {reader} has {fields}");
        }
    }
}

#[test]
fn every_module_has_a_header() {
    let silent: Vec<String> = sources("src")
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn every_test_file_is_listed() {
    for (path, _) in sources("tests/it") {
        let folder = path.parent().expect("file should have a parent");
        let name =
            |path: &Path| path.file_stem().expect("file should have a name").to_string_lossy().into_owned();
        let (name, list) = match name(&path).as_str() {
            "main" => continue,
            // The parent of the folder lists the module.
            "mod" => (name(folder), Path::new("tests/it/main.rs").to_path_buf()),
            name if folder.join("mod.rs").exists() => (name.to_owned(), folder.join("mod.rs")),
            name => (name.to_owned(), folder.join("main.rs")),
        };
        let listed =
            std::fs::read_to_string(&list).expect("should be readable").contains(&format!("mod {name};"));
        assert!(listed, "{name} is not in {}", list.display());
    }
}
