//! Initial code tables: delivered tables, and rows added by members.
//!
//! Codes follow Alma if publicly known. Descriptions and local rows are the project's own.

use super::table::{EmulatedCodeRow, EmulatedCodeTable};
use crate::emulator::random::text;
use crate::emulator::table::{ApiAccess, FULFILLMENT, GENERAL, TableScope, USERS};
use crate::emulator::zone::EmulatedZone;
use crate::model::network::ZoneRole;

const RESOURCES: (&str, &str) = ("RESOURCE_MANAGEMENT", "Resource Management");

/// Returns the code tables of a new zone.
///
/// The same zone always gets the same tables. Members differ by code.
pub(in crate::emulator) fn seed(zone: &EmulatedZone) -> Vec<EmulatedCodeTable> {
    let mut tables = delivered_tables();
    for table in &mut tables {
        let local = match table.name.as_str() {
            "UserGroups" => local_groups(zone),
            "UserBlockDescription" => local_block(zone).into_iter().collect(),
            "ItemPolicy" => {
                // Item policies added by every library.
                let policies = [("LAPTOP", "Laptop, one day"), ("ROOMKEY", "Study room key")]
                    .map(|(code, description)| EmulatedCodeRow::new(code, description));
                let libraries = zone.library_codes().into_iter();
                table.rows.extend(libraries.map(|library| (library, policies.to_vec())));
                continue;
            }
            _ => continue,
        };
        table.rows.entry(String::new()).or_default().extend(local);
    }
    tables
}

/// Returns the user groups added by a member, as varied as a central office sees them.
pub(in crate::emulator) fn local_groups(zone: &EmulatedZone) -> Vec<EmulatedCodeRow> {
    let group = match (zone.role, text(&zone.code) % 2) {
        (ZoneRole::Network, _) => return Vec::new(),
        (ZoneRole::Member, 0) => EmulatedCodeRow::new("VISITOR", "Visitor").in_language("fr", "Visiteur"),
        (ZoneRole::Member, _) => EmulatedCodeRow::new("WALKIN", "Walk-in user"),
    };
    vec![group.with_update("m.tremblay", "2023-09-14Z")]
}

/// Returns the block description added by a member.
fn local_block(zone: &EmulatedZone) -> Option<EmulatedCodeRow> {
    let (row, date) = match (zone.role, (text(&zone.code) >> 8) % 4) {
        // Alma looks for another code: the row lacks the effect that the author expects.
        (ZoneRole::Member, 0) => (EmulatedCodeRow::new("CONSORTIUM", "Consortial block"), "2022-02-03Z"),
        (ZoneRole::Member, 1) => {
            (EmulatedCodeRow::new("CONSORTIA", "Blocked by another library"), "2024-05-30Z")
        }
        (ZoneRole::Member, 2) => {
            let row = EmulatedCodeRow::new("LOCKER_KEY", "Locker key not returned");
            (row.in_language("fr", "Clé de casier non rendue"), "2021-11-22Z")
        }
        (_, _) => return None,
    };
    Some(row.with_update("j.okafor", date))
}

fn delivered_tables() -> Vec<EmulatedCodeTable> {
    vec![
        block_descriptions(),
        user_groups(),
        item_policies(),
        cancellation_reasons(),
        EmulatedCodeTable::new("UserBlockTypes", "User Block Types", USERS).rows([
            ("GENERAL", "General"),
            ("LOAN", "Loan"),
            ("CASH", "Fines and fees"),
            ("USER", "User"),
            ("CONSORTIA", "Consortial block"),
        ]),
        EmulatedCodeTable::new("JobTitles", "Job Titles", USERS).rows([
            ("LIBRARIAN", "Librarian"),
            ("ASSISTANT", "Library assistant"),
            ("STUDENT_WORKER", "Student worker"),
        ]),
        EmulatedCodeTable::new("NoteTypes", "Note Types", USERS).rows([
            ("ADDRESS", "Address"),
            ("BARCODE", "Barcode"),
            ("CIRCULATION", "Circulation"),
            ("LIBRARY", "Library"),
            ("POPUP", "Pop-up"),
        ]),
        EmulatedCodeTable::new("BooleanYesNo", "Yes or No", GENERAL).rows([("true", "Yes"), ("false", "No")]),
        EmulatedCodeTable {
            access: ApiAccess::Fixed,
            ..EmulatedCodeTable::new("Sub Systems", "Sub Systems", GENERAL).rows([
                FULFILLMENT,
                USERS,
                RESOURCES,
                GENERAL,
            ])
        },
    ]
}

fn block_descriptions() -> EmulatedCodeTable {
    let rows = [
        ("01", "Library card reported lost", "Carte de bibliothèque perdue"),
        ("02", "Address to be confirmed", "Adresse à confirmer"),
        ("03", "Overdue recalled item", "Document rappelé en retard"),
        ("04", "Unpaid fees", "Frais impayés"),
    ];
    let last = bilingual(("05", "Conduct", "Conduite")).with_disabled();
    let table = EmulatedCodeTable::new("UserBlockDescription", "User Block Description", FULFILLMENT);
    rows.map(bilingual).into_iter().fold(table, EmulatedCodeTable::row).row(last)
}

fn user_groups() -> EmulatedCodeTable {
    let rows = [
        ("GRAD", "Graduate student", "Étudiant des cycles supérieurs"),
        ("FACULTY", "Faculty", "Corps professoral"),
        ("STAFF", "Staff", "Personnel"),
        ("ALUM", "Alumni", "Diplômés"),
    ];
    let first = bilingual(("UNDRGRD", "Undergraduate student", "Étudiant de premier cycle")).as_default();
    let last = bilingual(("DIST", "Distance learner", "Étudiant à distance")).with_disabled();
    let table = EmulatedCodeTable::new("UserGroups", "User Groups", USERS).row(first);
    rows.map(bilingual).into_iter().fold(table, EmulatedCodeTable::row).row(last)
}

fn item_policies() -> EmulatedCodeTable {
    let table = EmulatedCodeTable::new("ItemPolicy", "Item Policy", FULFILLMENT).rows([
        ("01", "Standard loan"),
        ("02", "Short loan"),
        ("03", "Library use only"),
        ("04", "Reserve, four hours"),
    ]);
    EmulatedCodeTable { level: TableScope::Library, ..table }
}

fn cancellation_reasons() -> EmulatedCodeTable {
    let rows = [
        ("CannotBeFulfilled", "Cannot be supplied", "Ne peut être fourni"),
        ("ItemMissingFromShelf", "Not on the shelf", "Absent du rayon"),
    ];
    let first = bilingual(("PatronNotInterested", "No longer wanted", "N’est plus demandé")).as_default();
    let last = EmulatedCodeRow::new("RequestSwitched", "Moved to another request");
    let name = "Request Cancellation Reasons";
    let table = EmulatedCodeTable::new("RequestCancellationReasons", name, FULFILLMENT).row(first);
    let table = rows.map(bilingual).into_iter().fold(table, EmulatedCodeTable::row).row(last);
    EmulatedCodeTable { patron_facing: true, ..table }
}

/// Creates a row from the code and the descriptions in English and French.
fn bilingual((code, english, french): (&str, &str, &str)) -> EmulatedCodeRow {
    EmulatedCodeRow::new(code, english).in_language("fr", french)
}
