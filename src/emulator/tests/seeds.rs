//! Tests of the seed: no empty zone, different members, and custom tables.

use super::super::{EmulatedCodeTable, EmulatedTableType};
use super::*;
use crate::emulator::endpoints::{code_tables, mapping_tables};

#[tokio::test]
async fn seeded_members_differ_and_are_deterministic() {
    let member = |code: &str| {
        let zone = EmulatedZone::new(code, "r", None);
        (code_tables::seed(&zone), mapping_tables::seed(&zone))
    };
    let codes: Vec<String> = (0..40).map(|number| format!("01OMNI_{number}")).collect();
    let mut different: Vec<_> = codes.iter().map(|code| member(code)).collect();
    assert!(codes.iter().zip(&different).all(|(code, tables)| member(code) == *tables));
    different.dedup();
    assert!(different.len() > 10, "{}", different.len());
    for odd in ["CONSORTIUM", "CONSORTIA", "LOCKER_KEY", "VISITOR", "WALKIN"] {
        let somewhere = codes.iter().any(|code| member(code).0.iter().any(|table| table.find(odd).is_some()));
        assert!(somewhere, "no member of forty has {odd}");
    }
}

#[tokio::test]
async fn seeded_column_values_are_in_their_code_tables() {
    let behaviour = EmulatorConfig {
        column_values: super::super::ColumnValues::Checked,
        ..EmulatorConfig::without_thresholds()
    };
    let emulator = network(behaviour);
    for code in emulator.control().tables("01OMNI_ALPHA", EmulatedTableType::Mapping).unwrap() {
        let path = format!("/conf/mapping-tables/{code}");
        let (status, table) = get(&emulator, "r-alpha", &path).await;
        if status == 200 {
            assert_eq!(put(&emulator, "w-alpha", &path, &table).await.0, 200, "{code}");
        }
    }
}

#[tokio::test]
async fn large_network_with_custom_tables_can_be_built() {
    let zones = (0..60).map(|number| EmulatedZone::new(format!("01Z_{number}"), format!("r{number}"), None));
    let emulator = Emulator::new(zones.collect(), EmulatorConfig::without_thresholds());
    let rows: Vec<(String, String)> =
        (0..100).map(|number| (format!("CODE_{number}"), format!("Description {number}"))).collect();
    for zone in 0..60 {
        for number in 0..20 {
            let table = EmulatedCodeTable::new(&format!("Table{number}"), "A table", ("INFRA", "General"))
                .rows(rows.iter().map(|(code, description)| (code.as_str(), description.as_str())));
            emulator.control().put_table(&format!("01Z_{zone}"), table).unwrap();
        }
    }
    let (_, table) = get(&emulator, "r59", "/conf/code-tables/Table19").await;
    assert_eq!(codes(&table).len(), 100);
}
