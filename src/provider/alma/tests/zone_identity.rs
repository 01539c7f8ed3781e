//! Verification of the key's zone before any write.

use super::*;
use crate::model::FailureClass;
use crate::model::network::EnvironmentType::{Production, Sandbox};
use crate::provider::ZoneWriter;

fn test(code: &str) -> ScriptedResponse {
    reply(200, &format!("<?xml version=\"1.0\"?><test>GET - OK - institutionCode: {code}</test>"))
}

fn general(code: &str, environment: &str) -> ScriptedResponse {
    ok(&json!({"institution": {"value": code, "desc": "A"}, "environment_type": environment}))
}

async fn confirm(
    environment: Option<EnvironmentType>,
    steps: Vec<ScriptedResponse>,
) -> Result<(), FailureClass> {
    let (writer, script) = writer_in(environment, steps);
    let confirmed = writer.verify_zone_identity().await.map_err(|failure| failure.class);
    assert!(script.lines().iter().all(|line| line.starts_with("GET /conf/")));
    confirmed
}

const WRONG: Result<(), FailureClass> = Err(FailureClass::WrongZone);

#[tokio::test(start_paused = true)]
async fn both_endpoints_must_name_the_institution() {
    assert_eq!(confirm(None, vec![test("01A"), general("01A", "production")]).await, Ok(()));
    assert_eq!(confirm(None, vec![test("01B"), general("01A", "production")]).await, WRONG);
    assert_eq!(confirm(None, vec![test("01A"), general("01B", "production")]).await, WRONG);
}

#[tokio::test(start_paused = true)]
async fn one_endpoint_suffices_and_none_is_refused() {
    assert_eq!(confirm(None, vec![error(400, "402000"), general("01A", "")]).await, Ok(()));
    assert_eq!(confirm(None, vec![test("01A"), error(400, "402000")]).await, Ok(()));
    assert_eq!(confirm(None, vec![reply(200, "GET - OK"), ok(&json!({}))]).await, WRONG);
    assert_eq!(confirm(None, vec![error(400, "1"), error(400, "1")]).await, WRONG);
}

#[tokio::test(start_paused = true)]
async fn denied_key_is_reported_as_denied() {
    let denied = Err(FailureClass::Denied);
    assert_eq!(confirm(None, vec![error(400, "UNAUTHORIZED")]).await, denied);
    assert_eq!(confirm(None, vec![test("01A"), error(403, "FORBIDDEN")]).await, denied);
}

#[tokio::test(start_paused = true)]
async fn environment_must_match_the_network_manifest() {
    for (meant, stated, confirmed) in [
        (Sandbox, "SandBox", Ok(())),
        (Production, "PRODUCTION", Ok(())),
        (Sandbox, "production", WRONG),
        (Production, "sandbox", WRONG),
        (Production, "", Ok(())),
        (Sandbox, "", WRONG),
    ] {
        let steps = vec![test("01A"), general("01A", stated)];
        assert_eq!(confirm(Some(meant), steps).await, confirmed, "{meant:?} {stated:?}");
    }
    assert_eq!(confirm(Some(Sandbox), vec![test("01A"), error(400, "1")]).await, WRONG);
}

#[tokio::test(start_paused = true)]
async fn wrong_environment_message_names_both() {
    let (writer, _) = writer_in(Some(Sandbox), vec![test("01A"), general("01A", "production")]);
    let failure = writer.verify_zone_identity().await.unwrap_err();
    assert_eq!(failure.message, "the API key belongs to the production of `01A`, not to its sandbox");
}
