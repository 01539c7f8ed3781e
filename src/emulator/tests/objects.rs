//! Tests of letters, relations and opening hours.

use serde::Serialize;

use super::*;
use crate::emulator::{
    ClosedStatus, EditAction, EditTrigger, EmulatedOpenHour, EventEnd, InstitutionHours, InstitutionScope,
    LetterEdit, LetterEnabled, LibrarianEdit, OpenHoursEdit, OptionalFields, PastHours, RelationEdit,
    RelationShape, WeekEnd,
};

const LETTER: &str = "/conf/letters/FulPlaceOnHoldShelfLetter";

async fn put_xml(emulator: &Emulator, path: &str, body: &str) -> (u16, Value) {
    let mut request = request(Method::PUT, "w-alpha", path, Bytes::from(body.to_owned()));
    request.headers_mut().insert("content-type", "application/xml".parse().unwrap());
    answer(send(emulator, request).await.unwrap())
}

fn xml(xsl: &str) -> String {
    format!(
        "<letter link=\"x\"><code>FulPlaceOnHoldShelfLetter</code><enabled desc=\"No\">false</enabled><name>Mine</name>\
         <retention_period>1</retention_period><xsl>{xsl}</xsl></letter>"
    )
}

fn edit(kind: &str, library: Option<&str>, action: impl Serialize) -> LibrarianEdit {
    LibrarianEdit {
        zone: "01OMNI_ALPHA".to_owned(),
        kind: kind.into(),
        table: "FulPlaceOnHoldShelfLetter".to_owned(),
        library: library.map(str::to_owned),
        by: "m.tremblay".to_owned(),
        when: EditTrigger::Now,
        action: EditAction::new(action),
    }
}

#[tokio::test]
async fn letter_put_takes_stylesheet_and_ignores_other_fields() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (status, answered) = put_xml(&emulator, LETTER, &xml("&lt;a b=&quot;c&quot;/&gt;&#13;\n")).await;
    assert_eq!(status, 200, "{answered}");
    let (_, letter) = get(&emulator, "r-alpha", LETTER).await;
    assert_eq!(letter["xsl"], "<a b=\"c\"/>\r\n");
    assert_eq!(letter["enabled"], json!({"value": "false", "desc": "No"}));
    assert_eq!(
        (&letter["name"], &letter["retention_period"]),
        (&json!("On Hold Shelf Letter"), &json!("60"))
    );
    assert_eq!(
        (&letter["customized"]["value"], &letter["updated_by"]["value"]),
        (&json!("true"), &json!("API_USER"))
    );
    let (_, list) = get(&emulator, "r-alpha", "/conf/letters").await;
    assert_eq!(list["total_record_count"], 4);
    assert!(list["letter"].as_array().unwrap().iter().all(|letter| letter.get("xsl").is_none()));
}

#[tokio::test]
async fn invalid_letter_put_returns_documented_codes() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, letter) = get(&emulator, "r-alpha", LETTER).await;
    assert_eq!(refusal(&put(&emulator, "w-alpha", LETTER, &letter).await), (400, "60105"));
    assert_eq!(refusal(&put_xml(&emulator, LETTER, &xml(" ")).await), (400, "60343"));
    assert_eq!(refusal(&put_xml(&emulator, LETTER, "<letter><xsl>x</xsl></letter>").await), (400, "60343"));
    assert_eq!(
        refusal(&put_xml(&emulator, LETTER, "<letter><xsl>x</letter>").await),
        (400, "INVALID_REQUEST")
    );
    assert_eq!(refusal(&put_xml(&emulator, "/conf/letters/footer", &xml("x")).await), (400, "60343"));
    assert_eq!(refusal(&put_xml(&emulator, "/conf/letters/NONE", &xml("x")).await), (400, "40166411"));
    assert_eq!(refusal(&get(&emulator, "r-alpha", "/conf/letters/NONE").await), (400, "40166411"));
    assert_eq!(get(&emulator, "r-alpha", LETTER).await.1, letter);
}

#[tokio::test]
async fn letter_put_can_ignore_enabled() {
    let emulator = network(EmulatorConfig {
        letter_enabled: LetterEnabled::Ignored,
        ..EmulatorConfig::without_thresholds()
    });
    assert_eq!(put_xml(&emulator, LETTER, &xml("x")).await.1["enabled"]["value"], "true");
}

#[tokio::test]
async fn sparse_letter_omits_optional_fields() {
    let emulator = network(EmulatorConfig {
        optional_fields: OptionalFields::Sparse,
        ..EmulatorConfig::without_thresholds()
    });
    let (_, letter) = get(&emulator, "r-alpha", LETTER).await;
    assert!(
        letter.get("channel").is_none() && letter.get("labels").is_none() && letter.get("code").is_some()
    );
}

#[tokio::test]
async fn relations_are_replaced_in_both_shapes_and_formats() {
    let path = "/conf/relations?scope=MAIN";
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, before) = get(&emulator, "r-alpha", path).await;
    assert_eq!(before["relation"][0]["library"], json!({"value": "LAW", "desc": "LAW"}));
    assert_eq!(before["relation"].as_array().unwrap().len(), 2);
    let sent =
        "<relations><relation><library>LAW</library><type desc=\"r\">RETURN</type></relation></relations>";
    let (_, after) = put_xml(&emulator, path, sent).await;
    assert_eq!(
        after["relation"],
        json!([{"library": {"value": "LAW", "desc": "LAW"}, "type": {"value": "RETURN", "desc": "return"}}])
    );
    assert_eq!(put_xml(&emulator, path, "<relations/>").await.1, json!({"total_record_count": 0}));
    let grouped =
        EmulatorConfig { relation_shape: RelationShape::Grouped, ..EmulatorConfig::without_thresholds() };
    emulator.control().set_behaviour(grouped).unwrap();
    let sent = json!({"relations": [{"target_library": "LAW", "types": ["PICKUP"], "remark": "x"}]});
    assert_eq!(put(&emulator, "w-alpha", path, &sent).await, (200, sent));
}

#[tokio::test]
async fn invalid_relations_return_documented_codes() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let refused = async |path: &str| {
        let (status, code) = {
            let got = get(&emulator, "r-alpha", path).await;
            (got.0, refusal(&got).1.to_owned())
        };
        (status, code)
    };
    assert_eq!(refused("/conf/relations").await, (400, "40166413".to_owned()));
    assert_eq!(refused("/conf/relations?scope=NONE").await, (400, "40166411".to_owned()));
    let to =
        |library: &str| json!({"relation": [{"library": {"value": library}, "type": {"value": "RETURN"}}]});
    let path = "/conf/relations?scope=MAIN";
    assert_eq!(refusal(&put(&emulator, "w-alpha", path, &to("NONE")).await), (400, "40166411"));
    assert_eq!(refusal(&put(&emulator, "r-alpha", path, &to("LAW")).await), (400, "UNAUTHORIZED"));
    assert_eq!(
        refusal(&put(&emulator, "w-alpha", path, &json!({"relation": "x"})).await),
        (400, "INVALID_REQUEST")
    );
}

#[tokio::test]
async fn library_inherits_hours_for_undefined_days() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let whose = |(_, body): (u16, Value)| -> Vec<(String, bool)> {
        let hours = body["open_hour"].as_array().unwrap().clone();
        let day = |hour: &Value| hour["day_of_week"]["value"].as_str().unwrap_or("-").to_owned();
        hours.iter().map(|hour| (day(hour), hour["inherited"] == true)).collect()
    };
    let law = "/conf/open-hours?scope=LAW";
    let hours = whose(get(&emulator, "r-alpha", law).await);
    assert_eq!(
        hours[..3],
        [("SATURDAY".to_owned(), false), ("SATURDAY".to_owned(), false), ("MONDAY".to_owned(), true)]
    );
    let own = json!({"open_hour": [{"type": {"value": "WEEK"}, "day_of_week": {"value": "MONDAY"}, "status": {"value": "CLOSED"}}]});
    let hours = whose(put(&emulator, "w-alpha", law, &own).await);
    assert_eq!(hours[..2], [("MONDAY".to_owned(), false), ("TUESDAY".to_owned(), true)]);
    for path in ["/conf/open-hours?scope=01OMNI_ALPHA", "/conf/open-hours"] {
        assert!(whose(get(&emulator, "r-alpha", path).await).iter().all(|(_, inherited)| !inherited));
    }
    let inherited = EmulatorConfig {
        institution_hours: InstitutionHours::Inherited,
        ..EmulatorConfig::without_thresholds()
    };
    emulator.control().set_behaviour(inherited).unwrap();
    assert!(
        whose(get(&emulator, "r-alpha", "/conf/open-hours").await).iter().all(|(_, inherited)| *inherited)
    );
    assert_eq!(refusal(&get(&emulator, "r-alpha", "/conf/open-hours?scope=NONE").await), (400, "40166411"));
    assert_eq!(
        refusal(&put(&emulator, "w-alpha", law, &json!({"open_hour": [{}]})).await),
        (400, "INVALID_REQUEST")
    );
}

#[tokio::test]
async fn opening_hours_put_accepts_xml() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let sent = "<open_hours><open_hour><type desc=\"Event\">EVENT</type><inherited>false</inherited><desc>End</desc>\
                <from_date>2026-05-08Z</from_date><to_date>2026-05-08Z</to_date><status>OPEN</status></open_hour></open_hours>";
    let (_, hours) = put_xml(&emulator, "/conf/open-hours?scope=01OMNI_ALPHA", sent).await;
    assert_eq!(hours["open_hour"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&hours["open_hour"][0]["desc"], &hours["open_hour"][0]["from_date"]),
        (&json!("End"), &json!("2026-05-08Z"))
    );
}

#[tokio::test]
async fn calendar_has_the_habits_of_live_zones() {
    let habits = EmulatorConfig {
        institution_scope: InstitutionScope::Refused,
        closed_status: ClosedStatus::Close,
        event_end: EventEnd::Dropped,
        week_end: WeekEnd::Moved,
        past_hours: PastHours::Refused,
        ..EmulatorConfig::without_thresholds()
    };
    let emulator = network(habits);
    let own_code = get(&emulator, "r-alpha", "/conf/open-hours?scope=01OMNI_ALPHA").await;
    assert_eq!(refusal(&own_code), (400, "40166411"));
    let path = "/conf/open-hours";
    let (_, mut calendar) = get(&emulator, "r-alpha", path).await;
    assert_eq!(calendar["open_hour"][5]["status"]["value"], "CLOSE");
    let sent = async |calendar: &Value| put(&emulator, "w-alpha", path, calendar).await;
    // Past entries, `CLOSED`, and an exception for a day over several dates are refused.
    for (member, value) in [("desc", json!("Other")), ("status", json!({"value": "CLOSED"}))] {
        let mut edited = calendar.clone();
        edited["open_hour"][5][member] = value;
        assert_eq!(refusal(&sent(&edited).await), (400, "INVALID_REQUEST"));
    }
    let entry = |kind: &str, to: &str| {
        let day = if kind == "EVENT" { json!(null) } else { json!({"value": "FRIDAY"}) };
        json!({"type": {"value": kind}, "day_of_week": day, "from_date": "2026-05-08Z", "to_date": to, "status": {"value": "OPEN"}})
    };
    calendar["open_hour"].as_array_mut().unwrap().push(entry("EXCEPTION", "2026-05-15Z"));
    assert_eq!(refusal(&sent(&calendar).await), (400, "INVALID_REQUEST"));
    calendar["open_hour"][6] = entry("EVENT", "2026-05-08Z");
    let (_, read) = sent(&calendar).await;
    assert_eq!(read["open_hour"][6].get("to_date"), None);
    assert_eq!(read["open_hour"][0]["to_date"], "2029-03-02Z");
    let copy = EmulatedOpenHour {
        kind: "EVENT".to_owned(),
        status: "OPEN".to_owned(),
        ..EmulatedOpenHour::default()
    };
    for _ in 0..2 {
        emulator
            .control()
            .edit(edit("open_hours", None, OpenHoursEdit::AddHours(Box::new(copy.clone()))))
            .unwrap();
    }
    assert_eq!(get(&emulator, "r-alpha", path).await.1["open_hour"].as_array().unwrap().len(), 9);
}

#[tokio::test]
async fn librarian_edits_letters_relations_and_hours() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let control = emulator.control();
    let set = LetterEdit::SetLetter { xsl: Some("<a/>".to_owned()), enabled: Some(false), name: None };
    control.edit(LibrarianEdit { when: EditTrigger::AfterReads(1), ..edit("letter", None, set) }).unwrap();
    assert_ne!(get(&emulator, "r-alpha", LETTER).await.1["xsl"], "<a/>");
    let (_, letter) = get(&emulator, "r-alpha", LETTER).await;
    assert_eq!((&letter["xsl"], &letter["updated_by"]["value"]), (&json!("<a/>"), &json!("m.tremblay")));
    let relation = RelationEdit::SetRelation { library: "MAIN".to_owned(), types: vec!["RETURN".to_owned()] };
    control.edit(edit("relations", Some("LAW"), relation)).unwrap();
    assert_eq!(get(&emulator, "r-alpha", "/conf/relations?scope=LAW").await.1["total_record_count"], 1);
    let hour = EmulatedOpenHour {
        kind: "EVENT".to_owned(),
        status: "OPEN".to_owned(),
        description: "x".to_owned(),
        ..EmulatedOpenHour::default()
    };
    control.edit(edit("open_hours", None, OpenHoursEdit::SetHours(Box::new(hour)))).unwrap();
    assert_eq!(
        get(&emulator, "r-alpha", "/conf/open-hours").await.1["open_hour"].as_array().unwrap().len(),
        7
    );
    control
        .edit(edit("open_hours", None, OpenHoursEdit::DeleteHours { description: "x".to_owned() }))
        .unwrap();
    control
        .edit(edit("relations", Some("LAW"), RelationEdit::DeleteRelation { library: "MAIN".to_owned() }))
        .unwrap();
    control.edit(edit("letter", None, LetterEdit::Remove)).unwrap();
    assert_eq!(refusal(&get(&emulator, "r-alpha", LETTER).await).1, "40166411");
    let refused = |edit: LibrarianEdit| control.edit(edit).unwrap_err().to_string();
    assert_eq!(
        refused(edit("open_hours", None, LetterEdit::Remove)),
        "invalid action for opening hours: use set_hours, add_hours or delete_hours"
    );
    assert_eq!(
        refused(edit("relations", Some("NONE"), LetterEdit::Remove)),
        "zone `01OMNI_ALPHA` has no relations of library `NONE`"
    );
    assert_eq!(
        refused(edit("letter", None, LetterEdit::Remove)),
        "zone `01OMNI_ALPHA` has no letter `FulPlaceOnHoldShelfLetter`"
    );
}
