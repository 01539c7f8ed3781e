//! Tests of the services outside the API: link resolver, contributions, task list, partner search.

use axum::body::{Body, to_bytes};
use tower::ServiceExt;

use super::*;
use crate::emulator::RecordEdit;
use crate::model::network::{Campus, Library};

async fn door(emulator: &Emulator, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
    let response = emulator.router().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into()))
}

async fn look(emulator: &Emulator, path: &str) -> (u16, Value) {
    door(emulator, Method::GET, path, &Value::Null).await
}

fn record(emulator: &Emulator, zone: &str, kind: &str, fields: Value, delete: bool) {
    let Value::Object(fields) = fields else { panic!("not an object") };
    let (zone, kind, by) = (zone.to_owned(), kind.to_owned(), "m.tremblay".to_owned());
    let edit = RecordEdit { zone, kind, table: None, by, fields, delete };
    emulator.control().edit_record(&edit).unwrap();
}

/// Creates a network with a member Alpha that has a campus with addresses and a library.
fn placed() -> Emulator {
    let range = |text: &str| vec![text.parse().unwrap()];
    let campus =
        Campus { code: "NORTH".to_owned(), name: "North".to_owned(), ip_ranges: range("192.0.2.0/25") };
    let library = Library {
        code: "LAW".to_owned(),
        name: "Law".to_owned(),
        campus: None,
        ip_ranges: range("198.51.100.0/24"),
    };
    let alpha = EmulatedZone {
        campuses: vec![campus],
        libraries: vec![library],
        ..EmulatedZone::new("01OMNI_ALPHA", "r-alpha", Some("w-alpha".to_owned()))
    };
    let nz = EmulatedZone { role: ZoneRole::Network, ..EmulatedZone::new("01OMNI_NETWORK", "r-nz", None) };
    let emulator = Emulator::new(vec![nz, alpha], EmulatorConfig::without_thresholds());
    let big = json!({"name": "BIG_MEMBERS", "institutions": [], "campuses": ["01OMNI_ALPHA/NORTH"], "libraries": []});
    let law =
        json!({"name": "LAW_SCHOOLS", "institutions": [], "campuses": [], "libraries": ["01OMNI_ALPHA/LAW"]});
    record(&emulator, "01OMNI_NETWORK", "AvailabilityGroups", big, false);
    record(&emulator, "01OMNI_NETWORK", "AvailabilityGroups", law, false);
    emulator
}

#[tokio::test]
async fn link_resolver_responds_by_user_location() {
    let emulator = placed();
    let ask = async |resource: &str, place: &str| {
        let path = format!("/emulator/resolver?resource={resource}&member=01OMNI_ALPHA{place}");
        look(&emulator, &path).await
    };
    let (status, answer) = ask("61100.62110.53111", "&address=192.0.2.7").await;
    assert_eq!(
        (status, answer),
        (
            200,
            json!({"available": true, "groups": ["BIG_MEMBERS"], "group": "BIG_MEMBERS", "proxy_enabled": true,
                "proxy": "EZPROXY", "public_name": null, "authentication_note": null, "public_note": null,
                "title_shown": true})
        )
    );
    let (_, outside) = ask("61100.62110.53111", "&address=203.0.113.1").await;
    assert_eq!((&outside["available"], &outside["title_shown"]), (&json!(false), &json!(true)));
    let (_, law) = ask("61100", "&library=LAW").await;
    assert_eq!(
        (&law["group"], &law["public_note"]),
        (&json!("LAW_SCHOOLS"), &json!("Law reading room only"))
    );
    assert_eq!(
        ask("61200", "").await.1["available"],
        true,
        "without groups, the resource is available to everyone"
    );
    let hide = json!({"name": "No reports", "hides": "61200"});
    record(&emulator, "01OMNI_ALPHA", "DisplayLogicRules", hide, false);
    assert_eq!(ask("61200", "").await.1["available"], false);
    assert_eq!(ask("1", "").await.0, 400);
    assert_eq!(ask("61100", "&library=LAW&campus=NORTH").await.0, 400);
}

#[tokio::test]
async fn contribution_is_stored_unless_denied() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let bring = async |record: &str, channel: &str| {
        let body = json!({"member": "01OMNI_ALPHA", "record": record, "channel": channel});
        door(&emulator, Method::POST, "/emulator/contributions", &body).await
    };
    let deny = json!({"institution": "01OMNI_ALPHA", "bibliographic": "allow", "authority": "deny"});
    record(&emulator, "01OMNI_NETWORK", "ImportPermissions", deny, false);
    let (status, answer) = bring("bibliographic", "share-with-network").await;
    assert_eq!((status, &answer["mms_id"]), (200, &json!("9900001")));
    let refused = bring("authority", "new-record").await;
    assert_eq!(refusal(&refused), (400, "402119"), "{refused:?}");
    let (status, answer) = bring("authority", "share-with-network").await;
    assert!(status == 400 && answer["error"].as_str().unwrap().contains("import-profile, new-record"));
    let (_, records) = look(&emulator, "/emulator/contributions").await;
    assert_eq!(records.as_array().unwrap().len(), 1, "a rejected record is not stored: {records}");
}

#[tokio::test]
async fn task_list_and_partner_search_follow_stored_settings() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let tasks = "/emulator/tasks?zone=01OMNI_ALPHA&role=Catalog%20Manager&report=linked";
    let mut may =
        json!({"view": true, "process": true, "dismiss": true, "dismiss_for_network": false, "listed": true});
    assert_eq!(look(&emulator, tasks).await, (200, may.clone()));
    let own = json!({"role": "Catalog Manager", "dismissForNetwork": true});
    record(&emulator, "01OMNI_ALPHA", "AuthorityTaskList", own, false);
    let matrix = json!({"institution": "01OMNI_ALPHA", "role": "Catalog Manager", "dismissForNetwork": true});
    record(&emulator, "01OMNI_NETWORK", "AuthorityDismissal", matrix, false);
    may["dismiss_for_network"] = json!(true);
    assert_eq!(look(&emulator, tasks).await, (200, may));
    let partners = "/emulator/partners?member=01OMNI_ALPHA&user_group=ALUM";
    assert_eq!(look(&emulator, partners).await, (200, json!({"visible": false})));
    record(&emulator, "01OMNI_ALPHA", "RestrictedUsers", json!({"userGroup": "ALUM"}), true);
    assert_eq!(look(&emulator, partners).await, (200, json!({"visible": true})));
    assert_eq!(look(&emulator, "/emulator/partners?member=01OMNI_NETWORK&user_group=ALUM").await.0, 400);
}
