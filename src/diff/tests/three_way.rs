//! Three-way comparison: updates to the applied state, and orphans.

use crate::model::PruneMode::{Delete, Disable, Keep};
use crate::test_notation::differing_since_apply;

const ONE: &str = "CodeTable t\ntable: T\nrows: [{code: A, description: One}]";

#[test]
fn record_in_sync_is_recorded_once() {
    let zone = "code T en\nA One";
    assert_eq!(
        differing_since_apply(Keep, ONE, "", zone),
        "= A: Adopted code=\"A\" description=\"One\", CodeTable/t\n1 in sync, 0 agreed\n"
    );
    assert_eq!(
        differing_since_apply(Keep, ONE, "code T code\nA created code=A description=One", zone),
        "1 in sync, 0 agreed\n",
        "a comparison does not change the recorded origin"
    );
    assert_eq!(
        differing_since_apply(
            Keep,
            ONE,
            "code T code\nA adopted code=A description=One from CodeTable/old",
            zone
        ),
        "= A: Adopted code=\"A\" description=\"One\", CodeTable/t\n1 in sync, 0 agreed\n"
    );
}

#[test]
fn differing_record_is_not_recorded() {
    assert_eq!(
        differing_since_apply(Keep, ONE, "", "code T en\nA Other"),
        "~ ALPHA/CodeTable/T/A description=\"Other\"->\"One\"\n"
    );
    let initial = format!("{ONE}\nenforcement: createOnly");
    assert_eq!(
        differing_since_apply(Keep, &initial, "", "code T en\nA Other"),
        "1 ignored in ALPHA/CodeTable/T\n"
    );
}

#[test]
fn same_change_in_manifests_and_zone_is_converged() {
    assert_eq!(
        differing_since_apply(Keep, ONE, "code T code\nA adopted code=A description=Old", "code T en\nA One"),
        "= A: Adopted code=\"A\" description=\"One\", CodeTable/t\n1 in sync, 1 agreed\n"
    );
    assert_eq!(
        differing_since_apply(Keep, ONE, "code T code\nA adopted code=A", "code T en\nA One"),
        "= A: Adopted code=\"A\" description=\"One\", CodeTable/t\n1 in sync, 0 agreed\n",
        "a field missing in the applied state does not count as different"
    );
    let gone = "CodeTable t\ntable: T\nrows: [{code: A, absent: true}]";
    assert_eq!(
        differing_since_apply(Keep, gone, "code T code\nA created code=A description=One", "code T en"),
        "= A: gone, CodeTable/t\n1 in sync, 1 agreed\n"
    );
    assert_eq!(differing_since_apply(Keep, gone, "", "code T en"), "1 in sync, 0 agreed\n");
}

#[test]
fn unmanaged_records_leave_the_applied_state() {
    let observed = format!("{ONE}\nenforcement: report");
    assert_eq!(differing_since_apply(Keep, &observed, "", "code T en\nA One"), "1 in sync, 0 agreed\n");
    let released = format!("{ONE}\nenforcement: unmanage");
    assert_eq!(
        differing_since_apply(
            Keep,
            &released,
            "code T code\nA created code=A description=One",
            "code T en\nA One"
        ),
        "1 released in ALPHA/CodeTable/T\nforget A\n"
    );
}

#[test]
fn applied_state_with_other_key_is_ignored() {
    let ledger = "code T description\nA created code=A description=One";
    assert_eq!(
        differing_since_apply(
            Delete,
            "CodeTable t\ntable: T\nrows: []\nunlisted: disable",
            ledger,
            "code T en\nA One -"
        ),
        "1 unmanaged in ALPHA/CodeTable/T\n"
    );
}

const OTHER: &str = "CodeTable t\ntable: T\nrows: [{code: B, description: Two}]";
const MADE: &str = "code T code\nA created code=A description=One\nB created code=B description=Two";

#[test]
fn orphan_created_by_zonal_is_pruned_if_configured() {
    let zone = "code T en\nA One\nB Two";
    assert_eq!(
        differing_since_apply(Delete, OTHER, MADE, zone),
        "- ALPHA/CodeTable/T/A (because zonal created it and no manifest declares it any more (`prune`))\n\
         1 in sync, 0 agreed\n"
    );
    assert_eq!(
        differing_since_apply(Disable, OTHER, MADE, zone),
        "~ ALPHA/CodeTable/T/A enabled=true->false (because zonal created it and no manifest declares it any more \
         (`prune`))\n1 in sync, 0 agreed\n"
    );
    assert_eq!(
        differing_since_apply(Disable, OTHER, MADE, "code T en\nA One -\nB Two"),
        "1 unmanaged in ALPHA/CodeTable/T\nforget A\n1 in sync, 0 agreed\n"
    );
    assert_eq!(
        differing_since_apply(Keep, OTHER, MADE, zone),
        "undeclared: ALPHA/CodeTable/T/A (CodeTable/t)\n1 in sync, 0 agreed\n"
    );
}

#[test]
fn created_record_that_no_manifest_declares_is_reported() {
    let made = "code T code\nA created code=A description=One\n\
                code U code\nX created code=X description=Ex from CodeTable/u\n\
                Y created code=Y description=Why from CodeTable/u";
    assert_eq!(
        differing_since_apply(Keep, ONE, made, "code T en\nA One\ncode U en\nX Changed\nZ Own"),
        "undeclared: ALPHA/CodeTable/U/X (CodeTable/u)\n1 unmanaged in ALPHA/CodeTable/U\n\
         1 in sync, 0 agreed\nforget Y\n",
        "a table that no manifest names is read, and a row that is gone is forgotten"
    );
    let strict = format!("{OTHER}\nunlisted: disable");
    let all = differing_since_apply(Keep, &strict, MADE, "code T en\nA One\nB Two");
    assert!(all.starts_with("~ ALPHA/CodeTable/T/A") && !all.contains("undeclared"), "{all}");
}

#[test]
fn changed_or_adopted_orphans_are_kept() {
    assert_eq!(
        differing_since_apply(Delete, OTHER, MADE, "code T en\nA Changed\nB Two"),
        "note: orphaned: `A`: kept; changed since zonal created it\n\
         1 unmanaged in ALPHA/CodeTable/T\nforget A\n1 in sync, 0 agreed\n"
    );
    assert_eq!(
        differing_since_apply(
            Delete,
            OTHER,
            &MADE.replace("A created", "A adopted"),
            "code T en\nA One\nB Two"
        ),
        "note: orphaned: `A`: kept; zonal changed the record but did not create it\n\
         1 unmanaged in ALPHA/CodeTable/T\nforget A\n1 in sync, 0 agreed\n"
    );
    assert_eq!(
        differing_since_apply(Delete, OTHER, MADE, "code T en\nB Two"),
        "forget A\n1 in sync, 0 agreed\n"
    );
}

#[test]
fn orphan_that_cannot_be_disabled_is_kept() {
    let rule = "TermsOfUse t\nterms: [{name: B, type: LOAN}]";
    let made = "whole TermsOfUse name\nA created name=A type=LOAN from TermsOfUse/t";
    assert_eq!(
        differing_since_apply(Disable, rule, made, "whole TermsOfUse\nname=A type=LOAN\nname=B type=LOAN"),
        "note: orphaned: `A`: kept; the record cannot be disabled\n\
         1 unmanaged in ALPHA/TermsOfUse\n\
         = B: Adopted name=\"B\" type=\"LOAN\", TermsOfUse/t\nforget A\n1 in sync, 0 agreed\n"
    );
}

#[test]
fn record_declared_by_any_manifest_is_no_orphan() {
    let zone = "code T en\nA One\nB Two\ncode T fr\nA Un\nB Deux\nmap M Names: ID Note\nA x";
    let french = "CodeTable fr\ntable: T\nlanguage: fr\nrows: [{code: A, description: Un}]";
    let all = differing_since_apply(Delete, &format!("{OTHER}\n---\n{french}"), MADE, zone);
    assert!(!all.contains("- ALPHA"), "{all}");
    let titled = "MappingTable m\ntableName: Names\nkey: [ID]\nrows: [{columns: {ID: A, Note: x}}]";
    let made = "map M column0\nA created column0=A column1=x from MappingTable/m";
    let all = differing_since_apply(Delete, titled, made, zone);
    assert!(!all.contains("- ALPHA"), "{all}");
}

#[test]
fn collection_with_only_orphans_is_compared() {
    let made = "code U code\nX created code=X description=Ex from CodeTable/u\n\
                code V code\nY created code=Y description=Why from CodeTable/v";
    assert_eq!(
        differing_since_apply(Delete, ONE, made, "code T en\nA One\ncode U en\nX Ex\nZ Own\nfail V missing"),
        "- ALPHA/CodeTable/U/X (because zonal created it and no manifest declares it any more (`prune`))\n\
         1 unmanaged in ALPHA/CodeTable/U\n\
         = A: Adopted code=\"A\" description=\"One\", CodeTable/t\n1 in sync, 0 agreed\nforget Y\n"
    );
    let unknown =
        differing_since_apply(Delete, ONE, made, "code T en\nA One\ncode U en\nX Ex\nfail V unreachable");
    assert!(unknown.contains("! ALPHA/CodeTable/V: Unreachable"), "{unknown}");
}

const RULE: &str = "FulfillmentRules r\nrules: [{name: R, inputs: [{parameter: p, exclude: [X]}]}]";

#[test]
fn amended_record_is_recorded_with_amended_fields() {
    let zone = "whole FulfillmentRules\nunit=U name=R p.operator=NOTINLIST p=[A,X] terms=T";
    let is = "1 unmanaged in ALPHA/FulfillmentRules\n";
    let new = "= U|R: Amended p=[\"A\", \"X\"], FulfillmentRules/r\n";
    let told = "1 in sync, 0 agreed\n";
    assert_eq!(differing_since_apply(Keep, RULE, "", zone), format!("{is}{new}{told}"));
    let known = "whole FulfillmentRules unit name\nU|R amended p=[A,X] from FulfillmentRules/r";
    assert_eq!(differing_since_apply(Keep, RULE, known, zone), format!("{is}{told}"));
    let before = known.replace("[A,X]", "[X]");
    assert_eq!(
        differing_since_apply(Keep, RULE, &before, zone),
        format!("{is}{new}{told}"),
        "additions by the zone to its own list do not count as converged"
    );
}

#[test]
fn applied_record_keeps_other_fields_when_amended() {
    let zone = "whole FulfillmentRules\nunit=U name=R p.operator=NOTINLIST p=[A,X] terms=T";
    let known = "whole FulfillmentRules unit name\nU|R created terms=T p=[A,X] from FulfillmentRules/old";
    assert_eq!(
        differing_since_apply(Keep, RULE, known, zone),
        "undeclared: ALPHA/FulfillmentRules/U|R (FulfillmentRules/old)\n1 in sync, 0 agreed\n"
    );
    assert_eq!(
        differing_since_apply(Keep, RULE, &known.replace("[A,X]", "[A]"), zone),
        "undeclared: ALPHA/FulfillmentRules/U|R (FulfillmentRules/old)\n\
         = U|R: Adopted p=[\"A\", \"X\"] terms=\"T\", FulfillmentRules/old\n1 in sync, 0 agreed\n"
    );
}

#[test]
fn applied_state_merges_found_records() {
    use crate::model::{AppliedCollection, AppliedRecord, AppliedStateUpdate, ManagementOrigin, RecordKey};
    let key = |code: &str| RecordKey(vec![code.into()]);
    let known = |maker, holds: bool| AppliedRecord {
        holds: holds.then(|| [("code".into(), "x".into())].into()),
        maker,
        manifest: "CodeTable/t".into(),
    };
    let mut ledger = AppliedCollection::default();
    let mut learn = |found: &[(&str, AppliedRecord)], created: &[&str], forgotten: &[&str]| {
        let learned = AppliedStateUpdate {
            accepted_rows: None,
            key: vec!["code".into()],
            found: found.iter().map(|(code, known)| (key(code), known.clone())).collect(),
            forgotten: forgotten.iter().map(|code| key(code)).collect(),
        };
        ledger.learn(learned, &created.iter().map(|code| key(code)).collect());
        let entries = ledger.entries.iter();
        let shown = entries.map(|(key, entry)| {
            format!("{key} {:?}{}", entry.maker, if entry.holds.is_some() { "" } else { " gone" })
        });
        shown.collect::<Vec<_>>().join(", ")
    };
    let (adopted, amended, gone) = (
        known(ManagementOrigin::Adopted, true),
        known(ManagementOrigin::Amended, true),
        known(ManagementOrigin::Adopted, false),
    );
    assert_eq!(learn(&[("A", adopted.clone()), ("B", adopted.clone())], &["A"], &[]), "A Created, B Adopted");
    assert_eq!(learn(&[("A", adopted.clone())], &[], &["B"]), "A Created");
    assert_eq!(learn(&[("A", amended)], &[], &[]), "A Created");
    assert_eq!(learn(&[("A", gone)], &[], &[]), "A Adopted gone");
    assert_eq!(learn(&[("A", adopted)], &[], &[]), "A Adopted", "another user created it again");
}

#[test]
fn orphan_with_changed_undeclared_field_is_kept() {
    let stays = "note: orphaned: `A`: kept; changed since zonal \
                 created it\n1 unmanaged in ALPHA/CodeTable/T\nforget A\n1 in sync, 0 agreed\n";
    assert_eq!(differing_since_apply(Delete, OTHER, MADE, "code T en\nA One -\nB Two"), stays, "not enabled");
    assert_eq!(differing_since_apply(Delete, OTHER, MADE, "code T en\nA One *\nB Two"), stays, "the default");
    let mapping = "MappingTable m\ntable: M\nkey: [ID]\nrows: []";
    let made = "map M column0\nA created column0=A from MappingTable/m";
    let changed = differing_since_apply(Delete, mapping, made, "map M Names: ID Note\nA theirs");
    assert!(!changed.contains("- ALPHA"), "{changed}");
    let same = differing_since_apply(Delete, mapping, made, "map M Names: ID Note\nA .");
    assert!(same.contains("- ALPHA"), "{same}");
}

#[test]
fn manifest_without_deletions_prunes_nothing() {
    let zone = "code T en\nA One\nB Two";
    for enforcement in ["report", "createOnly", "unmanage"] {
        let manifest = format!("{OTHER}\nenforcement: {enforcement}");
        let found = differing_since_apply(Delete, &manifest, MADE, zone);
        assert!(!found.contains("- ALPHA"), "{enforcement}: {found}");
        assert_eq!(found.contains("forget A"), enforcement == "unmanage", "{enforcement}: {found}");
    }
}

#[test]
fn changed_key_prunes_nothing_and_gives_no_conflict() {
    let made = "map M column0\nA created column0=A column1=x from MappingTable/m";
    let zone = "map M Names: ID Note\nA x";
    let titled = "MappingTable m\ntableName: Names\nkey: [Note]\nrows: [{columns: {ID: A, Note: x}}]";
    let found = differing_since_apply(Delete, titled, made, zone);
    assert!(found.contains("1 in sync") && !found.contains("! ALPHA"), "{found}");
}

#[test]
fn orphan_changed_in_another_language_is_kept_everywhere() {
    let made =
        "code T/en code\nA created code=A description=One\ncode T/fr code\nA adopted code=A description=Un";
    let other = "CodeTable u\ntable: U\nrows: []";
    let zone = |french: &str| format!("code T en\nA One\ncode T fr\nA {french}\ncode U en");
    let same = differing_since_apply(Delete, other, made, &zone("Un"));
    assert!(same.contains("- ALPHA/CodeTable/T[language=en]/A"), "{same}");
    let changed = differing_since_apply(Delete, other, made, &zone("Leur"));
    assert!(!changed.contains("- ALPHA") && changed.contains("changed since zonal created it"), "{changed}");
}
