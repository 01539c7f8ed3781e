//! Tests of e-resources: only in the Network Zone, and a PUT that keeps omitted fields.

use std::collections::BTreeMap;

use super::super::{GroupCodes, GroupSettings, OptionalFields};
use super::*;

const COLLECTION: &str = "/electronic/e-collections/61100";
const SERVICE: &str = "/electronic/e-collections/61100/e-services/62110";
const PORTFOLIO: &str = "/electronic/e-collections/61100/e-services/62110/portfolios/53112";

/// Returns the minimum body of a collection PUT.
fn with(list: Value) -> Value {
    json!({"public_name": "Omni Journals", "type": {"value": "0"}, "access_type": {"value": "current"}, "group_setting": list})
}

/// Returns one line per group, without labels.
fn groups(resource: &Value) -> Vec<String> {
    let list = resource["group_setting"].as_array().cloned().unwrap_or_default();
    let line = |entry: &Value| {
        let said = entry.as_object().unwrap().iter().filter(|(name, _)| *name != "group");
        let said: BTreeMap<_, _> = said.collect();
        format!("{} {}", entry["group"]["value"].as_str().unwrap(), json!(said))
    };
    list.iter().map(line).collect()
}

#[tokio::test]
async fn only_network_zone_has_resources() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, list) = get(&emulator, "r-nz", "/electronic/e-collections?limit=1&offset=1").await;
    assert_eq!(
        (&list["total_record_count"], &list["electronic_collection"][0]["id"]),
        (&json!(2), &json!("61200"))
    );
    let (_, services) = get(&emulator, "r-nz", &format!("{COLLECTION}/e-services")).await;
    assert_eq!(services["electronic_service"][0]["id"], "62110");
    let (_, portfolios) = get(&emulator, "r-nz", &format!("{SERVICE}/portfolios/")).await;
    assert_eq!(portfolios["portfolio"][1]["id"], "53112");
    let (_, collection) = get(&emulator, "r-nz", COLLECTION).await;
    assert_eq!(
        collection["group_setting"][0]["group"],
        json!({"value": "BIG_MEMBERS", "desc": "BIG_MEMBERS"})
    );
    assert_eq!(refusal(&get(&emulator, "r-alpha", COLLECTION).await), (400, "60121"));
    assert_eq!(
        get(&emulator, "r-alpha", "/electronic/e-collections").await.1,
        json!({"total_record_count": 0})
    );
}

#[tokio::test]
async fn unknown_resource_returns_error_code_of_its_type() {
    let emulator = network(EmulatorConfig::without_thresholds());
    for (path, code) in [
        ("/electronic/e-collections/1", "60121"),
        ("/electronic/e-collections/1/e-services/62110", "60121"),
        ("/electronic/e-collections/61100/e-services/1", "60122"),
        ("/electronic/e-collections/61100/e-services/62110/portfolios/1", "60123"),
        ("/electronic/e-collections/1/e-services", "60121"),
        ("/electronic/packages", "ROUTING_ERROR"),
        ("/electronic/e-collections/61100/portfolios", "ROUTING_ERROR"),
    ] {
        assert_eq!(refusal(&get(&emulator, "r-nz", path).await).1, code, "{path}");
    }
}

#[tokio::test]
async fn omitted_fields_stay_and_empty_text_clears() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, before) = get(&emulator, "r-nz", COLLECTION).await;
    let mut body = with(json!([{"group": "LAW_SCHOOLS", "public_name": "Law"}]));
    body["notes"] = json!("");
    body["activation_date"] = Value::Null;
    body["url"] = Value::Null;
    let (status, after) = put(&emulator, "w-nz", COLLECTION, &body).await;
    assert_eq!(status, 200, "{after}");
    assert_eq!(
        groups(&after),
        [r#"LAW_SCHOOLS {"public_name":"Law","public_note":"Law reading room only"}"#]
    );
    let gone = |name: &str| before.get(name).is_some() && after.get(name).is_none();
    let names: Vec<&String> = before.as_object().unwrap().keys().filter(|name| gone(name)).collect();
    assert_eq!(names, ["activation_date", "notes"]);
    let clear = with(json!([{"group": {"desc": "LAW_SCHOOLS"}, "public_name": "", "public_note": ""}]));
    assert_eq!(groups(&put(&emulator, "w-nz", COLLECTION, &clear).await.1), ["LAW_SCHOOLS {}"]);
    let (_, untouched) = put(&emulator, "w-nz", COLLECTION, &with(Value::Null)).await;
    assert_eq!(groups(&untouched), ["LAW_SCHOOLS {}"]);
    assert!(groups(&put(&emulator, "w-nz", COLLECTION, &with(json!([]))).await.1).is_empty());
}

#[tokio::test]
async fn omitted_groups_stay_with_merged_group_settings() {
    let emulator = network(EmulatorConfig {
        group_settings: GroupSettings::Merged,
        ..EmulatorConfig::without_thresholds()
    });
    for list in [json!([]), json!({"group": {"value": "BIG_MEMBERS"}})] {
        assert_eq!(groups(&put(&emulator, "w-nz", COLLECTION, &with(list)).await.1).len(), 2);
    }
}

#[tokio::test]
async fn empty_group_list_can_count_as_omitted() {
    let group_settings = GroupSettings::ReplacedUnlessEmpty;
    let emulator = network(EmulatorConfig { group_settings, ..EmulatorConfig::without_thresholds() });
    for (list, left) in [(json!([]), 2), (json!([{"group": "LAW_SCHOOLS"}]), 1), (json!([]), 1)] {
        assert_eq!(groups(&put(&emulator, "w-nz", COLLECTION, &with(list)).await.1).len(), left);
    }
}

#[tokio::test]
async fn group_codes_can_be_numbers_or_absent() {
    for (group_codes, group, taken) in [
        (GroupCodes::Numbers, json!({"value": "7001", "desc": "BIG_MEMBERS"}), 400),
        (GroupCodes::Absent, json!({"desc": "BIG_MEMBERS"}), 200),
    ] {
        let emulator = network(EmulatorConfig { group_codes, ..EmulatorConfig::without_thresholds() });
        let (_, before) = get(&emulator, "r-nz", COLLECTION).await;
        assert_eq!(before["group_setting"][0]["group"], group);
        assert_eq!(put(&emulator, "w-nz", COLLECTION, &before).await, (200, before));
        let by_name = with(json!([{"group": {"value": "BIG_MEMBERS"}}]));
        assert_eq!(put(&emulator, "w-nz", COLLECTION, &by_name).await.0, taken);
    }
}

#[tokio::test]
async fn unknown_groups_and_proxies_are_rejected() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let list = json!([{"group": {"value": "SUB-ALPHA"}}]);
    assert_eq!(refusal(&put(&emulator, "w-nz", COLLECTION, &with(list.clone())).await), (400, "60152"));
    emulator.control().add_group("01OMNI_NETWORK", "SUB-ALPHA").unwrap();
    assert_eq!(put(&emulator, "w-nz", COLLECTION, &with(list)).await.0, 200);
    let list = json!([{"group": {"value": "SUB-ALPHA"}, "proxy": "NOWHERE"}]);
    assert_eq!(refusal(&put(&emulator, "w-nz", COLLECTION, &with(list.clone())).await), (400, "60135"));
    assert_eq!(refusal(&put(&emulator, "w-nz", PORTFOLIO, &with(list)).await), (400, "60168"));
    let nameless = json!({"type": {"value": "0"}});
    assert_eq!(refusal(&put(&emulator, "w-nz", COLLECTION, &nameless).await), (400, "60126"));
    assert_eq!(refusal(&put(&emulator, "w-nz", SERVICE, &json!({})).await), (400, "60127"));
}

#[tokio::test]
async fn put_of_unchanged_response_changes_nothing() {
    for optional_fields in [OptionalFields::Answered, OptionalFields::Sparse] {
        let emulator = network(EmulatorConfig { optional_fields, ..EmulatorConfig::without_thresholds() });
        for path in [COLLECTION, SERVICE, PORTFOLIO] {
            let (_, before) = get(&emulator, "r-nz", path).await;
            assert_eq!(put(&emulator, "w-nz", path, &before).await, (200, before.clone()));
            let xml = |method: Method, key: &str, body: &str| {
                let mut request = request(method, key, path, Bytes::from(body.to_owned()));
                for header in ["accept", "content-type"] {
                    request.headers_mut().insert(header, "application/xml".parse().unwrap());
                }
                request
            };
            let read = text(&send(&emulator, xml(Method::GET, "r-nz", "")).await.unwrap());
            let written = text(&send(&emulator, xml(Method::PUT, "w-nz", &read)).await.unwrap());
            assert_eq!(written, read);
            assert_eq!(get(&emulator, "r-nz", path).await.1, before);
        }
    }
}

#[tokio::test]
async fn xml_groups_have_a_wrapper_element() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let mut request = request(Method::GET, "r-nz", PORTFOLIO, Bytes::new());
    request.headers_mut().insert("accept", "application/xml".parse().unwrap());
    let read = text(&send(&emulator, request).await.unwrap());
    assert!(
        read.ends_with(
            "<group_settings><group_setting><group desc=\"LAW_SCHOOLS\">LAW_SCHOOLS</group></group_setting></group_settings></portfolio>"
        ),
        "{read}"
    );
}

#[tokio::test]
async fn librarian_edits_groups_and_other_fields() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let edit = |action: Value| {
        let edit = json!({"zone": "01OMNI_NETWORK", "kind": "electronic", "table": "61200", "by": "x", "action": action});
        emulator.control().edit(serde_json::from_value(edit).unwrap()).map_err(|misfit| misfit.to_string())
    };
    edit(json!({"set_group": {"group": "NEW", "set": {"public_note": "x", "proxy": ""}}})).unwrap();
    edit(json!({"set_member": {"member": "notes", "value": ""}})).unwrap();
    let (_, resource) = get(&emulator, "r-nz", "/electronic/e-collections/61200").await;
    assert_eq!(groups(&resource), [r#"NEW {"public_note":"x"}"#]);
    assert_eq!(resource.get("notes"), None);
    edit(json!({"delete_group": {"group": "NEW"}})).unwrap();
    for (action, problem) in [
        (json!({"delete_group": {"group": "NEW"}}), "`61200` is not available to group `NEW`"),
        (json!({"set_member": {"member": "colour", "value": "red"}}), "an e-resource has no field `colour`"),
        (json!({"access": "hidden"}), "`61200` is an e-resource: use set_group, delete_group or set_member"),
    ] {
        assert_eq!(edit(action).unwrap_err(), problem);
    }
}
