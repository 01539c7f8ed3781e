//! Tests of the text and JSON output of diagnostics.

use std::sync::Arc;

use super::{ColorMode, SourceTexts, text};
use crate::model::{Diagnostic, SourcePosition, SourceSpan};

const NETWORK: &str = "\u{feff}apiVersion: zonal/v1\nkind: Network\nspec:\n\tlable: é漢 {afn: lender}\r\n";
const ROWS: &str = "rows:\n  - code: A\n  - code: B\n  - code: A\n";

fn texts() -> SourceTexts<'static> {
    [("network.yaml", NETWORK), ("rows/blocks.yaml", ROWS)].into()
}

/// Returns the JSON output.
fn json(diagnostics: &[Diagnostic], texts: &SourceTexts<'_>) -> serde_json::Value {
    serde_json::to_value(super::json(diagnostics, texts)).unwrap_or_default()
}

/// Returns the location of a word's nth occurrence.
fn at(file: &str, word: &str, nth: usize) -> SourceSpan {
    let source = texts()[file];
    let (byte, _) = source.match_indices(word).nth(nth).unwrap_or_default();
    let position = |byte: usize| {
        let before = &source[..byte];
        let line = before.matches('\n').count() + 1;
        let column =
            before.rsplit('\n').next().unwrap_or_default().trim_start_matches('\u{feff}').chars().count() + 1;
        SourcePosition { line: line as u32, column: column as u32, byte: byte as u32 }
    };
    SourceSpan { file: Arc::from(file), start: position(byte), end: position(byte + word.len()) }
}

fn problems() -> Vec<Diagnostic> {
    vec![
        Diagnostic::error("Z0502", at("rows/blocks.yaml", "A", 1), "duplicate row `A`")
            .with_secondary_span(at("rows/blocks.yaml", "A", 0), "first here")
            .help("remove one of them"),
        Diagnostic::warning("Z0306", at("network.yaml", "Network", 0), "something is odd")
            .label("here")
            .with_secondary_span(at("rows/blocks.yaml", "B", 0), "compare"),
        Diagnostic::error("Z0203", at("network.yaml", "lable", 0), "unknown field `lable`")
            .help("did you mean `label`?"),
        Diagnostic::error("Z0101", SourceSpan::file("gone.yaml"), "cannot read the file: it is not UTF-8"),
        Diagnostic::nowhere("Z0301", "no manifest has `kind: Network`").help("write one"),
    ]
}

#[test]
fn text_shows_location_message_source_line_and_help() {
    insta::assert_snapshot!(text(&problems(), &texts(), ColorMode::Plain), @r"
    error[Z0301]: no manifest has `kind: Network`
     |
     = help: write one

    gone.yaml:1:1: error[Z0101]: cannot read the file: it is not UTF-8

    network.yaml:2:7: warning[Z0306]: something is odd
      |
    2 | kind: Network
      |       ^^^^^^^ here
      |
     ::: rows/blocks.yaml:3:11
      |
    3 |   - code: B
      |           - compare

    network.yaml:4:2: error[Z0203]: unknown field `lable`
      |
    4 |     lable: é漢 {afn: lender}
      |     ^^^^^
      |
      = help: did you mean `label`?

    rows/blocks.yaml:4:11: error[Z0502]: duplicate row `A`
      |
    4 |   - code: A
      |           ^
      |
     ::: rows/blocks.yaml:2:11
      |
    2 |   - code: A
      |           - first here
      |
      = help: remove one of them

    4 errors, 1 warning in 3 files
    ");
}

#[test]
fn colored_text_without_escape_codes_equals_plain_text() {
    let coloured = text(&problems(), &texts(), ColorMode::Ansi);
    assert!(coloured.contains("\u{1b}["));
    assert_eq!(
        anstream::adapter::strip_str(&coloured).to_string(),
        text(&problems(), &texts(), ColorMode::Plain)
    );
}

#[test]
fn empty_list_produces_empty_text_and_valid_json() {
    assert_eq!(text(&[], &texts(), ColorMode::Plain), "");
    assert_eq!(json(&[], &texts())["valid"], true);
}

#[test]
fn text_shows_fifty_diagnostics_and_counts_others() {
    let many = vec![Diagnostic::error("Z0203", at("network.yaml", "lable", 0), "unknown field `lable`"); 62];
    let shown = text(&many, &texts(), ColorMode::Plain);
    assert_eq!(shown.matches("error[Z0203]").count(), 50);
    assert!(shown.ends_with("and 12 more\n\n62 errors in 1 file\n"), "{shown}");
    assert_eq!(json(&many, &texts())["diagnostics"].as_array().map(Vec::len), Some(62));
}

#[test]
fn json_follows_terraform_validate_format() {
    let json = json(&problems(), &texts());
    let head = |key: &str| json[key].to_string();
    assert_eq!(
        [head("format_version"), head("valid"), head("error_count"), head("warning_count")],
        ["\"1.0\"", "false", "4", "1"]
    );
    insta::assert_json_snapshot!(json["diagnostics"][4], @r#"
    {
      "severity": "error",
      "code": "Z0502",
      "summary": "duplicate row `A`",
      "detail": "",
      "help": "remove one of them",
      "range": {
        "filename": "rows/blocks.yaml",
        "start": {
          "line": 4,
          "column": 11,
          "byte": 40
        },
        "end": {
          "line": 4,
          "column": 12,
          "byte": 41
        }
      },
      "snippet": {
        "context": null,
        "code": "  - code: A",
        "start_line": 4,
        "highlight_start_offset": 10,
        "highlight_end_offset": 11,
        "values": []
      },
      "related": [
        {
          "message": "first here",
          "range": {
            "filename": "rows/blocks.yaml",
            "start": {
              "line": 2,
              "column": 11,
              "byte": 16
            },
            "end": {
              "line": 2,
              "column": 12,
              "byte": 17
            }
          }
        }
      ]
    }
    "#);
}

#[test]
fn location_outside_text_is_named_without_snippet() {
    let nowhere = SourcePosition { line: 900, column: 1, byte: 90_000 };
    let place = SourceSpan { file: "network.yaml".into(), start: nowhere, end: nowhere };
    let shown = text(&[Diagnostic::error("Z0102", place, "gone")], &texts(), ColorMode::Plain);
    assert!(shown.starts_with("network.yaml:900:1: error[Z0102]: gone\n"), "{shown}");
}

#[test]
fn line_with_password_is_not_printed() {
    for store in ["postgres://zonal:hunter2@db/zonal", "postgresql://db/zonal?user=a&PASSWORD=hunter2"] {
        let line = format!("store: {store}\n");
        let texts: SourceTexts<'_> = [("n.yaml", line.as_str())].into();
        let position = |byte: u32| SourcePosition { line: 1, column: byte + 1, byte };
        let place =
            SourceSpan { file: "n.yaml".into(), start: position(7), end: position(line.len() as u32 - 1) };
        let told = [Diagnostic::error("Z0324", place, "the store URL contains a password")];
        let (plain, machines) = (text(&told, &texts, ColorMode::Plain), json(&told, &texts).to_string());
        assert!(plain.contains("n.yaml:1:8") && !plain.contains("hunter2"), "{plain}");
        assert!(machines.contains("Z0324") && !machines.contains("hunter2"), "{machines}");
    }
}
