//! Contract checks of conforming and violating gateways.

use super::super::contract_check::{CheckOutcome, GatewayCheck, ScratchRecord, check};
use super::*;

/// Returns the failed checks and the requests.
///
/// The gateway sends the responses `wrong_key` for an unknown key, then `scratch` for the checks of a scratch
/// record.
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
        retired: Vec::new(),
    };
    let checks = check(&trial).await;
    let failed = checks.into_iter().filter(|check| check.outcome == CheckOutcome::Failed);
    let failed = failed.map(|check| format!("{}: {}", check.rule, check.found.unwrap_or_default())).collect();
    let seen = std::mem::take(&mut *script.seen.lock().unwrap());
    (failed, seen)
}

/// Returns a collection with other records, and optionally the scratch record as stored by the gateway.
fn tried(revision: &str, others: &[&str], scratch: Option<Json>) -> (u16, Json) {
    let others = others.iter().map(|name| json!({"fields": {"name": name}}));
    let records = others.chain(scratch.map(|fields| json!({"fields": fields})));
    (200, json!({"revision": revision, "records": records.collect::<Vec<_>>()}))
}

#[tokio::test(start_paused = true)]
async fn sorted_lists_and_added_fields_pass_the_checks() {
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
async fn lost_records_and_unconditional_deletes_fail_the_checks() {
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
            "the record reads back as sent",
            "the other records stay unchanged",
            "a delete with the old revision is rejected (412)",
            "a delete with the current revision succeeds",
            "a delete removes only its record",
        ]
    );
    assert!(failed[0].contains("`list` is [\"b\"], sent [\"a\", \"b\"]"), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn existing_scratch_key_prevents_all_writes() {
    let (failed, seen) =
        checked(&[(403, json!({}))], &[tried("1", &[], Some(json!({"name": "Trial", "real": "yes"})))]).await;
    assert_eq!(
        failed,
        ["the scratch record does not exist yet: a record with this key exists; choose another key"]
    );
    assert!(seen.iter().all(|line| line.starts_with("GET ")), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn other_error_is_not_a_rejected_key() {
    let stumbles = [(); 4].map(|()| (500, json!({"errorList": {"error": {"errorMessage": "403"}}})));
    let there = tried("1", &[], Some(json!({"name": "Trial"})));
    let (failed, _) = checked(&stumbles, &[there]).await;
    assert!(failed[0].starts_with("an unknown API key is rejected: "), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn collection_outside_the_contract_is_a_warning_and_is_not_read() {
    let list = json!({"collections": [{"kind": "Former", "verbs": ["read", "put"]}]});
    let script = script(&[(403, json!({})), (404, json!({})), (200, list), (404, json!({}))]);
    let trial = GatewayCheck {
        gateway: gateway(&script),
        zone: "01A_403".into(),
        key: "KEY".into(),
        scratch: None,
        retired: vec!["Former"],
    };
    let checks = check(&trial).await;
    let warned: Vec<_> = checks.iter().filter(|check| check.outcome == CheckOutcome::Warned).collect();
    assert_eq!(warned.len(), 1);
    assert_eq!(warned[0].rule, "Former is listed, but no longer part of the contract");
    assert!(checks.iter().all(|check| check.outcome != CheckOutcome::Failed), "{checks:?}");
    assert!(script.seen.lock().unwrap().iter().all(|request| !request.contains("Former")));
}
