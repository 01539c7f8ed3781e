//! Day one on larger networks: few commands and lines to the first empty plan, and manifests of the length that a
//! person would write.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use crate::case_runner::{CaseNetwork, paused};

const MEMBERS: usize = 40;
const WORDS: [&str; 8] = ["desk", "loan", "guest", "card", "reader", "hold", "annex", "fine"];

/// Network of made-up members without labels.
fn made_up_network() -> tempfile::TempDir {
    let mut text = "apiVersion: zonal/v1\nkind: Network\nmetadata: {name: n}\nspec:\n  region: eu\n  \
                    environmentType: sandbox\n  credentials: {read: {env: \"ZONAL_READ_{code}\"}, \
                    write: {env: \"ZONAL_WRITE_{code}\"}}\n  networkZone: {code: 01FORTY_NETWORK, name: Forty}\n  members:\n"
        .to_owned();
    for member in 1..=MEMBERS {
        writeln!(
            text,
            "    - {{code: 01FORTY_M{member:02}, name: Member {member}, libraries: [{{code: MAIN}}]}}"
        )
        .expect("should write");
    }
    let folder = tempfile::tempdir().expect("temporary directory");
    std::fs::write(folder.path().join("network.yaml"), text).expect("file should be writable");
    folder
}

/// Makes edits that look like years of local work: a third by groups of members, the rest by single members.
fn add_noise(stage: &CaseNetwork) {
    let mut number: usize = 7;
    let mut below = |limit: usize| {
        number = (number * 1_103_515_245 + 12_345) % 2_147_483_648;
        number / 65_536 % limit
    };
    let edit = |member: usize, kind: &str, table: &str, action: serde_json::Value| {
        let zone = format!("01FORTY_M{member:02}");
        let edit = json!({"zone": zone, "kind": kind, "table": table, "by": format!("librarian{}", member % 7), "action": action});
        stage.happen(&format!("edit {edit}"));
    };
    let tables = ["UserGroups", "NoteTypes", "JobTitles", "ItemPolicy", "RequestCancellationReasons"];
    for member in 1..=MEMBERS {
        let group = if member % 3 == 0 { "Small" } else { "Large" };
        let of_group =
            json!({"set_code": {"code": "SIZE", "description": format!("{group} library"), "enabled": true}});
        edit(member, "code", "UserGroups", of_group);
        for _ in 0..below(6) {
            let (word, other) = (WORDS[below(8)], WORDS[below(8)]);
            let code = ["LOCAL", "EXTRA", "OWN", "TEMP"][below(4)];
            let row =
                json!({"code": code, "description": format!("{word} {other}"), "enabled": below(4) > 0});
            edit(member, "code", tables[below(5)], json!({"set_code": row}));
        }
        let currency = ["GBP", "CHF", "SEK", "NOK", "JPY"][below(5)];
        edit(member, "mapping", "CurrencySubset", json!({"add_row": {"columns": {"Currency": currency}}}));
        if member % 20 == 3 {
            // Mistakes: another case, a space at the end.
            let row = json!({"code": "Staff", "description": "Staff ", "enabled": true});
            edit(member, "code", "UserGroups", json!({"set_code": row}));
        }
    }
}

#[test]
fn forty_members_reach_an_empty_plan_in_three_commands() {
    paused(async {
        let stage = CaseNetwork::new(made_up_network().path());
        add_noise(&stage);
        let mut lines = BTreeMap::new();
        for command in ["init new --region eu", "export -C new", "plan -C new --detailed-exitcode"] {
            let printed = stage.expect(&format!("zonal {command}"), 0).await;
            if command.starts_with("plan") {
                assert!(printed.out.contains("No changes."), "{}", printed.out);
            }
            lines.insert(command, (printed.out.lines().count(), printed.err.lines().count()));
        }
        let all: usize = lines.values().map(|(out, err)| out + err).sum();
        assert!(all <= 400, "{all} lines: {lines:?}");
    });
}

/// Returns the number of lines with YAML by kind, and for tables by kind and table.
fn lines_by_kind(folder: &Path) -> BTreeMap<String, usize> {
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    let mut files = vec![folder.to_path_buf()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("folder should be readable");
            files.extend(entries.map(|entry| entry.expect("entry should be readable").path()));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = std::fs::read_to_string(&path).expect("file should be readable");
            for document in text.split("\n---\n") {
                let kind = document.lines().find_map(|line| line.strip_prefix("kind: "));
                let table = document.lines().find_map(|line| {
                    line.strip_prefix("  table: ").or_else(|| line.strip_prefix("  tableName: "))
                });
                let kind = match (kind, table) {
                    // In the emulator, most names are the codes with spaces.
                    (Some(kind), Some(table)) => format!("{kind}/{}", table.replace(' ', "")),
                    (kind, _) => kind.unwrap_or_default().to_owned(),
                };
                let is_content = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with('#');
                *lines.entry(kind).or_default() += document.lines().filter(is_content).count();
            }
        }
    }
    lines
}

#[test]
fn exported_example_is_at_most_a_third_longer_than_the_example() {
    paused(async {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/consortium");
        let (stage, out) = CaseNetwork::applied_example().await;
        let directory = out.path().display();
        stage.expect(&format!("zonal export -C {directory} --environment emulator"), 0).await;
        stage
            .expect(&format!("zonal plan -C {directory} --environment emulator --detailed-exitcode"), 0)
            .await;
        // Lines without comments and empty lines. The export has no expectations and policies, and declares tables
        // and members' own records that the example does not mention.
        let (written, exported) = (lines_by_kind(&example), lines_by_kind(out.path()));
        let [before, after] = [&written, &exported].map(|lines| lines.values().sum::<usize>());
        assert!(after * 10 <= before * 13, "{before} lines came back as {after}:\n{written:?}\n{exported:?}");
    });
}
