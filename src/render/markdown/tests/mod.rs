//! Tests of the comment's content.

#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

mod size_limits;

use self::size_limits::sound;
use super::{CommentContext, CommentDetail, CommentPurpose, PullRequestComment, comment};
use crate::diff::diff;
use crate::model::{ComparisonMode, Deferral, Finding, FindingEffect, ImpactEffect, Plan, PlanImpact};
use crate::test_notation::{desired, observed};

fn planned(members: &[&str], manifests: &str, tables: &str) -> Plan {
    let (network, desired) = desired(members, manifests);
    let observed = observed(&desired, tables);
    crate::plan::plan(&network, diff(&desired, &observed), &observed, None)
}

const ROWS: &str = "CodeTable t\ntable: T\nrows: [{code: A, description: One}, {code: B, absent: true}]";

/// Returns the text with placeholders for digests, which depend on details of the plan.
fn shown(comment: &PullRequestComment) -> String {
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
fn small_plan_is_complete_and_approvable() {
    let manifests = format!("{ROWS}\n---\nCodeTable u\ntable: U\nrows: [{{code: A, enabled: true}}]");
    let tables = "ALPHA:\ncode T en\ncode U en\nA Ok -\nBETA:\ncode T en\nA Old\nB Two\ncode U en\n\
                  GAMMA:\nfail T unreachable\nfail U unreachable\nDELTA:\ncode T en\nA Old\nB Two\ncode U en";
    let plan = planned(&["ALPHA", "BETA", "DELTA", "GAMMA"], &manifests, tables);
    let context = CommentContext {
        commit: Some("4f2a"),
        artefact: Some("https://ci/run/7"),
        file: None,
        ..CommentContext::default()
    };
    let comment = comment(&plan, context);
    assert_eq!(comment.degraded, CommentDetail::Full);
    insta::assert_snapshot!(shown(&comment), @r##"
    <!-- zonal {"network":"omni","environment":null,"digest":"DIGEST","degraded":null,"approvable":true} -->
    ## zonal: 1 to add, 3 to change, 2 to destroy; incomplete

    Network `omni`.

    > [!WARNING]
    > The plan is incomplete: 1 zone could not be asked.
    > The plan is incomplete: 2 collections cannot be planned.
    > - `GAMMA`: `T` did not come
    > - `CodeTable/U` in `BETA`, `DELTA`: `A` does not exist in CodeTable/U of the zone and cannot be created without `description`. Help: add `description` at u.yaml:6:10

    > [!CAUTION]
    > **Removed or disabled: 2 destroyed**

    ```diff
    -   T B                                                                                     t.yaml:6
        BETA, DELTA · default false · description Two · enabled true · because the manifest says
        `absent: true`
    ```

    <details open>
    <summary>t.yaml  CodeTable/t: <code>+1 ~2 -2</code></summary>

    ```diff
      T
    !    6  A  description Old → One                                                         BETA, DELTA
    +       A  One                                                                                 ALPHA
    -       B  default false · description Two · enabled true                                BETA, DELTA
              because the manifest says `absent: true`
    ```

    </details>

    <details open>
    <summary>u.yaml  CodeTable/u: <code>~1</code></summary>

    ```diff
      U
    !    6  A  enabled false → true                                                                ALPHA
    ```

    </details>

    Zones: 3 with changes, 1 that could not be asked. Cost: 14 reads, 4 writes, at least 1 s.

    To approve all of it: `zonal approve plan.json DIGEST --by NAME`. A part: with `--manifest KIND/NAME`, `--row FILE:LINE` or `--zone CODE` instead of the digest.

    To apply what is approved: `zonal apply plan.json`

    Plan `SHORT` of commit `4f2a`, all of it in <https://ci/run/7>.
    "##);
}

#[test]
fn network_in_sync_has_nothing_to_approve() {
    let plan = planned(&["ALPHA"], ROWS, "code T en\nA One\nC Three");
    insta::assert_snapshot!(shown(&comment(&plan, CommentContext::default())), @r#"
    <!-- zonal {"network":"omni","environment":null,"digest":"DIGEST","degraded":null,"approvable":false} -->
    ## zonal: no changes, the network matches the manifests

    Network `omni`.

    Zones: 1 in sync. Unmanaged: 1.

    Plan `SHORT`.
    "#);
}

#[test]
fn findings_come_first() {
    let mut plan = planned(&["ALPHA"], ROWS, "code T en\nA Old\nB Two");
    let finding = |verdict, guard: &str, message: &str| Finding {
        effect: verdict,
        guard: guard.into(),
        zones: vec!["ALPHA".into()],
        message: message.to_owned(),
        help: Some("look at `x`".to_owned()),
        span: None,
    };
    plan.findings = vec![
        finding(FindingEffect::Deny, "deletes-per-collection", "1 of 2 rows of `CodeTable/T` would go"),
        finding(FindingEffect::Warn, "policy/a/b", "see @team"),
        finding(FindingEffect::Overridden { reason: "agreed".to_owned() }, "protected", "`B` is protected"),
    ];
    plan.zones.get_mut(&"ALPHA".into()).unwrap().deferral = Some(Deferral::ApprovalRequired);
    insta::assert_snapshot!(shown(&comment(&plan, CommentContext::default())), @r##"
    <!-- zonal {"network":"omni","environment":null,"digest":"DIGEST","degraded":null,"approvable":false} -->
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

    > [!CAUTION]
    > **Removed or disabled: 1 destroyed**

    ```diff
    -   T B                                                                                     t.yaml:6
        ALPHA · default false · description Two · enabled true · because the manifest says `absent:
        true`
    ```

    <details open>
    <summary>t.yaml  CodeTable/t: <code>~1 -1</code></summary>

    ```diff
      T
    !    6  A  description Old → One                                                               ALPHA
    -       B  default false · description Two · enabled true                                      ALPHA
              because the manifest says `absent: true`
    ```

    </details>

    Zones: 1 with changes. Cost: 4 reads, 1 write, at least 1 s.

    Plan `SHORT`.
    "##);
}

#[test]
fn multiline_value_stays_inside_diff_block() {
    let hostile = "\"one\\n```\\n</details>\\n--> @team\\n\\u202Etxt\"";
    let manifest = format!("CodeTable t\ntable: T\nrows: [{{code: A, description: {hostile}}}]");
    let plan = planned(&["ALPHA"], &manifest, "code T en\nA Old");
    let comment = comment(&plan, CommentContext::default());
    sound(&comment);
    insta::assert_snapshot!(shown(&comment), @r##"
    <!-- zonal {"network":"omni","environment":null,"digest":"DIGEST","degraded":null,"approvable":true} -->
    ## zonal: 0 to add, 1 to change, 0 to destroy

    Network `omni`.

    <details open>
    <summary>t.yaml  CodeTable/t: <code>~1</code></summary>

    ````diff
      T
    !    6  A                                                                                      ALPHA
              description:
    -           Old
    +           one
    +           ```
    +           </details>
    +           --> @team
    +           \u{202e}txt
    ````

    </details>

    Zones: 1 with changes. Cost: 4 reads, 1 write, at least 1 s.

    To approve all of it: `zonal approve plan.json DIGEST --by NAME`. A part: with `--manifest KIND/NAME`, `--row FILE:LINE` or `--zone CODE` instead of the digest.

    To apply what is approved: `zonal apply plan.json`

    Plan `SHORT`.
    "##);
}

#[test]
fn drift_comment_names_snapshot_and_is_not_approvable() {
    let tables = "ALPHA:\ncode T en\nA Ok -\nB Two\nBETA:\ncode T en\nA One";
    let says = "what the plan would mean is no drift".to_owned();
    let impacts = vec![PlanImpact {
        effect: ImpactEffect::Change,
        topic: "patron".into(),
        zones: Vec::new(),
        collections: Vec::new(),
        members: Vec::new(),
        subjects: Vec::new(),
        text: says,
    }];
    let against = Some("kept `by` ci.json".to_owned());
    let plan = Plan { snapshot: against, impacts, ..planned(&["ALPHA", "BETA"], ROWS, tables) };
    let drift = CommentContext { about: CommentPurpose::Drift, ..CommentContext::default() };
    insta::assert_snapshot!(shown(&comment(&plan, drift)), @r##"
    <!-- zonal {"network":"omni","environment":null,"digest":"DIGEST","degraded":null,"approvable":false} -->
    ## zonal: drift, 2 records in 1 zone

    Network `omni`.

    Compared with the snapshot ``kept `by` ci.json``: no zone was asked.

    Nothing tells what was applied last, so every difference counts as drift.

    Nothing was written. Each difference is shown as what would end it.

    <details open>
    <summary>t.yaml  CodeTable/t: <code>~1 -1</code></summary>

    ```diff
      T
    !    6  A  description Ok → One                                                                ALPHA
    -       B  default false · description Two · enabled true                                      ALPHA
              because the manifest says `absent: true`
    ```

    </details>

    Zones: 1 with changes, 1 in sync.

    Digest `SHORT`.
    "##);
    let based = Plan { compared: ComparisonMode::Revision("4f2a4f2a4f2a4f2a".to_owned()), ..plan.clone() };
    let page = comment(&based, drift).text;
    assert!(
        page.contains("Applied last: the manifests of `4f2a4f2a4f2a`.") && !page.contains("Nothing tells"),
        "{page}"
    );
    assert!(page.contains("`zonal apply --only-drift --base 4f2a4f2a4f2a`"), "{page}");
    let none = planned(&["BETA"], ROWS, "BETA:\ncode T en\nA One");
    assert!(comment(&none, drift).text.contains("## zonal: no drift\n"));
    let page = comment(&plan, CommentContext::default()).text;
    assert!(
        page.contains("Compared with the snapshot ``kept `by` ci.json``: no zone was asked.\n"),
        "{page}"
    );
    assert!(!page.contains("counts as drift"), "{page}");
}
