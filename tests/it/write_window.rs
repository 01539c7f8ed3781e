//! The moment between the last look at a table and its write, in which an edit by somebody else
//! would be lost: it stays short however many tables are written.

use tokio::sync::watch;

use crate::case_runner::{CaseNetwork, case, paused};

const TABLES: [&str; 7] = [
    "UserBlockDescription",
    "UserGroups",
    "ItemPolicy",
    "RequestCancellationReasons",
    "JobTitles",
    "NoteTypes",
    "UserBlockTypes",
];

fn manifest(table: &str) -> String {
    format!(
        "apiVersion: zonal/v1\nkind: CodeTable\nmetadata: {{name: {}}}\nspec:\n  table: {table}\n  \
         rows: [{{code: ZONAL_NEW, description: New}}]\n",
        table.to_lowercase()
    )
}

#[test]
fn few_requests_come_between_the_last_look_at_a_table_and_its_write() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        std::fs::remove_file(stage.directory().join("network-blocks.yaml")).expect("the case has it");
        for table in TABLES {
            std::fs::write(stage.directory().join(format!("{table}.yaml")), manifest(table)).expect("a file");
        }
        let applied = stage.run("zonal apply --yes --zone 01OMNI_ALPHA", None, watch::channel(0).1).await;
        assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
        let requests = stage.emulator.control().requests();
        let table = |path: &str| path.split('?').next().unwrap_or_default().to_owned();
        let mut written = 0;
        for (at, put) in requests.iter().enumerate().filter(|(_, request)| request.method == "PUT") {
            let looks = requests[..at]
                .iter()
                .rposition(|look| look.method == "GET" && table(&look.path) == table(&put.path));
            let between = at - looks.expect("no table is written unseen") - 1;
            assert!(between <= 3, "{between} requests between {} and its PUT", put.path);
            written += 1;
        }
        assert_eq!(written, TABLES.len());
    });
}
