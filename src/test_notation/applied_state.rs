//! Text notation of the applied state.

use crate::diff::three_way;
use crate::model::{
    AppliedCollection, AppliedRecord, AppliedState, CollectionId, FieldValue, ManagementOrigin,
    ObservedState, PruneConfig, PruneMode, RecordKey, SourceSpan,
};
use crate::plan::orphans::{RunScope, base, look_at, spare};
use crate::plan::selection::DeclarationScope;

use super::states::{desired, observed, shown};

/// Parses the applied state of ALPHA, in blocks:
///
/// ```text
/// code T code                        a table and its key fields; `map` and `whole` likewise
/// A created code=A description=One   key, origin, fields; `.` for null, `[a,b]` for a list
/// B gone                             applied as absent; `from KIND/NAME` at the end names the manifest
/// ```
pub(crate) fn ledger(text: &str) -> AppliedState {
    let mut ledger = AppliedState::default();
    let zone = ledger.zones.entry("ALPHA".into()).or_default();
    let mut block: Option<CollectionId> = None;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        let id = match words[0] {
            "code" => Some((table(words[1]), &words[2..])),
            "map" => Some((CollectionId::with_code("MappingTable", words[1]), &words[2..])),
            "whole" => Some((CollectionId::of_institution(words[1]), &words[2..])),
            _ => None,
        };
        if let Some((id, key)) = id {
            let key = key.iter().map(|field| (*field).into()).collect();
            zone.insert(id.clone(), AppliedCollection { key, ..AppliedCollection::default() });
            block = Some(id);
            continue;
        }
        let from = words.iter().position(|word| *word == "from");
        let manifest = from.map_or("CodeTable/t", |from| words[from + 1]).into();
        let fields = words[2..from.unwrap_or(words.len())].iter().filter_map(|word| word.split_once('='));
        let fields = fields.map(|(field, value)| (field.into(), self::value(value))).collect();
        let (holds, maker) = match words[1] {
            "created" => (Some(fields), ManagementOrigin::Created),
            "adopted" => (Some(fields), ManagementOrigin::Adopted),
            "amended" => (Some(fields), ManagementOrigin::Amended),
            _ => (None, ManagementOrigin::Adopted),
        };
        let key = RecordKey(words[0].split('|').map(Into::into).collect());
        let entry = AppliedRecord { holds, maker, manifest };
        let collection = block.as_ref().and_then(|id| zone.get_mut(id));
        collection
            .into_iter()
            .for_each(|collection| drop(collection.entries.insert(key.clone(), entry.clone())));
    }
    ledger
}

/// Parses `T`, or `T/fr` for a table with a language.
fn table(name: &str) -> CollectionId {
    let (code, language) = name.split_once('/').map_or((name, None), |(code, fr)| (code, Some(fr.into())));
    CollectionId { language, ..CollectionId::with_code("CodeTable", code) }
}

fn value(text: &str) -> FieldValue {
    let list = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match (list, text) {
        (Some(list), _) => FieldValue::list(list.split(',')),
        (None, "true") => FieldValue::Bool(true),
        (None, "false") => FieldValue::Bool(false),
        (None, ".") => FieldValue::Null,
        (None, text) => FieldValue::from_text(text),
    }
}

/// Returns the prune configuration of the network, for all kinds.
pub(crate) fn prune(otherwise: PruneMode) -> PruneConfig {
    let place = (otherwise != PruneMode::Keep).then(|| SourceSpan::file("network.yaml"));
    PruneConfig { otherwise, span: place, ..PruneConfig::default() }
}

/// Returns the differences of ALPHA from manifests and applied state, and the updates. `= KEY` stands for a
/// record in sync, `forget KEY` for a removed one.
pub(crate) fn differing_since_apply(
    pruning: PruneMode,
    manifests: &str,
    ledger_text: &str,
    tables: &str,
) -> String {
    let (_, mut desired) = desired(&["ALPHA"], manifests);
    let zones = ["ALPHA".into()].into();
    let mut base = base(
        ledger(ledger_text),
        &desired,
        &prune(pruning),
        RunScope { zones: &zones, declarations: &DeclarationScope::default() },
    );
    look_at(&mut desired, &base, crate::kinds::shape, |_| Some(SourceSpan::file("network.yaml")));
    let seen: ObservedState = observed(&desired, tables);
    spare(&mut base, &seen);
    let found = three_way(&desired, &seen, Some(&base));
    let mut out = shown(&found);
    for diff in found.zones.values().flatten() {
        let Ok(changes) = &diff.outcome else { continue };
        for (key, known) in &changes.learned.found {
            let fields = known.holds.iter().flatten().map(|(field, value)| format!(" {field}={value}"));
            let fields: String = fields.collect();
            let what = if known.holds.is_some() { format!("{:?}", known.maker) } else { "gone".to_owned() };
            out.push_str(&format!("= {key}: {what}{fields}, {}\n", known.manifest));
        }
        for key in &changes.learned.forgotten {
            out.push_str(&format!("forget {key}\n"));
        }
        if changes.in_sync + changes.converged > 0 {
            out.push_str(&format!("{} in sync, {} agreed\n", changes.in_sync, changes.converged));
        }
    }
    out
}
