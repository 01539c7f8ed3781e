//! Tests of answers in the form of live zones, and of what live clients do.

use super::super::{
    EmptyLists, EmptyValues, ExtraMembers, LetterEnabled, MissingScope, ResourceDefault, WeekDescription,
};
use super::*;

const COLLECTION: &str = "/electronic/e-collections/61100";

/// Returns a zone with members without a value, empty lists and documented members.
fn unclean(empty_values: EmptyValues, empty_lists: EmptyLists) -> Emulator {
    network(EmulatorConfig {
        empty_values,
        empty_lists,
        extra_members: ExtraMembers::Documented,
        week_description: WeekDescription::Standard,
        resource_default: ResourceDefault::Empty,
        ..EmulatorConfig::without_thresholds()
    })
}

async fn delete(emulator: &Emulator, path: &str) -> (u16, Value) {
    answer(send(emulator, request(Method::DELETE, "w-alpha", path, Bytes::new())).await.unwrap())
}

#[tokio::test]
async fn members_without_a_value_take_the_selected_form() {
    for (switch, text, code) in [
        (EmptyValues::Null, json!(null), json!(null)),
        (EmptyValues::Empty, json!(""), json!({"value": "", "desc": null})),
    ] {
        let emulator = unclean(switch, EmptyLists::Absent);
        let (_, table) = get(&emulator, "r-nz", BLOCKS).await;
        assert_eq!(table["scope"]["library_id"], json!({"value": "", "desc": null}));
        assert_eq!(table["row"][0].get("update_date"), Some(&text));
        let (_, table) = get(&emulator, "r-nz", DEFINITIONS).await;
        assert_eq!(table["row"][0].get("column6"), Some(&text));
        let (_, hours) = get(&emulator, "r-alpha", "/conf/open-hours").await;
        assert_eq!(hours["open_hour"][0].get("from_date"), Some(&text));
        assert_eq!(hours["open_hour"][5].get("recurrence_type"), Some(&code));
        let (_, letter) = get(&emulator, "r-alpha", "/conf/letters/footer").await;
        assert_eq!(letter.get("updated_by"), Some(&code));
        let xml = send(&emulator, {
            let mut request = request(Method::GET, "r-nz", DEFINITIONS, Bytes::new());
            request.headers_mut().insert("accept", "application/xml".parse().unwrap());
            request
        });
        assert!(super::text(&xml.await.unwrap()).contains("<column6/>"));
    }
}

#[tokio::test]
async fn empty_lists_take_the_selected_form() {
    for (switch, list) in [
        (EmptyLists::Absent, None),
        (EmptyLists::Present, Some(json!([]))),
        (EmptyLists::Null, Some(json!(null))),
    ] {
        let emulator = unclean(EmptyValues::Absent, switch);
        let (_, relations) = get(&emulator, "r-alpha", "/conf/relations?scope=LAW").await;
        assert_eq!(relations.get("relation"), list.as_ref());
    }
}

#[tokio::test]
async fn documented_members_of_resources_can_be_written_back() {
    for values in [EmptyValues::Absent, EmptyValues::Null, EmptyValues::Empty] {
        let emulator = unclean(values, EmptyLists::Present);
        let stored = emulator.control().resource("01OMNI_NETWORK", "61100").unwrap();
        let (_, before) = get(&emulator, "r-nz", COLLECTION).await;
        assert_eq!(before["notes"][0]["content"], "Renews in January");
        assert_eq!(before["number"][1]["value"], "0000-0000");
        assert_eq!(before["linking_parameters"], json!([]));
        assert_eq!(before["cdi_search_activation_status"], false);
        assert_eq!(put(&emulator, "w-nz", COLLECTION, &before).await, (200, before));
        assert_eq!(emulator.control().resource("01OMNI_NETWORK", "61100").unwrap(), stored);
    }
}

#[tokio::test]
async fn resource_default_of_a_proxy_reads_back_empty() {
    let emulator = unclean(EmptyValues::Empty, EmptyLists::Absent);
    let (_, mut resource) = get(&emulator, "r-nz", COLLECTION).await;
    resource["group_setting"][0]["proxy_enabled"] = json!({"value": "2"});
    resource["group_setting"][0]["proxy"] = json!("EZPROXY");
    let (status, resource) = put(&emulator, "w-nz", COLLECTION, &resource).await;
    assert_eq!(status, 200);
    assert_eq!(resource["group_setting"][0]["proxy_enabled"], json!({"value": "", "desc": null}));
    assert_eq!(resource["group_setting"][0]["proxy"], "EZPROXY");
}

#[tokio::test]
async fn weekly_hours_are_described_as_standard() {
    let emulator = unclean(EmptyValues::Absent, EmptyLists::Absent);
    let (_, hours) = get(&emulator, "r-alpha", "/conf/open-hours").await;
    assert_eq!(hours["open_hour"][0]["desc"], "Standard operating hours");
    assert_eq!(hours["open_hour"][5]["desc"], "New Year");
}

#[tokio::test]
async fn table_put_from_scratch_replaces_rows_and_drops_members() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let rows = json!([{"code": "GRAD", "description": "Graduates"}, {"code": "NEW", "description": "New", "enabled": false}]);
    let (status, table) =
        put(&emulator, "w-alpha", GROUPS, &code_table("UserGroups", "01OMNI_ALPHA", rows)).await;
    assert_eq!((status, codes(&table)), (200, vec!["GRAD", "NEW"]));
    assert_eq!(row(&table, "NEW")["enabled"], false);
    let (_, current) = get(&emulator, "r-alpha", DEFINITIONS).await;
    let (_, mut table) = get(&emulator, "r-alpha", DEFINITIONS).await;
    table["row"] = json!([{"column0": "FEES", "column1": "CASH"}]);
    table.as_object_mut().unwrap().remove("header");
    let (status, table) = put(&emulator, "w-alpha", DEFINITIONS, &table).await;
    assert_eq!((status, &table["header"]), (200, &current["header"]));
    assert_eq!(table["row"].as_array().unwrap().len(), 1);
    assert_eq!(table["row"][0]["enabled"], true);
    assert_eq!(table["row"][0].get("column2"), None);
}

#[tokio::test]
async fn table_put_without_scope_follows_the_switch() {
    for (switch, expected) in [(MissingScope::Refused, 400), (MissingScope::Institution, 200)] {
        let emulator =
            network(EmulatorConfig { missing_scope: switch, ..EmulatorConfig::without_thresholds() });
        for path in [GROUPS, DEFINITIONS] {
            let (_, mut table) = get(&emulator, "r-alpha", path).await;
            table.as_object_mut().unwrap().remove("scope");
            assert_eq!(put(&emulator, "w-alpha", path, &table).await.0, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn requests_without_scope_concern_the_institution() {
    let emulator = network(EmulatorConfig::without_thresholds());
    // Hours that were read for a library and sent without scope become the institution's, inherited or not.
    let (_, library) = get(&emulator, "r-alpha", "/conf/open-hours?scope=LAW").await;
    let (status, _) = put(&emulator, "w-alpha", "/conf/open-hours", &library).await;
    let (_, institution) = get(&emulator, "r-alpha", "/conf/open-hours").await;
    let count = |hours: &Value| hours["open_hour"].as_array().unwrap().len();
    assert_eq!((status, count(&institution)), (200, count(&library)));
    let relations = get(&emulator, "r-alpha", "/conf/relations").await;
    assert_eq!(refusal(&relations), (400, "40166413"));
    let (_, table) = get(&emulator, "r-alpha", "/conf/code-tables/ItemPolicy").await;
    assert_eq!(table["scope"]["library_id"]["value"], "");
}

#[tokio::test]
async fn letter_put_with_enabled_follows_the_switch() {
    let path = "/conf/letters/FulPlaceOnHoldShelfLetter";
    for (switch, expected) in [(LetterEnabled::Respected, "false"), (LetterEnabled::Ignored, "true")] {
        let emulator =
            network(EmulatorConfig { letter_enabled: switch, ..EmulatorConfig::without_thresholds() });
        for enabled in ["<enabled>false</enabled>", "<enabled desc=\"No\">false</enabled>"] {
            let body = format!(
                "<letter><code>FulPlaceOnHoldShelfLetter</code>{enabled}<name>x</name>\
                 <retention_period>1</retention_period><xsl>x</xsl></letter>"
            );
            let mut request = request(Method::PUT, "w-alpha", path, body.into());
            request.headers_mut().insert("content-type", "application/xml".parse().unwrap());
            let (status, letter) = answer(send(&emulator, request).await.unwrap());
            assert_eq!((status, &letter["enabled"]["value"]), (200, &json!(expected)));
        }
        // A JSON body is refused, whatever it holds.
        assert_eq!(
            refusal(&put(&emulator, "w-alpha", path, &json!({"enabled": false})).await),
            (400, "60105")
        );
    }
}

#[tokio::test]
async fn relations_and_hours_can_be_deleted() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let path = "/conf/relations?scope=MAIN";
    assert_eq!(refusal(&delete(&emulator, path).await), (400, "40166413"));
    assert_eq!(delete(&emulator, &format!("{path}&libraryCode=LAW,NONE")).await.0, 204);
    assert_eq!(get(&emulator, "r-alpha", path).await.1["total_record_count"], 0);
    assert_eq!(delete(&emulator, "/conf/open-hours?scope=01OMNI_ALPHA").await.0, 204);
    assert_eq!(get(&emulator, "r-alpha", "/conf/open-hours").await.1.get("open_hour"), None);
}

#[tokio::test]
async fn every_area_has_its_test() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let areas = ["conf", "users/operation", "partners/operation", "bibs", "acq", "analytics", "task-lists"];
    for area in areas {
        let path = format!("/{area}/test");
        let (status, body) = get(&emulator, "r-alpha", &path).await;
        assert_eq!(status, 200, "{path}");
        assert!(body.as_str().unwrap().contains("institutionCode: 01OMNI_ALPHA"), "{body}");
        let posted = |key| send(&emulator, request(Method::POST, key, &path, Bytes::new()));
        assert_eq!(posted("w-alpha").await.unwrap().status(), 200);
        assert_eq!(posted("r-alpha").await.unwrap().status(), 400);
    }
}

#[tokio::test]
async fn libraries_are_listed_and_found() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, list) = get(&emulator, "r-alpha", "/conf/libraries").await;
    assert_eq!((&list["total_record_count"], &list["library"][1]["code"]), (&json!(2), &json!("LAW")));
    assert_eq!(get(&emulator, "r-alpha", "/conf/libraries/LAW").await.1, list["library"][1]);
    assert_eq!(refusal(&get(&emulator, "r-alpha", "/conf/libraries/NONE").await), (400, "402119"));
}
