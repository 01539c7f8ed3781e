//! Names of keys, columns and tables in manifests and zones.

use crate::test_notation::differing;

#[test]
fn ambiguous_key_is_refused_if_used() {
    let tables = "map M Names: ID Group\nK A\nK B\nL A";
    assert_eq!(
        differing("MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: K, Group: C}}]", tables),
        "! ALPHA/MappingTable/M: Mismatch: 2 rows of MappingTable/M in the zone have the key `K` (`ID`); \
         delete all but one of these rows in Alma, or add columns to `key` of MappingTable/m\n"
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
        "rows with an ambiguous key are not deleted"
    );
}

#[test]
fn column_is_found_by_header_name_or_number() {
    let tables = "map M Names: ID Group\nK A";
    for (key, column) in [("ID", "Group"), ("column0", "column1"), ("ID", "column1")] {
        let manifest =
            format!("MappingTable m\ntable: M\nkey: [{key}]\nrows: [{{columns: {{{key}: K, {column}: B}}}}]");
        assert_eq!(differing(&manifest, tables), format!("~ ALPHA/MappingTable/M/K {column}=\"A\"->\"B\"\n"));
    }
}

#[test]
fn one_column_under_two_names_is_refused() {
    assert_eq!(
        differing(
            "MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: K, Group: B, column1: C}}]",
            "map M Names: ID Group\nK A"
        ),
        "! ALPHA/MappingTable/M: Mismatch: `Group` and `column1` are the same column of \
         MappingTable/M of the zone; keep one of them at m.yaml:7:10\n"
    );
}

#[test]
fn unknown_column_is_refused_with_a_suggestion() {
    let with = |column: &str| {
        let manifest =
            format!("MappingTable m\ntable: M\nkey: [ID]\nrows: [{{columns: {{ID: K, {column}: B}}}}]");
        differing(&manifest, "map M Names: ID Group\nK A")
    };
    assert_eq!(
        with("group"),
        "! ALPHA/MappingTable/M: Mismatch: MappingTable/M of the zone has no column `group`; did you mean \
         `Group`; columns of the zone: `ID`, `Group`, `enabled`\n"
    );
    assert_eq!(
        with("column5"),
        "! ALPHA/MappingTable/M: Mismatch: MappingTable/M of the zone has no column `column5`; columns \
         of the zone: `ID`, `Group`, `enabled`\n"
    );
}

#[test]
fn column_without_header_may_be_empty_in_every_row() {
    let with = |columns: &str, tables: &str| {
        let manifest =
            format!("MappingTable m\ntable: M\nkey: [ID]\nrows: [{{columns: {{ID: K, {columns}}}}}]");
        differing(&manifest, tables)
    };
    // After the last value is gone, the zone shows the column no more.
    assert_eq!(with("column5: null", "map M Names: ID Group\nK A"), "");
    assert!(with("Colour: null", "map M Names: ID Group\nK A").contains("has no column `Colour`"));
}

#[test]
fn code_and_title_of_table_are_merged() {
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
        "! ALPHA/MappingTable/M: Mismatch: duplicate declaration of `K` in MappingTable/M; keep one of \
         one.yaml:7:10 and two.yaml:7:10\n"
    );
    assert_eq!(
        both("Group", "{Group: A}"),
        "! ALPHA/MappingTable/M: Mismatch: MappingTable/one and MappingTable/two refer to the same \
         table, but use different key columns; use the same `key` in both (declared at one.yaml:3:18 and \
         two.yaml:3:18)\n"
    );
}

#[test]
fn unreadable_table_is_reported_and_others_are_compared() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, description: One}]\n---\nCodeTable u\ntable: U\nrows: [{code: A, description: One}]",
            "fail T missing\ncode U en\nA Two"
        ),
        "! ALPHA/CodeTable/T: Missing: `T` did not come\n~ ALPHA/CodeTable/U/A description=\"Two\"->\"One\"\n"
    );
}

#[test]
fn row_listed_under_unresolved_title_is_not_unlisted() {
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
    let gone = "- ALPHA/MappingTable/M/N (because no manifest lists it and MappingTable/one sets `unlisted: delete`)\n";
    assert_eq!(differing(manifests, &format!("map M Names: ID Group\n{rows}")), gone);
    assert_eq!(
        differing(manifests, &format!("map M Other: ID Group\n{rows}\nfail Names missing")),
        format!("{gone}! ALPHA/MappingTable/\"Names\": Missing: `Names` did not come\n")
    );
}
