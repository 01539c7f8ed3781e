//! May a member bring a record into the Network Zone?

use super::Whose;
use super::settings::Settings;
use super::subject::Subject;
use super::table::{Entry, Extent, Silence};
use super::told::{Telling, known};
use crate::model::{Explanation, Ground, ImportQuestion, Question, RecordType, Told, Value, ZoneCode};

/// The ways by which a member's records reach a Network Zone (the vendor's help, and consortia's own pages), by the
/// words that expectations use and those that people read.
pub fn ways(record: RecordType) -> &'static [(&'static str, &'static str)] {
    match record {
        RecordType::Bibliographic => &[
            ("import-profile", "import profiles that use the Network Zone"),
            ("share-with-network", "Share with Network"),
            ("link-and-contribute", "the linking job with `Contribute IZ records`"),
            ("new-record", "new records placed in the network"),
            ("copy-from-community-zone", "copies from the Community Zone"),
        ],
        RecordType::Authority => &[
            ("import-profile", "import profiles of authorities"),
            ("new-record", "new authorities placed in the network"),
        ],
    }
}

/// Whether somebody may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// They may.
    Allowed,
    /// They may not.
    Denied,
}

impl Permission {
    fn of(entry: Entry<'_>, field: &str) -> Option<Self> {
        match entry.text(field)? {
            "allow" => Some(Self::Allowed),
            "deny" => Some(Self::Denied),
            _ => None,
        }
    }
}

/// Whether the record may be brought in, and who says so.
///
/// # Errors
/// Why that is not known, in words.
pub fn permission(question: &ImportQuestion, settings: &Settings) -> Told<(Permission, Ground)> {
    let ImportQuestion { member, record } = question;
    let table = known!(settings.of_network(&Subject::ImportPermissions));
    let field = record.to_string();
    match (table.find("institution", member.as_str()), table.extent) {
        (None, Extent::Named) => Told::Not(format!("nobody says what {member} may bring in").into()),
        // Before there was such a page every member could (the vendor's roadmap).
        (None, Extent::Whole) => Told::Is((Permission::Allowed, Ground::Alma)),
        (Some(entry), _) => match Permission::of(entry, &field) {
            Some(permission) => Told::Is((permission, entry.ground(&field))),
            None => unsaid(entry, &field, member),
        },
    }
}

/// What a record comes to that neither allows nor denies. Empty is as if there were no record.
fn unsaid(entry: Entry<'_>, field: &str, member: &ZoneCode) -> Told<(Permission, Ground)> {
    match (entry.text(field), entry.silence()) {
        (Some(odd), _) => Told::Not(
            format!("the permissions of {member} for {field} records are neither allow nor deny: {odd}")
                .into(),
        ),
        (None, Silence::Unknown) if entry.get(field).is_none() => {
            Told::Not(format!("nobody says whether {member} may bring in {field} records").into())
        }
        (None, Silence::Unknown | Silence::Empty) => Told::Is((Permission::Allowed, Ground::Alma)),
    }
}

/// What must be known to answer it.
pub fn needs() -> Vec<(Whose, Subject)> {
    vec![(Whose::NetworkZone, Subject::ImportPermissions)]
}

/// Answers the question.
pub fn explain(question: &ImportQuestion, settings: &Settings) -> Explanation {
    let ImportQuestion { member, record } = question;
    let name = settings.name(member);
    let mut telling = Telling::new(Question::Import(question.clone()));
    let linking = linking(question, settings);
    let (permission, ground) = match permission(question, settings) {
        Told::Is(told) => told,
        Told::Not(why) => {
            return telling.unknown(&["allowed", "channels", "linking"], &why, || {
                format!("whether {name} may bring {record} records into the Network Zone is not known")
            });
        }
    };
    let ways = ways(*record);
    match permission {
        Permission::Allowed => {
            let words: Vec<&str> = ways.iter().map(|(_, words)| *words).collect();
            let by = match ground {
                Ground::Alma => "nothing is said of it, and whoever is not denied it may",
                Ground::Declared(_) | Ground::Observed { .. } | Ground::Attested { .. } => "it is allowed",
            };
            telling.because(by, ground);
            telling.because(format!("the ways that this opens: {}", words.join(", ")), Ground::Alma);
        }
        Permission::Denied => telling.because("it is denied", ground),
    }
    telling
        .because("not closed by this: staff of theirs who catalog in the Network Zone itself", Ground::Alma);
    let allowed = permission == Permission::Allowed;
    telling.is("allowed", allowed);
    let open = ways.iter().filter(|_| allowed).map(|(way, _)| *way);
    telling.is("channels", Value::list(open));
    if let Told::Is((permission, ground)) = &linking {
        let says = match permission {
            Permission::Allowed => "linking to records that are there is allowed",
            Permission::Denied => "linking to records that are there is denied too",
        };
        telling.because(says, ground.clone());
    }
    telling.fact("linking", linking.map(|(permission, _)| Value::Bool(permission == Permission::Allowed)));
    telling.line(match permission {
        Permission::Allowed => format!("{name} may bring {record} records into the Network Zone"),
        Permission::Denied => format!("{name} may not bring {record} records into the Network Zone"),
    })
}

/// Whether own records may be linked to those that are there.
fn linking(question: &ImportQuestion, settings: &Settings) -> Told<(Permission, Ground)> {
    let table = known!(settings.of_network(&Subject::ImportPermissions));
    let found = table.find("institution", question.member.as_str());
    let said = found.and_then(|entry| Some((Permission::of(entry, "linking")?, entry.ground("linking"))));
    said.map_or_else(|| Told::Not("nobody says whether linking is allowed".into()), Told::Is)
}
