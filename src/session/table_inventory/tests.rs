//! Tests of the inventory.

#![expect(clippy::unwrap_used, reason = "a failed unwrap in a test shows its line")]

use super::*;
use crate::model::{FailureClass, ObservedRecord, ObservedZone};

fn network() -> Network {
    crate::test_notation::desired(
        &["A", "B", "C", "D"],
        "CodeTable t\ntable: One\nrows: [{code: x, description: X}]",
    )
    .0
}

fn listing(code: &str, name: &str) -> TableListing {
    TableListing {
        kind: "CodeTable".into(),
        code: code.into(),
        name: name.to_owned(),
        subsystem: Some("Fulfillment".to_owned()),
        customized: None,
        updated_by: None,
        update_date: None,
    }
}

fn lists() -> TableLists {
    let all = || Ok(vec![listing("One", "First table"), listing("Two", "Second table")]);
    let failure = ZoneFailure::new(FailureClass::Denied, "no");
    let zones =
        [("A", all()), ("B", Ok(vec![listing("One", "First table")])), ("C", all()), ("D", Err(failure))];
    zones.into_iter().map(|(code, list)| (code.into(), list)).collect()
}

fn observed(rows: &[(&str, &[&str])]) -> ObservedState {
    let zones = rows.iter().map(|(zone, codes)| {
        let id = CollectionId::with_code("CodeTable", "One");
        let record = |code: &&str| ObservedRecord {
            fields: [("code".into(), crate::model::FieldValue::from_text(*code))].into(),
            updated_by: Some((*zone).to_owned()),
            ..ObservedRecord::default()
        };
        let table = ObservedCollection {
            id: id.clone(),
            title: None,
            aliases: BTreeMap::new(),
            columns: Vec::new(),
            records: codes.iter().map(record).collect(),
            references: None,
            channel: crate::model::Channel::Api,
            witness: Default::default(),
        };
        ((*zone).into(), ObservedZone { collections: [(id, Ok(table))].into(), ..ObservedZone::default() })
    });
    ObservedState { zones: zones.collect() }
}

#[test]
fn zones_that_list_a_table_and_zones_that_do_not_are_told() {
    let inventory = inventory(&network(), &TableFilter::default(), &lists(), None);
    let zones: Vec<_> = inventory
        .tables
        .iter()
        .map(|table| (&*table.code, table.zones.len(), table.not_listed.len()))
        .collect();
    assert_eq!(zones, [("One", 3, 0), ("Two", 2, 1)]);
    assert_eq!(inventory.tables[1].not_listed, ["B".into()]);
    assert!(inventory.zones[3].failure.is_some());
}

#[test]
fn forms_ignore_order_and_author_of_rows() {
    let observed = observed(&[("A", &["x", "y"]), ("B", &["y"]), ("C", &["y", "x"])]);
    let inventory = inventory(&network(), &TableFilter::default(), &lists(), Some(&observed));
    let content = inventory.tables[0].content.as_ref().unwrap();
    let forms: Vec<_> = content.forms.iter().map(|form| (form.rows, form.zones.clone())).collect();
    assert_eq!(forms, [(2, vec!["A".into(), "C".into()]), (1, vec!["B".into()])]);
}

#[test]
fn filter_selects_by_code_and_by_text_and_names_what_it_does_not_find() {
    let by = |codes: &[&str], texts: &[&str]| TableFilter {
        codes: codes.iter().map(|code| (*code).to_owned()).collect(),
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
    };
    let codes = |filter: &TableFilter| -> Vec<String> {
        inventory(&network(), filter, &lists(), None)
            .tables
            .iter()
            .map(|table| table.code.to_string())
            .collect()
    };
    assert_eq!(codes(&by(&["Two"], &[])), ["Two"]);
    assert_eq!(codes(&by(&[], &["FIRST"])), ["One"]);
    assert_eq!(by(&["Two"], &["fulfil"]).problems(&lists()), Vec::<String>::new());
    let problems = by(&["Too"], &["zzz"]).problems(&lists());
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("`Two`"), "{problems:?}");
}

#[test]
fn only_code_tables_are_read_in_a_language() {
    let mut lists = lists();
    let mapping = TableListing { kind: "MappingTable".into(), ..listing("Map", "Map") };
    lists.insert("A".into(), Ok(vec![listing("One", "One"), mapping]));
    let collections = TableFilter::default().collections(&lists, Some("fr"));
    let names: Vec<String> = collections[&"A".into()].iter().map(ToString::to_string).collect();
    assert_eq!(names, ["CodeTable/One[language=fr]", "MappingTable/Map"]);
    assert!(!collections.contains_key(&"D".into()));
}
