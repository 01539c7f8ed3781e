//! One case per problem, with its exact location.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{NETWORK, judge, manifest, problems, shown, source};
use crate::kinds::KINDS;
use crate::manifest::source::UnreadableText;
use crate::manifest::{SourceFile, diagnostic_codes};

const CASES: &str = include_str!("problems.txt");
/// Mistakes that people make who write manifests by hand.
const MISTAKES: &str = include_str!("mistakes.txt");

/// Returns title, content of `m.yaml` and expected diagnostics of each case. If the title starts with a kind,
/// the content is only the spec.
fn cases(text: &str) -> Vec<(&str, &str, &str)> {
    (text.split("\n#### ").skip(1))
        .map(|case| {
            let (title, rest) = case.split_once('\n').unwrap_or_default();
            let (text, expected) = rest.split_once("=>\n").unwrap_or((rest, ""));
            (title, text, expected.trim_end())
        })
        .collect()
}

fn told(title: &str, text: &str) -> String {
    // Escapes of characters that an editor would change or hide.
    let text = text
        .replace("\\t", "\t")
        .replace("\\u{a0}", "\u{a0}")
        .replace("\\u{301}", "\u{301}")
        .replace("\\u{feff}", "\u{feff}");
    let text = text.as_str();
    let text = match title.split_once(':') {
        Some((kind, _)) if kind != "Network" && KINDS.iter().any(|each| each.name == kind) => {
            manifest(kind, "x", text)
        }
        Some(_) | None => text.to_owned(),
    };
    match text.contains("kind: Network\n") {
        true => shown(&judge(&[source("m.yaml", &text)], None).1),
        false => problems(&text),
    }
}

/// `BLESS=1 cargo test` writes the current output to the file. Review the difference before the commit.
#[test]
fn every_problem_is_reported_at_its_location() {
    check_cases("problems.txt", CASES);
}

#[test]
fn every_common_mistake_is_explained_with_the_right_form() {
    check_cases("mistakes.txt", MISTAKES);
    let helpless: Vec<&str> = (cases(MISTAKES).into_iter())
        .flat_map(|(_, _, expected)| expected.lines())
        .filter(|line| !line.contains("; "))
        .collect();
    assert!(helpless.is_empty(), "without help: {helpless:?}");
    assert!(cases(MISTAKES).len() >= 80);
}

#[track_caller]
fn check_cases(file: &str, all: &str) {
    let (mut wrong, mut blessed) =
        (String::new(), all.split("\n#### ").next().unwrap_or_default().to_owned());
    for (title, text, expected) in cases(all) {
        let found = told(title, text);
        let _ = writeln!(blessed, "\n#### {title}\n{text}=>\n{}", found.trim_end());
        if found.trim_end() != expected {
            let _ = writeln!(wrong, "#### {title}\n{text}=>\n{found}");
        }
    }
    if std::env::var_os("BLESS").is_some() {
        let file = format!("{}/src/manifest/tests/{file}", env!("CARGO_MANIFEST_DIR"));
        assert!(std::fs::write(file, blessed).is_ok());
    } else {
        assert!(wrong.is_empty(), "\n{wrong}");
    }
}

#[test]
fn every_code_has_a_case() {
    let elsewhere = [
        diagnostic_codes::UNREADABLE,
        diagnostic_codes::TOO_LARGE,
        diagnostic_codes::NO_SOURCES,
        diagnostic_codes::UNKNOWN_ENVIRONMENT,
    ];
    // Codes with tests in `kinds::manifest_conflicts` (amendments across manifests) and `kinds::expectation`
    // (rows too long for a case here).
    let between = [diagnostic_codes::AMENDED_OTHERWISE, diagnostic_codes::ASKS_TOO_MUCH];
    // Reported by `cli` and `session`, and by schemas that disagree with their types (none do).
    let never = [
        diagnostic_codes::MISSING_CREDENTIAL,
        diagnostic_codes::UNKNOWN_COLLECTION,
        diagnostic_codes::SCHEMA,
    ];
    let lacking: Vec<&str> = (diagnostic_codes::ALL.iter().map(|(code, _)| *code))
        .filter(|code| !between.contains(code))
        .filter(|code| {
            !elsewhere.contains(code)
                && !never.contains(code)
                && !CASES.contains(code)
                && !MISTAKES.contains(code)
        })
        .collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

#[test]
fn diagnostic_codes_occur_in_one_file_only() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut folders = vec![std::path::PathBuf::from(root)];
    let mut offenders = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let own = path.ends_with("manifest/diagnostic_codes.rs")
                || path.ends_with("tests.rs")
                || path.components().any(|part| part.as_os_str() == "tests");
            if path.is_dir() {
                folders.push(path);
            } else if !own && path.extension().is_some_and(|end| end == "rs") && text.contains("\"Z0") {
                offenders.insert(path);
            }
        }
    }
    assert!(offenders.is_empty(), "files with literal diagnostic codes: {offenders:?}");
}

#[test]
fn empty_directory_gives_help() {
    let (_, problems) = judge(&[], None);
    assert_eq!(
        shown(&problems),
        "- Z0110 no manifests found; pass the config directory with `-C DIR`, or create a `*.yaml` file with `kind: Network`\n"
    );
}

#[test]
fn unreadable_file_is_named() {
    let broken =
        SourceFile { file: "b.yaml".into(), text: Err(UnreadableText::Other("it is not UTF-8".to_owned())) };
    let (_, problems) = judge(&[source("n.yaml", NETWORK), broken], None);
    assert_eq!(
        shown(&problems),
        "b.yaml:1:1 Z0101 cannot read the file: it is not UTF-8; fix the file, or list it in `.zonalignore`\n"
    );
}

#[test]
fn too_large_file_is_to_be_split() {
    let large = SourceFile { file: "b.yaml".into(), text: Err(UnreadableText::TooLarge) };
    let (_, problems) = judge(&[source("n.yaml", NETWORK), large], None);
    let told = "b.yaml:1:1 Z0111 the file is larger than 32 MiB; split it into several files\n";
    assert_eq!(shown(&problems), told);
}

#[test]
fn missing_network_is_reported_next_to_other_problems() {
    let table = manifest("CodeTable", "x", "tabel: T\nrows: [{code: A}]");
    let told = |text: &str| shown(&judge(&[source("a.yaml", text), source("m.yaml", &table)], None).1);
    let missing = "Z0301 no manifest has `kind: Network`";
    assert!(told("apiVersion: zonal/v1\nkind: CodeTabel\n").contains(missing));
    assert!(told("apiVersion: zonal/v1\nkind: [\n").contains(missing));
    for text in
        ["kind: Network\nspec: [\n", "{\"kind\": \"Network\", [", "apiVersion: zonal/v1\nkind: Netwrok\n"]
    {
        assert!(!told(text).contains(missing), "{text}");
    }
}

#[test]
fn unknown_environment_hides_no_other_problems() {
    let network = NETWORK.replace("  region: ca\n", "") + "  environments: {sandbox: {region: eu}}\n";
    let table = manifest("CodeTable", "x", "table: T\nrows: [{code: A, description: {var: lib}}]");
    let told = |environment, network: &str| {
        shown(&judge(&[source("n.yaml", network), source("m.yaml", &table)], Some(environment)).1)
    };
    let var = "m.yaml:6:39 Z0509 unknown variable `lib` in zone `BETA`; add `lib` to `vars` of these zones, or exclude them with `appliesTo`\n";
    assert_eq!(told("sandbox", &network), var);
    assert_eq!(
        told("sandbx", &network),
        format!("{var}n.yaml:3:18 Z0303 the network has no environment `sandbx`; did you mean `sandbox`?\n")
    );
    let lost = network.replace("{region: eu}", "[]");
    let told = told("sandbox", &lost);
    assert!(told.starts_with(var) && told.lines().count() == 2, "{told}");
}

#[test]
fn unknown_environment_lists_declared_environments() {
    let text = format!("{NETWORK}  environments: {{sandbox: {{}}, training: {{}}}}\n");
    let told = |name| shown(&judge(&[source("n.yaml", &text)], Some(name)).1);
    assert_eq!(
        told("sandbx"),
        "n.yaml:3:18 Z0303 the network has no environment `sandbx`; did you mean `sandbox`?\n"
    );
    assert_eq!(
        told("x"),
        "n.yaml:3:18 Z0303 the network has no environment `x`; known: `sandbox`, `training`\n"
    );
    let without = shown(&judge(&[source("n.yaml", NETWORK)], Some("x")).1);
    assert_eq!(
        without,
        "n.yaml:3:18 Z0303 the network has no environment `x`; omit `--environment`, or declare the environment in `environments`\n"
    );
}
