//! Bounds on the length of a plan: it grows with the decisions, not with the members.

use std::collections::BTreeMap;
use std::path::Path;

use crate::case_runner::{CaseNetwork, paused};
use crate::larger_example::multiply_members;
use zonal::render::text::{PlanTextView, plan_view};

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

#[test]
fn plan_for_five_times_the_members_is_at_most_a_fifth_longer() {
    paused(async {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/consortium");
        let larger = tempfile::tempdir().expect("temporary directory");
        for entry in std::fs::read_dir(&example).expect("example should exist") {
            let path = entry.expect("entry should be readable").path();
            if path.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let mut text = std::fs::read_to_string(&path).expect("file should be readable");
            let name = path.file_name().expect("file should have a name");
            if name == "network.yaml" {
                text = multiply_members(&text, 5);
                assert_eq!(text.matches("\n    - code: ").count(), 120);
            }
            std::fs::write(larger.path().join(name), text).expect("file should be writable");
        }
        let command = "zonal plan --environment emulator --markdown comment.md";
        let few = CaseNetwork::new(&example).expect(command, 0).await.out;
        let stage = CaseNetwork::new(larger.path());
        let many = stage.expect(command, 0).await.out;
        let (few_lines, many_lines) = (few.lines().count(), many.lines().count());
        assert!(many_lines * 10 <= few_lines * 12, "{few_lines} and {many_lines} lines\n{many}");
        assert_eq!(many.lines().find(|line| line.chars().count() > COLUMNS), None);
        let comment = std::fs::read_to_string(stage.directory().join("comment.md")).expect("should exist");
        assert!(comment.len() < 60_000 && comment.contains("\"approvable\":true"), "{} bytes", comment.len());
    });
}

#[test]
fn narrow_plain_output_keeps_every_row() {
    paused(async {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/consortium");
        let stage = CaseNetwork::new(&example);
        stage.expect("zonal plan --environment emulator --out plan.json", 0).await;
        let text = std::fs::read_to_string(stage.directory().join("plan.json")).expect("should exist");
        let plan =
            zonal::model::Plan::try_from(zonal::render::json::plan::parse(&text).expect("should parse"))
                .expect("should be a plan");
        let wide = PlanTextView::default();
        let narrow = PlanTextView { width: 80, unicode: false, ..PlanTextView::default() };
        let [wide, narrow] =
            [wide, narrow].map(|view| anstream::adapter::strip_str(&plan_view(&plan, &view)).to_string());
        let long: Vec<&str> = narrow.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{long:#?}");
        assert!(narrow.is_ascii(), "{:?}", narrow.lines().find(|line| !line.is_ascii()));
        // Signs, separators and the order of columns differ, words do not.
        let words = |text: &str| {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for word in text.replace('×', "x").split_whitespace() {
                *counts.entry(word.trim_end_matches(';').to_owned()).or_default() += 1;
            }
            counts
        };
        let narrow = words(&narrow);
        for (word, number) in words(&wide).iter().filter(|(word, _)| !matches!(word.as_str(), "→" | "·")) {
            assert!(narrow.get(word) >= Some(number), "{word}");
        }
    });
}
