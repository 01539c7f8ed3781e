//! What a check says of gateways that keep to the contract in their own way, and of those that do not.

use super::super::contract_check::{CheckOutcome, GatewayCheck, ScratchRecord, check};
use super::*;

/// What failed of a check of a gateway that answers like this to whoever has the wrong key, and then
/// like that to a trial with a scratch record.
async fn checked(wrong_key: &[(u16, Json)], scratch: &[(u16, Json)]) -> (Vec<String>, Vec<String>) {
    let list = json!({"collections": [{"kind": "Groups", "verbs": ["put"]}]});
    let mut steps = wrong_key.to_vec();
    steps.extend([(404, json!({})), (200, list), (404, json!({}))]);
    steps.extend_from_slice(scratch);
    let script = script(&steps);
    let fields = json!({"name": "Trial", "list": ["b", "a"], "no": null});
    let trial = GatewayCheck {
        gateway: gateway(&script),
        zone: "01A_403".into(),
        key: "KEY".into(),
        scratch: Some(ScratchRecord {
            collection: CollectionId::of_institution("Groups"),
            fields: fields.as_object().cloned().unwrap(),
            key: vec![("name".into(), "Trial".into())],
        }),
    };
    let checks = check(&trial).await;
    let failed = checks.into_iter().filter(|check| check.outcome == CheckOutcome::Failed);
    let failed = failed.map(|check| format!("{}: {}", check.rule, check.found.unwrap_or_default())).collect();
    let seen = std::mem::take(&mut *script.seen.lock().unwrap());
    (failed, seen)
}

/// A collection with another record, and perhaps the scratch record as a gateway may hold it.
fn tried(revision: &str, others: &[&str], scratch: Option<Json>) -> (u16, Json) {
    let others = others.iter().map(|name| json!({"fields": {"name": name}}));
    let records = others.chain(scratch.map(|fields| json!({"fields": fields})));
    (200, json!({"revision": revision, "records": records.collect::<Vec<_>>()}))
}

#[tokio::test(start_paused = true)]
async fn a_check_passes_a_gateway_that_sorts_lists_leaves_nulls_out_and_adds_fields() {
    let held = json!({"list": ["a", "b"], "createdBy": "g", "name": "Trial"});
    let start = tried("1", &["other"], None);
    let moved = || (412, json!({}));
    let steps = [
        start.clone(),
        moved(),
        start.clone(),
        (200, json!({"revision": "2"})),
        tried("2", &["other"], Some(held)),
        moved(),
        moved(),
        (200, json!({"revision": "3"})),
        tried("3", &["other"], None),
    ];
    let (failed, _) = checked(&[(403, json!({}))], &steps).await;
    assert_eq!(failed, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_check_finds_records_that_vanish_and_deletions_that_heed_no_revision() {
    let sent = json!({"name": "Trial", "list": ["b"]});
    let start = tried("1", &["other"], None);
    let steps = [
        start.clone(),
        (412, json!({})),
        start,
        (200, json!({"revision": "2"})),
        tried("2", &[], Some(sent)),
        (412, json!({})),
        (200, json!({"revision": "3"})),
        (404, json!({})),
        tried("3", &[], None),
    ];
    let (failed, _) = checked(&[(403, json!({}))], &steps).await;
    assert_eq!(
        failed.iter().map(|line| line.split_once(": ").unwrap().0).collect::<Vec<_>>(),
        [
            "what was put is read back as it was sent",
            "the other records stay as they were",
            "a record is not deleted on the old revision (412)",
            "a record is deleted on the revision that was read",
            "what was deleted is gone, and nothing else",
        ]
    );
    assert!(failed[0].contains("`list` is [\"b\"], [\"a\", \"b\"] was sent"), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_check_writes_nothing_where_a_record_has_the_key_of_the_scratch_record() {
    let (failed, seen) =
        checked(&[(403, json!({}))], &[tried("1", &[], Some(json!({"name": "Trial", "real": "yes"})))]).await;
    assert_eq!(
        failed,
        ["the scratch record is not there yet: a record with its key is there: choose another"]
    );
    assert!(seen.iter().all(|line| line.starts_with("GET ")), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_check_takes_no_other_error_for_a_key_that_is_refused() {
    let stumbles = [(); 4].map(|()| (500, json!({"errorList": {"error": {"errorMessage": "403"}}})));
    let there = tried("1", &[], Some(json!({"name": "Trial"})));
    let (failed, _) = checked(&stumbles, &[there]).await;
    assert!(failed[0].starts_with("a key that is not known is refused: "), "{failed:?}");
}
