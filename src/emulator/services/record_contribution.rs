//! Records contributed to the Network Zone by members.

use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

use super::known_answer::known_or_error;
use crate::analysis::import::{ImportPermission, permission};
use crate::emulator::contributed_record::{ContributedRecord, RecordContribution};
use crate::emulator::control::{ControlError, EmulatorControl};
use crate::emulator::control_response::{json_or_error, json_response, parse_json};
use crate::emulator::lock::lock;
use crate::model::{ImportQuestion, RecordType};

/// Cause of a rejected contribution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContributionRefusal {
    /// Denied by the Network Zone.
    #[error("{member} is not allowed to contribute {record} records to the Network Zone")]
    Denied {
        /// Code of the member.
        member: String,
        /// Type of the record.
        record: RecordType,
    },
    /// Contribution that does not fit the network.
    #[error(transparent)]
    Misfit(ControlError),
}

/// Lists the contributed records.
pub(super) async fn list(State(control): State<EmulatorControl>) -> Response<Body> {
    json_or_error(Ok(control.contributions()))
}

/// Handles a contribution. A rejection has Alma's error format.
///
/// No code is documented for the case: 402119 is the emulator's choice.
pub(super) async fn respond(State(control): State<EmulatorControl>, body: Bytes) -> Response<Body> {
    let contribution = parse_json(&body).map_err(ContributionRefusal::Misfit);
    match contribution.and_then(|contribution| control.contribute(contribution)) {
        Ok(contributed) => json_or_error(Ok(contributed)),
        Err(ContributionRefusal::Misfit(error)) => json_or_error(Err::<(), _>(error)),
        Err(denial @ ContributionRefusal::Denied { .. }) => {
            let message = format!("General error. {denial} (emulator message).");
            let error = json!({"errorCode": "402119", "errorMessage": message});
            let body = json!({"errorsExist": true, "errorList": {"error": [error]}});
            json_response(StatusCode::BAD_REQUEST, &body)
        }
    }
}

/// First ID of contributed records, with the usual ending of a Network Zone.
const FIRST_RECORD: usize = 9_900_001;

impl EmulatorControl {
    /// Contributes a record to the Network Zone.
    ///
    /// # Errors
    /// Denied by the Network Zone's import permissions; unknown member or channel.
    pub fn contribute(
        &self,
        contribution: RecordContribution,
    ) -> Result<ContributedRecord, ContributionRefusal> {
        let RecordContribution { member, record, channel } = &contribution;
        let code = self.member(member).map_err(ContributionRefusal::Misfit)?;
        let channels = record.channels();
        if !channels.iter().any(|(known, _)| known.as_str() == channel) {
            let known: Vec<&str> = channels.iter().map(|(known, _)| known.as_str()).collect();
            let message = format!(
                "unknown channel `{channel}` for {record} records; known channels: {}",
                known.join(", ")
            );
            return Err(ContributionRefusal::Misfit(ControlError(message)));
        }
        let question = ImportQuestion { member: code, record: *record };
        let settings = self.0.current_settings();
        let answer = known_or_error(permission(&question, &settings)).map_err(ContributionRefusal::Misfit)?;
        match answer.0 {
            ImportPermission::Denied => {
                Err(ContributionRefusal::Denied { member: member.clone(), record: *record })
            }
            ImportPermission::Allowed => {
                let records = &mut *lock(&self.0.contributed);
                let mms_id = (FIRST_RECORD + records.len()).to_string();
                let contributed = ContributedRecord { mms_id, contribution };
                records.push(contributed.clone());
                Ok(contributed)
            }
        }
    }

    /// Returns the records contributed to the Network Zone by members.
    pub fn contributions(&self) -> Vec<ContributedRecord> {
        lock(&self.0.contributed).clone()
    }
}
