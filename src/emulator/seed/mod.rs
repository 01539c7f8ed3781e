//! What a zone holds before anybody works with it: delivered tables, and what its own people made of them.
//!
//! Codes are Alma's where they are publicly known; descriptions and local rows are the project's own.

mod calendar;
mod codes;
pub(super) mod jobs;
pub(super) mod kept;
mod letters;
mod mappings;
mod resources;

use super::objects::Objects;
use super::random::text;
use super::table::{CodeRow, MappingRow, TableSeed};
use super::zone::EmulatedZone;
use crate::model::network::Role;

/// The tables of a new zone. The same for the same zone each time; members differ from each
/// other by their codes.
pub(super) fn tables(zone: &EmulatedZone) -> Vec<TableSeed> {
    let mut tables: Vec<TableSeed> = codes::tables()
        .into_iter()
        .map(TableSeed::from)
        .chain(mappings::tables().into_iter().map(TableSeed::from))
        .collect();
    let local = match zone.role {
        Role::Network => {
            tables.extend(resources::resources().into_iter().map(TableSeed::Electronic));
            Vec::new()
        }
        Role::Member => habits(&zone.code),
    };
    for table in &mut tables {
        if let TableSeed::Code(table) = table {
            table.rows.entry(String::new()).or_default().extend(
                local.iter().filter(|local| local.table == table.name).map(|local| local.row.clone()),
            );
            if table.name == "ItemPolicy" {
                let policies = codes::library_policies();
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
                    MappingRow::new(&[language, standard])
                })),
                "UserRecordTypeUserGroup" => {
                    rows.extend(local.iter().filter(|local| local.table == "UserGroups").map(|local| {
                        MappingRow::new(&["PUBLIC", &local.row.code]).updated("m.tremblay", "2023-09-14Z")
                    }))
                }
                _ => {}
            }
        }
    }
    tables
}

/// What a new zone holds besides its tables.
pub(super) fn objects(zone: &EmulatedZone) -> Objects {
    let letters = letters::letters().into_iter().map(|letter| (letter.code.clone(), letter));
    let codes = zone.library_codes();
    let none = codes.iter().map(|library| (library.clone(), Vec::new()));
    let libraries = codes.iter().map(|library| (library.clone(), calendar::library_hours()));
    Objects {
        letters: letters.collect(),
        relations: none.chain(calendar::relations(&codes)).collect(),
        open_hours: libraries.chain([(String::new(), calendar::hours())]).collect(),
    }
}

/// A row that a member made.
struct Local {
    table: &'static str,
    row: CodeRow,
}

/// What the people of a member did over the years: the variety that a central office meets.
fn habits(code: &str) -> Vec<Local> {
    let chance = text(code);
    let group = match chance % 2 {
        0 => CodeRow::new("VISITOR", "Visitor").in_language("fr", "Visiteur"),
        _ => CodeRow::new("WALKIN", "Walk-in user"),
    };
    let mut local = vec![Local { table: "UserGroups", row: group.updated("m.tremblay", "2023-09-14Z") }];
    let block = match (chance >> 8) % 4 {
        // Codes are case sensitive: this one does not do what its author believes.
        0 => Some(CodeRow::new("Consortia", "Consortial block").updated("j.okafor", "2022-02-03Z")),
        1 => Some(CodeRow::new("CONSORTIA", "Blocked by another library").updated("j.okafor", "2024-05-30Z")),
        2 => Some(
            CodeRow::new("LOCKER_KEY", "Locker key not returned")
                .in_language("fr", "Clé de casier non rendue")
                .updated("j.okafor", "2021-11-22Z"),
        ),
        _ => None,
    };
    local.extend(block.map(|row| Local { table: "UserBlockDescription", row }));
    local
}
