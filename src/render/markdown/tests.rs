//! What a comment looks like, and that nothing in a plan can break it or make it too long.

#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::fmt::Write as _;

use proptest::prelude::*;

use super::{About, Comment, Context, Level, comment, summary, within};
use crate::diff::diff;
use crate::diff::tests::notation::{desired, observed};
use crate::model::{Finding, Hold, Plan, Verdict};

fn planned(members: &[&str], manifests: &str, tables: &str) -> Plan {
    let (network, desired) = desired(members, manifests);
    let observed = observed(&desired, tables);
    crate::plan::plan(&network, diff(&desired, &observed), &observed, None)
}

const ROWS: &str = "CodeTable t\ntable: T\nrows: [{code: A, description: One}, {code: B, absent: true}]";

/// The text with its digests shortened, which a change of what they are made of would move.
fn shown(comment: &Comment) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in comment.text.chars().chain(['\n']) {
        if c.is_ascii_hexdigit() && !c.is_ascii_uppercase() {
            digits.push(c);
            continue;
        }
        match digits.len() {
            64 => out.push_str("DIGEST"),
            12 => out.push_str("SHORT"),
            _ => out.push_str(&digits),
        }
        digits.clear();
        out.push(c);
    }
    out.trim_end().to_owned()
}

#[test]
fn a_plan_is_told_in_full_and_can_be_approved() {
    let manifests = format!("{ROWS}\n---\nCodeTable u\ntable: U\nrows: [{{code: A, enabled: true}}]");
    let tables = "ALPHA:\ncode T en\ncode U en\nA Ok -\nBETA:\ncode T en\nA Old\nB Two\ncode U en\n\
                  GAMMA:\nfail T unreachable\nfail U unreachable\nDELTA:\ncode T en\nA Old\nB Two\ncode U en";
    let plan = planned(&["ALPHA", "BETA", "DELTA", "GAMMA"], &manifests, tables);
    let context = Context {
        commit: Some("4f2a"),
        artefact: Some("https://ci/run/7"),
        file: None,
        ..Context::default()
    };
    let comment = comment(&plan, context);
    assert_eq!(comment.degraded, Level::Full);
    insta::assert_snapshot!(shown(&comment), @r#"
    <!-- zonal {"network":"omni","environment":null,"digest":"DIGEST","groups":{"A":"DIGEST","B":"DIGEST"},"degraded":null,"approvable":true} -->
    ## zonal: 1 to add, 3 to change, 2 to destroy; incomplete

    Network `omni`.

    > [!WARNING]
    > The plan is incomplete: 1 zone could not be asked.
    > The plan is incomplete: 2 collections cannot be planned, marked `!` below.
    > - `GAMMA`: `T` did not come

    | group | zones | + | ~ | - | by hand |
    | --- | --- | ---: | ---: | ---: | ---: |
    | A | `BETA`, `DELTA`, in each `!` | 0 | 1 | 1 | 0 |
    | B | `ALPHA` | 1 | 1 | 0 | 0 |

    <details open>
    <summary><b>Group A</b>: 2 zones with the same changes: 1 to change, 1 to destroy, 1 that cannot be planned</summary>

    `BETA`, `DELTA`

    ```diff
    ! CodeTable/T/A will be updated in-place
        (CodeTable/t, t.yaml:6:10)
    -   description = "Old"
    +   description = "One"
    - CodeTable/T/B will be destroyed
        (CodeTable/t, t.yaml:6:39)
        (because the manifest says `absent: true`)
    -   code        = "B"
    -   default     = false
    -   description = "Two"
    -   enabled     = true
    ! CodeTable/U cannot be planned
        (CodeTable/u, u.yaml:3:18)
    !   `A` is not in the zone's CodeTable/U and cannot be created without `description`
        help: add `description` at u.yaml:6:10
    ```

    To approve this group alone: `zonal approve plan.json DIGEST --by NAME`

    </details>

    <details>
    <summary><b>Group B</b>: <code>ALPHA</code> (alpha College): 1 to add, 1 to change</summary>

    ```diff
    + CodeTable/T/A will be created
        (CodeTable/t, t.yaml:6:10)
    +   code        = "A"
    +   description = "One"
    +   default     = false
    +   enabled     = true
    ! CodeTable/U/A will be updated in-place
        (CodeTable/u, u.yaml:6:10)
    -   enabled = false
    +   enabled = true
    ```

    To approve this group alone: `zonal approve plan.json DIGEST --by NAME`

    </details>

    Zones: 3 with changes, 1 that could not be asked. Cost: 14 reads, 4 writes, at least 1 s.

    To approve all of it: `zonal approve plan.json DIGEST --by NAME`

    To apply what is approved: `zonal apply plan.json`

    Plan `SHORT` of commit `4f2a`, all of it in <https://ci/run/7>.
    "#);
}

#[test]
fn a_network_that_matches_says_so_and_has_nothing_to_approve() {
    let plan = planned(&["ALPHA"], ROWS, "code T en\nA One\nC Three");
    insta::assert_snapshot!(shown(&comment(&plan, Context::default())), @r#"
    <!-- zonal {"network":"omni","environment":null,"digest":"DIGEST","groups":{},"degraded":null,"approvable":false} -->
    ## zonal: no changes, the network matches the manifests

    Network `omni`.

    Zones: 1 in sync. Unmanaged: 1.

    Plan `SHORT`.
    "#);
}

#[test]
fn what_guards_found_stands_above_everything_else() {
    let mut plan = planned(&["ALPHA"], ROWS, "code T en\nA Old\nB Two");
    let finding = |verdict, guard: &str, message: &str| Finding {
        verdict,
        guard: guard.into(),
        zones: vec!["ALPHA".into()],
        message: message.to_owned(),
        help: Some("look at `x`".to_owned()),
        place: None,
    };
    plan.findings = vec![
        finding(Verdict::Deny, "deletes-per-collection", "1 of 2 rows of `CodeTable/T` would go"),
        finding(Verdict::Warn, "policy/a/b", "see @team"),
        finding(Verdict::Overridden { reason: "agreed".to_owned() }, "protected", "`B` is protected"),
    ];
    plan.zones.get_mut(&"ALPHA".into()).unwrap().hold = Some(Hold::Unapproved);
    insta::assert_snapshot!(shown(&comment(&plan, Context::default())), @r#"
    <!-- zonal {"network":"omni","environment":null,"digest":"DIGEST","groups":{},"degraded":null,"approvable":false} -->
    ## zonal: forbidden by a guard; 0 to add, 1 to change, 1 to destroy; 2 held back

    Network `omni`.

    > [!CAUTION]
    > Nothing at all is written:
    > - `deletes-per-collection`: 1 of 2 rows of `CodeTable/T` would go (in `ALPHA`). Help: look at `x`

    > [!WARNING]
    > - `policy/a/b` warns: see @&#8203;team (in `ALPHA`). Help: look at `x`
    > - Not begun in `ALPHA`: waits for an approval

    > [!NOTE]
    > - `protected` was overridden (agreed): `B` is protected (in `ALPHA`). Help: look at `x`

    | group | zones | + | ~ | - | by hand |
    | --- | --- | ---: | ---: | ---: | ---: |
    | A | `ALPHA` | 0 | 1 | 1 | 0 |

    <details open>
    <summary><b>Group A</b>: <code>ALPHA</code> (alpha College): 1 to change, 1 to destroy</summary>

    Apply does not begin this: waits for an approval

    ```diff
    ! CodeTable/T/A will be updated in-place
        (CodeTable/t, t.yaml:6:10)
    -   description = "Old"
    +   description = "One"
    - CodeTable/T/B will be destroyed
        (CodeTable/t, t.yaml:6:39)
        (because the manifest says `absent: true`)
    -   code        = "B"
    -   default     = false
    -   description = "Two"
    -   enabled     = true
    ```

    </details>

    Zones: 1 with changes. Cost: 4 reads, 1 write, at least 1 s.

    Plan `SHORT`.
    "#);
}

#[test]
fn every_level_tells_less_than_the_one_before_and_never_half_of_anything() {
    let mut last = usize::MAX;
    let mut seen = |plan: &Plan, size| {
        let comment = within(plan, Context::default(), size);
        assert!(comment.text.len() <= size && comment.text.len() < last, "{size}: {}", comment.text.len());
        sound(&comment);
        last = comment.text.len();
        comment.degraded
    };
    let plan = large(40, 30, "");
    assert_eq!(seen(&plan, 180_000), Level::Full);
    assert_eq!(seen(&plan, 170_000), Level::Fields);
    assert_eq!(seen(&plan, 60_000), Level::Records);
    let plan = large(150, 8, "");
    assert_eq!(seen(&plan, 35_000), Level::Collections);
    let plan = large(320, 2, "");
    assert_eq!(seen(&plan, 30_000), Level::Groups);
    assert_eq!(seen(&plan, 10_000), Level::Totals);
}

#[test]
fn what_is_degraded_says_what_is_missing_and_is_no_basis_for_an_approval() {
    let plan = large(320, 1, "");
    let artefact = Context { artefact: Some("https://ci/run/7"), ..Context::default() };
    let comment = within(&plan, artefact, 10_000);
    insta::assert_snapshot!(shown(&comment), @r#"
    <!-- zonal {"network":"omni","environment":null,"digest":"DIGEST","groups":{},"degraded":"totals","approvable":false} -->
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
fn a_summary_has_more_room_and_leaves_what_stands_there_already_alone() {
    let plan = large(40, 30, "");
    assert!(comment(&plan, Context::default()).degraded > Level::Full);
    assert_eq!(summary(&plan, Context::default(), 0).unwrap().degraded, Level::Full);
    assert!(summary(&plan, Context::default(), 900_000).unwrap().text.len() <= 100_000);
    assert_eq!(summary(&plan, Context::default(), 990_000), None);
}

#[test]
fn several_lines_are_shown_as_lines_and_detours_stay_inside() {
    let hostile = "\"one\\n```\\n</details>\\n--> @team\\n\\u202Etxt\"";
    let manifest = format!("CodeTable t\ntable: T\nrows: [{{code: A, description: {hostile}}}]");
    let plan = planned(&["ALPHA"], &manifest, "code T en\nA Old");
    let comment = comment(&plan, Context::default());
    sound(&comment);
    insta::assert_snapshot!(shown(&comment), @r#"
    <!-- zonal {"network":"omni","environment":null,"digest":"DIGEST","groups":{"A":"DIGEST"},"degraded":null,"approvable":true} -->
    ## zonal: 0 to add, 1 to change, 0 to destroy

    Network `omni`.

    | group | zones | + | ~ | - | by hand |
    | --- | --- | ---: | ---: | ---: | ---: |
    | A | `ALPHA` | 0 | 1 | 0 | 0 |

    <details open>
    <summary><b>Group A</b>: <code>ALPHA</code> (alpha College): 1 to change</summary>

    ````diff
    ! CodeTable/T/A will be updated in-place
        (CodeTable/t, t.yaml:6:10)
        description:
    -     Old
    +     one
    +     ```
    +     </details>
    +     --> @team
    +     \u{202e}txt
    ````

    </details>

    Zones: 1 with changes. Cost: 4 reads, 1 write, at least 1 s.

    To approve all of it: `zonal approve plan.json DIGEST --by NAME`

    To apply what is approved: `zonal apply plan.json`

    Plan `SHORT`.
    "#);
}

/// So many zones with a table of so many rows, all of them different.
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

/// Whether a page is whole: the marker in one line, what is opened closed, every fence ended, every line
/// of a diff a line of a diff, and no name called outside of code.
fn sound(comment: &Comment) {
    let text = &comment.text;
    let (marker, rest) = text.split_once('\n').unwrap();
    let json = marker.strip_prefix("<!-- zonal ").and_then(|marker| marker.strip_suffix(" -->")).unwrap();
    let marker: serde_json::Value = serde_json::from_str(json).unwrap();
    let full = comment.degraded == Level::Full;
    assert_eq!(marker["degraded"].is_null(), full);
    assert!(full || marker["approvable"] == false && marker["groups"].as_object().unwrap().is_empty());
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

/// A line as Markdown reads it: a run of backticks begins code where one of the same length ends it.
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
    fn a_comment_is_short_and_whole_whatever_is_in_the_plan(
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
            verdict: Verdict::Warn,
            guard: name.as_str().into(),
            zones: Vec::new(),
            message: message.clone(),
            help: Some(message.clone()),
            place: None,
        }];
        plan.zones.values_mut().next().unwrap().name = message.clone();
        let context = Context { commit: Some(&name), artefact: Some(&message), file: Some(&name), ..Context::default() };
        for size in [size, 60_000] {
            let comment = within(&plan, context, size);
            prop_assert!(comment.text.len() <= size);
            sound(&comment);
        }
    }
}

#[test]
fn drift_is_no_plan_and_a_snapshot_is_named() {
    let tables = "ALPHA:\ncode T en\nA Ok -\nB Two\nBETA:\ncode T en\nA One";
    let plan =
        Plan { against: Some("kept `by` ci.json".to_owned()), ..planned(&["ALPHA", "BETA"], ROWS, tables) };
    let drift = Context { about: About::Drift, ..Context::default() };
    insta::assert_snapshot!(shown(&comment(&plan, drift)), @r#"
    <!-- zonal {"network":"omni","environment":null,"digest":"DIGEST","groups":{},"degraded":null,"approvable":false} -->
    ## zonal: drift, 2 records in 1 zone

    Network `omni`.

    Compared with the snapshot ``kept `by` ci.json``: no zone was asked.

    Nothing tells what was applied last, so every difference counts as drift.

    Nothing was written. Each difference is shown as what would end it.

    | group | zones | + | ~ | - | by hand |
    | --- | --- | ---: | ---: | ---: | ---: |
    | A | `ALPHA` | 0 | 1 | 1 | 0 |

    <details open>
    <summary><b>Group A</b>: <code>ALPHA</code> (alpha College): 1 to change, 1 to destroy</summary>

    ```diff
    ! CodeTable/T/A will be updated in-place
        (CodeTable/t, t.yaml:6:10)
    -   description = "Ok"
    +   description = "One"
    - CodeTable/T/B will be destroyed
        (CodeTable/t, t.yaml:6:39)
        (because the manifest says `absent: true`)
    -   code        = "B"
    -   default     = false
    -   description = "Two"
    -   enabled     = true
    ```

    </details>

    Zones: 1 with changes, 1 in sync.

    Digest `SHORT`.
    "#);
    let based = Plan { base: Some("4f2a4f2a4f2a4f2a".to_owned()), ..plan.clone() };
    let page = comment(&based, drift).text;
    assert!(
        page.contains("Applied last: the manifests of `4f2a4f2a4f2a`.") && !page.contains("Nothing tells"),
        "{page}"
    );
    assert!(page.contains("`zonal apply --only-drift --base 4f2a4f2a4f2a`"), "{page}");
    let none = planned(&["BETA"], ROWS, "BETA:\ncode T en\nA One");
    assert!(comment(&none, drift).text.contains("## zonal: no drift\n"));
    let page = comment(&plan, Context::default()).text;
    assert!(
        page.contains("Compared with the snapshot ``kept `by` ci.json``: no zone was asked.\n"),
        "{page}"
    );
    assert!(!page.contains("counts as drift"), "{page}");
}
