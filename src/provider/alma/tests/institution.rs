//! Identity and libraries of an institution, from any server that speaks the documented shapes.

use super::*;
use crate::model::network::EnvironmentType::Sandbox;
use crate::model::{FailureClass, InstitutionProfile, LibraryListing};

fn library(code: &str, campus: Option<&str>) -> LibraryListing {
    LibraryListing {
        code: code.to_owned(),
        name: format!("{code} Library"),
        campus: campus.map(str::to_owned),
        campus_name: campus.map(|_| "North Campus".to_owned()).unwrap_or_default(),
    }
}

#[tokio::test(start_paused = true)]
async fn institution_is_named_by_its_key() {
    let general = json!({"institution": {"value": "01A", "desc": "Alpha"}, "environment_type": " Sandbox "});
    let (reader, script) = reader(vec![ok(&general)]);
    let expected =
        InstitutionProfile { code: "01A".to_owned(), name: "Alpha".to_owned(), environment: Some(Sandbox) };
    assert_eq!(reader.institution().await.unwrap(), expected);
    assert_eq!(script.lines(), ["GET /conf/general"]);
}

#[tokio::test(start_paused = true)]
async fn institution_without_general_configuration_is_named_by_the_test_request() {
    let test = "<test>GET - OK - institutionCode: 01A</test>";
    for general in [error(400, "402000"), ok(&json!({"institution": null, "environment_type": null}))] {
        let (reader, _) = reader(vec![general, reply(200, test)]);
        let found = reader.institution().await.unwrap();
        assert_eq!((found.code.as_str(), found.name.as_str(), found.environment), ("01A", "", None));
    }
    let (reader, _) = reader(vec![error(400, "402000"), reply(200, "<test>OK</test>")]);
    assert_eq!(reader.institution().await.unwrap_err().class, FailureClass::Malformed);
}

#[tokio::test(start_paused = true)]
async fn members_of_a_library_may_be_missing_or_null() {
    let list = json!({"total_record_count": 3, "library": [
        {"code": "MAIN", "name": "MAIN Library", "campus": {"value": "NORTH", "desc": "North Campus"}},
        {"code": "MAP", "name": "MAP Library", "campus": null},
        {"code": "LAW", "name": "LAW Library", "campus": {"value": "", "desc": null}},
    ]});
    let (reader, script) = reader(vec![ok(&list)]);
    let expected = [library("MAIN", Some("NORTH")), library("MAP", None), library("LAW", None)];
    assert_eq!(reader.libraries().await.unwrap(), expected);
    assert_eq!(script.lines(), ["GET /conf/libraries"]);
}

#[tokio::test(start_paused = true)]
async fn brief_and_paged_list_is_completed() {
    let page = |code: &str| ok(&json!({"total_record_count": 2, "library": [{"code": code}]}));
    let whole = |code: &str| {
        let campus = json!({"value": "NORTH", "desc": "North Campus"});
        ok(&json!({"code": code, "name": format!("{code} Library"), "campus": campus}))
    };
    let (reader, script) = reader(vec![page("A"), page("B"), whole("A"), error(400, "402000")]);
    let brief = LibraryListing { name: String::new(), ..library("B", None) };
    assert_eq!(reader.libraries().await.unwrap(), [library("A", Some("NORTH")), brief]);
    let next = "GET /conf/libraries?limit=100&offset=1";
    assert_eq!(script.lines()[1..3], [next, "GET /conf/libraries/A"]);
}

#[tokio::test(start_paused = true)]
async fn institution_without_libraries_has_none() {
    for list in [json!({"total_record_count": 0}), json!({"library": []}), json!({})] {
        let (reader, _) = reader(vec![ok(&list)]);
        assert_eq!(reader.libraries().await.unwrap(), Vec::new(), "{list}");
    }
}
