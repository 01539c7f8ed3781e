//! The mapping tables that every zone starts with.

use crate::emulator::table::{Access, Column, MappingTable};

const FULFILLMENT: (&str, &str) = ("FULFILLMENT", "Fulfillment");
const USERS: (&str, &str) = ("USER_MANAGEMENT", "User Management");
const GENERAL: (&str, &str) = ("INFRA", "General");

pub(super) fn tables() -> Vec<MappingTable> {
    vec![
        block_definitions(),
        MappingTable::new("UserRecordTypeUserGroup", "User Record Type/User Group", USERS)
            .column("Record Type", Column::Options)
            .column("User Group", Column::Code("UserGroups".to_owned()))
            .rows([
                ["PUBLIC", "UNDRGRD"],
                ["PUBLIC", "GRAD"],
                ["PUBLIC", "FACULTY"],
                ["PUBLIC", "ALUM"],
                ["STAFF", "STAFF"],
            ]),
        MappingTable::new("CurrencySubset", "Currency Subset", GENERAL)
            .column("Currency", Column::Text)
            .rows([["CAD"], ["EUR"], ["USD"]]),
        MappingTable::new("InstitutionLanguages", "Institution Languages", GENERAL)
            .column("Language", Column::Text)
            .column("Default", Column::Code("BooleanYesNo".to_owned())),
        // The vendor alone changes it; libraries write to support.
        MappingTable {
            access: Access::Hidden,
            ..MappingTable::new("BlockToBlockedActions", "Block to Blocked Actions", FULFILLMENT)
                .column("Block", Column::Text)
                .column("Blocked Actions", Column::Text)
                .rows([["01", "LOAN"], ["02", "LOAN,RENEW"], ["03", "LOAN,RENEW,HOLD"]])
        },
    ]
}

/// The columns are the vendor's as its help and consortia show them; the code of the table in the
/// API is not known, so that a client should look it up by name.
fn block_definitions() -> MappingTable {
    MappingTable::new("UserBlockDefinitions", "User Block Definitions", FULFILLMENT)
        .column("ID", Column::Text)
        .column("Type", Column::Code("UserBlockTypes".to_owned()))
        .column("Description", Column::Code("UserBlockDescription".to_owned()))
        .column("Overridable", Column::Options)
        .column("Blocked Action", Column::Options)
        .column("Network Block", Column::Code("BooleanYesNo".to_owned()))
        .rows([
            ["LOST_CARD", "GENERAL", "01", "OPERATOR", "01", "false"],
            ["ADDRESS", "GENERAL", "02", "ALL", "01", "false"],
            ["RECALLED", "LOAN", "03", "OPERATOR", "02", "false"],
            ["FEES", "CASH", "04", "ALL", "03", "false"],
        ])
}
