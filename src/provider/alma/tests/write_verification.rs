//! Verification after a write: reported and ignored differences.

use super::*;
use crate::provider::ZoneWriter;

fn strays(before: &CollectionSnapshot, changes: &[Change], after: &CollectionSnapshot) -> Vec<String> {
    writer(Vec::new()).0.unexpected_differences(before, changes, after)
}

fn rename() -> Change {
    change(ChangeAction::Update, &[("code", "A")], &[("description", "new".into())])
}

fn before() -> Json {
    json!([
        {"code": "A", "description": "a", "updated_by": "x"},
        {"code": "B", "description": "b", "default": false, "enabled": true},
        {"code": "C", "description": "", "other": "kept"},
    ])
}

#[tokio::test(start_paused = true)]
async fn spelling_order_and_zone_fields_are_ignored() {
    let after = code_table(json!([
        {"code": "C", "default": "false", "enabled": {"value": "TRUE"}, "other": "kept", "empty": "", "none": null},
        {"code": "B", "description": "b", "link": "x"},
        {"code": "A", "description": "new", "updated_by": "zonal", "update_date": "2026-01-01Z"},
    ]))
    .await;
    assert!(strays(&code_table(before()).await, &[rename()], &after).is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_difference_names_row_and_field() {
    let after = code_table(json!([
        {"code": "A", "description": "a", "enabled": false},
        {"code": "C", "other": "lost"},
        {"code": "D", "description": "d"},
    ]))
    .await;
    assert_eq!(
        strays(&code_table(before()).await, &[rename()], &after),
        [
            "row `code=A`: `description` is \"a\", should be \"new\"",
            "row `code=A`: `enabled` is \"false\", should be \"true\"",
            "row `code=B` is missing",
            "row `code=C`: `other` is \"lost\", should be \"kept\"",
            "row `code=D` is unexpected",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn created_and_deleted_rows_are_expected() {
    let changes = [
        change(ChangeAction::Delete, &[("code", "A")], &[]),
        change(ChangeAction::Create, &[("code", "D")], &[("description", "d".into())]),
    ];
    let fresh = code_table(before()).await;
    let after = code_table(json!([before()[1], before()[2], {"code": "D", "description": "d"}])).await;
    assert!(strays(&fresh, &changes, &after).is_empty());
    assert_eq!(strays(&fresh, &changes, &fresh), ["row `code=D` is missing", "row `code=A` is unexpected"]);
}

#[tokio::test(start_paused = true)]
async fn duplicate_row_counts_as_two_rows() {
    let twice = mapping_table(json!([{"column0": "A"}, {"column0": "A"}])).await;
    let once = mapping_table(json!([{"column0": "A"}])).await;
    assert!(strays(&twice, &[], &twice).is_empty());
    assert_eq!(strays(&twice, &[], &once), ["row `column0=A` is missing"]);
}

#[tokio::test(start_paused = true)]
async fn columns_have_display_names_silent_flags_have_defaults() {
    let fresh = mapping_table(json!([{"column0": "A", "column1": "true"}])).await;
    let same = mapping_table(json!([{"column0": "A", "column1": "true", "managed_in_network": false}])).await;
    let edit = [change(ChangeAction::Update, &[("column0", "A")], &[("column1", "false".into())])];
    assert!(strays(&fresh, &[], &same).is_empty());
    assert_eq!(
        strays(&fresh, &edit, &same),
        ["row `column0=A`: `Network Block` (column1) is \"true\", should be \"false\""]
    );
}

#[tokio::test(start_paused = true)]
async fn changed_table_fields_are_reported() {
    let table = |extra: Json, customized: bool| {
        json!({"code": "T", "name": "The table", "customized": customized, "sub_system": extra,
               "scope": {"institution_id": {"value": "01A", "desc": "A"}}, "row": [{"column0": "A"}]})
    };
    let id = id("MappingTable", Some("MAIN"), None);
    let before = read(vec![ok(&table(json!({"value": "U"}), false))], &id).await.unwrap();
    let after = read(vec![ok(&table(json!({"value": "U", "desc": "Users"}), true))], &id).await.unwrap();
    assert!(strays(&before, &[], &after).is_empty());
    let other = read(vec![ok(&table(json!({"value": "V"}), false))], &id).await.unwrap();
    let lines = strays(&before, &[], &other);
    assert_eq!(lines, ["table: `sub_system` is {\"value\":\"V\"}, was {\"value\":\"U\"}"]);
}
