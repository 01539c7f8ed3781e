//! Tests of the comment's size limit and well-formedness.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::{CommentContext, CommentDetail, PullRequestComment, comment, fit_to_limit, summary};
use super::{planned, shown};
use crate::model::{Finding, FindingEffect, Plan};

#[test]
fn lower_detail_level_is_shorter_and_well_formed() {
    let levels = |plan: &Plan, from: usize| {
        let mut levels = Vec::new();
        let mut size = from;
        while size > 10_000 {
            let comment = fit_to_limit(plan, CommentContext::default(), size);
            assert!(comment.text.len() <= size, "{size}: {}", comment.text.len());
            sound(&comment);
            if levels.last() != Some(&comment.degraded) {
                levels.push(comment.degraded);
            }
            size -= size / 4;
        }
        assert!(levels.is_sorted(), "{levels:?}");
        levels
    };
    let found = levels(&large(3, 600, ""), 500_000);
    assert!(found.first() == Some(&CommentDetail::Full), "{found:?}");
    assert!(found.contains(&CommentDetail::Records) && found.len() > 2, "{found:?}");
    let found = levels(&large(320, 2, &"x".repeat(40_000)), 60_000);
    assert!(found.contains(&CommentDetail::Groups), "{found:?}");
    assert_eq!(found.last(), Some(&CommentDetail::Totals), "{found:?}");
}

#[test]
fn comment_grows_with_decisions_not_with_zones() {
    let [few, many] =
        [4, 320].map(|zones| fit_to_limit(&large(zones, 8, ""), CommentContext::default(), 60_000));
    assert_eq!(many.degraded, CommentDetail::Full);
    assert!(many.text.len() < few.text.len() * 3, "{} {}", few.text.len(), many.text.len());
}

#[test]
fn degraded_comment_names_omissions_and_is_not_approvable() {
    let plan = large(320, 1, &"x".repeat(40_000));
    let artefact = CommentContext { artefact: Some("https://ci/run/7"), ..CommentContext::default() };
    let comment = fit_to_limit(&plan, artefact, 10_000);
    insta::assert_snapshot!(shown(&comment), @r#"
    <!-- zonal {"network":"omni","environment":null,"digest":"DIGEST","degraded":"totals","approvable":false} -->
    ## zonal: 0 to add, 320 to change, 0 to destroy

    > [!IMPORTANT]
    > The plan is too large for this page: everything but totals is left out.
    > All of it is in `plan.json`, which `zonal show` shows, and in <https://ci/run/7>.
    > Nothing can be approved from here: whoever approves quotes the digest of `plan.json` itself.

    Network `omni`.

    | group | zones | + | ~ | - | by hand |
    | --- | --- | ---: | ---: | ---: | ---: |
    | A | `Z000` | 0 | 1 | 0 | 0 |
    | B | `Z001` | 0 | 1 | 0 | 0 |
    | C | `Z002` | 0 | 1 | 0 | 0 |
    | D | `Z003` | 0 | 1 | 0 | 0 |
    | E | `Z004` | 0 | 1 | 0 | 0 |
    | F | `Z005` | 0 | 1 | 0 | 0 |
    | G | `Z006` | 0 | 1 | 0 | 0 |
    | H | `Z007` | 0 | 1 | 0 | 0 |
    | I | `Z008` | 0 | 1 | 0 | 0 |
    | J | `Z009` | 0 | 1 | 0 | 0 |
    | K | `Z010` | 0 | 1 | 0 | 0 |
    | L | `Z011` | 0 | 1 | 0 | 0 |
    | M | `Z012` | 0 | 1 | 0 | 0 |
    | N | `Z013` | 0 | 1 | 0 | 0 |
    | O | `Z014` | 0 | 1 | 0 | 0 |
    | P | `Z015` | 0 | 1 | 0 | 0 |
    | Q | `Z016` | 0 | 1 | 0 | 0 |
    | R | `Z017` | 0 | 1 | 0 | 0 |
    | S | `Z018` | 0 | 1 | 0 | 0 |
    | T | `Z019` | 0 | 1 | 0 | 0 |
    | U | `Z020` | 0 | 1 | 0 | 0 |
    | V | `Z021` | 0 | 1 | 0 | 0 |
    | W | `Z022` | 0 | 1 | 0 | 0 |
    | X | `Z023` | 0 | 1 | 0 | 0 |
    | Y | `Z024` | 0 | 1 | 0 | 0 |
    | Z | `Z025` | 0 | 1 | 0 | 0 |
    | AA | `Z026` | 0 | 1 | 0 | 0 |
    | AB | `Z027` | 0 | 1 | 0 | 0 |
    | AC | `Z028` | 0 | 1 | 0 | 0 |
    | AD | `Z029` | 0 | 1 | 0 | 0 |
    | AE | `Z030` | 0 | 1 | 0 | 0 |
    | AF | `Z031` | 0 | 1 | 0 | 0 |
    | AG | `Z032` | 0 | 1 | 0 | 0 |
    | AH | `Z033` | 0 | 1 | 0 | 0 |
    | AI | `Z034` | 0 | 1 | 0 | 0 |
    | AJ | `Z035` | 0 | 1 | 0 | 0 |
    | AK | `Z036` | 0 | 1 | 0 | 0 |
    | AL | `Z037` | 0 | 1 | 0 | 0 |
    | AM | `Z038` | 0 | 1 | 0 | 0 |
    | AN | `Z039` | 0 | 1 | 0 | 0 |
    | AO | `Z040` | 0 | 1 | 0 | 0 |
    | AP | `Z041` | 0 | 1 | 0 | 0 |
    | AQ | `Z042` | 0 | 1 | 0 | 0 |
    | AR | `Z043` | 0 | 1 | 0 | 0 |
    | AS | `Z044` | 0 | 1 | 0 | 0 |
    | AT | `Z045` | 0 | 1 | 0 | 0 |
    | AU | `Z046` | 0 | 1 | 0 | 0 |
    | AV | `Z047` | 0 | 1 | 0 | 0 |
    | AW | `Z048` | 0 | 1 | 0 | 0 |
    | AX | `Z049` | 0 | 1 | 0 | 0 |

    and 270 more

    Zones: 320 with changes. Cost: 1,280 reads, 320 writes, at least 1 s.

    Plan `SHORT`.
    "#);
}

#[test]
fn summary_fits_beside_existing_text() {
    let plan = large(3, 900, "");
    assert!(comment(&plan, CommentContext::default()).degraded > CommentDetail::Full);
    assert_eq!(summary(&plan, CommentContext::default(), 0).unwrap().degraded, CommentDetail::Full);
    assert!(summary(&plan, CommentContext::default(), 900_000).unwrap().text.len() <= 100_000);
    assert_eq!(summary(&plan, CommentContext::default(), 990_000), None);
}

#[test]
fn plan_of_rows_that_differ_everywhere_is_bounded() {
    let plan = large(12, 2_000, "value");
    let text = anstream::adapter::strip_str(&crate::render::text::plan(&plan)).to_string();
    assert!(text.lines().count() <= 5_000, "{} lines", text.lines().count());
    assert!(text.contains("more lines left out: see `zonal show PLAN --manifest CodeTable/t`"), "{text}");
    let comment = comment(&plan, CommentContext::default());
    assert!(comment.text.len() <= 60_000 && comment.text.contains("\"approvable\":false"));
}

/// Returns a plan for `zones` zones with `rows` rows each, all different.
fn large(zones: usize, rows: usize, value: &str) -> Plan {
    let members: Vec<String> = (0..zones).map(|zone| format!("Z{zone:03}")).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    let mut manifest = "CodeTable t\ntable: T\nrows:\n".to_owned();
    for row in 0..rows {
        let value = serde_json::to_string(&format!("New {row} {value}")).unwrap();
        let _ = writeln!(manifest, "  - {{code: CODE_{row:04}, description: {value}}}");
    }
    let mut tables = String::new();
    for zone in 0..zones {
        let _ = writeln!(tables, "Z{zone:03}:\ncode T en");
        for row in 0..rows {
            let _ = writeln!(tables, "CODE_{row:04} Old_{zone}_{row}");
        }
    }
    planned(&members, &manifest, &tables)
}

/// Asserts that a comment is well-formed.
///
/// The marker takes one line, and all folds and fences are closed. Diff lines have a valid prefix, and
/// mentions occur only in code.
pub fn sound(comment: &PullRequestComment) {
    let text = &comment.text;
    let (marker, rest) = text.split_once('\n').unwrap();
    let json = marker.strip_prefix("<!-- zonal ").and_then(|marker| marker.strip_suffix(" -->")).unwrap();
    let marker: serde_json::Value = serde_json::from_str(json).unwrap();
    let full = comment.degraded == CommentDetail::Full;
    assert_eq!(marker["degraded"].is_null(), full);
    // Without notes and authors, each decision is still there.
    let is_whole = comment.degraded <= CommentDetail::Decisions;
    assert!(is_whole || marker["approvable"] == false);
    assert_eq!(text.contains("zonal approve"), marker["approvable"] == true);
    let (mut fence, mut open) = (None, 0_i32);
    for line in rest.lines() {
        match &fence {
            Some(end) if line == end => fence = None,
            Some(end) => {
                assert!(line.starts_with(['+', '-', '!', ' ']), "{line}");
                assert!(!line.trim_start().starts_with(end), "{line}");
            }
            None if line.ends_with("```diff") => fence = Some(line.trim_end_matches("diff").to_owned()),
            None => {
                open += i32::from(line.starts_with("<details")) - i32::from(line == "</details>");
                assert!(open == 0 || open == 1);
                let outside: String =
                    line.split("<code>").map(|part| part.split("</code>").last().unwrap()).collect();
                let outside = without_code(&outside);
                assert!(!outside.contains("@team"), "{line}");
                let tags =
                    ["<details>", "<details open>", "</details>", "<summary>", "</summary>", "<b>", "</b>"];
                let bare = tags.iter().fold(outside, |line, tag| line.replace(tag, ""));
                let bare = bare.replace("<https://", "");
                assert!(!bare.contains('<'), "{line}");
            }
        }
    }
    assert_eq!((fence, open), (None, 0));
}

/// Returns a line without its Markdown code. A run of backticks starts code if a later run of equal length
/// ends it.
fn without_code(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    let run_of = |text: &str| text.len() - text.trim_start_matches('`').len();
    while let Some(at) = rest.find(['`', '\\']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('\\') {
            rest = &rest[1 + rest[1..].chars().next().map_or(0, char::len_utf8)..];
            continue;
        }
        let run = run_of(rest);
        let mut from = run;
        let mut runs = std::iter::from_fn(|| {
            let start = from + rest[from..].find('`')?;
            from = start + run_of(&rest[start..]);
            Some(start..from)
        });
        let end = runs.find(|found| found.len() == run).map_or(run, |found| found.end);
        rest = &rest[end..];
    }
    out + rest
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_comment_fits_and_is_well_formed(
        zones in 1_usize..7,
        rows in 1_usize..9,
        value in r#"([ -~]|\n|`{1,5}|</?details>|<!--|-->|@team|\u{202e}|é|\||"){0,40}"#,
        long in prop_oneof![Just(1_usize), Just(40), Just(600)],
        name in r#"[ -~]{1,30}"#,
        size in 10_000_usize..60_000,
    ) {
        let mut plan = large(zones, rows, &value.repeat(long));
        let message = format!("{value} @team {name}");
        plan.network = message.clone();
        plan.selection = Some(message.clone());
        plan.findings = vec![Finding {
            effect: FindingEffect::Warn,
            guard: name.as_str().into(),
            zones: Vec::new(),
            message: message.clone(),
            help: Some(message.clone()),
            span: None,
        }];
        plan.zones.values_mut().next().unwrap().name = message.clone();
        let context = CommentContext { commit: Some(&name), artefact: Some(&message), file: Some(&name), ..CommentContext::default() };
        for size in [size, 60_000] {
            let comment = fit_to_limit(&plan, context, size);
            prop_assert!(comment.text.len() <= size);
            sound(&comment);
        }
    }
}
