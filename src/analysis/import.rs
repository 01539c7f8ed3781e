//! Permission of a member to contribute records to the Network Zone.

use std::collections::{BTreeMap, BTreeSet};

use super::explanation_builder::{ExplanationBuilder, known};
use super::impact::wording::members;
use super::impact::{ImpactDraft, ImpactFunction, SettingsChange};
use super::settings::NetworkSettings;
use super::settings_collection::SettingsCollection;
use super::settings_table::{MissingFieldMeaning, RowView, TableCompleteness};
use super::{SettingsOwner, SettingsQuestion};
pub use crate::model::alma_codes::ImportPermission;
use crate::model::{
    Explanation, FieldValue, ImpactEffect, ImportQuestion, MaybeKnown, ReasonSource, RecordType, ZoneCode,
};

fn permission_of(entry: RowView<'_>, field: &str) -> Option<ImportPermission> {
    ImportPermission::from_word(entry.text_field(field)?)
}

/// Returns the permission for the record, and its source.
///
/// # Errors
/// Unknown if the permission is undeclared, unreadable or invalid.
pub fn permission(
    question: &ImportQuestion,
    settings: &NetworkSettings,
) -> MaybeKnown<(ImportPermission, ReasonSource)> {
    let ImportQuestion { member, record } = question;
    let table = known!(settings.of_network(&SettingsCollection::ImportPermissions));
    let field = record.to_string();
    match (table.find("institution", member.as_str()), table.extent) {
        (None, TableCompleteness::DeclaredOnly) => {
            MaybeKnown::Unknown(format!("no manifest declares the import permissions of {member}").into())
        }
        // Every member could contribute before this page existed (Alma's roadmap).
        (None, TableCompleteness::Complete) => {
            MaybeKnown::Known((ImportPermission::Allowed, ReasonSource::AlmaDefault))
        }
        (Some(entry), _) => match permission_of(entry, &field) {
            Some(permission) => MaybeKnown::Known((permission, entry.ground(&field))),
            None => undeclared_permission(entry, &field, member),
        },
    }
}

/// Returns the permission for a record without a valid value. An empty value counts as a missing record.
fn undeclared_permission(
    entry: RowView<'_>,
    field: &str,
    member: &ZoneCode,
) -> MaybeKnown<(ImportPermission, ReasonSource)> {
    match (entry.text_field(field), entry.silence()) {
        (Some(odd), _) => MaybeKnown::Unknown(
            format!("the permission of {member} for {field} records must be allow or deny: {odd}").into(),
        ),
        (None, MissingFieldMeaning::Unknown) if entry.get(field).is_none() => MaybeKnown::Unknown(
            format!("no manifest declares whether {member} may contribute {field} records").into(),
        ),
        (None, MissingFieldMeaning::Unknown | MissingFieldMeaning::Default) => {
            MaybeKnown::Known((ImportPermission::Allowed, ReasonSource::AlmaDefault))
        }
    }
}

impl SettingsQuestion for ImportQuestion {
    const IMPACTS: &'static [ImpactFunction] = &[impact];

    fn needs(&self) -> Vec<(SettingsOwner, SettingsCollection)> {
        vec![(SettingsOwner::NetworkZone, SettingsCollection::ImportPermissions)]
    }

    fn explain(&self, settings: &NetworkSettings) -> Explanation {
        let ImportQuestion { member, record } = self;
        let name = settings.name(member);
        let mut builder = ExplanationBuilder::new(self.clone());
        let linking = linking_permission(self, settings);
        let (permission, ground) = match permission(self, settings) {
            MaybeKnown::Known(known) => known,
            MaybeKnown::Unknown(why) => {
                return builder.unknown(&why, || {
                    format!("unknown whether {name} may contribute {record} records to the Network Zone")
                });
            }
        };
        let channels = record.channels();
        match permission {
            ImportPermission::Allowed => {
                let words: Vec<&str> = channels.iter().map(|(_, text)| *text).collect();
                let by = match ground {
                    ReasonSource::AlmaDefault => {
                        "no permission is set, and members may contribute unless denied"
                    }
                    ReasonSource::Declared(_)
                    | ReasonSource::Observed { .. }
                    | ReasonSource::Attested { .. } => "contributing is allowed",
                };
                builder.add_reason(by, ground);
                builder.add_alma_reason(format!("allowed import methods: {}", words.join(", ")));
            }
            ImportPermission::Denied => builder.add_reason("contributing is denied", ground),
        }
        builder.add_alma_reason("not covered: staff of the member who catalog in the Network Zone");
        let allowed = permission == ImportPermission::Allowed;
        builder.add_fact("allowed", allowed);
        let open = channels.iter().filter(|_| allowed).map(|(channel, _)| channel.as_str());
        builder.add_fact("channels", FieldValue::list(open));
        if let MaybeKnown::Known((permission, ground)) = &linking {
            let says = match permission {
                ImportPermission::Allowed => "linking to existing records is allowed",
                ImportPermission::Denied => "linking to existing records is denied",
            };
            builder.add_reason(says, ground.clone());
        }
        builder.fact(
            "linking",
            linking.map(|(permission, _)| FieldValue::Bool(permission == ImportPermission::Allowed)),
        );
        builder.finish(match permission {
            ImportPermission::Allowed => {
                format!("{name} may contribute {record} records to the Network Zone")
            }
            ImportPermission::Denied => {
                format!("{name} may not contribute {record} records to the Network Zone")
            }
        })
    }
}

/// Returns the permission to link the member's own records to existing records.
fn linking_permission(
    question: &ImportQuestion,
    settings: &NetworkSettings,
) -> MaybeKnown<(ImportPermission, ReasonSource)> {
    let table = known!(settings.of_network(&SettingsCollection::ImportPermissions));
    let found = table.find("institution", question.member.as_str());
    let linking = found.and_then(|entry| Some((permission_of(entry, "linking")?, entry.ground("linking"))));
    linking.map_or_else(
        || MaybeKnown::Unknown("no manifest declares whether linking is allowed".into()),
        MaybeKnown::Known,
    )
}

/// Returns the impact of changed permissions.
fn impact(change: &SettingsChange<'_>) -> Vec<ImpactDraft> {
    let causes = change.causes(|collection, _| *collection == SettingsCollection::ImportPermissions);
    if causes.is_empty() {
        return Vec::new();
    }
    let mut changed: BTreeMap<(RecordType, ImportPermission), BTreeSet<ZoneCode>> = BTreeMap::new();
    for member in change.before.members() {
        for &record in RecordType::ALL {
            let question = ImportQuestion { member: member.code.clone(), record };
            let [before, after] = change.both().map(|settings| permission(&question, settings));
            if let (MaybeKnown::Known((before, _)), MaybeKnown::Known((after, _))) = (before, after)
                && before != after
            {
                changed.entry((record, after)).or_default().insert(member.code.clone());
            }
        }
    }
    let drafts = changed.into_iter().map(|((record, permission), affected)| {
        let (effect, may) = match permission {
            ImportPermission::Allowed => (ImpactEffect::Gain, "may now"),
            ImportPermission::Denied => (ImpactEffect::Loss, "may no longer"),
        };
        let names = members(&affected, change.after);
        ImpactDraft {
            effect,
            causes: causes.clone(),
            members: affected,
            subjects: BTreeSet::new(),
            text: format!("{names} {may} contribute {record} records to the Network Zone"),
        }
    });
    drafts.collect()
}
