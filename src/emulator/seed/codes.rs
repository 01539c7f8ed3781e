//! The code tables that every zone starts with.

use crate::emulator::table::{Access, CodeRow, CodeTable, Level};

const FULFILLMENT: (&str, &str) = ("FULFILLMENT", "Fulfillment");
const USERS: (&str, &str) = ("USER_MANAGEMENT", "User Management");
const RESOURCES: (&str, &str) = ("RESOURCE_MANAGEMENT", "Resource Management");
const GENERAL: (&str, &str) = ("INFRA", "General");

pub(super) fn tables() -> Vec<CodeTable> {
    vec![
        block_descriptions(),
        user_groups(),
        item_policies(),
        cancellation_reasons(),
        CodeTable::new("UserBlockTypes", "User Block Types", USERS).rows([
            ("GENERAL", "General"),
            ("LOAN", "Loan"),
            ("CASH", "Fines and fees"),
            ("USER", "User"),
            ("CONSORTIA", "Consortial block"),
        ]),
        CodeTable::new("JobTitles", "Job Titles", USERS).rows([
            ("LIBRARIAN", "Librarian"),
            ("ASSISTANT", "Library assistant"),
            ("STUDENT_WORKER", "Student worker"),
        ]),
        CodeTable::new("NoteTypes", "Note Types", USERS).rows([
            ("ADDRESS", "Address"),
            ("BARCODE", "Barcode"),
            ("CIRCULATION", "Circulation"),
            ("LIBRARY", "Library"),
            ("POPUP", "Pop-up"),
        ]),
        CodeTable::new("BooleanYesNo", "Yes or No", GENERAL).rows([("true", "Yes"), ("false", "No")]),
        CodeTable {
            access: Access::Fixed,
            ..CodeTable::new("Sub Systems", "Sub Systems", GENERAL).rows([
                FULFILLMENT,
                USERS,
                RESOURCES,
                GENERAL,
            ])
        },
    ]
}

fn block_descriptions() -> CodeTable {
    CodeTable::new("UserBlockDescription", "User Block Description", FULFILLMENT)
        .row(
            CodeRow::new("01", "Library card reported lost")
                .in_language("fr", "Carte de bibliothèque perdue"),
        )
        .row(CodeRow::new("02", "Address to be confirmed").in_language("fr", "Adresse à confirmer"))
        .row(CodeRow::new("03", "Overdue recalled item").in_language("fr", "Document rappelé en retard"))
        .row(CodeRow::new("04", "Unpaid fees").in_language("fr", "Frais impayés"))
        .row(CodeRow::new("05", "Conduct").in_language("fr", "Conduite").disabled())
}

fn user_groups() -> CodeTable {
    CodeTable::new("UserGroups", "User Groups", USERS)
        .row(
            CodeRow::new("UNDRGRD", "Undergraduate student")
                .in_language("fr", "Étudiant de premier cycle")
                .as_default(),
        )
        .row(CodeRow::new("GRAD", "Graduate student").in_language("fr", "Étudiant des cycles supérieurs"))
        .row(CodeRow::new("FACULTY", "Faculty").in_language("fr", "Corps professoral"))
        .row(CodeRow::new("STAFF", "Staff").in_language("fr", "Personnel"))
        .row(CodeRow::new("ALUM", "Alumni").in_language("fr", "Diplômés"))
        .row(CodeRow::new("DIST", "Distance learner").in_language("fr", "Étudiant à distance").disabled())
}

fn item_policies() -> CodeTable {
    let table = CodeTable::new("ItemPolicy", "Item Policy", FULFILLMENT).rows([
        ("01", "Standard loan"),
        ("02", "Short loan"),
        ("03", "Library use only"),
        ("04", "Reserve, four hours"),
    ]);
    CodeTable { level: Level::Library, ..table }
}

/// What each library adds to the policies of its institution.
pub(super) fn library_policies() -> Vec<CodeRow> {
    vec![CodeRow::new("LAPTOP", "Laptop, one day"), CodeRow::new("ROOMKEY", "Study room key")]
}

fn cancellation_reasons() -> CodeTable {
    let table = CodeTable::new("RequestCancellationReasons", "Request Cancellation Reasons", FULFILLMENT)
        .row(
            CodeRow::new("PatronNotInterested", "No longer wanted")
                .in_language("fr", "N’est plus demandé")
                .as_default(),
        )
        .row(CodeRow::new("CannotBeFulfilled", "Cannot be supplied").in_language("fr", "Ne peut être fourni"))
        .row(CodeRow::new("ItemMissingFromShelf", "Not on the shelf").in_language("fr", "Absent du rayon"))
        .row(CodeRow::new("RequestSwitched", "Moved to another request"));
    CodeTable { patron_facing: true, ..table }
}
