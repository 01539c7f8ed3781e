//! Makes sure that a key opens the zone and the environment that are meant, before it is used to write.

use serde_json::Value as Json;

use super::table::wrong_zone;
use super::table_layout::non_empty_text;
use crate::model::network::EnvironmentType;
use crate::model::{FailureClass, ZoneCode, ZoneFailure};
use crate::provider::http::get_client::GetClient;
use crate::provider::http::request_path::RequestPath;

/// Asks the zone who it is, in the two places where it says so (the vendor's OpenAPI): at least
/// one must name the institution, neither may name another.
///
/// # Errors
/// [`FailureClass::WrongZone`] where institution or environment are not those that are meant, or
/// cannot be told; whatever reading can fail with.
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
            format!("neither `GET /conf/test` nor `GET /conf/general` says that the key opens `{zone}`"),
        )
        .help(
            "nothing is written with a key that may open another institution; give it the area Configuration",
        ));
    }
    match environment {
        None => Ok(()),
        Some(meant) => confirm_environment(zone, meant, general.as_ref()),
    }
}

/// One of the two may be refused: the other may still say who the zone is.
fn tolerate<T>(answer: Result<T, ZoneFailure>) -> Result<Option<T>, ZoneFailure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) => match failure.class {
            FailureClass::Missing
            | FailureClass::Locked
            | FailureClass::Rejected
            | FailureClass::Gateway
            | FailureClass::Mismatch => Ok(None),
            FailureClass::Unreachable
            | FailureClass::Denied
            | FailureClass::WrongZone
            | FailureClass::Quota
            | FailureClass::Malformed
            | FailureClass::Interrupted
            | FailureClass::Store => Err(failure),
        },
    }
}

/// The institution in `GET - OK - institutionCode: 01ABC_INST`, whether that comes as text, in
/// XML or in JSON.
fn institution_in(test: &str) -> Option<String> {
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
        Err(ZoneFailure::new(FailureClass::WrongZone, message).help(format!(
            "production and sandboxes have keys of their own: use one that was made for the {name}"
        )))
    };
    match (general.and_then(|general| non_empty_text(general.get("environment_type"))), meant) {
        (Some(stated), _) if stated.trim().eq_ignore_ascii_case(name) => Ok(()),
        (Some(stated), _) => wrong(format!("the key opens the {stated} of `{zone}`, not its {name}")),
        (None, EnvironmentType::Production) => {
            tracing::warn!(%zone, "the zone does not say whether it is a production environment");
            Ok(())
        }
        (None, EnvironmentType::Sandbox) => {
            wrong(format!("`{zone}` does not say whether the key opens its sandbox"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_institution_is_found_in_every_spelling_of_the_test() {
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
    fn a_test_that_names_nobody_names_nobody() {
        for test in ["", "GET - OK", "<test>institutionCode: </test>", "institutionCode"] {
            assert_eq!(institution_in(test), None, "{test}");
        }
    }
}
