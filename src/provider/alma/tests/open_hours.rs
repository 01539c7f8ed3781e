//! Calendars: own entries, records, and PUT bodies.

use super::*;
use crate::model::FailureClass::Malformed;
use crate::provider::ZoneWriter;

fn of(library: Option<&str>) -> CollectionId {
    CollectionId { library: library.map(Into::into), ..CollectionId::of_institution("OpenHours") }
}

fn monday(from: &str, to: &str) -> Json {
    json!({
        "type": {"value": "WEEK", "desc": "Standard operating hours"}, "inherited": false, "desc": "",
        "day_of_week": {"value": "MONDAY", "desc": "Monday"}, "status": {"value": "OPEN", "desc": "Open"},
        "from_hour": from, "to_hour": to, "new": 1,
    })
}

fn term(date: &str) -> Json {
    json!({"type": {"value": "EVENT"}, "desc": "End of term", "from_date": date, "to_date": date, "status": {"value": "OPEN"}})
}

async fn snapshot(library: Option<&str>, body: &Json) -> Result<CollectionSnapshot, ZoneFailure> {
    read(vec![ok(body)], &of(library)).await
}

/// Returns one line per record, such as `WEEK MONDAY open`: all fields in order.
async fn found(library: Option<&str>, body: &Json) -> Vec<String> {
    let records = snapshot(library, body).await.unwrap().observed.records;
    let shown = |(field, value): (&crate::model::FieldName, &FieldValue)| {
        format!("{field}={}", value.texts().join("+"))
    };
    records.iter().map(|record| record.fields.iter().map(shown).collect::<Vec<_>>().join(" ")).collect()
}

async fn sent(library: Option<&str>, body: &Json, changes: &[Change]) -> (String, Json) {
    let fresh = snapshot(library, body).await.unwrap();
    let (writer, script) = writer(vec![ok(&json!({}))]);
    write(&writer, &fresh, changes).await.unwrap();
    (script.lines().remove(0), script.last_body())
}

const MONDAY: [(&str, &str); 4] = [("type", "WEEK"), ("day", "MONDAY"), ("from", ""), ("to", "")];

fn event(date: &str) -> [(&'static str, &str); 4] {
    [("type", "EVENT"), ("day", ""), ("from", date), ("to", date)]
}

#[tokio::test(start_paused = true)]
async fn entries_of_the_same_days_are_one_record() {
    let body =
        json!({"open_hour": [monday("8:00", "12:00"), term("2026-05-08Z"), monday("14:00:00", "18:00")]});
    assert_eq!(
        found(None, &body).await,
        [
            "day=MONDAY hours=08:00-12:00+14:00-18:00 status=OPEN type=WEEK",
            "description=End of term from=2026-05-08 status=OPEN to=2026-05-08 type=EVENT"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn calendar_fields_are_parsed_in_every_format() {
    for body in [json!({}), json!({"open_hour": null}), json!({"open_hour": []}), json!({"open_hour": ""})] {
        assert_eq!(found(None, &body).await, Vec::<String>::new(), "{body}");
    }
    let plain = json!({"open_hour": {"type": "EVENT", "from_date": "2026-05-08", "to_date": "2026-05-08T00:00:00Z", "from_hour": "07:30"}});
    assert_eq!(found(None, &plain).await, ["from=2026-05-08 hours=07:30- to=2026-05-08 type=EVENT"]);
    let mut closed = monday("18:00", "20:00");
    closed["status"] = json!("CLOSED");
    let body = json!({"open_hour": [monday("08:00", "18:00"), closed]});
    assert_eq!(
        found(None, &body).await,
        ["day=MONDAY hours=08:00-18:00+18:00-20:00 status=CLOSED+OPEN type=WEEK"]
    );
    for body in [json!([]), json!({"open_hours": [term("2026-05-08Z")]}), json!({"open_hour": ["x"]})] {
        assert_eq!(snapshot(None, &body).await.unwrap_err().class, Malformed, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn inherited_entries_are_not_sent_as_own() {
    for inherited in [json!(true), json!("true"), json!({"value": "true"})] {
        let mut theirs = monday("08:00", "22:00");
        theirs["inherited"] = inherited;
        let body = json!({"open_hour": [theirs.clone(), term("2026-05-08Z")], "additional_info": {"value": "x"}, "new": 1});
        assert_eq!(found(Some("LAW"), &body).await.len(), 1);
        let close = change(ChangeAction::Update, &event("2026-05-08"), &[("status", "CLOSED".into())]);
        let mut ours = term("2026-05-08Z");
        ours["status"] = json!({"value": "CLOSED"});
        let (line, put) = sent(Some("LAW"), &body, std::slice::from_ref(&close)).await;
        assert_eq!(
            (line.as_str(), put),
            ("PUT /conf/open-hours?scope=LAW", json!({"open_hour": [ours.clone()], "new": 1}))
        );
        // An institution inherits nothing, even if entries carry the flag.
        let (line, put) = sent(None, &body, &[close]).await;
        assert_eq!(
            (line.as_str(), put),
            ("PUT /conf/open-hours?scope=01A", json!({"open_hour": [theirs, ours], "new": 1}))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn new_entry_copies_the_zone_format() {
    let fields = [
        ("status", "OPEN".into()),
        ("description", "End".into()),
        ("hours", FieldValue::list(["08:00-12:00", "13:00-17:00"])),
    ];
    let create = |key: &[(&str, &str)]| [change(ChangeAction::Create, key, &fields)];
    let (_, put) = sent(Some("LAW"), &json!({}), &create(&event("2026-05-08"))).await;
    let new = |from: &str, to: &str| {
        json!({
            "type": {"value": "EVENT"}, "inherited": false, "desc": "End", "from_date": "2026-05-08Z", "to_date": "2026-05-08Z",
            "from_hour": from, "to_hour": to, "status": {"value": "OPEN"},
        })
    };
    assert_eq!(put, json!({"open_hour": [new("08:00", "12:00"), new("13:00", "17:00")]}));
    let own = json!({"type": "EVENT", "from_date": "2026-05-01", "to_date": "2026-05-01", "status": "OPEN"});
    let (_, put) = sent(None, &json!({"open_hour": own}), &create(&MONDAY)).await;
    let new = |from: &str, to: &str| json!({"type": "WEEK", "day_of_week": "MONDAY", "desc": "End", "from_hour": from, "to_hour": to, "status": "OPEN"});
    assert_eq!(put, json!({"open_hour": [own, new("08:00", "12:00"), new("13:00", "17:00")]}));
    let (_, put) = sent(None, &json!({"open_hour": own}), &create(&event("2026-05-08"))).await;
    assert_eq!(put["open_hour"][1]["from_date"], "2026-05-08");
}

#[tokio::test(start_paused = true)]
async fn unchanged_periods_keep_their_content() {
    let body = json!({"open_hour": [monday("8:00", "12:00"), monday("14:00", "18:00"), term("2026-05-08Z")]});
    let set = |hours: FieldValue| [change(ChangeAction::Update, &MONDAY, &[("hours", hours)])];
    let (_, put) =
        sent(None, &body, &set(FieldValue::list(["08:00-12:00", "13:00-18:00", "19:00-20:00"]))).await;
    assert_eq!(
        put,
        json!({"open_hour": [monday("8:00", "12:00"), monday("13:00", "18:00"), monday("19:00", "20:00"), term("2026-05-08Z")]})
    );
    let (_, put) = sent(None, &body, &set(FieldValue::list(["14:00-18:00"]))).await;
    assert_eq!(put, json!({"open_hour": [monday("14:00", "18:00"), term("2026-05-08Z")]}));
    let delete = change(ChangeAction::Delete, &MONDAY, &[]);
    assert_eq!(sent(None, &body, &[delete]).await.1, json!({"open_hour": [term("2026-05-08Z")]}));
}

#[tokio::test(start_paused = true)]
async fn fields_added_to_new_entry_are_ignored() {
    let before = snapshot(None, &json!({"open_hour": [term("2026-05-08Z")]})).await.unwrap();
    let create = [change(ChangeAction::Create, &MONDAY, &[("status", "OPEN".into())])];
    let strays = async |entries: Json| {
        let after = snapshot(None, &json!({"open_hour": entries})).await.unwrap();
        writer(Vec::new()).0.unexpected_differences(&before, &create, &after)
    };
    let mut new = monday("08:00", "22:00");
    new["recurrence_type"] = json!({"value": "WEEKLY"});
    assert_eq!(strays(json!([new, term("2026-05-08")])).await, Vec::<String>::new());
    new["status"] = json!({"value": "CLOSED"});
    assert_eq!(
        strays(json!([new, term("2026-05-08Z")])).await,
        ["record `type=WEEK, day=MONDAY`: `status` is \"CLOSED\", should be \"OPEN\""]
    );
    let mut old = term("2026-05-08Z");
    old["recurrence_type"] = json!({"value": "YEARLY"});
    assert_eq!(strays(json!([monday("08:00", "22:00"), old])).await.len(), 1);
}
