//! Asks each key whose it is, and describes the network that the keys open.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::effects::SessionEffects;
use super::error::{SessionError, SessionStage};
use super::key_list::KeyVariable;
use crate::model::network::{Credentials, EnvironmentType, RateLimit, UnreadableFields, Zone, ZoneRole};
use crate::model::{FailureClass, LibraryListing, SourceSpan, ZoneFailure};
use crate::provider::alma::AlmaReader;
use crate::provider::budget::RequestBudget;
use crate::provider::transport::Transport;

/// Pace of the survey, below every threshold that the vendor ever published.
const PER_SECOND: u32 = 10;

/// Read key of one institution, with the variable that contains it.
pub struct KeyCandidate {
    /// Variable.
    pub variable: KeyVariable,
    /// Key.
    pub key: SecretString,
}

/// Institution that a key opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyedZone {
    /// Alma's institution code.
    pub code: String,
    /// Display name.
    pub name: String,
    /// Name of the variable with the read key.
    pub variable: String,
    /// Environment type, if the zone reports one.
    pub environment: Option<EnvironmentType>,
    /// Libraries.
    pub libraries: Vec<LibraryListing>,
}

/// Key that opens no institution of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedKey {
    /// Variable.
    pub variable: KeyVariable,
    /// Reason.
    pub failure: ZoneFailure,
}

/// Institutions that the keys open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkSurvey {
    /// Institutions, by code.
    pub zones: Vec<SurveyedZone>,
    /// Keys without an answer, or of another institution.
    pub refused: Vec<RefusedKey>,
}

/// Asks each key for its institution and its libraries: two requests a key, and one a library where the list is
/// brief. `tell` receives each variable with its answer.
///
/// # Errors
/// Returns the error of an effect. The failure of a key is part of the result.
pub async fn survey_keys(
    base_url: &str,
    candidates: Vec<KeyCandidate>,
    effects: &SessionEffects,
    tell: &(dyn Fn(&KeyVariable, Result<&SurveyedZone, &ZoneFailure>) + Sync),
) -> Result<NetworkSurvey, SessionError> {
    let transport = (effects.transport)();
    let mut answers: FuturesUnordered<_> = candidates
        .into_iter()
        .map(|KeyCandidate { variable, key }| {
            let reader = reader(base_url, &variable.code, key, Arc::clone(&transport));
            async move {
                let answer = ask(&reader, &variable).await;
                (variable, answer)
            }
        })
        .collect();
    let mut found: BTreeMap<(String, String), (KeyVariable, Result<SurveyedZone, ZoneFailure>)> =
        BTreeMap::new();
    let asking = async {
        while let Some((variable, answer)) = answers.next().await {
            tell(&variable, answer.as_ref());
            found.insert((variable.code.clone(), variable.name.clone()), (variable, answer));
        }
    };
    effects.cancel.interruptible(SessionStage::Reading, asking).await?;
    let mut survey = NetworkSurvey::default();
    for (variable, answer) in found.into_values() {
        survey.add(variable, answer);
    }
    survey.zones.sort_by(|one, other| one.code.cmp(&other.code));
    Ok(survey)
}

impl NetworkSurvey {
    /// Adds the answer of a key. Of two keys of one institution, the second one is refused.
    fn add(&mut self, variable: KeyVariable, answer: Result<SurveyedZone, ZoneFailure>) {
        let answer = answer.and_then(|zone| match self.zones.iter().find(|known| known.code == zone.code) {
            None => Ok(zone),
            Some(known) => Err(ZoneFailure::new(
                FailureClass::WrongZone,
                format!("the key belongs to `{}`, as does the key in {}", zone.code, known.variable),
            )
            .help("a key opens one institution; store a key that was made in the other institution")),
        });
        match answer {
            Ok(zone) => self.zones.push(zone),
            Err(failure) => self.refused.push(RefusedKey { variable, failure }),
        }
    }
}

async fn ask(reader: &AlmaReader, variable: &KeyVariable) -> Result<SurveyedZone, ZoneFailure> {
    let profile = reader.institution().await?;
    if !variable.fits(&profile.code) {
        let message = format!("the key belongs to `{}`, not to `{}`", profile.code, variable.code);
        return Err(ZoneFailure::new(FailureClass::WrongZone, message)
            .help(format!("store a key of `{}` in {}, or correct the code", variable.code, variable.name)));
    }
    let libraries = reader.libraries().await?;
    let name = if profile.name.trim().is_empty() { profile.code.clone() } else { profile.name };
    Ok(SurveyedZone {
        code: profile.code,
        name,
        variable: variable.name.clone(),
        environment: profile.environment,
        libraries,
    })
}

/// Returns a reader of a zone that no manifest declares.
fn reader(base_url: &str, code: &str, key: SecretString, transport: Arc<dyn Transport>) -> AlmaReader {
    let rate = RateLimit { per_second: PER_SECOND, daily_reserve: 0 };
    let zone = Zone {
        code: code.into(),
        name: code.to_owned(),
        role: ZoneRole::Member,
        labels: BTreeMap::new(),
        vars: BTreeMap::new(),
        campuses: Vec::new(),
        libraries: Vec::new(),
        base_url: base_url.to_owned(),
        credentials: Credentials { read: None, write: None },
        rate,
        environment_type: None,
        span: SourceSpan::file(""),
        unread: UnreadableFields::default(),
    };
    AlmaReader::new(&zone, key, transport, Arc::new(RequestBudget::new(rate)))
}
