//! Tests of the switches for unknown details of Alma.

use super::super::{
    Booleans, ColumnValues, Lists, ManagedInNetwork, OptionalFields, RowOrder, UnusedColumns,
};
use super::*;

#[tokio::test]
async fn sparse_response_contains_only_required_fields() {
    let emulator = network(EmulatorConfig {
        optional_fields: OptionalFields::Sparse,
        ..EmulatorConfig::without_thresholds()
    });
    let (_, table) = get(&emulator, "r-nz", BLOCKS).await;
    let fields: Vec<&str> = table.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["name", "description", "sub_system", "patron_facing", "scope", "row"]);
    assert_eq!(table["row"][0], json!({"code": "01", "description": "Library card reported lost"}));
    assert_eq!(table["row"][4]["enabled"], false, "values other than the default are present");
    let (_, table) = get(&emulator, "r-nz", DEFINITIONS).await;
    assert_eq!(table["header"][2]["type"], json!({"value": "code-tables"}));
    assert!(get(&emulator, "r-nz", "/conf/code-tables").await.1.get("total_record_count").is_none());
    let (status, _) = put(&emulator, "w-nz", DEFINITIONS, &table).await;
    assert_eq!(status, 200, "a sparse response can be written back");
}

#[tokio::test]
async fn text_flags_can_be_written_back() {
    let emulator =
        network(EmulatorConfig { booleans: Booleans::Text, ..EmulatorConfig::without_thresholds() });
    let (_, before) = get(&emulator, "r-nz", BLOCKS).await;
    assert_eq!(before["row"][4]["enabled"], "false");
    assert_eq!(put(&emulator, "w-nz", BLOCKS, &before).await, (200, before));
}

#[tokio::test]
async fn shuffled_row_order_is_stable() {
    let emulator = network(EmulatorConfig {
        row_order: RowOrder::Shuffled,
        seed: 3,
        ..EmulatorConfig::without_thresholds()
    });
    let (_, shuffled) = get(&emulator, "r-nz", GROUPS).await;
    let (_, kept) = get(&network(EmulatorConfig::without_thresholds()), "r-nz", GROUPS).await;
    let sorted = |table: &Value| {
        let mut codes: Vec<String> = codes(table).into_iter().map(str::to_owned).collect();
        codes.sort();
        codes
    };
    assert_ne!(codes(&shuffled), codes(&kept));
    assert_eq!(sorted(&shuffled), sorted(&kept));
    assert_eq!(get(&emulator, "r-nz", GROUPS).await.1, shuffled);
}

#[tokio::test]
async fn lists_can_be_paged() {
    let emulator = network(EmulatorConfig { lists: Lists::Paged, ..EmulatorConfig::without_thresholds() });
    let page = async |query: &str| {
        let (_, list) = get(&emulator, "r-nz", &format!("/conf/code-tables{query}")).await;
        (list["total_record_count"].clone(), list["code_table"].as_array().map_or(0, Vec::len))
    };
    assert_eq!(page("?limit=4").await, (json!(9), 4));
    assert_eq!(page("?limit=4&offset=8").await, (json!(9), 1));
    assert_eq!(page("?offset=9").await, (json!(9), 0));
    assert_eq!(refusal(&get(&emulator, "r-nz", "/conf/code-tables?limit=many").await), (400, "40166411"));
}

#[tokio::test]
async fn managed_in_network_changes_only_in_network_zone() {
    for (switch, key, becomes) in [
        (ManagedInNetwork::Respected, "w-nz", true),
        (ManagedInNetwork::Respected, "w-alpha", false),
        (ManagedInNetwork::Ignored, "w-nz", false),
    ] {
        let emulator =
            network(EmulatorConfig { managed_in_network: switch, ..EmulatorConfig::without_thresholds() });
        let (_, mut table) = get(&emulator, key, DEFINITIONS).await;
        table["row"][0]["managed_in_network"] = json!(true);
        put(&emulator, key, DEFINITIONS, &table).await;
        assert_eq!(get(&emulator, key, DEFINITIONS).await.1["row"][0]["managed_in_network"], becomes);
    }
}

#[tokio::test]
async fn unused_columns_can_be_empty_texts() {
    let emulator = network(EmulatorConfig {
        unused_columns: UnusedColumns::Empty,
        ..EmulatorConfig::without_thresholds()
    });
    let (_, table) = get(&emulator, "r-nz", DEFINITIONS).await;
    assert_eq!(table["row"][0]["column6"], "");
}

#[tokio::test]
async fn column_values_can_be_checked_against_code_table() {
    for (switch, status) in [(ColumnValues::Unchecked, 200), (ColumnValues::Checked, 400)] {
        let emulator =
            network(EmulatorConfig { column_values: switch, ..EmulatorConfig::without_thresholds() });
        let (_, mut table) = get(&emulator, "r-nz", DEFINITIONS).await;
        table["row"][0]["column2"] = json!("FROM_TARGET");
        assert_eq!(put(&emulator, "w-nz", DEFINITIONS, &table).await.0, status);
    }
}

#[tokio::test]
async fn blocked_actions_can_be_limited_to_vendor_list() {
    let cases = [
        (ColumnValues::Unchecked, "05", 200),
        (ColumnValues::Checked, "05", 400),
        (ColumnValues::Checked, "03", 200),
    ];
    for (switch, action, status) in cases {
        let emulator =
            network(EmulatorConfig { column_values: switch, ..EmulatorConfig::without_thresholds() });
        let (_, mut table) = get(&emulator, "r-nz", DEFINITIONS).await;
        table["row"][0]["column4"] = json!(action);
        let (answered, body) = put(&emulator, "w-nz", DEFINITIONS, &table).await;
        assert_eq!((answered, body.to_string().contains("402119")), (status, status == 400));
    }
}

#[tokio::test]
async fn changed_switch_applies_to_cached_responses() {
    let emulator = network(EmulatorConfig::without_thresholds());
    assert!(get(&emulator, "r-nz", BLOCKS).await.1.get("language").is_some());
    let sparse =
        EmulatorConfig { optional_fields: OptionalFields::Sparse, ..EmulatorConfig::without_thresholds() };
    emulator.control().set_behaviour(sparse).unwrap();
    assert!(get(&emulator, "r-nz", BLOCKS).await.1.get("language").is_none());
}
