//! May a member bring a record into the Network Zone?

use super::CollectionOwner;
use super::explanation_builder::{ExplanationBuilder, known};
use super::settings::NetworkSettings;
use super::settings_collection::SettingsCollection;
use super::settings_table::{MissingFieldMeaning, RowView, TableCompleteness};
use crate::model::{
    Explanation, FieldValue, ImportQuestion, MaybeKnown, Question, ReasonSource, RecordType, ZoneCode,
};

/// The ways by which a member's records reach a Network Zone (the vendor's help, and consortia's own pages), by the
/// words that expectations use and those that people read.
pub fn import_methods(record: RecordType) -> &'static [(&'static str, &'static str)] {
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
pub enum ImportPermission {
    /// They may.
    Allowed,
    /// They may not.
    Denied,
}

impl ImportPermission {
    fn permission_of(entry: RowView<'_>, field: &str) -> Option<Self> {
        match entry.text_field(field)? {
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
pub fn permission(
    question: &ImportQuestion,
    settings: &NetworkSettings,
) -> MaybeKnown<(ImportPermission, ReasonSource)> {
    let ImportQuestion { member, record } = question;
    let table = known!(settings.of_network(&SettingsCollection::ImportPermissions));
    let field = record.to_string();
    match (table.find("institution", member.as_str()), table.extent) {
        (None, TableCompleteness::DeclaredOnly) => {
            MaybeKnown::Unknown(format!("nobody says what {member} may bring in").into())
        }
        // Before there was such a page every member could (the vendor's roadmap).
        (None, TableCompleteness::Complete) => {
            MaybeKnown::Known((ImportPermission::Allowed, ReasonSource::AlmaDefault))
        }
        (Some(entry), _) => match ImportPermission::permission_of(entry, &field) {
            Some(permission) => MaybeKnown::Known((permission, entry.ground(&field))),
            None => undeclared_permission(entry, &field, member),
        },
    }
}

/// What a record comes to that neither allows nor denies. Empty is as if there were no record.
fn undeclared_permission(
    entry: RowView<'_>,
    field: &str,
    member: &ZoneCode,
) -> MaybeKnown<(ImportPermission, ReasonSource)> {
    match (entry.text_field(field), entry.silence()) {
        (Some(odd), _) => MaybeKnown::Unknown(
            format!("the permissions of {member} for {field} records are neither allow nor deny: {odd}")
                .into(),
        ),
        (None, MissingFieldMeaning::Unknown) if entry.get(field).is_none() => {
            MaybeKnown::Unknown(format!("nobody says whether {member} may bring in {field} records").into())
        }
        (None, MissingFieldMeaning::Unknown | MissingFieldMeaning::Default) => {
            MaybeKnown::Known((ImportPermission::Allowed, ReasonSource::AlmaDefault))
        }
    }
}

/// What must be known to answer it.
pub fn needs() -> Vec<(CollectionOwner, SettingsCollection)> {
    vec![(CollectionOwner::NetworkZone, SettingsCollection::ImportPermissions)]
}

/// Answers the question.
pub fn explain(question: &ImportQuestion, settings: &NetworkSettings) -> Explanation {
    let ImportQuestion { member, record } = question;
    let name = settings.name(member);
    let mut telling = ExplanationBuilder::new(Question::Import(question.clone()));
    let linking = linking_permission(question, settings);
    let (permission, ground) = match permission(question, settings) {
        MaybeKnown::Known(told) => told,
        MaybeKnown::Unknown(why) => {
            return telling.unknown(&["allowed", "channels", "linking"], &why, || {
                format!("whether {name} may bring {record} records into the Network Zone is not known")
            });
        }
    };
    let ways = import_methods(*record);
    match permission {
        ImportPermission::Allowed => {
            let words: Vec<&str> = ways.iter().map(|(_, words)| *words).collect();
            let by = match ground {
                ReasonSource::AlmaDefault => "nothing is said of it, and whoever is not denied it may",
                ReasonSource::Declared(_) | ReasonSource::Observed { .. } | ReasonSource::Attested { .. } => {
                    "it is allowed"
                }
            };
            telling.add_reason(by, ground);
            telling.add_reason(
                format!("the ways that this opens: {}", words.join(", ")),
                ReasonSource::AlmaDefault,
            );
        }
        ImportPermission::Denied => telling.add_reason("it is denied", ground),
    }
    telling.add_reason(
        "not closed by this: staff of theirs who catalog in the Network Zone itself",
        ReasonSource::AlmaDefault,
    );
    let allowed = permission == ImportPermission::Allowed;
    telling.add_fact("allowed", allowed);
    let open = ways.iter().filter(|_| allowed).map(|(way, _)| *way);
    telling.add_fact("channels", FieldValue::list(open));
    if let MaybeKnown::Known((permission, ground)) = &linking {
        let says = match permission {
            ImportPermission::Allowed => "linking to records that are there is allowed",
            ImportPermission::Denied => "linking to records that are there is denied too",
        };
        telling.add_reason(says, ground.clone());
    }
    telling.fact(
        "linking",
        linking.map(|(permission, _)| FieldValue::Bool(permission == ImportPermission::Allowed)),
    );
    telling.finish(match permission {
        ImportPermission::Allowed => format!("{name} may bring {record} records into the Network Zone"),
        ImportPermission::Denied => format!("{name} may not bring {record} records into the Network Zone"),
    })
}

/// Whether own records may be linked to those that are there.
fn linking_permission(
    question: &ImportQuestion,
    settings: &NetworkSettings,
) -> MaybeKnown<(ImportPermission, ReasonSource)> {
    let table = known!(settings.of_network(&SettingsCollection::ImportPermissions));
    let found = table.find("institution", question.member.as_str());
    let said = found.and_then(|entry| {
        Some((ImportPermission::permission_of(entry, "linking")?, entry.ground("linking")))
    });
    said.map_or_else(
        || MaybeKnown::Unknown("nobody says whether linking is allowed".into()),
        MaybeKnown::Known,
    )
}
