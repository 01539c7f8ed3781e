//! Time between the last read of a table and its write, during which apply could overwrite an edit. The
//! number of requests in between stays small for any number of tables.

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
fn few_requests_separate_read_and_write() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        std::fs::remove_file(stage.directory().join("network-blocks.yaml"))
            .expect("case should have the file");
        for table in TABLES {
            std::fs::write(stage.directory().join(format!("{table}.yaml")), manifest(table))
                .expect("file should be writable");
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
            let between = at - looks.expect("table should be read first") - 1;
            assert!(between <= 3, "{between} requests between {} and its PUT", put.path);
            written += 1;
        }
        assert_eq!(written, TABLES.len());
    });
}
