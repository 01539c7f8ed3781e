//! Calendars: own entries, records, and PUT bodies.

use super::*;
use crate::model::FailureClass::Malformed;
use crate::provider::ZoneWriter;
use crate::provider::alma::table_layout::inner;

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

type Key<'a> = [(&'static str, &'a str); 5];

fn key<'a>([kind, day, from, to, description]: [&'a str; 5]) -> Key<'a> {
    [("type", kind), ("day", day), ("from", from), ("to", to), ("description", description)]
}

const MONDAY: Key<'_> = [("type", "WEEK"), ("day", "MONDAY"), ("from", ""), ("to", ""), ("description", "")];

fn event(date: &str) -> Key<'_> {
    key(["EVENT", "", date, "", "End of term"])
}

#[tokio::test(start_paused = true)]
async fn entries_of_the_same_days_are_one_record() {
    let body =
        json!({"open_hour": [monday("8:00", "12:00"), term("2026-05-08Z"), monday("14:00:00", "18:00")]});
    assert_eq!(
        found(None, &body).await,
        [
            "day=MONDAY hours=08:00-12:00+14:00-18:00 status=OPEN type=WEEK",
            "description=End of term from=2026-05-08 status=OPEN type=EVENT"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn calendar_fields_are_parsed_in_every_format() {
    for body in [json!({}), json!({"open_hour": null}), json!({"open_hour": []}), json!({"open_hour": ""})] {
        assert_eq!(found(None, &body).await, Vec::<String>::new(), "{body}");
    }
    let plain = json!({"open_hour": {"type": "EVENT", "from_date": "2026-05-08", "to_date": "2026-05-08T00:00:00Z", "from_hour": "07:30"}});
    assert_eq!(found(None, &plain).await, ["from=2026-05-08 hours=07:30- type=EVENT"]);
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
        ours["status"] = json!({"value": "CLOSE"});
        let (line, put) = sent(Some("LAW"), &body, std::slice::from_ref(&close)).await;
        assert_eq!(
            (line.as_str(), put),
            ("PUT /conf/open-hours?scope=LAW", json!({"open_hour": [ours.clone()], "new": 1}))
        );
        // An institution inherits nothing, even if entries carry the flag.
        let (line, put) = sent(None, &body, &[close]).await;
        assert_eq!(
            (line.as_str(), put),
            ("PUT /conf/open-hours", json!({"open_hour": [theirs, ours], "new": 1}))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn new_entry_copies_the_zone_format() {
    let fields = [("status", "OPEN".into()), ("hours", FieldValue::list(["08:00-12:00", "13:00-17:00"]))];
    let create = |key: &[(&str, &str)]| [change(ChangeAction::Create, key, &fields)];
    let (_, put) = sent(Some("LAW"), &json!({}), &create(&event("2026-05-08"))).await;
    let new = |from: &str, to: &str| {
        json!({
            "type": {"value": "EVENT"}, "inherited": false, "desc": "End of term", "from_date": "2026-05-08Z",
            "from_hour": from, "to_hour": to, "status": {"value": "OPEN"},
        })
    };
    assert_eq!(put, json!({"open_hour": [new("08:00", "12:00"), new("13:00", "17:00")]}));
    let own = json!({"type": "EVENT", "from_date": "2026-05-01", "to_date": "2026-05-01", "status": "OPEN"});
    let (_, put) = sent(None, &json!({"open_hour": own}), &create(&MONDAY)).await;
    let new = |from: &str, to: &str| json!({"type": "WEEK", "day_of_week": "MONDAY", "from_hour": from, "to_hour": to, "status": "OPEN"});
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

/// Entry in the format of live zones.
fn exception(description: &str, day: Option<&str>, [from, to]: [&str; 2], status: &str) -> Json {
    let mut entry = json!({
        "type": {"value": "EXCEPTION", "desc": "Exception"}, "inherited": false, "desc": description,
        "recurrence_type": {"value": "YEARLY"}, "status": {"value": status, "desc": "As the zone says"},
        "from_hour": "00:00", "to_hour": "23:59", "new": 1,
    });
    for (member, date) in [("from_date", from), ("to_date", to)] {
        if !date.is_empty() {
            entry[member] = json!(format!("{date}Z"));
        }
    }
    if let Some(day) = day {
        entry["day_of_week"] = json!({"value": day});
    }
    entry
}

const HOLIDAY: [&str; 2] = ["2026-11-26", "2026-11-27"];

fn status(key: &Key<'_>, status: &str) -> Change {
    change(ChangeAction::Update, key, &[("status", status.into())])
}

#[tokio::test(start_paused = true)]
async fn each_zone_keeps_its_spelling_of_a_status() {
    let holiday = key(["EXCEPTION", "", "2026-11-26", "2026-11-27", "Thanksgiving"]);
    for spelling in ["CLOSE", "CLOSED"] {
        let body = json!({"open_hour": [exception("Thanksgiving", None, HOLIDAY, spelling), monday("08:00", "12:00")]});
        let records = found(None, &body).await;
        assert!(records[0].contains(" status=CLOSED "), "{records:?}");
        let (_, put) = sent(None, &body, &[status(&MONDAY, "CLOSED")]).await;
        assert_eq!(put["open_hour"][1]["status"], json!({"value": spelling}));
        assert_eq!(put["open_hour"][0], body["open_hour"][0]);
        // An equal status keeps its spelling.
        let (_, put) = sent(None, &body, &[status(&holiday, "CLOSED")]).await;
        assert_eq!(put, body);
    }
    let body = json!({"open_hour": [exception("Thanksgiving", None, HOLIDAY, "STAFF_ONLY"), monday("08:00", "12:00")]});
    assert!(found(None, &body).await[0].contains(" status=STAFF_ONLY "));
    let (_, put) = sent(None, &body, &[status(&MONDAY, "CLOSED")]).await;
    assert_eq!(
        (&put["open_hour"][0], &put["open_hour"][1]["status"]["value"]),
        (&body["open_hour"][0], &json!("CLOSE"))
    );
}

#[tokio::test(start_paused = true)]
async fn institution_calendar_needs_no_scope() {
    let (reader, script) = reader(vec![ok(&json!({}))]);
    reader.read_collection(&of(None)).await.unwrap();
    assert_eq!(script.lines(), ["GET /conf/open-hours"]);
}

#[tokio::test(start_paused = true)]
async fn event_of_one_day_needs_no_end() {
    let mut endless = term("2026-05-08Z");
    endless.as_object_mut().unwrap().shift_remove("to_date");
    let bodies =
        [&endless, &term("2026-05-08Z")].map(|event| json!({"open_hour": [event, monday("08:00", "12:00")]}));
    assert_eq!(found(None, &bodies[0]).await, found(None, &bodies[1]).await);
    for body in bodies {
        let (_, put) = sent(None, &body, &[status(&event("2026-05-08"), "CLOSED")]).await;
        assert_eq!(put["open_hour"][0].get("to_date"), body["open_hour"][0].get("to_date"));
    }
    let (_, put) = sent(None, &json!({}), &[change(ChangeAction::Create, &event("2026-05-08"), &[])]).await;
    assert_eq!(put["open_hour"][0].get("to_date"), None);
}

#[tokio::test(start_paused = true)]
async fn two_events_of_one_date_are_two_records() {
    let mut other = term("2026-05-08Z");
    other["desc"] = json!("Last day of faculty loans");
    let body = json!({"open_hour": [term("2026-05-08Z"), other]});
    assert_eq!(found(None, &body).await.len(), 2);
    let (_, put) = sent(None, &body, &[status(&event("2026-05-08"), "CLOSED")]).await;
    assert_eq!(put["open_hour"][1], body["open_hour"][1]);
    let (_, put) = sent(None, &body, &[change(ChangeAction::Delete, &event("2026-05-08"), &[])]).await;
    assert_eq!(put, json!({"open_hour": [other]}));
}

#[tokio::test(start_paused = true)]
async fn entry_with_part_of_another_key_is_another_record() {
    let mut dated = monday("09:00", "17:00");
    dated["from_date"] = json!("2026-06-01Z");
    dated["desc"] = json!("Summer");
    dated["recurrence_type"] = json!({"value": "WEEKLY"});
    dated["status"] = json!({"value": "CLOSE"});
    let body = json!({"open_hour": [
        monday("08:00", "22:00"),
        dated,
        exception("Holiday", None, ["", ""], "CLOSE"),
        exception("Holiday", Some("FRIDAY"), ["", ""], "OPEN"),
        exception("Holiday", Some("FRIDAY"), ["2026-07-03", "2026-07-03"], "CLOSE"),
    ]});
    let keys = [
        MONDAY,
        key(["WEEK", "MONDAY", "2026-06-01", "", ""]),
        key(["EXCEPTION", "", "", "", "Holiday"]),
        key(["EXCEPTION", "FRIDAY", "", "", "Holiday"]),
        key(["EXCEPTION", "FRIDAY", "2026-07-03", "2026-07-03", "Holiday"]),
    ];
    for (index, key) in keys.iter().enumerate() {
        let (_, put) =
            sent(None, &body, &[change(ChangeAction::Update, key, &[("recurrence", "DAILY".into())])]).await;
        let mut expected = body.clone();
        expected["open_hour"][index]["recurrence_type"] = json!({"value": "DAILY"});
        assert_eq!(put, expected);
        // A new entry is complete, although another entry has a part of its key.
        let mut rest = body["open_hour"].as_array().unwrap().clone();
        rest.remove(index);
        let fields = [("status", "OPEN".into()), ("recurrence", "YEARLY".into())];
        let create = change(ChangeAction::Create, key, &fields);
        let (_, put) = sent(None, &json!({"open_hour": rest}), &[create]).await;
        let new = put["open_hour"][4].clone();
        let plain =
            |member: &str| (inner(&new[member]).clone(), inner(&body["open_hour"][index][member]).clone());
        for member in ["type", "day_of_week", "from_date"] {
            let (sent, read) = plain(member);
            assert_eq!(sent, read, "{member} of {key:?}");
        }
        assert_eq!(
            (inner(&new["status"]), inner(&new["recurrence_type"])),
            (&json!("OPEN"), &json!("YEARLY"))
        );
        assert_eq!(put["open_hour"].as_array().unwrap()[..4], rest);
    }
}

#[tokio::test(start_paused = true)]
async fn institution_does_not_send_entries_of_others() {
    let mut theirs = exception("Network holiday", None, HOLIDAY, "CLOSE");
    theirs["inherited"] = json!(true);
    let body = json!({"open_hour": [theirs, monday("08:00", "22:00")]});
    assert_eq!(found(None, &body).await.len(), 1);
    let (_, put) = sent(None, &body, &[status(&MONDAY, "CLOSED")]).await;
    assert_eq!(put["open_hour"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn moved_end_of_weekly_hours_is_no_difference() {
    let week = |end: &str| {
        let mut week = monday("08:00", "22:00");
        week["to_date"] = json!(end);
        week
    };
    let before = json!({"open_hour": [week("2028-03-01Z"), term("2026-05-08Z")]});
    let after = json!({"open_hour": [week("2029-03-01Z")]});
    let changes = [change(ChangeAction::Delete, &event("2026-05-08"), &[])];
    assert_eq!(sent(None, &before, &changes).await.1["open_hour"], json!([week("2028-03-01Z")]));
    let [before, after] = [snapshot(None, &before).await.unwrap(), snapshot(None, &after).await.unwrap()];
    assert_eq!(writer(Vec::new()).0.unexpected_differences(&before, &changes, &after), Vec::<String>::new());
    assert_eq!(before.observed.records[0], after.observed.records[0]);
    // New weekly hours carry a declared end, which the zone may move.
    let fields = [
        ("status", "OPEN".into()),
        ("endAtCreation", "2026-08-31".into()),
        ("hours", FieldValue::list(["08:00-22:00"])),
    ];
    let create = [change(ChangeAction::Create, &MONDAY, &fields)];
    let (_, put) = sent(None, &json!({}), &create).await;
    assert_eq!(put["open_hour"][0]["to_date"], "2026-08-31Z");
    let nothing = snapshot(None, &json!({})).await.unwrap();
    assert_eq!(writer(Vec::new()).0.unexpected_differences(&nothing, &create, &after), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn copies_of_an_entry_are_counted() {
    let holiday = exception("Thanksgiving", None, HOLIDAY, "CLOSE");
    let body = json!({"open_hour": [holiday, monday("08:00", "12:00"), holiday, monday("13:00", "17:00")]});
    let records = found(None, &body).await;
    assert_eq!(records.len(), 2);
    assert!(records[0].starts_with("copies=2 ") && !records[1].contains("copies"), "{records:?}");
}

/// Institution with every habit of live zones in one calendar, as in responses of three consortia.
#[tokio::test(start_paused = true)]
async fn calendar_with_all_habits_keeps_other_entries() {
    let mut endless = term("2026-12-15Z");
    endless.as_object_mut().unwrap().shift_remove("to_date");
    let mut second = endless.clone();
    second["desc"] = json!("Reserves end");
    let mut dated = monday("09:00", "17:00");
    dated["from_date"] = json!("2026-06-01Z");
    dated["to_date"] = json!("2028-03-01Z");
    let mut theirs = exception("Network holiday", None, HOLIDAY, "CLOSE");
    theirs["inherited"] = json!(true);
    let own = vec![
        exception("Thanksgiving", None, HOLIDAY, "CLOSE"),
        endless,
        second,
        monday("08:00", "12:00"),
        monday("13:00", "22:00"),
        dated,
        exception("Long past", None, ["2020-01-01", "2020-01-01"], "CLOSED"),
        exception("Short Friday", Some("FRIDAY"), ["", ""], "STAFF_ONLY"),
        exception("Short Friday", None, ["", ""], "OPEN"),
        exception("Thanksgiving", None, HOLIDAY, "CLOSE"),
    ];
    let mut all = own.clone();
    all.insert(3, theirs);
    let body = json!({"open_hour": all});
    assert_eq!(found(None, &body).await.len(), 8);
    let new = key(["EXCEPTION", "", "2026-12-24", "2027-01-01", "Winter"]);
    let changes = [
        change(
            ChangeAction::Update,
            &key(["EVENT", "", "2026-12-15", "", "Reserves end"]),
            &[("status", "CLOSED".into())],
        ),
        change(
            ChangeAction::Create,
            &new,
            &[("status", "CLOSED".into()), ("hours", FieldValue::list(["00:00-23:59"]))],
        ),
    ];
    let (line, put) = sent(None, &body, &changes).await;
    assert_eq!(line, "PUT /conf/open-hours");
    // Entries of one record stand together; everything else stays as read, in order.
    let mut expected = own;
    let copy = expected.remove(9);
    expected.insert(1, copy);
    expected[3]["status"] = json!({"value": "CLOSE"});
    expected.push(json!({
        "type": {"value": "EXCEPTION"}, "from_date": "2026-12-24Z", "to_date": "2027-01-01Z", "desc": "Winter",
        "status": {"value": "CLOSE"}, "from_hour": "00:00", "to_hour": "23:59",
    }));
    assert_eq!(put, json!({"open_hour": expected}));
}
