//! Verifies that an API key belongs to the intended zone and environment before any write.

use serde_json::Value as Json;

use super::table::wrong_zone;
use super::table_layout::non_empty_text;
use crate::model::network::EnvironmentType;
use crate::model::{FailureClass, ZoneCode, ZoneFailure};
use crate::provider::http::get_client::GetClient;
use crate::provider::http::request_path::RequestPath;

/// Queries two endpoints for the zone's identity (the vendor's OpenAPI).
///
/// At least one must name the institution, and neither may name another.
///
/// # Errors
/// [`FailureClass::WrongZone`] if institution or environment are unknown, or not the intended ones; any
/// failure of a read.
pub async fn confirm(
    getter: &GetClient,
    zone: &ZoneCode,
    environment: Option<EnvironmentType>,
) -> Result<(), ZoneFailure> {
    let test = tolerate(getter.get_text(&RequestPath::new(&["conf", "test"])?).await)?;
    let general = tolerate(getter.json(&RequestPath::new(&["conf", "general"])?).await)?;
    let tested = test.as_deref().and_then(institution_in);
    let stated = general.as_ref().and_then(|general| non_empty_text(general.get("institution")));
    for institution in [&tested, &stated].into_iter().flatten() {
        if institution != zone.as_str() {
            return Err(wrong_zone(zone, institution));
        }
    }
    if tested.is_none() && stated.is_none() {
        return Err(ZoneFailure::new(
            FailureClass::WrongZone,
            format!("neither `GET /conf/test` nor `GET /conf/general` confirms that the API key belongs to `{zone}`"),
        )
        .help(
            "grant the key the area Configuration; zonal does not write with a key that may belong to another institution",
        ));
    }
    match environment {
        None => Ok(()),
        Some(meant) => confirm_environment(zone, meant, general.as_ref()),
    }
}

/// Ignores a rejection by one endpoint, because the other may still identify the zone.
pub fn tolerate<T>(answer: Result<T, ZoneFailure>) -> Result<Option<T>, ZoneFailure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) => match failure.class {
            FailureClass::Missing
            | FailureClass::UnknownName
            | FailureClass::Locked
            | FailureClass::Rejected
            | FailureClass::Gateway
            | FailureClass::Mismatch => Ok(None),
            FailureClass::Unreachable
            | FailureClass::Denied
            | FailureClass::WrongZone
            | FailureClass::Quota
            | FailureClass::Malformed
            | FailureClass::Truncated
            | FailureClass::Interrupted
            | FailureClass::Outdated
            | FailureClass::Store => Err(failure),
        },
    }
}

/// Returns the institution in `GET - OK - institutionCode: 01ABC_INST`, from text, XML or JSON.
pub fn institution_in(test: &str) -> Option<String> {
    const NAME: &str = "institutionCode";
    let rest = &test[test.find(NAME)? + NAME.len()..];
    let rest = rest.trim_start_matches(|c: char| !c.is_ascii_alphanumeric() && c != '<' || c == '>');
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
    Some(rest[..end].to_owned()).filter(|code| !code.is_empty())
}

fn confirm_environment(
    zone: &ZoneCode,
    meant: EnvironmentType,
    general: Option<&Json>,
) -> Result<(), ZoneFailure> {
    let name = match meant {
        EnvironmentType::Production => "production",
        EnvironmentType::Sandbox => "sandbox",
    };
    let wrong = |message: String| {
        Err(ZoneFailure::new(FailureClass::WrongZone, message)
            .help(format!("production and sandboxes have separate keys; use a key for the {name}")))
    };
    match (general.and_then(|general| non_empty_text(general.get("environment_type"))), meant) {
        (Some(stated), _) if stated.trim().eq_ignore_ascii_case(name) => Ok(()),
        (Some(stated), _) => {
            wrong(format!("the API key belongs to the {stated} of `{zone}`, not to its {name}"))
        }
        (None, EnvironmentType::Production) => {
            tracing::warn!(%zone, "the zone does not report its environment type");
            Ok(())
        }
        (None, EnvironmentType::Sandbox) => {
            wrong(format!("`{zone}` does not report whether the API key belongs to its sandbox"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn institution_is_found_in_every_response_format() {
        for test in [
            "GET - OK - institutionCode: 01ABC_INST",
            "<?xml version=\"1.0\"?><test>GET - OK - institutionCode: 01ABC_INST</test>",
            r#"{"test":"GET - OK - institutionCode: 01ABC_INST"}"#,
            r#"{"institutionCode":"01ABC_INST"}"#,
            "<t><institutionCode>01ABC_INST</institutionCode></t>",
        ] {
            assert_eq!(institution_in(test).as_deref(), Some("01ABC_INST"), "{test}");
        }
    }

    #[test]
    fn test_response_without_institution_returns_none() {
        for test in ["", "GET - OK", "<test>institutionCode: </test>", "institutionCode"] {
            assert_eq!(institution_in(test), None, "{test}");
        }
    }
}
