//! Initial code tables of every zone.

use crate::emulator::table::{ApiAccess, EmulatedCodeRow, EmulatedCodeTable, TableScope};

const FULFILLMENT: (&str, &str) = ("FULFILLMENT", "Fulfillment");
const USERS: (&str, &str) = ("USER_MANAGEMENT", "User Management");
const RESOURCES: (&str, &str) = ("RESOURCE_MANAGEMENT", "Resource Management");
const GENERAL: (&str, &str) = ("INFRA", "General");

pub(super) fn tables() -> Vec<EmulatedCodeTable> {
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
    EmulatedCodeTable::new("UserBlockDescription", "User Block Description", FULFILLMENT)
        .row(
            EmulatedCodeRow::new("01", "Library card reported lost")
                .in_language("fr", "Carte de bibliothèque perdue"),
        )
        .row(EmulatedCodeRow::new("02", "Address to be confirmed").in_language("fr", "Adresse à confirmer"))
        .row(
            EmulatedCodeRow::new("03", "Overdue recalled item")
                .in_language("fr", "Document rappelé en retard"),
        )
        .row(EmulatedCodeRow::new("04", "Unpaid fees").in_language("fr", "Frais impayés"))
        .row(EmulatedCodeRow::new("05", "Conduct").in_language("fr", "Conduite").with_disabled())
}

fn user_groups() -> EmulatedCodeTable {
    EmulatedCodeTable::new("UserGroups", "User Groups", USERS)
        .row(
            EmulatedCodeRow::new("UNDRGRD", "Undergraduate student")
                .in_language("fr", "Étudiant de premier cycle")
                .as_default(),
        )
        .row(
            EmulatedCodeRow::new("GRAD", "Graduate student")
                .in_language("fr", "Étudiant des cycles supérieurs"),
        )
        .row(EmulatedCodeRow::new("FACULTY", "Faculty").in_language("fr", "Corps professoral"))
        .row(EmulatedCodeRow::new("STAFF", "Staff").in_language("fr", "Personnel"))
        .row(EmulatedCodeRow::new("ALUM", "Alumni").in_language("fr", "Diplômés"))
        .row(
            EmulatedCodeRow::new("DIST", "Distance learner")
                .in_language("fr", "Étudiant à distance")
                .with_disabled(),
        )
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

/// Returns the item policies added by every library.
pub(super) fn library_policies() -> Vec<EmulatedCodeRow> {
    vec![EmulatedCodeRow::new("LAPTOP", "Laptop, one day"), EmulatedCodeRow::new("ROOMKEY", "Study room key")]
}

fn cancellation_reasons() -> EmulatedCodeTable {
    let table =
        EmulatedCodeTable::new("RequestCancellationReasons", "Request Cancellation Reasons", FULFILLMENT)
            .row(
                EmulatedCodeRow::new("PatronNotInterested", "No longer wanted")
                    .in_language("fr", "N’est plus demandé")
                    .as_default(),
            )
            .row(
                EmulatedCodeRow::new("CannotBeFulfilled", "Cannot be supplied")
                    .in_language("fr", "Ne peut être fourni"),
            )
            .row(
                EmulatedCodeRow::new("ItemMissingFromShelf", "Not on the shelf")
                    .in_language("fr", "Absent du rayon"),
            )
            .row(EmulatedCodeRow::new("RequestSwitched", "Moved to another request"));
    EmulatedCodeTable { patron_facing: true, ..table }
}
