//! Lookup of tables by display name.

use super::*;
use crate::model::FailureClass::{Malformed, Mismatch, UnknownName};

fn titled(kind: &str, title: &str) -> CollectionId {
    CollectionId { table: TableName::Title(title.into()), ..id(kind, None, None) }
}

fn list() -> ScriptedResponse {
    ok(&json!({"total_record_count": 3, "mapping_table": [
        {"code": "UserBlockDefinitions", "name": "User Block Definitions"},
        {"code": "One", "name": "Twice"},
        {"code": "Two", "name": "Twice"},
    ]}))
}

async fn failure(title: &str) -> ZoneFailure {
    read(vec![list()], &titled("MappingTable", title)).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn title_is_looked_up_once_as_code() {
    let table = || ok(&json!({"code": "UserBlockDefinitions"}));
    let (reader, script) = reader(vec![list(), table(), table()]);
    for _ in 0..2 {
        let snapshot =
            reader.read_collection(&titled("MappingTable", "User Block Definitions")).await.unwrap();
        assert_eq!(snapshot.observed.id.table, TableName::Code("UserBlockDefinitions".into()));
    }
    assert_eq!(
        script.lines(),
        [
            "GET /conf/mapping-tables",
            "GET /conf/mapping-tables/UserBlockDefinitions",
            "GET /conf/mapping-tables/UserBlockDefinitions"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn code_table_title_is_its_description() {
    let list =
        json!({"total_record_count": 1, "code_table": {"name": "UserGroups", "description": "User Groups"}});
    let (reader, script) = reader(vec![ok(&list), ok(&json!({"name": "UserGroups"}))]);
    reader.read_collection(&titled("CodeTable", "User Groups")).await.unwrap();
    assert_eq!(script.lines()[1], "GET /conf/code-tables/UserGroups");
}

#[tokio::test(start_paused = true)]
async fn unknown_title_is_missing_with_suggestions() {
    let near = failure("User Block Definition").await;
    assert_eq!(near.class, UnknownName);
    assert_eq!(near.help.unwrap(), "did you mean \"User Block Definitions\"");
    assert_eq!(failure("zzzz").await.class, UnknownName);
}

#[tokio::test(start_paused = true)]
async fn similar_or_ambiguous_title_is_not_guessed() {
    let spelled = failure("user block definitions").await;
    assert_eq!(spelled.class, Mismatch);
    assert!(spelled.help.unwrap().contains("User Block Definitions"));
    let twice = failure("Twice").await;
    assert_eq!(twice.class, Mismatch);
    assert!(twice.message.contains("`One`, `Two`"), "{twice}");
}

#[tokio::test(start_paused = true)]
async fn paged_table_list_is_read_completely() {
    let page = |codes: &[&str]| {
        let tables: Vec<_> = codes.iter().map(|code| json!({"code": code, "name": code})).collect();
        ok(&json!({"total_record_count": 3, "mapping_table": tables}))
    };
    let (one, script) = reader(vec![page(&["A", "B"]), page(&["C"]), ok(&json!({"code": "C"}))]);
    one.read_collection(&titled("MappingTable", "C")).await.unwrap();
    assert_eq!(script.lines()[1], "GET /conf/mapping-tables?limit=100&offset=2");
    let (other, script) = reader(vec![page(&["A", "B"]), page(&["A", "B"])]);
    assert_eq!(other.read_collection(&titled("MappingTable", "C")).await.unwrap_err().class, UnknownName);
    assert_eq!(script.lines().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn absent_list_is_empty_only_with_count() {
    let id = titled("MappingTable", "X");
    let empty = read(vec![ok(&json!({"total_record_count": 0}))], &id).await.unwrap_err();
    assert_eq!(empty.class, UnknownName);
    assert_eq!(read(vec![ok(&json!({}))], &id).await.unwrap_err().class, Malformed);
}
