//! Keys, columns and tables by the names that manifests and zones have for them.

use super::notation::differing;

#[test]
fn a_key_that_several_rows_share_is_refused_where_a_manifest_speaks_of_it() {
    let tables = "map M Names: ID Group\nK A\nK B\nL A";
    assert_eq!(
        differing("MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: K, Group: C}}]", tables),
        "! ALPHA/MappingTable/M: Mismatch: 2 rows of the zone's MappingTable/M have the key `K` (`ID`); \
         name enough columns in `key` of MappingTable/m to tell them apart\n"
    );
    assert_eq!(
        differing("MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: L, Group: B}}]", tables),
        "~ ALPHA/MappingTable/M/L Group=\"A\"->\"B\"\n2 unmanaged in ALPHA/MappingTable/M\n"
    );
    assert_eq!(
        differing(
            "MappingTable m\ntable: M\nkey: [ID, Group]\nrows: [{columns: {ID: K, Group: B}, enabled: false}]",
            tables
        ),
        "~ ALPHA/MappingTable/M/K|B enabled=true->false\n2 unmanaged in ALPHA/MappingTable/M\n"
    );
    assert!(
        differing(
            "MappingTable m\ntable: M\nkey: [ID]\nunlisted: delete\nrows: [{columns: {ID: L}}]",
            tables
        )
        .starts_with("! ALPHA/MappingTable/M: Mismatch: 2 rows"),
        "what is not told apart is not removed either"
    );
}

#[test]
fn a_column_goes_by_the_name_of_its_header_or_by_its_number() {
    let tables = "map M Names: ID Group\nK A";
    for (key, column) in [("ID", "Group"), ("column0", "column1"), ("ID", "column1")] {
        let manifest =
            format!("MappingTable m\ntable: M\nkey: [{key}]\nrows: [{{columns: {{{key}: K, {column}: B}}}}]");
        assert_eq!(differing(&manifest, tables), format!("~ ALPHA/MappingTable/M/K {column}=\"A\"->\"B\"\n"));
    }
}

#[test]
fn one_column_by_two_names_is_refused() {
    assert_eq!(
        differing(
            "MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: K, Group: B, column1: C}}]",
            "map M Names: ID Group\nK A"
        ),
        "! ALPHA/MappingTable/M: Mismatch: `Group` and `column1` are the same column of the zone's \
         MappingTable/M; keep one of them at m.yaml:7:10\n"
    );
}

#[test]
fn an_unknown_column_is_refused_with_the_one_that_was_meant() {
    let with = |column: &str| {
        let manifest =
            format!("MappingTable m\ntable: M\nkey: [ID]\nrows: [{{columns: {{ID: K, {column}: B}}}}]");
        differing(&manifest, "map M Names: ID Group\nK A")
    };
    assert_eq!(
        with("group"),
        "! ALPHA/MappingTable/M: Mismatch: the zone's MappingTable/M has no column `group`; did you mean \
         `Group`; the zone's columns are `ID`, `Group`, `enabled`\n"
    );
    assert_eq!(
        with("column5"),
        "! ALPHA/MappingTable/M: Mismatch: the zone's MappingTable/M has no column `column5`; the zone's \
         columns are `ID`, `Group`, `enabled`\n"
    );
}

#[test]
fn a_table_by_its_code_and_by_its_name_is_one_table() {
    let both = |second_key: &str, row: &str| {
        let manifests = format!(
            "MappingTable one\ntable: M\nkey: [ID]\nrows: [{{columns: {{ID: K, Group: B}}}}]\n---\n\
             MappingTable two\ntableName: Names\nkey: [{second_key}]\nrows: [{{columns: {row}}}]"
        );
        differing(&manifests, "map M Names: ID Group\nK A\nL A")
    };
    assert_eq!(
        both("column0", "{column0: L, Group: B}"),
        "~ ALPHA/MappingTable/M/K Group=\"A\"->\"B\"\n~ ALPHA/MappingTable/M/L Group=\"A\"->\"B\"\n"
    );
    assert_eq!(
        both("ID", "{ID: K, Group: C}"),
        "! ALPHA/MappingTable/M: Mismatch: `K` of the zone's MappingTable/M is declared twice; keep one of \
         one.yaml:7:10 and two.yaml:7:10\n"
    );
    assert_eq!(
        both("Group", "{Group: A}"),
        "! ALPHA/MappingTable/M: Mismatch: MappingTable/one and MappingTable/two mean the same table of the \
         zone, but name different key columns; give both the same `key` (declared at one.yaml:3:18 and \
         two.yaml:3:18)\n"
    );
}

#[test]
fn a_table_that_did_not_come_is_told_and_the_others_are_compared_all_the_same() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, description: One}]\n---\nCodeTable u\ntable: U\nrows: [{code: A, description: One}]",
            "fail T missing\ncode U en\nA Two"
        ),
        "! ALPHA/CodeTable/T: Missing: `T` did not come\n~ ALPHA/CodeTable/U/A description=\"Two\"->\"One\"\n"
    );
}

#[test]
fn a_row_that_is_listed_under_a_name_that_did_not_resolve_is_not_unlisted() {
    let manifests = "\
MappingTable one
table: M
key: [ID]
unlisted: delete
rows: [{columns: {ID: K}}]
---
MappingTable two
tableName: Names
key: [ID]
rows: [{columns: {ID: L}}]";
    let rows = "K A\nL A\nN A";
    let gone = "- ALPHA/MappingTable/M/N (because no manifest lists it and MappingTable/one says `unlisted: delete`)\n";
    assert_eq!(differing(manifests, &format!("map M Names: ID Group\n{rows}")), gone);
    assert_eq!(
        differing(manifests, &format!("map M Other: ID Group\n{rows}\nfail Names missing")),
        format!("{gone}! ALPHA/MappingTable/\"Names\": Missing: `Names` did not come\n")
    );
}
