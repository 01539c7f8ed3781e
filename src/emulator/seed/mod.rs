//! Initial content of a zone: delivered tables, and local changes by the institution.
//!
//! Codes follow Alma if publicly known. Descriptions and local rows are the project's own.

mod calendar;
mod code_tables;
mod electronic_resources;
pub(super) mod gateway_collections;
pub(super) mod jobs;
mod letters;
mod mapping_tables;

use super::random::text;
use super::table::{EmulatedCodeRow, EmulatedMappingRow, TableSeed};
use super::whole_objects::EmulatedObjects;
use super::zone::EmulatedZone;
use crate::model::network::ZoneRole;

/// Returns the tables of a new zone.
///
/// The same zone always gets the same tables. Members differ by code.
pub(super) fn tables(zone: &EmulatedZone) -> Vec<TableSeed> {
    let mut tables: Vec<TableSeed> = code_tables::tables()
        .into_iter()
        .map(TableSeed::from)
        .chain(mapping_tables::tables().into_iter().map(TableSeed::from))
        .collect();
    let local = match zone.role {
        ZoneRole::Network => {
            tables.extend(electronic_resources::resources().into_iter().map(TableSeed::Electronic));
            Vec::new()
        }
        ZoneRole::Member => habits(&zone.code),
    };
    for table in &mut tables {
        if let TableSeed::Code(table) = table {
            table.rows.entry(String::new()).or_default().extend(
                local.iter().filter(|local| local.table == table.name).map(|local| local.row.clone()),
            );
            if table.name == "ItemPolicy" {
                let policies = code_tables::library_policies();
                table
                    .rows
                    .extend(zone.library_codes().into_iter().map(|library| (library, policies.clone())));
            }
        }
        if let TableSeed::Mapping(table) = table {
            let rows = table.rows.entry(String::new()).or_default();
            match table.code.as_str() {
                "InstitutionLanguages" => rows.extend(zone.languages.iter().map(|language| {
                    let standard = if *language == zone.default_language { "true" } else { "false" };
                    EmulatedMappingRow::new(&[language, standard])
                })),
                "UserRecordTypeUserGroup" => {
                    rows.extend(local.iter().filter(|local| local.table == "UserGroups").map(|local| {
                        EmulatedMappingRow::new(&["PUBLIC", &local.row.code])
                            .with_update("m.tremblay", "2023-09-14Z")
                    }))
                }
                _ => {}
            }
        }
    }
    tables
}

/// Returns the letters, relations and opening hours of a new zone.
pub(super) fn objects(zone: &EmulatedZone) -> EmulatedObjects {
    let letters = letters::letters().into_iter().map(|letter| (letter.code.clone(), letter));
    let codes = zone.library_codes();
    let none = codes.iter().map(|library| (library.clone(), Vec::new()));
    let libraries = codes.iter().map(|library| (library.clone(), calendar::library_hours()));
    EmulatedObjects {
        letters: letters.collect(),
        relations: none.chain(calendar::relations(&codes)).collect(),
        open_hours: libraries.chain([(String::new(), calendar::hours())]).collect(),
    }
}

/// Row added by a member.
struct LocalRow {
    table: &'static str,
    row: EmulatedCodeRow,
}

/// Returns the local changes of a member, as varied as a central office sees them.
fn habits(code: &str) -> Vec<LocalRow> {
    let chance = text(code);
    let group = match chance % 2 {
        0 => EmulatedCodeRow::new("VISITOR", "Visitor").in_language("fr", "Visiteur"),
        _ => EmulatedCodeRow::new("WALKIN", "Walk-in user"),
    };
    let mut local =
        vec![LocalRow { table: "UserGroups", row: group.with_update("m.tremblay", "2023-09-14Z") }];
    let block = match (chance >> 8) % 4 {
        // Codes are case sensitive: the row lacks the effect that the author expects.
        0 => {
            Some(EmulatedCodeRow::new("Consortia", "Consortial block").with_update("j.okafor", "2022-02-03Z"))
        }
        1 => Some(
            EmulatedCodeRow::new("CONSORTIA", "Blocked by another library")
                .with_update("j.okafor", "2024-05-30Z"),
        ),
        2 => Some(
            EmulatedCodeRow::new("LOCKER_KEY", "Locker key not returned")
                .in_language("fr", "Clé de casier non rendue")
                .with_update("j.okafor", "2021-11-22Z"),
        ),
        _ => None,
    };
    local.extend(block.map(|row| LocalRow { table: "UserBlockDescription", row }));
    local
}
