//! Letters: JSON formats, XML of a PUT, and unchanged content.

use super::*;
use crate::model::FailureClass::{Malformed, Mismatch, UnknownName};
use crate::provider::{WriteError, ZoneWriter};

fn letter() -> Json {
    json!({
        "link": "https://alma.test/almaws/v1/conf/letters/T", "code": "T", "enabled": {"value": "true", "desc": "Yes"},
        "name": "The <letter>", "retention_period": "60", "customized": {"value": "false", "desc": "No"},
        "updated_by": {"value": "m.tremblay", "desc": "M. Tremblay"}, "update_date": "2025-01-02Z",
        "labels": {"value": "T", "desc": "T"}, "xsl": "<a>\r\n</a>\r\n", "unknown": null,
    })
}

async fn snapshot(body: &Json) -> Result<CollectionSnapshot, ZoneFailure> {
    read(vec![ok(body)], &id("Letter", None, None)).await
}

/// Returns path and body of the PUT for these edits.
async fn sent(
    fresh: &CollectionSnapshot,
    edits: &[(&str, FieldValue)],
) -> Result<(String, String), WriteError> {
    let (writer, script) = writer(vec![reply(200, "")]);
    write(&writer, fresh, &[change(ChangeAction::Update, &[], edits)]).await?;
    let seen = script.seen.lock().unwrap();
    let last = seen.last().unwrap();
    Ok((last.line.clone(), last.body.clone()))
}

#[tokio::test(start_paused = true)]
async fn letter_is_one_record_without_key() {
    let found = snapshot(&letter()).await.unwrap().observed;
    let [record] = found.records.as_slice() else { panic!("one record") };
    assert_eq!(
        record.fields,
        Record::from([("enabled".into(), true.into()), ("xsl".into(), "<a>\n</a>".into())])
    );
    assert_eq!(
        (record.updated_by.as_deref(), record.update_date.as_deref()),
        (Some("m.tremblay"), Some("2025-01-02Z"))
    );
}

#[tokio::test(start_paused = true)]
async fn letter_fields_are_parsed_in_every_format() {
    for (enabled, value) in [
        (json!("false"), Some(false)),
        (json!(true), Some(true)),
        (json!({"value": true}), Some(true)),
        (json!(null), None),
        (json!({"desc": "Yes"}), None),
    ] {
        let body = json!({"code": "t", "enabled": enabled, "xsl": {"value": "<a/>"}});
        let found = snapshot(&body).await.unwrap().observed.records.remove(0).fields;
        assert_eq!(found.get("enabled"), value.map(FieldValue::Bool).as_ref(), "{body}");
        assert_eq!(found.get("xsl"), Some(&"<a/>".into()));
    }
    assert_eq!(
        snapshot(&json!({"code": "T"})).await.unwrap().observed.records[0].fields["xsl"],
        FieldValue::Null
    );
}

#[tokio::test(start_paused = true)]
async fn response_for_another_letter_is_malformed() {
    for body in [
        json!({"code": "OTHER", "xsl": "<a/>"}),
        json!({}),
        json!([]),
        json!({"code": "T", "enabled": "maybe"}),
    ] {
        assert_eq!(snapshot(&body).await.unwrap_err().class, Malformed, "{body}");
    }
    assert_eq!(
        read(vec![error(400, "60344")], &id("Letter", None, None)).await.unwrap_err().class,
        UnknownName
    );
}

#[tokio::test(start_paused = true)]
async fn whole_letter_is_sent_as_xml_with_changes() {
    let fresh = snapshot(&letter()).await.unwrap();
    let (line, body) = sent(&fresh, &[("enabled", false.into())]).await.unwrap();
    assert_eq!(line, "PUT /conf/letters/T");
    assert_eq!(
        body,
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\
         <letter link=\"https://alma.test/almaws/v1/conf/letters/T\"><code>T</code><enabled>false</enabled>\
         <name>The &lt;letter&gt;</name><retention_period>60</retention_period>\
         <customized desc=\"No\">false</customized><updated_by desc=\"M. Tremblay\">m.tremblay</updated_by>\
         <update_date>2025-01-02Z</update_date><labels desc=\"T\">T</labels>\
         <xsl>&lt;a&gt;&#13;\n&lt;/a&gt;&#13;\n</xsl></letter>"
    );
    let (_, body) = sent(&fresh, &[("xsl", "<b/>".into())]).await.unwrap();
    assert!(
        body.contains("<enabled desc=\"Yes\">true</enabled>") && body.contains("<xsl>&lt;b/&gt;</xsl>"),
        "{body}"
    );
}

#[tokio::test(start_paused = true)]
async fn letter_is_never_emptied_or_deleted() {
    let fresh = snapshot(&letter()).await.unwrap();
    let Err(WriteError::Refused(failure)) = sent(&fresh, &[("xsl", FieldValue::Null)]).await else {
        panic!("sent")
    };
    assert_eq!(failure.class, Mismatch);
    let (writer, script) = writer(Vec::new());
    let delete = write(&writer, &fresh, &[change(ChangeAction::Delete, &[], &[])]).await;
    assert!(matches!(delete, Err(WriteError::Refused(_))));
    assert!(script.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn zone_fields_are_ignored_other_differences_reported() {
    let (before, edits) = (snapshot(&letter()).await.unwrap(), [("xsl", FieldValue::from("<b/>"))]);
    let changes = [change(ChangeAction::Update, &[], &edits)];
    let strays = async |change: fn(&mut Json)| {
        let mut after = letter();
        after["xsl"] = json!("<b/>\n");
        change(&mut after);
        let (writer, _) = writer(Vec::new());
        writer.unexpected_differences(&before, &changes, &snapshot(&after).await.unwrap())
    };
    let own = |after: &mut Json| {
        after["customized"] = json!({"value": "true", "desc": "Yes"});
        after["updated_by"] = json!({"value": "API"});
        after["update_date"] = json!("2026-01-01Z");
    };
    assert_eq!(strays(own).await, Vec::<String>::new());
    assert_eq!(strays(|after| after["name"] = json!("x")).await, ["`name` is \"x\", was \"The <letter>\""]);
    assert_eq!(
        strays(|after| after["enabled"] = json!("false")).await,
        ["`enabled` is false, should be true"]
    );
    assert_eq!(strays(|after| after["xsl"] = json!("<c/>")).await, ["`xsl` is \"<c/>\", should be \"<b/>\""]);
}
