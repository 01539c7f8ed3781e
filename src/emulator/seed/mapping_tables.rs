//! Initial mapping tables of every zone.

use crate::emulator::table::{ApiAccess, ColumnType, EmulatedMappingTable};

const FULFILLMENT: (&str, &str) = ("FULFILLMENT", "Fulfillment");
const USERS: (&str, &str) = ("USER_MANAGEMENT", "User Management");
const GENERAL: (&str, &str) = ("INFRA", "General");

pub(super) fn tables() -> Vec<EmulatedMappingTable> {
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
