//! Who moved, zone or manifests: each difference beside what differed from the manifests that were applied
//! last.
//!
//! A difference is *pending* where the same zone does not differ from those: the zone still holds what
//! they said. It has *drifted* where it differs from them in the same way: the manifests have said so
//! all along. Where it differs in another way, *both* have moved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{
    Action, Change, CollectionDiff, CollectionId, Differences, Field, Key, Mode, Observed, ObservedZone,
    Origin, Table, Value,
};

/// Says of each difference who moved. `base` compares the same zones with the manifests that were applied
/// last; both were compared with `observed`. What only those wanted is nobody's concern any more.
pub fn classify(now: &mut Differences, base: &Differences, observed: &Observed) {
    let nothing = ObservedZone::default();
    for (code, collections) in &mut now.zones {
        let before = base.zones.get(code).map(Vec::as_slice).unwrap_or_default();
        let zone = observed.zones.get(code).unwrap_or(&nothing);
        for collection in collections {
            let before = Before::of(collection, before, zone);
            if let Ok(found) = &mut collection.outcome {
                found.changes.iter_mut().for_each(|change| change.origin = Some(before.origin(change)));
            }
        }
    }
}

/// How a collection differed from the manifests that were applied last.
enum Before<'a> {
    /// So, by key.
    Known(BTreeMap<&'a Key, Vec<&'a Change>>),
    /// Those manifests did not fit it, so nobody knows.
    Unknown,
}

impl<'a> Before<'a> {
    fn of(now: &CollectionDiff, base: &'a [CollectionDiff], zone: &ObservedZone) -> Self {
        let mut known: BTreeMap<&Key, Vec<&Change>> = BTreeMap::new();
        for diff in base.iter().filter(|then| real(then, zone) == real(now, zone)) {
            match &diff.outcome {
                Ok(found) => {
                    for change in &found.changes {
                        known.entry(&change.address.key).or_default().push(change);
                    }
                }
                Err(_) => return Self::Unknown,
            }
        }
        Self::Known(known)
    }

    /// What nobody knows is not called pending, because that would pass for no drift, nor drifted, because
    /// that would let it be written.
    fn origin(&self, change: &Change) -> Origin {
        match self {
            Self::Unknown => Origin::Both,
            Self::Known(before) => match before.get(&change.address.key).map(Vec::as_slice) {
                None | Some([]) => Origin::Pending,
                Some(before) if before.iter().any(|before| same(before, change)) => Origin::Drifted,
                Some(_) => Origin::Both,
            },
        }
    }
}

/// What the zone itself calls a collection: then and now may have asked for it by different names.
fn real<'a>(diff: &'a CollectionDiff, zone: &'a ObservedZone) -> &'a CollectionId {
    let asked = diff.asked.first().unwrap_or(&diff.id);
    match zone.collections.get(asked) {
        Some(Ok(found)) => &found.id,
        Some(Err(_)) | None => asked,
    }
}

/// Whether two changes do the same, whatever the collection was called.
fn same(then: &Change, now: &Change) -> bool {
    let (then, now) = (then.effect(), now.effect());
    (then.action, then.mode, then.key, then.edits, then.taken)
        == (now.action, now.mode, now.key, now.edits, now.taken)
}

/// Leaves everything for later that has not drifted, and what cannot be written without it.
pub fn only_drift(now: &mut Differences) {
    for collections in now.zones.values_mut() {
        collections.iter_mut().for_each(put_off);
        let unmade = unmade(collections);
        for collection in collections {
            let rows = rows(&collection.id);
            if let Ok(found) = &mut collection.outcome {
                for change in &mut found.changes {
                    if unmade.contains(&(rows.clone(), change.address.key.clone())) {
                        later(change);
                    }
                }
            }
        }
    }
}

fn put_off(collection: &mut CollectionDiff) {
    let Ok(found) = &mut collection.outcome else { return };
    for change in &mut found.changes {
        match change.origin {
            Some(Origin::Drifted) | None => {}
            Some(Origin::Pending | Origin::Both) => later(change),
        }
    }
    // A flag that only one record may carry goes from one to another in one write, or not at all.
    for flag in &collection.shape.exclusive {
        let held = |change: &Change| touches(change, flag) && change.mode == Mode::Later;
        if found.changes.iter().any(held) {
            found.changes.iter_mut().filter(|change| touches(change, flag)).for_each(later);
        }
    }
}

fn touches(change: &Change, flag: &Field) -> bool {
    let held = change.before.get(flag) == Some(&Value::Bool(true));
    change.edits.iter().any(|edit| edit.field == *flag)
        && (change.action != Action::Create || sets(change, flag))
        || change.action == Action::Delete && held
}

fn sets(change: &Change, flag: &Field) -> bool {
    change.edits.iter().any(|edit| edit.field == *flag && edit.after == Value::Bool(true))
}

fn later(change: &mut Change) {
    match change.mode {
        Mode::Apply | Mode::ByHand => change.mode = Mode::Later,
        Mode::Report | Mode::Later => {}
    }
}

type Rows = (Arc<str>, Table, Option<Arc<str>>);

/// What all languages of a table have in common.
fn rows(id: &CollectionId) -> Rows {
    (id.kind.clone(), id.table.clone(), id.library.clone())
}

/// Rows that one language of a table would have made for all of them, and does not make now.
fn unmade(collections: &[CollectionDiff]) -> BTreeSet<(Rows, Key)> {
    let creates = |change: &&Change| change.action == Action::Create && change.mode == Mode::Later;
    let unmade = collections.iter().filter(|diff| !diff.siblings.is_empty()).flat_map(|diff| {
        let changes = diff.outcome.iter().flat_map(|found| &found.changes).filter(creates);
        changes.map(|change| (rows(&diff.id), change.address.key.clone()))
    });
    unmade.collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

    use std::fmt::Write as _;

    use super::{classify, only_drift};
    use crate::diff::diff;
    use crate::diff::tests::notation::{desired, observed};
    use crate::model::{Action, Desired, Mode};

    /// Who moved in ALPHA, one line for each difference; what only drift leaves for later in brackets.
    fn moved(base: &str, now: &str, tables: &str) -> String {
        let (base, now) = (desired(&["ALPHA"], base).1, desired(&["ALPHA"], now).1);
        let mut both: Desired = now.clone();
        both.zones.get_mut(&"ALPHA".into()).unwrap().extend(base.zones[&"ALPHA".into()].clone());
        let seen = observed(&both, tables);
        let mut found = diff(&now, &seen);
        classify(&mut found, &diff(&base, &seen), &seen);
        only_drift(&mut found);
        let mut out = String::new();
        for collection in &found.zones[&"ALPHA".into()] {
            for change in &collection.outcome.as_ref().unwrap().changes {
                let sign = match change.action {
                    Action::Create => '+',
                    Action::Update => '~',
                    Action::Delete => '-',
                };
                let what =
                    format!("{sign} {}/{} {:?}", collection.id, change.address.key, change.origin.unwrap());
                let _ = match change.mode {
                    Mode::Later => writeln!(out, "[{what}]"),
                    Mode::Apply | Mode::Report | Mode::ByHand => writeln!(out, "{what}"),
                };
            }
        }
        out
    }

    fn table(rows: &str) -> String {
        format!("CodeTable t\ntable: T\nrows: [{rows}]")
    }

    #[test]
    fn each_record_says_who_moved() {
        let base = table(
            "{code: A, description: One}, {code: B, description: Two}, {code: C, description: Three}, {code: D, description: Four}",
        );
        let now = table(
            "{code: A, description: One}, {code: B, description: New}, {code: C, description: New}, {code: D, description: Four}, {code: E, description: Five}",
        );
        assert_eq!(
            moved(&base, &now, "code T en\nA Local\nB Two\nC Local"),
            "~ CodeTable/T/A Drifted\n[~ CodeTable/T/B Pending]\n[~ CodeTable/T/C Both]\n\
             + CodeTable/T/D Drifted\n[+ CodeTable/T/E Pending]\n"
        );
    }

    #[test]
    fn a_collection_that_is_new_in_the_manifests_is_pending_whatever_it_holds() {
        let other = "CodeTable u\ntable: U\nrows: [{code: A, description: One}]";
        assert_eq!(
            moved(other, &table("{code: A, description: One}"), "code T en\nA Local\ncode U en\nA One"),
            "[~ CodeTable/T/A Pending]\n"
        );
    }

    #[test]
    fn what_a_collection_is_called_does_not_count() {
        let base = "CodeTable t\ntable: T\nlanguage: en\nrows: [{code: A, description: One}]";
        assert_eq!(
            moved(base, &table("{code: A, description: One}"), "code T en\nA Local"),
            "~ CodeTable/T/A Drifted\n"
        );
    }

    #[test]
    fn what_nobody_can_tell_is_left_for_later_and_counts_as_drift() {
        let now = "MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: A, Note: x}}]";
        let tables = "map M Names: ID Note\nA y";
        assert_eq!(moved(&now.replace("Note", "Remark"), now, tables), "[~ MappingTable/M/A Both]\n");
    }

    #[test]
    fn a_flag_that_only_one_row_may_carry_moves_whole_or_not_at_all() {
        let zone = "code T en\nA One\nB Two\nC Three *";
        let base = table("{code: A, description: One, default: true}, {code: C, description: Three}");
        assert_eq!(moved(&base, &base, zone), "~ CodeTable/T/A Drifted\n~ CodeTable/T/C Drifted\n");
        let other = table("{code: B, description: Two, default: true}, {code: C, description: Three}");
        assert_eq!(moved(&base, &other, zone), "[~ CodeTable/T/B Pending]\n[~ CodeTable/T/C Drifted]\n");
        let renamed = base.replace("Three", "Third");
        assert_eq!(moved(&base, &renamed, zone), "[~ CodeTable/T/A Drifted]\n[~ CodeTable/T/C Both]\n");
    }

    #[test]
    fn a_row_that_one_language_is_to_create_waits_for_it_in_all() {
        let languages = |en: &str, fr: &str| {
            format!(
                "CodeTable en\ntable: T\nlanguage: en\nrows: [{{code: N, description: {en}}}]\n---\n\
                 CodeTable fr\ntable: T\nlanguage: fr\nrows: [{{code: N, description: {fr}}}]"
            )
        };
        let zone = "code T en\nA One\ncode T fr\nA Un";
        let base = languages("New", "Neuf");
        assert_eq!(
            moved(&base, &base, zone),
            "+ CodeTable/T[language=en]/N Drifted\n~ CodeTable/T[language=fr]/N Drifted\n"
        );
        assert_eq!(
            moved(&base, &languages("Other", "Neuf"), zone),
            "[+ CodeTable/T[language=en]/N Both]\n[~ CodeTable/T[language=fr]/N Drifted]\n"
        );
        assert_eq!(
            moved(&base, &languages("New", "Autre"), zone),
            "+ CodeTable/T[language=en]/N Drifted\n[~ CodeTable/T[language=fr]/N Both]\n"
        );
    }
}
