//! Runs each folder in `tests/cases` as a test: see [`crate::case_runner`].

use std::path::{Path, PathBuf};

use crate::case_runner;

#[test]
fn every_case_prints_its_recorded_output() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&cases)
        .expect("tests/cases should exist")
        .map(|entry| entry.expect("entry should be readable").path())
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "tests/cases is empty");
    let only = std::env::var("CASE").ok();
    let mut wrong = Vec::new();
    for folder in &folders {
        let name = folder.file_name().expect("folder should have a name").to_string_lossy();
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        let played = case_runner::run(folder);
        let script = folder.join("script.txt");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&script, &played).expect("script should be writable");
        } else if std::fs::read_to_string(&script).expect("script should exist") != played {
            wrong.push(format!(
                "== {name}\n{}",
                difference(&std::fs::read_to_string(&script).expect("checked above"), &played)
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "these cases changed; to accept the new output, run `BLESS=1 cargo test`\n{}",
        wrong.join("\n")
    );
}

fn difference(expected: &str, found: &str) -> String {
    let differing = expected.lines().zip(found.lines()).position(|(a, b)| a != b);
    let line = differing.unwrap_or_else(|| expected.lines().count().min(found.lines().count()));
    let around =
        |text: &str| text.lines().skip(line.saturating_sub(3)).take(12).collect::<Vec<_>>().join("\n");
    format!("from line {}:\n-- expected\n{}\n-- found\n{}", line + 1, around(expected), around(found))
}
