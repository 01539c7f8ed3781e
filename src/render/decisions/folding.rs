//! Puts the records of each row together that say the same.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::folded_value::{FoldedText, FoldedValue, MemberRule};
use super::substitution::{NameChoice, RecordContext, Substitutions, unify_member_rules};
use super::variant_content::{FieldChangeContent, RowNames, VariantContent};
use super::{DecisionVariant, FoldedField, PlanDecision, VariantRecord};
use crate::model::{
    ApplyMode, Change, ChangeAction, ChangeConflict, ChangeOrigin, CollectionId, CollectionName, Deferral,
    DifferenceType, FieldName, FieldValue, Plan, PlanStep, Provenance, RowReach, SourceSpan, ZoneCode,
};

/// Change with the step that it belongs to and the deferral of the step or its zone.
type PlannedChange<'a> = (&'a PlanStep, Option<&'a Deferral>, &'a Change);

/// Place of a decision: file, line and column of the row, its manifest, and the collection.
type DecisionPlace<'a> = (&'a str, u32, u32, &'a str, CollectionId);

/// Parts of a change that are never folded: changes with different parts are different variants.
type VariantKind<'a> = (
    ChangeAction,
    ApplyMode,
    DifferenceType,
    Option<ChangeOrigin>,
    Option<&'a ChangeConflict>,
    Option<&'a Deferral>,
    bool,
);

/// Returns the decisions of a plan, by file, line and collection. Changes that `include` refuses are left out.
pub fn decisions<'a>(plan: &'a Plan, include: impl Fn(&Change) -> bool) -> Vec<PlanDecision<'a>> {
    let substitutions = Substitutions::new(&plan.population);
    let reaches: HashMap<_, &RowReach> = (plan.population.rows.iter())
        .map(|reach| {
            let SourceSpan { file, start, end: _ } = &reach.declared_at;
            ((&**file, start.line, start.column, &reach.collection), reach)
        })
        .collect();
    let mut by_place: BTreeMap<DecisionPlace<'a>, Vec<PlannedChange<'a>>> = BTreeMap::new();
    for zone in plan.zones.values() {
        for step in &zone.collections {
            let Ok(found) = &step.diff.outcome else { continue };
            // The deferral of a whole zone stands above the decisions, once.
            let deferral = step.deferral.as_ref();
            for change in found.changes.iter().filter(|change| include(change)) {
                let Provenance { span: SourceSpan { file, start, end: _ }, manifest, .. } =
                    &change.provenance;
                let collection = CollectionId { library: None, ..change.address.collection.clone() };
                let place = (&**file, start.line, start.column, &**manifest, collection);
                by_place.entry(place).or_default().push((step, deferral, change));
            }
        }
    }
    let known = known_zones(plan);
    let fold = |((file, line, column, manifest, collection), changes): (_, Vec<PlannedChange<'a>>)| {
        let reach = reaches.get(&(file, line, column, &CollectionName::from(&collection))).copied();
        let labels = plan.population.manifests.get(manifest).map_or(&[][..], |reach| &reach.labels);
        let (step, _, first) = *changes.first()?;
        Some(PlanDecision {
            provenance: &first.provenance,
            channel: step.channel,
            reach,
            in_sync: in_sync(&substitutions, reach, known.get(&collection), &changes),
            variants: variants(&substitutions, labels, &changes),
            collection,
        })
    };
    by_place.into_iter().filter_map(fold).collect()
}

/// Returns the zones in which each collection, without its library, could be compared.
fn known_zones(plan: &Plan) -> HashMap<CollectionId, HashSet<&ZoneCode>> {
    let mut known: HashMap<CollectionId, HashSet<&ZoneCode>> = HashMap::new();
    for (code, zone) in &plan.zones {
        for step in zone.collections.iter().filter(|step| step.diff.outcome.is_ok()) {
            let id = CollectionId { library: None, ..step.diff.id.clone() };
            known.entry(id).or_default().insert(code);
        }
    }
    known
}

/// Returns the zones and members of a row without a change, unless their collection is unknown.
fn in_sync<'a>(
    substitutions: &Substitutions<'a>,
    reach: Option<&'a RowReach>,
    known: Option<&HashSet<&ZoneCode>>,
    changes: &[PlannedChange<'_>],
) -> Vec<&'a ZoneCode> {
    let Some(RowReach { zones, subjects, .. }) = reach else { return Vec::new() };
    let addresses = || changes.iter().map(|(.., change)| &change.address);
    let is_known = |zone: &ZoneCode| known.is_some_and(|known| known.contains(zone));
    if subjects.is_empty() {
        let changed: BTreeSet<&ZoneCode> = addresses().map(|address| &address.zone).collect();
        return zones.iter().filter(|zone| !changed.contains(zone) && is_known(zone)).collect();
    }
    let codes = substitutions.codes();
    let changed: BTreeSet<&ZoneCode> =
        addresses().filter_map(|address| codes.subject_of(&address.zone, &address.key)).collect();
    if zones.iter().any(|zone| !is_known(zone)) {
        return Vec::new();
    }
    subjects.iter().filter(|subject| !changed.contains(subject)).collect()
}

/// Returns the variants of a row.
fn variants<'a>(
    substitutions: &Substitutions<'a>,
    labels: &[Arc<str>],
    changes: &[PlannedChange<'a>],
) -> Vec<DecisionVariant<'a>> {
    let codes = substitutions.codes();
    let contexts: Vec<RecordContext<'a>> = (changes.iter())
        .map(|(.., change)| {
            let subject = codes.subject_of(&change.address.zone, &change.address.key);
            RecordContext {
                zone: codes.zone(change.address.zone.as_str()),
                subject: subject.and_then(|code| codes.zone(code.as_str())),
            }
        })
        .collect();
    let mut names = RowNames { substitutions, labels, choice: NameChoice::default() };
    let mut groups = group(&names, changes, &contexts);
    // A variable or a name is used only if it makes different changes equal.
    if groups.len() > 1 {
        names.choice.own_names = true;
        let with_names = group(&names, changes, &contexts);
        names.choice.own_names = with_names.len() < groups.len();
        if names.choice.own_names {
            groups = with_names;
        }
        let zones = contexts.iter().filter_map(|context| context.member());
        let variables: BTreeSet<&Arc<str>> = zones.flat_map(|zone| zone.vars.keys()).collect();
        for variable in variables {
            names.choice.variables.push(Arc::clone(variable));
            let with_variable = group(&names, changes, &contexts);
            if with_variable.len() < groups.len() {
                groups = with_variable;
            } else {
                names.choice.variables.pop();
            }
        }
    }
    let plain = RowNames { substitutions, labels, choice: NameChoice::default() };
    let position = |change: &Change| codes.position(change.address.zone.as_str());
    let mut variants: Vec<DecisionVariant<'a>> = (groups.into_iter())
        .filter_map(|((_, mut content), mut indices)| {
            indices.sort_by_key(|&index| {
                let subject = contexts[index].subject.map(|zone| codes.position(zone.code.as_str()));
                (position(changes[index].2), subject, &changes[index].2.address)
            });
            // A single record shows its values, not names of them.
            let is_single = indices.len() == 1;
            let names = if is_single { &plain } else { &names };
            let context = |index: usize| if is_single { RecordContext::default() } else { contexts[index] };
            let records: Vec<(&'a Change, RecordContext<'a>)> =
                indices.iter().map(|&index| (changes[index].2, context(index))).collect();
            if let [(change, context)] = records.as_slice() {
                content = names.content(change, *context);
            }
            // Notes keep the names unless the row has one record, because several variants can share a note.
            let noted: Vec<(&Change, RecordContext<'_>)> = match changes.len() {
                1 => records.clone(),
                _ => indices.iter().map(|&index| (changes[index].2, contexts[index])).collect(),
            };
            let (step, deferral, example) = changes[*indices.first()?];
            Some(DecisionVariant {
                example,
                fields: fields(names, step, example, content.fields, &records),
                key: content.key,
                reason: content.reason,
                notes: notes(substitutions, &noted),
                deferral,
                is_disable: is_disable(step, example),
                records: (indices.into_iter())
                    .map(|index| VariantRecord {
                        subject: contexts[index].subject.map(|zone| &zone.code),
                        change: changes[index].2,
                    })
                    .collect(),
            })
        })
        .collect();
    variants.sort_by(|a, b| {
        let first = |variant: &DecisionVariant<'_>| position(variant.example);
        (b.records.len().cmp(&a.records.len())).then_with(|| first(a).cmp(&first(b)))
    });
    variants
}

/// Groups the changes of a row by their content. Returns indices of `changes`.
fn group<'a>(
    names: &RowNames<'_>,
    changes: &[PlannedChange<'a>],
    contexts: &[RecordContext<'_>],
) -> BTreeMap<(VariantKind<'a>, VariantContent), Vec<usize>> {
    let mut contents: Vec<VariantContent> =
        changes.iter().zip(contexts).map(|((.., change), context)| names.content(change, *context)).collect();
    unify_rules(&mut contents, contexts);
    let mut groups: BTreeMap<(VariantKind<'a>, VariantContent), Vec<usize>> = BTreeMap::new();
    for (index, (content, (_, deferral, change))) in contents.into_iter().zip(changes).enumerate() {
        let kind = (
            change.action,
            change.mode,
            change.difference,
            change.origin,
            change.conflict.as_deref(),
            *deferral,
            change.matches.is_some(),
        );
        groups.entry((kind, content)).or_default().push(index);
    }
    groups
}

/// Makes rules equal that mean the same list, field by field.
fn unify_rules(contents: &mut [VariantContent], contexts: &[RecordContext<'_>]) {
    let mut by_field: BTreeMap<FieldName, Vec<(&mut MemberRule, Option<&ZoneCode>)>> = BTreeMap::new();
    for (content, context) in contents.iter_mut().zip(contexts) {
        for (field, _, change) in &mut content.fields {
            if let FieldChangeContent::Set(FoldedValue::Members(rule))
            | FieldChangeContent::Removed(FoldedValue::Members(rule)) = change
            {
                let own = context.member().map(|zone| &zone.code);
                by_field.entry(field.clone()).or_default().push((rule, own));
            }
        }
    }
    by_field.into_values().for_each(unify_member_rules);
}

/// Returns the fields of a variant that are not part of the key.
fn fields(
    names: &RowNames<'_>,
    step: &PlanStep,
    example: &Change,
    contents: Vec<(FieldName, FieldName, FieldChangeContent)>,
    records: &[(&Change, RecordContext<'_>)],
) -> Vec<FoldedField> {
    let is_update = example.action == ChangeAction::Update;
    let is_in_key =
        |field: &FieldName, name: &FieldName| example.key.iter().any(|(key, _)| key == field || key == name);
    let is_default = |field: &FieldName| {
        let edit = example.field_changes.iter().find(|edit| edit.field == *field);
        example.action == ChangeAction::Create
            && edit.is_some_and(|edit| step.diff.shape.defaults.get(field) == Some(&edit.after))
    };
    contents
        .into_iter()
        .filter(|(field, name, _)| is_update || !is_in_key(field, name))
        .map(|(field, name, change)| FoldedField {
            former: if is_update { names.former(&field, records) } else { Vec::new() },
            is_default: is_default(&field),
            field,
            name,
            change,
        })
        .collect()
}

/// Returns the notes of all records.
fn notes(substitutions: &Substitutions<'_>, records: &[(&Change, RecordContext<'_>)]) -> Vec<FoldedText> {
    let mut found = Vec::new();
    for (change, context) in records {
        for note in &change.notes {
            let note = substitutions.note(note, *context);
            if !found.contains(&note) {
                found.push(note);
            }
        }
    }
    found
}

/// Returns true if a change switches a record off: by the collection's switch, or by a flag `enabled`.
pub fn is_disable(step: &PlanStep, change: &Change) -> bool {
    let enabled: FieldName = "enabled".into();
    let was_enabled = |edit: &crate::model::FieldChange| {
        edit.field == enabled && edit.before == Some(FieldValue::Bool(true))
    };
    change.switches_off(step.diff.shape.switch.as_ref())
        || (change.switches_off(Some(&enabled)) && change.field_changes.iter().any(was_enabled))
}
