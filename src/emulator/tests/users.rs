//! Tests of users: responses, errors, and linked accounts by stored settings.

use serde_json::Map;

use super::*;
use crate::emulator::{EmulatedMappingTable, LibrarianEdit, RecordEdit};

fn record(emulator: &Emulator, zone: &str, kind: &str, fields: Value) {
    let Value::Object(fields) = fields else { panic!("not an object") };
    let edit = RecordEdit {
        zone: zone.to_owned(),
        kind: kind.to_owned(),
        table: None,
        by: "m.tremblay".to_owned(),
        fields,
        delete: false,
    };
    emulator.control().edit_record(&edit).unwrap();
}

fn rule(emulator: &Emulator, fields: Value) {
    let mut rule = json!({"name": "Partners", "position": "1", "enabled": true, "userGroup": "GRAD"});
    let laid: &mut Map<String, Value> = rule.as_object_mut().unwrap();
    laid.extend(fields.as_object().unwrap().clone());
    record(emulator, "01OMNI_BETA", "LinkedAccountRules", rule);
}

/// Adds block descriptions and definitions as used by consortia.
fn share_blocks(emulator: &Emulator, zone: &str) {
    for code in ["CONSORTIA", "FROM_TARGET"] {
        let edit = json!({"zone": zone, "kind": "code", "table": "UserBlockDescription", "by": "m.tremblay",
            "action": {"set_code": {"code": code, "description": format!("{code} block")}}});
        emulator.control().edit(serde_json::from_value::<LibrarianEdit>(edit).unwrap()).unwrap();
    }
    let table: EmulatedMappingTable = emulator.control().mapping_table(zone, "UserBlockDefinitions").unwrap();
    let table = table.rows([
        ["RETURN", "LOAN", "02", "ALL", "02", "true"],
        ["AFNBLOCK", "CONSORTIA", "CONSORTIA", "ALL", "03", "false"],
        ["FROM_TARGET", "CONSORTIA", "FROM_TARGET", "ALL", "01", "true"],
    ]);
    emulator.control().put_table(zone, table).unwrap();
}

fn ada(fields: Value) -> Value {
    let mut user = json!({"primary_id": "ada", "first_name": "Ada", "last_name": "Byron",
        "account_type": {"value": "INTERNAL"}, "user_group": {"value": "GRAD"}, "expiry_date": "2026-08-31Z"});
    user.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    user
}

async fn post(emulator: &Emulator, key: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = Bytes::from(body.to_string());
    answer(send(emulator, request(Method::POST, key, path, body)).await.unwrap())
}

async fn link(emulator: &Emulator, id: &str) -> (u16, Value) {
    let path = format!("/users?source_institution_code=01OMNI_ALPHA&source_user_id={id}");
    post(emulator, "w-beta", &path, &json!({})).await
}

async fn delete(emulator: &Emulator, key: &str, path: &str) -> (u16, Value) {
    answer(send(emulator, request(Method::DELETE, key, path, Bytes::new())).await.unwrap())
}

/// Returns descriptions and notes of the blocks.
fn blocks(user: &Value) -> Vec<(&str, &str)> {
    let blocks = user["user_block"].as_array().map(Vec::as_slice).unwrap_or_default();
    blocks
        .iter()
        .map(|block| {
            let description = block["block_description"]["value"].as_str().unwrap();
            (description, block["block_note"].as_str().unwrap_or_default())
        })
        .collect()
}

#[tokio::test]
async fn user_is_created_replaced_and_deleted() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let role = json!({"role_type": {"value": "200"}, "scope": {"value": "01OMNI_ALPHA"}, "status": {"value": "ACTIVE"}});
    let block = json!({"block_type": {"value": "CASH"}, "block_description": {"value": "04"}, "block_note": "12 dollars"});
    let sent = ada(json!({"user_role": [role], "user_block": [block], "purge_date": "2027-08-31"}));
    let (status, user) = post(&emulator, "w-alpha", "/users", &sent).await;
    assert_eq!(status, 200, "{user}");
    assert_eq!(user["user_group"], json!({"value": "GRAD", "desc": "Graduate student"}));
    assert_eq!((&user["expiry_date"], &user["purge_date"]), (&json!("2026-08-31Z"), &json!("2027-08-31Z")));
    assert_eq!(
        user["user_block"],
        json!([{
            "segment_type": "Internal", "block_type": {"value": "CASH"},
            "block_description": {"value": "04", "desc": "Unpaid fees"}, "block_status": "ACTIVE",
            "block_note": "12 dollars", "created_by": "API_USER", "created_date": "2026-03-02T00:00:00Z",
        }])
    );
    let (status, user) = put(&emulator, "w-alpha", "/users/ada", &ada(json!({"expiry_date": null}))).await;
    assert_eq!(status, 200);
    assert_eq!(user["user_role"], json!([role]), "roles stay if the body has none");
    assert!(
        user.get("user_block").is_none() && user.get("expiry_date").is_none(),
        "other values are removed: {user}"
    );
    let (_, list) = get(&emulator, "r-alpha", "/users").await;
    assert_eq!((&list["total_record_count"], &list["user"][0]["primary_id"]), (&json!(1), &json!("ada")));
    assert_eq!(delete(&emulator, "w-alpha", "/users/ada").await, (204, json!("")));
    assert_eq!(refusal(&get(&emulator, "r-alpha", "/users/ada").await), (400, "401861"));
}

#[tokio::test]
async fn user_in_xml_equals_user_in_json() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let body = r#"<user><primary_id>ada</primary_id><first_name>Ada</first_name><last_name>Byron</last_name>
        <account_type desc="Internal">INTERNAL</account_type><user_group>GRAD</user_group>
        <user_blocks><user_block><block_type>CASH</block_type><block_description desc="x">04</block_description>
        </user_block></user_blocks></user>"#;
    let mut sent = request(Method::POST, "w-alpha", "/users", Bytes::from(body));
    sent.headers_mut().insert("content-type", "application/xml".parse().unwrap());
    sent.headers_mut().insert("accept", "application/xml".parse().unwrap());
    let xml = text(&send(&emulator, sent).await.unwrap());
    for part in [
        r#"<user_group desc="Graduate student">GRAD</user_group>"#,
        "<user_blocks><user_block",
        r#"<block_description desc="Unpaid fees">04</block_description>"#,
    ] {
        assert!(xml.contains(part), "{xml}");
    }
    let (_, user) = get(&emulator, "r-alpha", "/users/ada").await;
    assert_eq!(blocks(&user), [("04", "")]);
}

#[tokio::test]
async fn invalid_user_returns_documented_codes() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let mut refused = Vec::new();
    for fields in [
        json!({"last_name": ""}),
        json!({"account_type": {"value": "OTHER"}}),
        json!({"account_type": {"value": "EXTERNAL"}}),
        json!({"external_id": "SIS"}),
        json!({"user_group": {"value": "NOBODY"}}),
        json!({"user_group": {"value": "DIST"}}),
        json!({"user_group": {"value": "STAFF"}}),
        json!({"expiry_date": "soon"}),
        json!({"user_block": [{"block_type": {"value": "CASH"}}]}),
        json!({"user_block": [{"block_description": {"value": "99"}}]}),
        json!({"user_block": [{"block_type": {"value": "X"}, "block_description": {"value": "04"}}]}),
    ] {
        let answer = post(&emulator, "w-alpha", "/users", &ada(fields)).await;
        refused.push(refusal(&answer).1.to_owned());
    }
    assert_eq!(
        refused,
        [
            "401664", "401857", "401854", "401853", "401852", "401852", "401863", "401676", "401664",
            "401864", "401864"
        ]
    );
    assert_eq!(post(&emulator, "w-alpha", "/users", &ada(json!({}))).await.0, 200);
    assert_eq!(refusal(&post(&emulator, "w-alpha", "/users", &ada(json!({}))).await), (400, "401851"));
    let group = ada(json!({"user_group": {"value": "NOBODY"}}));
    assert_eq!(refusal(&put(&emulator, "w-alpha", "/users/ada", &group).await), (400, "401864"));
    assert_eq!(refusal(&put(&emulator, "r-alpha", "/users/ada", &group).await), (400, "UNAUTHORIZED"));
    assert_eq!(
        refusal(&post(&emulator, "w-alpha", "/users/ada?op=refresh", &json!({})).await),
        (400, "60229")
    );
    assert_eq!(refusal(&get(&emulator, "r-alpha", "/users?q=ada").await), (400, "40166411"));
}

#[tokio::test]
async fn linked_account_follows_rules_of_target() {
    let emulator = network(EmulatorConfig::without_thresholds());
    rule(
        &emulator,
        json!({"sourceInstitutions": ["01OMNI_ALPHA"], "expiryFromSource": "+10 days", "purgeAfterExpired": "1 month"}),
    );
    post(&emulator, "w-alpha", "/users", &ada(json!({}))).await;
    let (status, copy) = link(&emulator, "ada").await;
    assert_eq!(status, 200, "{copy}");
    assert_eq!(
        (&copy["user_group"]["value"], &copy["expiry_date"], &copy["purge_date"], &copy["last_name"]),
        (&json!("GRAD"), &json!("2026-09-10Z"), &json!("2026-10-10Z"), &json!("Byron"))
    );
    let (_, source) = get(&emulator, "r-alpha", "/users/ada").await;
    let linking_id = source["linking_id"].as_str().unwrap();
    assert_eq!(copy["source_link_id"], linking_id);
    assert_eq!(copy["source_institution_code"], "01OMNI_ALPHA");
    let id = &copy["primary_id"];
    for path in [
        "/users?source_institution_code=01OMNI_ALPHA&source_user_id=ada".to_owned(),
        format!("/users/{linking_id}?user_id_type=linking_id"),
        format!("/users/{linking_id}?source_institution_code=01OMNI_ALPHA"),
    ] {
        let (_, found) = get(&emulator, "r-beta", &path).await;
        let found = found.get("user").map_or(&found, |users| &users[0]);
        assert_eq!(&found["primary_id"], id, "{path}");
    }
}

#[tokio::test]
async fn failed_link_returns_documented_codes() {
    let emulator = network(EmulatorConfig::without_thresholds());
    record(&emulator, "01OMNI_BETA", "LinkedAccountRules", json!({"name": "Default", "userGroup": null}));
    post(&emulator, "w-alpha", "/users", &ada(json!({}))).await;
    for institution in ["01OTHER", "01OMNI_BETA", "01OMNI_NETWORK"] {
        let path = format!("/users?source_institution_code={institution}&source_user_id=ada");
        assert_eq!(refusal(&post(&emulator, "w-beta", &path, &json!({})).await), (400, "401651"));
        assert_eq!(refusal(&get(&emulator, "r-beta", &path).await), (400, "401651"));
    }
    assert_eq!(refusal(&link(&emulator, "nobody").await), (400, "60226"));
    assert_eq!(refusal(&link(&emulator, "ada").await), (400, "60232"));
    rule(&emulator, json!({}));
    record(&emulator, "01OMNI_ALPHA", "RestrictedUsers", json!({"userGroup": "GRAD"}));
    assert_eq!(
        refusal(&link(&emulator, "ada").await),
        (400, "60226"),
        "the group is not visible to partners"
    );
    put(&emulator, "w-alpha", "/users/ada", &ada(json!({"user_group": {"value": "FACULTY"}}))).await;
    let source = "/users?source_institution_code=01OMNI_ALPHA&source_user_id=";
    assert_eq!(refusal(&get(&emulator, "r-beta", &format!("{source}ada")).await), (400, "4019990"));
    assert_eq!(refusal(&get(&emulator, "r-beta", &format!("{source}nobody")).await), (400, "401861"));
    let (_, copy) = link(&emulator, "ada").await;
    assert_eq!(refusal(&link(&emulator, "ada").await), (400, "60227"));
    let refresh = format!("/users/{}?op=refresh", copy["primary_id"].as_str().unwrap());
    assert_eq!(post(&emulator, "w-beta", &refresh, &json!({})).await.0, 204);
    delete(&emulator, "w-alpha", "/users/ada").await;
    assert_eq!(refusal(&post(&emulator, "w-beta", &refresh, &json!({})).await), (400, "60226"));
    let gone = "/users/gone?op=refresh";
    assert_eq!(refusal(&post(&emulator, "w-beta", gone, &json!({})).await), (400, "401861"));
}

#[tokio::test]
async fn refresh_updates_dates_by_rule_or_after_expiry() {
    let emulator = network(EmulatorConfig::without_thresholds());
    rule(&emulator, json!({"expiryFromSource": "same", "refreshExpiryDate": false}));
    post(&emulator, "w-alpha", "/users", &ada(json!({}))).await;
    let (_, copy) = link(&emulator, "ada").await;
    let path = format!("/users/{}", copy["primary_id"].as_str().unwrap());
    let refreshed = async || {
        post(&emulator, "w-beta", &format!("{path}?op=refresh"), &json!({})).await;
        get(&emulator, "r-beta", &path).await.1["expiry_date"].clone()
    };
    put(&emulator, "w-alpha", "/users/ada", &ada(json!({"expiry_date": "2027-08-31Z"}))).await;
    assert_eq!(refreshed().await, "2026-08-31Z");
    let later = EmulatorConfig { today: "2026-09-01Z".to_owned(), ..EmulatorConfig::without_thresholds() };
    emulator.control().set_behaviour(later).unwrap();
    assert_eq!(refreshed().await, "2027-08-31Z", "the account has expired");
    put(&emulator, "w-alpha", "/users/ada", &ada(json!({"expiry_date": "2028-08-31Z"}))).await;
    assert_eq!(refreshed().await, "2027-08-31Z");
    rule(&emulator, json!({"expiryFromSource": "same", "refreshExpiryDate": true}));
    assert_eq!(refreshed().await, "2028-08-31Z", "the rule now refreshes every account");
}

#[tokio::test]
async fn blocks_are_copied_and_sent_back_without_echo() {
    let emulator = network(EmulatorConfig::without_thresholds());
    for zone in ["01OMNI_ALPHA", "01OMNI_BETA"] {
        share_blocks(&emulator, zone);
    }
    rule(&emulator, json!({"copyNetworkBlocks": true}));
    let block =
        |kind: &str, code: &str| json!({"block_type": {"value": kind}, "block_description": {"value": code}});
    let sent = ada(json!({"user_block": [block("LOAN", "02"), block("CASH", "04")]}));
    post(&emulator, "w-alpha", "/users", &sent).await;
    let (_, copy) = link(&emulator, "ada").await;
    assert_eq!(blocks(&copy), [("CONSORTIA", "01OMNI_ALPHA: 02")], "only network blocks");
    let id = copy["primary_id"].as_str().unwrap();
    let kept_from = |zone: &str, user: &str| emulator.control().kept_from(zone, user).unwrap().kept_from;
    assert_eq!(kept_from("01OMNI_BETA", id), ["hold", "loan", "renew"].into());

    let path = format!("/users/{id}");
    let mut with_own = copy.clone();
    with_own["user_block"].as_array_mut().unwrap().push(block("GENERAL", "01"));
    let (status, put_there) = put(&emulator, "w-beta", &path, &with_own).await;
    assert_eq!((status, blocks(&put_there).len()), (200, 2));
    let (_, source) = get(&emulator, "r-alpha", "/users/ada").await;
    assert_eq!(blocks(&source), [("02", ""), ("04", ""), ("FROM_TARGET", "01OMNI_BETA: 01")]);

    put(&emulator, "w-alpha", "/users/ada", &{
        let mut less = source.clone();
        less["user_block"].as_array_mut().unwrap().remove(0);
        less
    })
    .await;
    post(&emulator, "w-beta", &format!("{path}?op=refresh"), &json!({})).await;
    let (_, refreshed) = get(&emulator, "r-beta", &path).await;
    assert_eq!(blocks(&refreshed), [("01", "")], "copies are replaced, and the own block does not come back");

    put(&emulator, "w-beta", &path, &copy).await;
    let (_, source) = get(&emulator, "r-alpha", "/users/ada").await;
    assert_eq!(blocks(&source).len(), 1, "a block removed at the target is removed at the source: {source}");
}

#[tokio::test]
async fn users_are_searched_and_listed_by_modification() {
    let emulator = network(EmulatorConfig::without_thresholds());
    post(&emulator, "w-alpha", "/users", &ada(json!({}))).await;
    post(&emulator, "w-alpha", "/users", &ada(json!({"primary_id": "mary", "first_name": "Mary"}))).await;
    let total = async |query: &str| {
        get(&emulator, "r-alpha", &format!("/users?{query}")).await.1["total_record_count"].clone()
    };
    assert_eq!(total("q=last_name~byron").await, 2);
    assert_eq!(total("q=last_name~byron%20AND%20first_name~Mary").await, 1);
    assert_eq!(total("q=ALL~ada_Byron").await, 1);
    assert_eq!(total("modify_date_from=2026-03-02").await, 2);
    assert_eq!(total("modify_date_from=2026-03-03").await, 0);
    for query in ["q=last_name", "q=shoe_size~9", "modify_date_from=x", "q=ALL~a&modify_date_from=2026-03-02"]
    {
        let refused = get(&emulator, "r-alpha", &format!("/users?{query}")).await;
        assert_eq!(refusal(&refused), (400, "40166411"), "{query}");
    }
    let excluded = super::super::EmulatorConfig {
        modify_date: super::super::ModifyDate::Excluded,
        ..EmulatorConfig::without_thresholds()
    };
    emulator.control().set_behaviour(excluded).unwrap();
    assert_eq!(total("modify_date_from=2026-03-02").await, 0);
}

#[tokio::test]
async fn post_without_operation_is_an_authentication() {
    let emulator = network(EmulatorConfig::without_thresholds());
    post(&emulator, "w-alpha", "/users", &ada(json!({}))).await;
    for (path, code) in
        [("ada", "401866"), ("ada?op=auth", "401866"), ("ben", "401861"), ("ada?op=x", "40166411")]
    {
        let refused = post(&emulator, "w-alpha", &format!("/users/{path}"), &json!({})).await;
        assert_eq!(refusal(&refused), (400, code), "{path}");
    }
}
