//! Tests of locations, departments, integration profiles, sets, computed hours, and members of users.

use super::super::{EmptyLists, EmptyValues, ExtraMembers};
use super::*;

async fn call(emulator: &Emulator, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let body = match body {
        Value::Null => Bytes::new(),
        body => Bytes::from(body.to_string()),
    };
    answer(send(emulator, request(method, "w-alpha", path, body)).await.unwrap())
}

#[tokio::test]
async fn objects_are_created_replaced_and_deleted() {
    let emulator = network(EmulatorConfig::without_thresholds());
    for (folder, object, id, missing) in [
        ("/conf/libraries/MAIN/locations", json!({"code": "annex", "name": "Annex"}), "annex", "402119"),
        ("/conf/sets", json!({"name": "New titles", "type": {"value": "LOGICAL"}}), "90002", "60107"),
        (
            "/conf/integration-profiles",
            json!({"code": "NEW", "name": "New", "system": {"value": "OTHER"}, "parameter": [{"value": "x"}]}),
            "90002",
            "60304",
        ),
    ] {
        let (status, created) = call(&emulator, Method::POST, folder, &object).await;
        assert_eq!((status, &created["name"]), (200, &object["name"]), "{created}");
        let path = format!("{folder}/{id}");
        let mut renamed = created.clone();
        renamed["name"] = json!("Renamed");
        renamed["unknown"] = json!("ignored");
        renamed.as_object_mut().unwrap().remove("type");
        renamed.as_object_mut().unwrap().remove("parameter");
        let (status, answered) = call(&emulator, Method::PUT, &path, &renamed).await;
        assert_eq!((status, &answered["name"], answered.get("unknown")), (200, &json!("Renamed"), None));
        // A PUT cannot change these members, so it keeps them.
        assert_eq!(
            (answered.get("type"), answered.get("parameter")),
            (created.get("type"), created.get("parameter"))
        );
        assert_eq!(refusal(&call(&emulator, Method::PUT, &path, &json!({"id": id})).await), (400, "401664"));
        assert_eq!(call(&emulator, Method::DELETE, &path, &Value::Null).await, (204, json!("")));
        assert_eq!(refusal(&get(&emulator, "r-alpha", &path).await), (400, missing));
        assert_eq!(refusal(&call(&emulator, Method::DELETE, &path, &Value::Null).await), (400, missing));
    }
}

#[tokio::test]
async fn lists_are_filtered_and_departments_are_read_only() {
    let emulator = network(EmulatorConfig::without_thresholds());
    for (path, total) in [
        ("/conf/libraries/LAW/locations", 2),
        ("/conf/departments", 2),
        ("/conf/departments?library=LAW&type=ALL", 1),
        ("/conf/departments?type=DIGI", 0),
        ("/conf/integration-profiles?type=USERS", 1),
        ("/conf/integration-profiles?type=SSO", 0),
        ("/conf/sets?set_type=ITEMIZED", 1),
    ] {
        assert_eq!(get(&emulator, "r-alpha", path).await.1["total_record_count"], total, "{path}");
    }
    let department = json!({"code": "X", "name": "X"});
    assert_eq!(call(&emulator, Method::POST, "/conf/departments", &department).await.0, 404);
    assert_eq!(refusal(&get(&emulator, "r-alpha", "/conf/libraries/GONE/locations").await), (400, "402119"));
}

#[tokio::test]
async fn computed_hours_follow_exceptions_and_the_week() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let hours = async |day: &str| {
        let path = format!("/conf/libraries/MAIN/open-hours?from={day}&to={day}");
        get(&emulator, "r-alpha", &path).await.1["day"][0].clone()
    };
    // 2 March 2026 is a Monday; MAIN inherits the week of the institution, and has its own Saturday.
    assert_eq!(hours("2026-03-02").await["hour"], json!([{"from": "08:00", "to": "22:00"}]));
    assert_eq!(hours("2026-03-07").await["hour"].as_array().map(Vec::len), Some(2));
    assert_eq!(hours("2026-01-01").await.get("hour"), None, "New Year is closed");
    let (_, week) = get(&emulator, "r-alpha", "/conf/libraries/MAIN/open-hours?from=2026-03-02").await;
    assert_eq!(week["day"].as_array().map(Vec::len), Some(8));
}

#[tokio::test]
async fn put_of_a_user_keeps_every_member() {
    for (extra_members, count) in [(ExtraMembers::Omitted, 0), (ExtraMembers::Documented, 18)] {
        let emulator = network(EmulatorConfig {
            extra_members,
            empty_values: EmptyValues::Null,
            empty_lists: EmptyLists::Present,
            ..EmulatorConfig::without_thresholds()
        });
        let user = json!({
            "primary_id": "ada", "last_name": "Doe", "account_type": {"value": "INTERNAL"},
            "middle_name": "X", "password": "secret", "preferred_language": {"value": "en"},
            "contact_info": {"email": [{"email_address": "ada@example.org", "preferred": true,
                                        "email_type": [{"value": "work"}]}], "address": [], "phone": []},
            "user_identifier": [{"value": "4711", "id_type": {"value": "BARCODE"}, "status": "ACTIVE"}],
            "user_note": [{"note_type": {"value": "POPUP"}, "note_text": "Ring twice", "popup_note": true}],
        });
        let (status, created) = call(&emulator, Method::POST, "/users", &user).await;
        assert_eq!(status, 200, "{created}");
        for member in ["middle_name", "user_identifier", "user_note"] {
            assert_eq!(created[member], user[member], "{member}");
        }
        assert_eq!(created["contact_info"]["email"][0]["email_address"], "ada@example.org");
        assert_eq!(created.get("password"), None);
        let (_, again) = put(&emulator, "w-alpha", "/users/ada", &created).await;
        assert_eq!(again["user_identifier"], created["user_identifier"]);
        assert!(again.as_object().unwrap().len() >= 15 + count, "{again}");
    }
}

#[tokio::test]
async fn resource_is_deleted_after_its_children() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let delete = async |path: &str| {
        let body = Bytes::new();
        answer(send(&emulator, request(Method::DELETE, "w-nz", path, body)).await.unwrap())
    };
    let service = "/electronic/e-collections/61100/e-services/62110";
    assert_eq!(refusal(&delete(service).await), (400, "60289"));
    let (_, portfolios) = get(&emulator, "r-nz", &format!("{service}/portfolios?limit=100")).await;
    for portfolio in portfolios["portfolio"].as_array().unwrap() {
        let path = format!("{service}/portfolios/{}", portfolio["id"].as_str().unwrap());
        assert_eq!(delete(&path).await.0, 204, "{path}");
    }
    assert_eq!(delete(service).await.0, 204);
    assert_eq!(refusal(&get(&emulator, "r-nz", service).await), (400, "60122"));
}
