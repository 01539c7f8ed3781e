//! Bounds on the length of a plan: it grows with the decisions, not with the members.

use std::path::Path;

use crate::case_runner::{CaseNetwork, paused};

/// Longest line of a text, in columns.
const COLUMNS: usize = 100;

#[test]
fn first_plan_of_the_example_is_short_and_its_comment_approvable() {
    paused(async {
        let stage = CaseNetwork::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/consortium"));
        let command = "zonal plan --environment emulator --out plan.json --markdown comment.md";
        let printed = stage.expect(command, 0).await;
        let lines = printed.out.lines().count();
        assert!(lines <= 300, "{lines} lines\n{}", printed.out);
        let long = printed.out.lines().find(|line| line.chars().count() > COLUMNS);
        assert_eq!(long, None);
        let comment = std::fs::read_to_string(stage.directory().join("comment.md")).expect("should exist");
        assert!(comment.len() < 60_000, "{} bytes", comment.len());
        assert!(comment.contains("\"approvable\":true"), "{comment}");
        // Each record can still be reached.
        let shown = stage.expect("zonal show plan.json --verbose", 0).await;
        assert!(shown.out.lines().count() > 3_000);
        let one = stage.expect("zonal show plan.json --zone ASHBY", 0).await;
        assert!(one.out.contains("01MAPLE_ASHBY") && !one.out.contains("01MAPLE_CEDAR ("), "{}", one.out);
        let row = stage.expect("zonal show plan.json --row blocks.yaml:10", 0).await;
        assert!(row.out.contains("CONSORTIA") && !row.out.contains("AFNBLOCK"), "{}", row.out);
        let unknown = stage.expect("zonal show plan.json --manifest CodeTable/none", 1).await;
        assert!(unknown.err.contains("no change for manifest CodeTable/none"), "{}", unknown.err);
    });
}
