//! Tests of `tests/cases`, one per folder: see [`crate::case_runner`].

use std::collections::BTreeSet;
use std::path::Path;

use crate::case_runner;

/// Declares a test for each case. The folder has the name of the test, with `-` for `_`.
macro_rules! cases {
    ($($name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )*

        pub const CASES: &[&str] = &[$(stringify!($name)),*];
    };
}

cases! {
    absorb,
    all_zones_unreachable,
    api_keys,
    approvals,
    approvals_in_parts,
    authority_task_list,
    calendars,
    capabilities,
    change_origin,
    compare,
    default_row,
    doctor,
    drift,
    effective,
    e_resources,
    environments,
    expectations,
    expectations_broken,
    explain_access,
    explain_patron,
    explain_tasks,
    explain_visibility,
    export,
    export_kinds,
    failing_zones,
    formats,
    gateway,
    guards,
    history,
    init,
    invalid_input,
    json,
    languages,
    letters,
    library_relations,
    library_tables,
    linked_accounts,
    lookup_by_table_name,
    lost_responses,
    missing_config,
    numbered_groups,
    network_blocks,
    only,
    overrides_and_vars,
    ownership,
    plan_files,
    policies,
    production,
    prune,
    pull_request_pipeline,
    renamed_words,
    revert,
    rollout,
    rollout_revert,
    runs,
    s01_network_blocks,
    s02_show_user_group,
    s03_restricted_group,
    s04_one_exception,
    s05_detached_terms_of_use,
    s06_requestable_rule,
    s07_end_of_term,
    s08_block_preferences,
    s09_walk_in_patrons,
    s10_lender_borrower,
    s11_approved_members,
    s12_subscription_groups,
    s13_import_permissions,
    s14_external_groups,
    s15_restored_member,
    s16_unmanage,
    second_master,
    similar_keys,
    selection,
    shards,
    snapshot,
    stale_collections,
    support,
    tables,
    undeclared,
    unknown_names,
    unlisted_rows,
    unmanage,
    write_order,
}

#[test]
fn every_folder_is_a_listed_case() {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let folders: BTreeSet<String> = std::fs::read_dir(&folders)
        .expect("tests/cases should exist")
        .map(|entry| entry.expect("entry should be readable").file_name())
        .map(|name| name.into_string().expect("name should be UTF-8").replace('-', "_"))
        .collect();
    assert_eq!(CASES.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), folders);
}

/// Compares the output of a case with its script. With `BLESS`, writes the output to the script instead.
fn check(name: &str) {
    let folder = case_runner::case(&name.replace('_', "-"));
    let script = folder.join("script.txt");
    let expected = std::fs::read_to_string(&script).expect("case should have a script.txt");
    let found = case_runner::run(&folder);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&script, &found).expect("script should be writable");
    } else if expected != found {
        let difference = difference(&expected, &found);
        panic!("the output changed; to accept it, run `BLESS=1 cargo test cases::{name}`\n{difference}");
    }
}

pub fn difference(expected: &str, found: &str) -> String {
    let differing = expected.lines().zip(found.lines()).position(|(a, b)| a != b);
    let line = differing.unwrap_or_else(|| expected.lines().count().min(found.lines().count()));
    let around =
        |text: &str| text.lines().skip(line.saturating_sub(3)).take(12).collect::<Vec<_>>().join("\n");
    format!("from line {}:\n-- expected\n{}\n-- found\n{}", line + 1, around(expected), around(found))
}
