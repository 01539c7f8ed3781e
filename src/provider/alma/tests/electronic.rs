//! E-resources: parsing of groups, PUT bodies, and verification.

use super::*;
use crate::model::FailureClass;
use crate::provider::ZoneWriter;

fn of(ids: &str) -> CollectionId {
    CollectionId::with_code("ElectronicAvailability", ids)
}

/// Reads an e-collection with these groups.
async fn collection(list: Json) -> CollectionSnapshot {
    read(vec![ok(&body(list))], &of("61")).await.unwrap()
}

fn body(list: Json) -> Json {
    json!({
        "link": "https://alma.test/x", "id": "61", "public_name": "Journals", "type": {"value": "0", "desc": "Package"},
        "notes": null, "free": {"value": "0"}, "portfolios": {"value": "3"}, "group_setting": list,
    })
}

/// Returns a line for each group.
fn shown(snapshot: &CollectionSnapshot) -> Vec<String> {
    let records = snapshot.observed.records.iter().map(|record| &record.fields);
    let line = |record: &Record| {
        let said = record.iter().filter(|(_, value)| **value != FieldValue::Null);
        said.map(|(field, value)| format!("{field}={value}")).collect::<Vec<_>>().join(" ")
    };
    records.map(line).collect()
}

/// Returns the PUT body for changes to a list.
async fn sent(list: Json, changes: &[Change]) -> Json {
    let fresh = collection(list).await;
    let (writer, script) = writer(vec![ok(&json!({}))]);
    write(&writer, &fresh, changes).await.unwrap();
    assert_eq!(script.lines(), ["PUT /electronic/e-collections/61"]);
    script.last_body()
}

fn group(action: ChangeAction, name: &str, edits: &[(&str, FieldValue)]) -> Change {
    change(action, &[("group", name)], edits)
}

#[tokio::test(start_paused = true)]
async fn ids_form_the_resource_path() {
    for (ids, path) in [
        ("61", "/electronic/e-collections/61"),
        ("61.62", "/electronic/e-collections/61/e-services/62"),
        ("61.62.53", "/electronic/e-collections/61/e-services/62/portfolios/53"),
    ] {
        let own = ids.rsplit('.').next().unwrap();
        let (reader, script) = reader(vec![ok(&json!({"id": own}))]);
        assert!(reader.read_collection(&of(ids)).await.unwrap().observed.records.is_empty());
        assert_eq!(script.lines(), [format!("GET {path}")]);
    }
    for ids in ["", "61..53", "61.62.53.1"] {
        assert_eq!(read(Vec::new(), &of(ids)).await.unwrap_err().class, FailureClass::Mismatch, "{ids}");
    }
}

#[tokio::test(start_paused = true)]
async fn response_for_another_resource_is_malformed() {
    for (answer, message) in [
        (json!({"id": "62"}), "requested the e-collection `61`, the zone returned `62`"),
        (json!({"public_name": "x"}), "the response for the e-collection `61` has no `id`"),
        (
            json!({"id": "61", "group_setting": [{"group": "A"}, {"proxy": "P"}]}),
            "e-collection `61`: entry 2 of `group_setting`: missing group",
        ),
        (
            json!({"id": "61", "group_setting": [7]}),
            "e-collection `61`: entry 1 of `group_setting`: not an object",
        ),
        (
            json!({"id": 61, "group_settings": {"group_setting": []}}),
            "e-collection `61`: the groups are under `group_settings`, expected `group_setting`",
        ),
    ] {
        let failure = read(vec![ok(&answer)], &of("61")).await.unwrap_err();
        assert_eq!((failure.class, failure.message.as_str()), (FailureClass::Malformed, message));
    }
}

#[tokio::test(start_paused = true)]
async fn groups_are_parsed_in_every_format() {
    let none: [&str; 0] = [];
    for list in [json!(null), json!([]), json!("")] {
        assert_eq!(shown(&collection(list).await), none);
    }
    let one = json!({"group": {"value": "A", "desc": "Group A"}, "proxy_enabled": true, "public_note": ""});
    assert_eq!(shown(&collection(one).await), ["group=\"A\" proxy_enabled=\"true\""]);
    let list = json!([
        {"group": {"desc": "Group A"}, "proxy_enabled": {"value": "No"}, "proxy": {"value": "P", "desc": "Proxy"}},
        {"group": "B", "proxy_enabled": {"value": "RESOURCE_DEFAULT"}, "public_name": {"value": "Name"}},
        {"group": {"value": 7001, "desc": "Group D"}},
        {"group": {"value": "2024"}, "proxy_enabled": {"value": "2", "desc": "Resource Default"}, "proxy": null},
        {"group": {"value": "", "desc": "C"}, "proxy_enabled": {"value": ""}, "authentication_note": "N", "other": 1},
    ]);
    assert_eq!(
        shown(&collection(list).await),
        [
            "group=\"Group A\" proxy=\"P\" proxy_enabled=\"false\"",
            "group=\"B\" public_name=\"Name\"",
            "group=\"Group D\"",
            "group=\"2024\"",
            "authentication_note=\"N\" group=\"C\"",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn groups_with_numbers_are_marked() {
    let list = json!([
        {"group": {"value": "7001", "desc": "BIG_MEMBERS"}},
        {"group": {"value": "2024"}},
        {"group": {"value": "A", "desc": "Group A"}},
        {"group": {"desc": "2025"}},
    ]);
    let marks: Vec<bool> =
        collection(list).await.observed.records.iter().map(|record| record.numbered).collect();
    assert_eq!(marks, [true, false, false, false]);
}

#[tokio::test(start_paused = true)]
async fn unchanged_settings_are_sent_back_unchanged() {
    let list = json!([
        {"group": {"desc": "A"}, "public_note": "old", "proxy_enabled": {"value": "true", "desc": "Yes"}, "linking_parameters": [{"x": 1}]},
        {"group": {"value": "B", "desc": "Group B"}, "proxy": {"value": "P", "desc": "Proxy"}},
        {"group": "C", "proxy_enabled": true},
    ]);
    let changes = [
        group(
            ChangeAction::Update,
            "A",
            &[("public_note", FieldValue::Null), ("proxy_enabled", FieldValue::Null)],
        ),
        group(
            ChangeAction::Update,
            "C",
            &[("proxy_enabled", "false".into()), ("public_name", "Name".into())],
        ),
        group(
            ChangeAction::Create,
            "D",
            &[("proxy_enabled", "true".into()), ("public_note", FieldValue::Null)],
        ),
    ];
    let expected = json!([
        {"group": {"desc": "A"}, "public_note": "", "proxy_enabled": {"value": ""}, "linking_parameters": [{"x": 1}]},
        {"group": {"value": "B", "desc": "Group B"}, "proxy": {"value": "P", "desc": "Proxy"}},
        {"group": "C", "proxy_enabled": false, "public_name": "Name"},
        {"group": {"value": "D"}, "proxy_enabled": {"value": "true"}},
    ]);
    assert_eq!(sent(list, &changes).await, body(expected));
}

#[tokio::test(start_paused = true)]
async fn deleting_the_last_group_sends_an_empty_list() {
    let list = json!({"group": {"value": "A"}});
    assert_eq!(sent(list, &[group(ChangeAction::Delete, "A", &[])]).await, body(json!([])));
}

#[tokio::test(start_paused = true)]
async fn change_that_does_not_match_is_not_sent() {
    let fresh = collection(json!([{"group": "A"}])).await;
    for change in [group(ChangeAction::Create, "A", &[]), group(ChangeAction::Delete, "B", &[])] {
        let (writer, script) = writer(Vec::new());
        assert!(write(&writer, &fresh, &[change]).await.is_err());
        assert!(script.lines().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn spelling_and_zone_fields_are_not_differences() {
    let before = collection(json!([{"group": "A", "public_note": "x"}])).await;
    let mut after = body(json!({"group": {"value": "A", "desc": "Group A"}, "proxy": ""}));
    after["link"] = json!("https://alma.test/y");
    after["modified_date"] = json!("2026-03-02Z");
    after["free"] = json!({"value": "0", "desc": "No"});
    let after = read(vec![ok(&after)], &of("61")).await.unwrap();
    let clear = [group(ChangeAction::Update, "A", &[("public_note", FieldValue::Null)])];
    assert_eq!(writer(Vec::new()).0.unexpected_differences(&before, &clear, &after), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn kept_groups_and_other_changes_are_reported() {
    let before = collection(json!([{"group": "A", "linking_parameters": "a=1"}, {"group": "B"}])).await;
    let mut after = body(json!([{"group": "A"}, {"group": "B"}]));
    after["public_name"] = json!("Other");
    let after = read(vec![ok(&after)], &of("61")).await.unwrap();
    assert_eq!(
        writer(Vec::new()).0.unexpected_differences(
            &before,
            &[group(ChangeAction::Delete, "B", &[])],
            &after
        ),
        [
            "record `group=B` is unexpected",
            "`public_name` is \"Other\", was \"Journals\"",
            "the zone kept groups missing from `group_setting`: delete `B` in Alma, under Group Settings of the resource",
            "group `A`: other content is {}, was {\"linking_parameters\":\"a=1\"}",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn error_codes_have_specific_help() {
    for (code, class, help) in [
        ("60121", FailureClass::Missing, "look up the IDs"),
        ("60152", FailureClass::Rejected, "Inventory Network Groups"),
        ("60152", FailureClass::Rejected, "where groups have numbers"),
        ("60135", FailureClass::Rejected, "proxy definitions"),
        ("60129", FailureClass::Rejected, "refuses the license of the e-resource as it is stored"),
        ("60145", FailureClass::Rejected, "a member of the e-resource, named in the message"),
        ("402469", FailureClass::Rejected, "refuses the library"),
        ("UNAUTHORIZED", FailureClass::Denied, "the area Electronic"),
    ] {
        let failure = read(vec![error(400, code)], &of("61")).await.unwrap_err();
        assert_eq!(failure.class, class, "{code}");
        assert!(failure.help.as_deref().unwrap_or_default().contains(help), "{failure:?}");
    }
}
