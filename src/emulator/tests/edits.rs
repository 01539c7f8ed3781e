//! Tests of librarian edits: visibility in the next read, and staged races.

use serde::Serialize;

use super::super::{
    ApiAccess, CodeTableEdit, EditAction, EditTrigger, EmulatedTableType, LibrarianEdit, MappingTableEdit,
};
use super::*;

fn edit(kind: EmulatedTableType, table: &str, action: impl Serialize) -> LibrarianEdit {
    LibrarianEdit {
        zone: "01OMNI_ALPHA".to_owned(),
        kind: kind.into(),
        table: table.to_owned(),
        library: None,
        by: "m.tremblay".to_owned(),
        when: EditTrigger::Now,
        action: EditAction::new(action),
    }
}

fn set_code(code: &str, description: &str) -> CodeTableEdit {
    CodeTableEdit::SetCode {
        code: code.to_owned(),
        description: Some(description.to_owned()),
        language: None,
        enabled: None,
        default: None,
    }
}

fn cells<const N: usize>(cells: [(&str, &str); N]) -> std::collections::BTreeMap<String, String> {
    cells.into_iter().map(|(column, value)| (column.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn row_edited_by_librarian_names_the_librarian() {
    let emulator = network(EmulatorConfig::without_thresholds());
    get(&emulator, "r-alpha", GROUPS).await;
    for (code, description) in [("STAFF", "Employees"), ("NEW", "New group")] {
        emulator
            .control()
            .edit(edit(EmulatedTableType::Code, "UserGroups", set_code(code, description)))
            .unwrap();
    }
    let (_, table) = get(&emulator, "r-alpha", GROUPS).await;
    for (code, description) in [("STAFF", "Employees"), ("NEW", "New group")] {
        assert_eq!(row(&table, code)["description"], description);
        assert_eq!(row(&table, code)["updated_by"], "m.tremblay");
    }
    let delete = CodeTableEdit::DeleteCode { code: "STAFF".to_owned() };
    emulator.control().edit(edit(EmulatedTableType::Code, "UserGroups", delete)).unwrap();
    assert!(!codes(&get(&emulator, "r-alpha", GROUPS).await.1).contains(&"STAFF"));
}

#[tokio::test]
async fn mapping_rows_are_edited_by_column_name() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let control = emulator.control();
    let definitions =
        |action: MappingTableEdit| edit(EmulatedTableType::Mapping, "UserBlockDefinitions", action);
    let set = MappingTableEdit::SetRow {
        find: cells([("ID", "FEES")]),
        set: cells([("Network Block", "true"), ("column4", "05")]),
        enabled: Some(false),
    };
    control.edit(definitions(set)).unwrap();
    control.edit(definitions(MappingTableEdit::AddRow { columns: cells([("ID", "OWN")]) })).unwrap();
    control.edit(definitions(MappingTableEdit::DeleteRow { find: cells([("ID", "LOST_CARD")]) })).unwrap();
    let (_, table) = get(&emulator, "r-alpha", DEFINITIONS).await;
    let ids: Vec<&Value> = table["row"].as_array().unwrap().iter().map(|row| &row["column0"]).collect();
    assert_eq!(ids, ["ADDRESS", "RECALLED", "FEES", "OWN"]);
    let fees = &table["row"][2];
    assert_eq!(
        (&fees["column4"], &fees["column5"], &fees["enabled"]),
        (&json!("05"), &json!("true"), &json!(false))
    );
    assert_eq!(fees["updated_by"], "m.tremblay");
}

#[tokio::test]
async fn edit_after_read_makes_read_data_stale() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let control = emulator.control();
    let race = LibrarianEdit {
        when: EditTrigger::AfterReads(2),
        ..edit(EmulatedTableType::Code, "UserGroups", set_code("RACE", "Race"))
    };
    control.edit(race).unwrap();
    let has = async || codes(&get(&emulator, "r-alpha", GROUPS).await.1).contains(&"RACE");
    get(&emulator, "r-alpha", BLOCKS).await;
    assert!(!has().await);
    assert!(!has().await, "the second read still shows the previous rows");
    assert!(has().await);
}

#[tokio::test]
async fn edit_after_write_undoes_the_write() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let undo = CodeTableEdit::DeleteCode { code: "OURS".to_owned() };
    let undo = LibrarianEdit {
        when: EditTrigger::AfterWrites(1),
        ..edit(EmulatedTableType::Code, "UserGroups", undo)
    };
    emulator.control().edit(undo).unwrap();
    let (_, mut table) = get(&emulator, "r-alpha", GROUPS).await;
    table["row"].as_array_mut().unwrap().push(json!({"code": "OURS", "description": "Ours"}));
    let (_, answered) = put(&emulator, "w-alpha", GROUPS, &table).await;
    assert!(codes(&answered).contains(&"OURS"));
    assert!(!codes(&get(&emulator, "r-alpha", GROUPS).await.1).contains(&"OURS"));
}

#[tokio::test]
async fn tables_can_be_locked_hidden_and_removed() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, table) = get(&emulator, "r-alpha", GROUPS).await;
    for (action, read, write) in [
        (CodeTableEdit::Access(ApiAccess::Fixed), "none", "90123"),
        (CodeTableEdit::Access(ApiAccess::Hidden), "90102", "90102"),
        (CodeTableEdit::Access(ApiAccess::Open), "none", "none"),
        (CodeTableEdit::Remove, "90101", "90101"),
    ] {
        emulator.control().edit(edit(EmulatedTableType::Code, "UserGroups", action)).unwrap();
        assert_eq!(refusal(&get(&emulator, "r-alpha", GROUPS).await).1, read);
        assert_eq!(refusal(&put(&emulator, "w-alpha", GROUPS, &table).await).1, write);
    }
}

#[tokio::test]
async fn edit_of_unknown_target_returns_error_message() {
    let control = network(EmulatorConfig::without_thresholds()).control();
    let refused = |edit: LibrarianEdit| control.edit(edit).unwrap_err().to_string();
    let nowhere = LibrarianEdit {
        zone: "01OMNI_GAMMA".to_owned(),
        ..edit(EmulatedTableType::Code, "UserGroups", CodeTableEdit::Remove)
    };
    assert_eq!(
        refused(nowhere),
        "unknown zone `01OMNI_GAMMA`; known zones: 01OMNI_NETWORK, 01OMNI_ALPHA, 01OMNI_BETA"
    );
    let column = MappingTableEdit::DeleteRow { find: cells([("Colour", "RED")]) };
    let column = edit(EmulatedTableType::Mapping, "UserBlockDefinitions", column);
    assert_eq!(refused(column), "`UserBlockDefinitions` has no column `Colour`");
    let table = edit(EmulatedTableType::Mapping, "UserGroups", MappingTableEdit::Remove);
    assert_eq!(refused(table), "zone `01OMNI_ALPHA` has no table `UserGroups` of this type");
}
