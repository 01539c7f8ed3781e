//! Error responses: classes and messages.

use super::*;
use crate::model::FailureClass::{
    Denied, Locked, Malformed, Mismatch, Missing, Rejected, UnknownName, WrongZone,
};

async fn failure(step: ScriptedResponse) -> ZoneFailure {
    // The zone's list of tables follows an unknown code.
    let list = json!({"total_record_count": 2, "code_table": [{"name": "TT"}, {"name": "Other"}]});
    read(vec![step, ok(&list)], &id("CodeTable", None, None)).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn each_error_code_has_a_failure_class() {
    for (status, code, class) in [
        (400, "UNAUTHORIZED", Denied),
        (403, "FORBIDDEN", Denied),
        (403, "INVALID_REQUEST", Denied),
        (400, "90101", UnknownName),
        (400, "90102", Locked),
        (400, "90123", Locked),
        (400, "90125", Locked),
        (400, "90121", Mismatch),
        (400, "90127", Mismatch),
        (400, "90100", Rejected),
        (400, "40166411", Rejected),
        (200, "90101", UnknownName),
    ] {
        assert_eq!(failure(error(status, code)).await.class, class, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn help_fits_the_request_and_the_key() {
    for (status, code, help, other) in [
        (403, "FORBIDDEN", "is complete", "Developer Network"),
        (403, "INVALID_REQUEST", "is complete", "Developer Network"),
        (400, "UNAUTHORIZED", "Developer Network", "IP address"),
        (400, "60105", "Content-Type", "area"),
        (400, "60343", "try again later", "area"),
        (400, "90100", "the code of the table", "tableName"),
        (400, "90126", "the code of the table", "tableName"),
        (400, "402216", "ID of the job", "area"),
        (400, "402219", "ID of the job", "area"),
        (400, "40166410", "codes in the manifest", "area"),
    ] {
        let found = failure(error(status, code)).await.help.unwrap_or_default();
        assert!(found.contains(help) && !found.contains(other), "{code}: {found}");
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_table_has_suggestions_from_the_list_of_the_zone() {
    let unknown = failure(error(400, "90101")).await;
    assert_eq!(unknown.help.as_deref(), Some("did you mean `TT`?"));
}

#[tokio::test(start_paused = true)]
async fn error_message_contains_request_code_and_tracking_id() {
    let failure = failure(error(400, "90102")).await;
    assert_eq!(failure.message, "`GET /conf/code-tables/T` returned 400: 90102 Because");
    assert_eq!(failure.tracking_id.as_deref(), Some("E01-1"));
    assert!(failure.to_string().ends_with("Because (tracking id E01-1)"));
    assert!(failure.help.is_some());
}

#[tokio::test(start_paused = true)]
async fn unauthorized_page_points_to_the_gateway() {
    let failure = failure(reply(401, "<html><title>HTTP Status 401 – Unauthorized</title></html>")).await;
    assert_eq!(failure.class, Denied);
    assert!(failure.help.unwrap().contains("gateway"));
}

#[tokio::test(start_paused = true)]
async fn xml_errors_are_parsed_even_with_status_200() {
    let body = "<e:web_service_result xmlns:e=\"x\"><e:errorsExist>true</e:errorsExist><e:errorList><e:error>\
                <e:errorCode>UNAUTHORIZED</e:errorCode></e:error></e:errorList></e:web_service_result>";
    assert_eq!(failure(reply(400, body)).await.class, Denied);
    assert_eq!(failure(reply(200, body)).await.class, Denied);
}

#[tokio::test(start_paused = true)]
async fn redirect_is_reported_without_its_query() {
    let step = ScriptedResponse::Reply(
        302,
        vec![("location", "https://login.test/x?apikey=l8xxabc")],
        String::new(),
    );
    let failure = failure(step).await;
    assert_eq!(failure.class, Malformed);
    assert!(
        failure.message.ends_with("a redirect to https://login.test/x, which is not followed"),
        "{failure}"
    );
}

#[tokio::test(start_paused = true)]
async fn table_of_another_institution_is_wrong_zone() {
    let body = json!({"name": "T", "scope": {"institution_id": {"value": "01B"}}});
    let failure = failure(ok(&body)).await;
    assert_eq!(failure.class, WrongZone);
    assert_eq!(failure.message, "the API key belongs to `01B`, not to `01A`");
}

#[tokio::test(start_paused = true)]
async fn unserved_kinds_and_invalid_codes_send_no_request() {
    let (reader, script) = reader(Vec::new());
    let failure = reader.read_collection(&id("AvailabilityGroups", None, None)).await.unwrap_err();
    assert_eq!(failure.class, Missing);
    let dots = CollectionId { table: TableName::Code("..".into()), ..id("CodeTable", None, None) };
    assert_eq!(reader.read_collection(&dots).await.unwrap_err().class, Mismatch);
    assert!(script.lines().is_empty());
}
