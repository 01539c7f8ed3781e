//! Initial mapping tables of every zone.

use super::table::{ColumnType, EmulatedMappingRow, EmulatedMappingTable};
use crate::emulator::endpoints::code_tables::local_groups;
use crate::emulator::table::{ApiAccess, FULFILLMENT, GENERAL, USERS};
use crate::emulator::zone::EmulatedZone;

/// Returns the mapping tables of a new zone.
pub(in crate::emulator) fn seed(zone: &EmulatedZone) -> Vec<EmulatedMappingTable> {
    let mut tables = delivered_tables();
    for table in &mut tables {
        let local: Vec<EmulatedMappingRow> = match table.code.as_str() {
            "InstitutionLanguages" => {
                let row = |language: &String| {
                    let standard = (*language == zone.default_language).to_string();
                    EmulatedMappingRow::new(&[language, &standard])
                };
                zone.languages.iter().map(row).collect()
            }
            "UserRecordTypeUserGroup" => {
                let groups = local_groups(zone).into_iter();
                let row = |code: &str| EmulatedMappingRow::new(&["PUBLIC", code]);
                groups.map(|group| row(&group.code).with_update("m.tremblay", "2023-09-14Z")).collect()
            }
            _ => continue,
        };
        table.rows.entry(String::new()).or_default().extend(local);
    }
    tables
}

fn delivered_tables() -> Vec<EmulatedMappingTable> {
    vec![
        block_definitions(),
        EmulatedMappingTable::new("UserRecordTypeUserGroup", "User Record Type/User Group", USERS)
            .column("Record Type", ColumnType::Options)
            .column("User Group", ColumnType::Code("UserGroups".to_owned()))
            .rows([
                ["PUBLIC", "UNDRGRD"],
                ["PUBLIC", "GRAD"],
                ["PUBLIC", "FACULTY"],
                ["PUBLIC", "ALUM"],
                ["STAFF", "STAFF"],
            ]),
        EmulatedMappingTable::new("CurrencySubset", "Currency Subset", GENERAL)
            .column("Currency", ColumnType::Text)
            .rows([["CAD"], ["EUR"], ["USD"]]),
        EmulatedMappingTable::new("InstitutionLanguages", "Institution Languages", GENERAL)
            .column("Language", ColumnType::Text)
            .column("Default", ColumnType::Code("BooleanYesNo".to_owned())),
        // Only the vendor changes the table; libraries contact support.
        EmulatedMappingTable {
            access: ApiAccess::Hidden,
            ..EmulatedMappingTable::new("BlockToBlockedActions", "Block to Blocked Actions", FULFILLMENT)
                .column("Block", ColumnType::Text)
                .column("Blocked Actions", ColumnType::Text)
                .rows([["01", "LOAN"], ["02", "LOAN,RENEW"], ["03", "LOAN,RENEW,HOLD"]])
        },
    ]
}

/// Returns the block definitions.
///
/// Columns follow the vendor's help and published settings of consortia. The table's code in the API is
/// unknown, so clients should look up the table by name.
fn block_definitions() -> EmulatedMappingTable {
    EmulatedMappingTable::new("UserBlockDefinitions", "User Block Definitions", FULFILLMENT)
        .column("ID", ColumnType::Text)
        .column("Type", ColumnType::Code("UserBlockTypes".to_owned()))
        .column("Description", ColumnType::Code("UserBlockDescription".to_owned()))
        .column("Overridable", ColumnType::Options)
        .column("Blocked Action", ColumnType::Options)
        .column("Network Block", ColumnType::Code("BooleanYesNo".to_owned()))
        .rows([
            ["LOST_CARD", "GENERAL", "01", "OPERATOR", "01", "false"],
            ["ADDRESS", "GENERAL", "02", "ALL", "01", "false"],
            ["RECALLED", "LOAN", "03", "OPERATOR", "02", "false"],
            ["FEES", "CASH", "04", "ALL", "03", "false"],
        ])
}
