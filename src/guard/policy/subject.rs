//! Converts changes, zones and plans to CEL values.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cel::common::types::{CelBool, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString};
use cel::common::value::Val;

use super::super::deed;
use crate::model::network::{Zone, ZoneRole};
use crate::model::{
    ApplyMode, Change, ChangeAction, Channel, DifferenceType, FieldName, FieldValue, LimitedAction, Plan,
    PlanStep, Record, TableName, ZonePlan,
};

/// Value of the CEL language.
pub type CelValue = Box<dyn Val>;

fn text(text: impl Into<String>) -> CelValue {
    Box::new(CelString::from(text.into()))
}

fn string_constant(word: &'static str) -> CelValue {
    Box::new(CelString::from(word))
}

fn flag(flag: bool) -> CelValue {
    Box::new(CelBool::from(flag))
}

fn number(number: usize) -> CelValue {
    Box::new(CelInt::from(i64::try_from(number).unwrap_or(i64::MAX)))
}

fn list(items: impl Iterator<Item = CelValue>) -> CelValue {
    Box::new(CelList::from(items.collect::<Vec<_>>()))
}

fn map<K: Into<CelMapKey<'static>>>(fields: impl IntoIterator<Item = (K, CelValue)>) -> CelValue {
    let fields: HashMap<CelMapKey<'static>, CelValue> =
        fields.into_iter().map(|(name, told)| (name.into(), told)).collect();
    Box::new(CelMap::from(fields))
}

fn map_key(name: &str) -> CelMapKey<'static> {
    CelMapKey::String(CelString::from(name.to_owned()))
}

fn static_key(name: &'static str) -> CelMapKey<'static> {
    CelMapKey::String(CelString::from(name))
}

fn value(value: &FieldValue) -> CelValue {
    match value {
        FieldValue::Null => Box::new(CelNull),
        FieldValue::Bool(yes) => flag(*yes),
        FieldValue::Text(words) => text(&**words),
        FieldValue::List(texts) => list(texts.iter().map(|each| text(&**each))),
    }
}

fn record<'a>(fields: impl IntoIterator<Item = (&'a FieldName, &'a FieldValue)>) -> CelValue {
    map(fields.into_iter().map(|(name, of)| (map_key(name), value(of))))
}

/// Returns a change as a map of the fields in `looked_at`; all fields for `None`.
pub fn change(step: &PlanStep, change: &Change, looked_at: Option<&BTreeSet<&'static str>>) -> CelValue {
    let names = super::CHANGE.iter().filter(|name| looked_at.is_none_or(|looked| looked.contains(*name)));
    map(names.map(|name| (static_key(name), field(name, step, change))))
}

fn field(name: &str, step: &PlanStep, change: &Change) -> CelValue {
    let collection = &change.address.collection;
    let or_empty = |said: &Option<Arc<str>>| text(said.as_deref().unwrap_or_default());
    match name {
        "zone" => text(change.address.zone.as_str()),
        "address" => text(change.address.to_string()),
        "kind" => text(&*collection.kind),
        "table" => match &collection.table {
            TableName::Code(table) | TableName::Title(table) => text(&**table),
            TableName::Whole => string_constant(""),
        },
        "library" => or_empty(&collection.library),
        "language" => or_empty(&collection.language),
        "key" => text(change.address.key.to_string()),
        "action" => string_constant(match change.action {
            ChangeAction::Create => "create",
            ChangeAction::Update => "update",
            ChangeAction::Delete => "delete",
        }),
        "disables" => flag(change.switches_off(step.diff.shape.switch.as_ref())),
        "drift" => string_constant(match change.difference {
            DifferenceType::Missing => "missing",
            DifferenceType::Value => "value",
            DifferenceType::Detached => "detached",
            DifferenceType::Extra => "extra",
        }),
        "channel" => string_constant(match step.channel {
            Channel::Api => "api",
            Channel::Gateway => "gateway",
            Channel::Runbook => "runbook",
        }),
        "mode" => string_constant(match change.mode {
            ApplyMode::Apply => "apply",
            ApplyMode::Report => "report",
            ApplyMode::Postponed => "later",
            ApplyMode::KeptTheirs => "left",
            ApplyMode::Manual => "by_hand",
        }),
        "before" => record(&change.before),
        "after" => match change.action {
            ChangeAction::Create | ChangeAction::Update => record(&record_after(change)),
            ChangeAction::Delete => record(&Record::new()),
        },
        "edits" => map(change.field_changes.iter().map(|edit| {
            let before = edit.before.as_ref().unwrap_or(&FieldValue::Null);
            (
                map_key(&edit.name),
                map([(static_key("before"), value(before)), (static_key("after"), value(&edit.after))]),
            )
        })),
        "notes" => list(change.notes.iter().map(|note| text(&**note))),
        "manifest" => text(&*change.provenance.manifest),
        "file" => text(&*change.provenance.span.file),
        _ => Box::new(CelNull),
    }
}

fn record_after(change: &Change) -> Record {
    let mut after = change.before.clone();
    for edit in &change.field_changes {
        after.insert(edit.name.clone(), edit.after.clone());
    }
    after
}

/// Returns a zone as a map.
pub fn zone(zone: &Zone, planned: &ZonePlan) -> CelValue {
    let role = match zone.role {
        ZoneRole::Network => "network",
        ZoneRole::Member => "member",
    };
    map([
        (static_key("code"), text(zone.code.as_str())),
        (static_key("name"), text(&*zone.name)),
        (static_key("role"), string_constant(role)),
        (static_key("labels"), map(zone.labels.iter().map(|(name, label)| (map_key(name), text(&**label))))),
        (static_key("counts"), counts([planned])),
    ])
}

/// Returns a plan as a map.
pub fn plan(plan: &Plan) -> CelValue {
    let busy = plan.zones.iter().filter(|(_, zone)| super::effective_changes(zone).next().is_some());
    map([
        (static_key("network"), text(&*plan.network)),
        (static_key("environment"), text(plan.environment.as_deref().unwrap_or_default())),
        (static_key("selection"), text(plan.selection.as_deref().unwrap_or_default())),
        (static_key("zones"), list(busy.map(|(code, _)| text(code.as_str())))),
        (static_key("complete"), flag(plan.is_complete())),
        (static_key("counts"), counts(plan.zones.values())),
    ])
}

fn counts<'a>(zones: impl IntoIterator<Item = &'a ZonePlan>) -> CelValue {
    let (mut deeds, mut by_hand, mut existing) = ([0; LimitedAction::ALL.len()], 0, 0);
    for step in zones.into_iter().flat_map(|zone| &zone.collections) {
        let Ok(found) = &step.diff.outcome else { continue };
        existing += found.existing;
        for change in &found.changes {
            match change.mode {
                ApplyMode::Apply => deeds[deed(step, change) as usize] += 1,
                ApplyMode::Manual => by_hand += 1,
                ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs => {}
            }
        }
    }
    let of = |deed: LimitedAction| (static_key(deed.plural()), number(deeds[deed as usize]));
    let rest = [(static_key("by_hand"), number(by_hand)), (static_key("existing"), number(existing))];
    map(LimitedAction::ALL.map(of).into_iter().chain(rest))
}
