//! Settings and answers as text.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::meaning::patron::{Copying, Ending, Linked, Refreshing, explain, link};
use crate::meaning::{Extent, Institution, Row, Settings, Silence, Subject, Table};
use crate::model::network::Role;
use crate::model::place::Place;
use crate::model::{
    Address, CollectionId, DesiredRecord, DesiredValue, Enforcement, Key, ObservedRecord, PatronQuestion,
    Provenance, Record, Told, Value,
};

/// Settings of the members `A`, `B`, `C`, as a zone holds them: a line `B UserGroups`, then a line for each record,
/// ` code=FAC | enabled=false`. Lists are written `[A,B]`, nothing `null`.
pub fn observed(text: &str) -> Settings {
    settings(text, Silence::Empty)
}

/// The same, as manifests declare it; ` - code=FAC` for a record that shall not be there. The head line ends in
/// `whole` where nothing else shall be there.
pub fn declared(text: &str) -> Settings {
    settings(text, Silence::Unknown)
}

fn settings(text: &str, silence: Silence) -> Settings {
    let mut zones: BTreeMap<&str, Institution> = ["A", "B", "C", "NZ"]
        .map(|code| {
            let role = if code == "NZ" { Role::Network } else { Role::Member };
            (code, Institution::new(code.into(), format!("Zone {code}"), role))
        })
        .into();
    let mut tables: Vec<(&str, Subject, Table)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(record) = line.strip_prefix(' ') {
            let (_, _, table) = tables.last_mut().unwrap();
            table.rows.push(row(record.trim(), silence));
            continue;
        }
        let words: Vec<&str> = line.split(' ').collect();
        let extent = match (silence, words.get(2)) {
            (Silence::Unknown, None) => Extent::Named,
            (Silence::Empty, _) | (Silence::Unknown, Some(_)) => Extent::Whole,
        };
        tables.push((words[0], subject(words[1]), Table::new(extent)));
    }
    for (zone, subject, table) in tables {
        zones.get_mut(zone).unwrap().insert(subject, table);
    }
    Settings::new(zones.into_values())
}

fn subject(name: &str) -> Subject {
    match name {
        "LinkedAccountRules" => Subject::LinkedAccountRules,
        "RestrictedUsers" => Subject::RestrictedUsers,
        "ExternalUserGroups" => Subject::ExternalUserGroups,
        "UserGroups" => Subject::UserGroups,
        "BlockDefinitions" => Subject::BlockDefinitions,
        "BlockDescriptions" => Subject::BlockDescriptions,
        other => panic!("no subject is called {other} here"),
    }
}

fn row(text: &str, silence: Silence) -> Row {
    let (text, absent) = text.strip_prefix("- ").map_or((text, false), |text| (text, true));
    let field = |part: &str| {
        let (name, value) = part.split_once('=').unwrap();
        let value = match (value, value.strip_prefix('[').and_then(|list| list.strip_suffix(']'))) {
            (_, Some(list)) => Value::list(list.split(',').map(Arc::<str>::from)),
            ("true", None) => Value::Bool(true),
            ("false", None) => Value::Bool(false),
            ("null", None) => Value::Null,
            (text, None) => Value::text(text),
        };
        (Arc::<str>::from(name), value)
    };
    let fields: Record = text.split(" | ").map(field).collect();
    let provenance =
        Provenance { place: Place::file("test.yaml"), manifest: "M".into(), override_index: None };
    match silence {
        Silence::Empty => {
            let collection = CollectionId::whole("Test");
            let address = Address { zone: "Z".into(), collection, key: Key([].into()) };
            Row::observed(address, &ObservedRecord { fields, updated_by: None, update_date: None })
        }
        Silence::Unknown => {
            let said = |value| DesiredValue { value, provenance: provenance.clone() };
            Row::declared(&DesiredRecord {
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

/// `A FAC B`, with the day on which the source's account expires, and a third member behind `>`.
pub fn question(text: &str) -> PatronQuestion {
    let (text, on_to) = text.split_once(" > ").map_or((text, None), |(text, on_to)| (text, Some(on_to)));
    let words: Vec<&str> = text.split(' ').collect();
    PatronQuestion {
        from: words[0].into(),
        user_group: words[1].into(),
        at: words[2].into(),
        expires: words.get(3).map(|day| day.parse().unwrap()),
        on_to: on_to.map(Into::into),
    }
}

/// What a link comes to: `Rule gives GROUP, expires DAY, purged DAY, copies blocks`.
pub fn linked(asked: &str, settings: &Settings) -> String {
    match link(&question(asked), settings) {
        Told::Is(Ok(linked)) => written(&linked),
        Told::Is(Err(refused)) => format!("error {}", refused.code()),
        Told::Not(why) => format!("unknown: {why}"),
    }
}

fn written(linked: &Linked<'_>) -> String {
    let ending = |ending: Ending| match ending {
        Ending::Never => "never".to_owned(),
        Ending::On(day) => day.to_string(),
        Ending::WithSource => "with the source".to_owned(),
        Ending::Unsaid => "who knows".to_owned(),
        Ending::Unreadable => "unreadable".to_owned(),
    };
    let anew = |refreshing| match refreshing {
        Some(Refreshing::Always) => " always",
        Some(Refreshing::WhenExpired) => "",
        None => "?",
    };
    let copies = match linked.copies_blocks {
        Some(Copying::Network) => ", copies blocks",
        Some(Copying::None) => "",
        None => ", copies?",
    };
    let Linked { name, group, expiry, purge, refresh_expiry, refresh_purge, .. } = linked;
    let (expires, purged) = (ending(*expiry), ending(*purge));
    let (expires_anew, purged_anew) = (anew(*refresh_expiry), anew(*refresh_purge));
    format!("{name} gives {group}, expires {expires}{expires_anew}, purged {purged}{purged_anew}{copies}")
}

/// Facts of the answer, each on a line.
pub fn facts(asked: &str, settings: &Settings, names: &[&str]) -> String {
    let explanation = explain(&question(asked), settings);
    names.iter().map(|name| format!("{name}: {}\n", explanation.facts[name])).collect()
}

/// The reasons of the answer, each on a line.
pub fn reasons(asked: &str, settings: &Settings) -> String {
    let explanation = explain(&question(asked), settings);
    explanation.reasons.iter().map(|reason| format!("{}\n", reason.says)).collect()
}
