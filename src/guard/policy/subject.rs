//! What a rule is told of a change, a zone and the plan, in the values of its language.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cel::common::types::{CelBool, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString};
use cel::common::value::Val;

use super::super::{deed, disables};
use crate::model::network::{Role, Zone};
use crate::model::{
    Action, Change, Channel, Deed, Drift, Field, Mode, Plan, Record, Step, Table, Value, ZonePlan,
};

/// A value of the language.
pub type Told = Box<dyn Val>;

fn text(text: impl Into<String>) -> Told {
    Box::new(CelString::from(text.into()))
}

fn word(word: &'static str) -> Told {
    Box::new(CelString::from(word))
}

fn flag(flag: bool) -> Told {
    Box::new(CelBool::from(flag))
}

fn number(number: usize) -> Told {
    Box::new(CelInt::from(i64::try_from(number).unwrap_or(i64::MAX)))
}

fn list(items: impl Iterator<Item = Told>) -> Told {
    Box::new(CelList::from(items.collect::<Vec<_>>()))
}

fn map<K: Into<CelMapKey<'static>>>(fields: impl IntoIterator<Item = (K, Told)>) -> Told {
    let fields: HashMap<CelMapKey<'static>, Told> =
        fields.into_iter().map(|(name, told)| (name.into(), told)).collect();
    Box::new(CelMap::from(fields))
}

fn named(name: &str) -> CelMapKey<'static> {
    CelMapKey::String(CelString::from(name.to_owned()))
}

fn fixed(name: &'static str) -> CelMapKey<'static> {
    CelMapKey::String(CelString::from(name))
}

fn value(value: &Value) -> Told {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(yes) => flag(*yes),
        Value::Text(words) => text(&**words),
        Value::List(texts) => list(texts.iter().map(|each| text(&**each))),
    }
}

fn record<'a>(fields: impl IntoIterator<Item = (&'a Field, &'a Value)>) -> Told {
    map(fields.into_iter().map(|(name, of)| (named(name), value(of))))
}

/// A change: the fields of it that any rule looks at, all where nobody knows which.
pub fn change(step: &Step, change: &Change, looked_at: Option<&BTreeSet<&'static str>>) -> Told {
    let names = super::CHANGE.iter().filter(|name| looked_at.is_none_or(|looked| looked.contains(*name)));
    map(names.map(|name| (fixed(name), field(name, step, change))))
}

fn field(name: &str, step: &Step, change: &Change) -> Told {
    let collection = &change.address.collection;
    let or_empty = |said: &Option<Arc<str>>| text(said.as_deref().unwrap_or_default());
    match name {
        "zone" => text(change.address.zone.as_str()),
        "address" => text(change.address.to_string()),
        "kind" => text(&*collection.kind),
        "table" => match &collection.table {
            Table::Code(table) | Table::Title(table) => text(&**table),
            Table::Whole => word(""),
        },
        "library" => or_empty(&collection.library),
        "language" => or_empty(&collection.language),
        "key" => text(change.address.key.to_string()),
        "action" => word(match change.action {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
        }),
        "disables" => flag(disables(step, change)),
        "drift" => word(match change.drift {
            Drift::Missing => "missing",
            Drift::Value => "value",
            Drift::Detached => "detached",
            Drift::Extra => "extra",
        }),
        "channel" => word(match step.channel {
            Channel::Api => "api",
            Channel::Gateway => "gateway",
            Channel::Runbook => "runbook",
        }),
        "mode" => word(match change.mode {
            Mode::Apply => "apply",
            Mode::Report => "report",
            Mode::Later => "later",
            Mode::Left => "left",
            Mode::ByHand => "by_hand",
        }),
        "before" => record(&change.before),
        "after" => match change.action {
            Action::Create | Action::Update => record(&after(change)),
            Action::Delete => record(&Record::new()),
        },
        "edits" => map(change.edits.iter().map(|edit| {
            let before = edit.before.as_ref().unwrap_or(&Value::Null);
            (named(&edit.name), map([(fixed("before"), value(before)), (fixed("after"), value(&edit.after))]))
        })),
        "notes" => list(change.notes.iter().map(|note| text(&**note))),
        "manifest" => text(&*change.provenance.manifest),
        "file" => text(&*change.provenance.place.file),
        _ => Box::new(CelNull),
    }
}

fn after(change: &Change) -> Record {
    let mut after = change.before.clone();
    for edit in &change.edits {
        after.insert(edit.name.clone(), edit.after.clone());
    }
    after
}

/// A zone.
pub fn zone(zone: &Zone, planned: &ZonePlan) -> Told {
    let role = match zone.role {
        Role::Network => "network",
        Role::Member => "member",
    };
    map([
        (fixed("code"), text(zone.code.as_str())),
        (fixed("name"), text(&*zone.name)),
        (fixed("role"), word(role)),
        (fixed("labels"), map(zone.labels.iter().map(|(name, label)| (named(name), text(&**label))))),
        (fixed("counts"), counts([planned])),
    ])
}

/// The plan.
pub fn plan(plan: &Plan) -> Told {
    let busy = plan.zones.iter().filter(|(_, zone)| super::done(zone).next().is_some());
    map([
        (fixed("network"), text(&*plan.network)),
        (fixed("environment"), text(plan.environment.as_deref().unwrap_or_default())),
        (fixed("selection"), text(plan.selection.as_deref().unwrap_or_default())),
        (fixed("zones"), list(busy.map(|(code, _)| text(code.as_str())))),
        (fixed("complete"), flag(plan.is_complete())),
        (fixed("counts"), counts(plan.zones.values())),
    ])
}

fn counts<'a>(zones: impl IntoIterator<Item = &'a ZonePlan>) -> Told {
    let (mut deeds, mut by_hand, mut existing) = ([0; Deed::ALL.len()], 0, 0);
    for step in zones.into_iter().flat_map(|zone| &zone.collections) {
        let Ok(found) = &step.diff.outcome else { continue };
        existing += found.existing;
        for change in &found.changes {
            match change.mode {
                Mode::Apply => deeds[deed(step, change) as usize] += 1,
                Mode::ByHand => by_hand += 1,
                Mode::Report | Mode::Later | Mode::Left => {}
            }
        }
    }
    let of = |deed: Deed| (fixed(deed.plural()), number(deeds[deed as usize]));
    let rest = [(fixed("by_hand"), number(by_hand)), (fixed("existing"), number(existing))];
    map(Deed::ALL.map(of).into_iter().chain(rest))
}
