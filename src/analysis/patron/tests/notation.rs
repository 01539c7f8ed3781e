//! Text notation of settings and answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::patron::{AccountEnd, BlockCopying, DateRefresh, LinkedAccount, linked_account};
use crate::analysis::{
    self, MissingFieldMeaning, NetworkSettings, SettingsCollection, SettingsRow, SettingsTable,
    TableCompleteness, ZoneSettings,
};
use crate::model::network::ZoneRole;
use crate::model::source_span::SourceSpan;
use crate::model::{
    CollectionId, DesiredRecord, DesiredValue, Enforcement, FieldValue, MaybeKnown, ObservedRecord,
    PatronQuestion, Provenance, Record, RecordAddress, RecordKey,
};

/// Returns observed settings of the members `A`, `B`, `C`.
///
/// A line `B UserGroups` starts a collection. A line for each record follows: ` code=FAC | enabled=false`.
/// Lists look like `[A,B]`, empty values like `null`.
pub fn observed(text: &str) -> NetworkSettings {
    settings(text, MissingFieldMeaning::Default)
}

/// Returns declared settings in the same notation.
///
/// The line ` - code=FAC` declares an absent record. A head line with `whole` at its end declares a complete
/// collection.
pub fn declared(text: &str) -> NetworkSettings {
    settings(text, MissingFieldMeaning::Unknown)
}

fn settings(text: &str, silence: MissingFieldMeaning) -> NetworkSettings {
    let mut zones: BTreeMap<&str, ZoneSettings> = ["A", "B", "C", "NZ"]
        .map(|code| {
            let role = if code == "NZ" { ZoneRole::Network } else { ZoneRole::Member };
            (code, ZoneSettings::new(code.into(), format!("Zone {code}"), role))
        })
        .into();
    let mut tables: Vec<(&str, SettingsCollection, SettingsTable)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(record) = line.strip_prefix(' ') {
            let (_, _, table) = tables.last_mut().unwrap();
            table.rows.push(row(record.trim(), silence));
            continue;
        }
        let words: Vec<&str> = line.split(' ').collect();
        let extent = match (silence, words.get(2)) {
            (MissingFieldMeaning::Unknown, None) => TableCompleteness::DeclaredOnly,
            (MissingFieldMeaning::Default, _) | (MissingFieldMeaning::Unknown, Some(_)) => {
                TableCompleteness::Complete
            }
        };
        tables.push((words[0], subject(words[1]), SettingsTable::new(extent)));
    }
    for (zone, subject, table) in tables {
        zones.get_mut(zone).unwrap().insert(subject, table);
    }
    NetworkSettings::new(zones.into_values())
}

fn subject(name: &str) -> SettingsCollection {
    match name {
        "LinkedAccountRules" => SettingsCollection::LinkedAccountRules,
        "RestrictedUsers" => SettingsCollection::RestrictedUsers,
        "ExternalUserGroups" => SettingsCollection::ExternalUserGroups,
        "UserGroups" => SettingsCollection::UserGroups,
        "BlockDefinitions" => SettingsCollection::BlockDefinitions,
        "BlockDescriptions" => SettingsCollection::BlockDescriptions,
        other => panic!("unknown collection {other}"),
    }
}

fn row(text: &str, silence: MissingFieldMeaning) -> SettingsRow {
    let (text, absent) = text.strip_prefix("- ").map_or((text, false), |text| (text, true));
    let field = |part: &str| {
        let (name, value) = part.split_once('=').unwrap();
        let value = match (value, value.strip_prefix('[').and_then(|list| list.strip_suffix(']'))) {
            (_, Some(list)) => FieldValue::list(list.split(',').map(Arc::<str>::from)),
            ("true", None) => FieldValue::Bool(true),
            ("false", None) => FieldValue::Bool(false),
            ("null", None) => FieldValue::Null,
            (text, None) => FieldValue::from_text(text),
        };
        (Arc::<str>::from(name), value)
    };
    let fields: Record = text.split(" | ").map(field).collect();
    let provenance =
        Provenance { span: SourceSpan::file("test.yaml"), manifest: "M".into(), override_index: None };
    match silence {
        MissingFieldMeaning::Default => {
            let collection = CollectionId::of_institution("Test");
            let address = RecordAddress { zone: "Z".into(), collection, key: RecordKey([].into()) };
            SettingsRow::from_observed(address, &ObservedRecord { fields, ..ObservedRecord::default() })
        }
        MissingFieldMeaning::Unknown => {
            let said = |value| DesiredValue::new(value, provenance.clone());
            SettingsRow::from_desired(&DesiredRecord {
                fields: fields.into_iter().map(|(field, value)| (field, said(value))).collect(),
                absent,
                enforcement: Enforcement::Enforce,
                provenance: provenance.clone(),
                references: Vec::new(),
                notes: Vec::new(),
            })
            .unwrap()
        }
    }
}

/// Parses `A FAC B`, optionally with the source account's expiry date, and a next target after `>`.
pub fn question(text: &str) -> PatronQuestion {
    let (text, on_to) = text.split_once(" > ").map_or((text, None), |(text, on_to)| (text, Some(on_to)));
    let words: Vec<&str> = text.split(' ').collect();
    PatronQuestion {
        source: words[0].into(),
        user_group: words[1].into(),
        target: words[2].into(),
        expires: words.get(3).map(|day| day.parse().unwrap()),
        next_target: on_to.map(Into::into),
    }
}

/// Returns a linked account as text: `Rule gives GROUP, expires DAY, purged DAY, copies blocks`.
pub fn linked(asked: &str, settings: &NetworkSettings) -> String {
    match linked_account(&question(asked), settings) {
        MaybeKnown::Known(Ok(linked)) => written(&linked),
        MaybeKnown::Known(Err(refused)) => format!("error {}", refused.code()),
        MaybeKnown::Unknown(why) => format!("unknown: {why}"),
    }
}

fn written(linked: &LinkedAccount<'_>) -> String {
    let ending = |ending: AccountEnd| match ending {
        AccountEnd::Never => "never".to_owned(),
        AccountEnd::On(day) => day.to_string(),
        AccountEnd::WithSource => "with the source".to_owned(),
        AccountEnd::Unsaid => "undeclared".to_owned(),
        AccountEnd::Unreadable => "unreadable".to_owned(),
    };
    let anew = |refreshing| match refreshing {
        Some(DateRefresh::Always) => " always",
        Some(DateRefresh::WhenExpired) => "",
        None => "?",
    };
    let copies = match linked.copies_blocks {
        Some(BlockCopying::Network) => ", copies blocks",
        Some(BlockCopying::None) => "",
        None => ", copies?",
    };
    let LinkedAccount { name, group, expiry, purge, refresh_expiry, refresh_purge, .. } = linked;
    let (expires, purged) = (ending(*expiry), ending(*purge));
    let (expires_anew, purged_anew) = (anew(*refresh_expiry), anew(*refresh_purge));
    format!("{name} gives {group}, expires {expires}{expires_anew}, purged {purged}{purged_anew}{copies}")
}

/// Returns facts of the answer, one per line.
pub fn facts(asked: &str, settings: &NetworkSettings, names: &[&str]) -> String {
    let explanation = analysis::explain(&question(asked).into(), settings);
    names.iter().map(|name| format!("{name}: {}\n", explanation.facts[name])).collect()
}

/// Returns the reasons of the answer, one per line.
pub fn reasons(asked: &str, settings: &NetworkSettings) -> String {
    let explanation = analysis::explain(&question(asked).into(), settings);
    explanation.reasons.iter().map(|reason| format!("{}\n", reason.text)).collect()
}
