//! Tests of JSON and XML: the same tables in both formats, and the formats of errors.

use super::super::ErrorShape;
use super::*;

fn xml(method: Method, key: &str, path: &str, body: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(format!("https://alma.test/almaws/v1{path}"))
        .header("authorization", format!("apikey {key}"))
        .header("content-type", "application/xml; charset=UTF-8")
        .body(Bytes::from(body.to_owned()))
        .unwrap()
}

#[tokio::test]
async fn response_without_requested_format_is_xml() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let response =
        send(&emulator, xml(Method::GET, "r-nz", "/conf/code-tables/BooleanYesNo", "")).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/xml;charset=UTF-8");
    assert_eq!(
        text(&response),
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\
         <code_table link=\"http://127.0.0.1:8080/almaws/v1/conf/code-tables/BooleanYesNo\"><name>BooleanYesNo</name>\
         <description>Yes or No</description><sub_system desc=\"General\">INFRA</sub_system>\
         <patron_facing>false</patron_facing><scope><institution_id desc=\"01OMNI_NETWORK\">01OMNI_NETWORK</institution_id>\
         <library_id desc=\"\"></library_id></scope><language desc=\"English\">en</language>\
         <rows><row><code>true</code><description>Yes</description><default>false</default><enabled>true</enabled></row>\
         <row><code>false</code><description>No</description><default>false</default><enabled>true</enabled></row></rows></code_table>"
    );
}

#[tokio::test]
async fn put_of_unchanged_xml_changes_nothing() {
    let emulator = network(EmulatorConfig::without_thresholds());
    for path in [BLOCKS, DEFINITIONS] {
        let (_, before) = get(&emulator, "r-alpha", path).await;
        let read = send(&emulator, xml(Method::GET, "r-alpha", path, "")).await.unwrap();
        let written = send(&emulator, xml(Method::PUT, "w-alpha", path, &text(&read))).await.unwrap();
        assert_eq!((written.status().as_u16(), text(&written)), (200, text(&read)));
        assert_eq!(get(&emulator, "r-alpha", path).await.1, before);
    }
}

#[tokio::test]
async fn deeply_nested_bodies_are_refused() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let deep = "<code_table>".repeat(1_000_000);
    let refused = send(&emulator, xml(Method::PUT, "w-alpha", BLOCKS, &deep)).await.unwrap();
    assert_eq!(refused.status(), 400);
    let reason = "the elements are nested more than 128 levels deep";
    assert!(text(&refused).contains(reason), "{}", text(&refused));
}

#[tokio::test]
async fn xml_entities_are_decoded() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let body = "<code_table><name>JobTitles</name><sub_system>USER_MANAGEMENT</sub_system><patron_facing>false</patron_facing>\
                <scope><institution_id>01OMNI_ALPHA</institution_id><library_id/></scope>\
                <rows><row><code>A</code><description>Cataloguing &amp; &lt;metadata&gt; &#233;</description></row></rows></code_table>";
    let path = "/conf/code-tables/JobTitles";
    let written = send(&emulator, xml(Method::PUT, "w-alpha", path, body)).await.unwrap();
    assert_eq!(written.status(), 200, "{}", text(&written));
    assert!(text(&written).contains("Cataloguing &amp; &lt;metadata&gt; é"), "{}", text(&written));
    let (_, table) = get(&emulator, "r-alpha", path).await;
    assert_eq!(row(&table, "A")["description"], "Cataloguing & <metadata> é");
}

#[tokio::test]
async fn body_without_table_is_an_invalid_request() {
    let emulator = network(EmulatorConfig::without_thresholds());
    for body in ["", "<code_table>", "<other/>", "<code_table></rows></code_table>", "{}"] {
        let answer = send(&emulator, xml(Method::PUT, "w-alpha", BLOCKS, body)).await.unwrap();
        assert_eq!(answer.status(), 400, "{body}");
        assert!(
            text(&answer).contains("<errorCode>INVALID_REQUEST</errorCode>"),
            "{body}: {}",
            text(&answer)
        );
    }
}

#[tokio::test]
async fn format_parameter_overrides_accept_header() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let response = try_get(&emulator, "r-nz", &format!("{BLOCKS}?format=xml")).await.unwrap();
    assert!(text(&response).starts_with("<?xml"));
    let request = xml(Method::GET, "r-nz", &format!("{BLOCKS}?format=json"), "");
    let response = send(&emulator, request).await.unwrap();
    assert_eq!(answer(response).1["name"], "UserBlockDescription");
}

#[tokio::test]
async fn gateway_errors_have_four_formats() {
    let shaped = async |shape: ErrorShape| {
        let emulator =
            network(EmulatorConfig { gateway_errors: shape, ..EmulatorConfig::without_thresholds() });
        answer(try_get(&emulator, "nobody", BLOCKS).await.unwrap())
    };
    let (_, list) = shaped(ErrorShape::JsonList).await;
    assert_eq!(list["errorList"]["error"][0]["errorCode"], "INVALID_REQUEST");
    let (_, object) = shaped(ErrorShape::JsonObject).await;
    assert_eq!(object["web_service_result"]["errorList"]["error"]["errorCode"], "INVALID_REQUEST");
    let (_, xml) = shaped(ErrorShape::Xml).await;
    assert!(xml.as_str().unwrap().contains("xmlns=\"http://com/exlibris/urm/general/xmlbeans\""));
    let (status, html) = shaped(ErrorShape::Html).await;
    assert!(html.as_str().unwrap().starts_with("<!doctype html>"));
    assert_eq!(status, 403);
}

#[tokio::test]
async fn alma_errors_use_requested_format() {
    let emulator =
        network(EmulatorConfig { gateway_errors: ErrorShape::Html, ..EmulatorConfig::without_thresholds() });
    assert_eq!(refusal(&get(&emulator, "r-nz", "/conf/code-tables/Nothing").await), (400, "90101"));
    let response = send(&emulator, xml(Method::GET, "r-nz", "/conf/code-tables/Nothing", "")).await.unwrap();
    assert!(text(&response).contains("<errorCode>90101</errorCode>"));
}
