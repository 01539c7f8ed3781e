//! Records contributed to the Network Zone by members.

use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use http::{Response, StatusCode};

use super::known_answer::known_or_error;
use crate::analysis::import::{ImportPermission, permission};
use crate::emulator::contributed_record::{ContributedRecord, RecordContribution};
use crate::emulator::control::{ControlError, EmulatorControl};
use crate::emulator::control_response::{json_or_error, json_response, parse_json};
use crate::emulator::error_response::error_json;
use crate::emulator::lock::lock;
use crate::model::ImportQuestion;

/// Handles a contribution. A rejection has Alma's error format.
///
/// No code is documented for the case: 402119 is the emulator's choice.
pub(super) async fn respond(State(control): State<EmulatorControl>, body: Bytes) -> Response<Body> {
    let result = parse_json(&body)
        .and_then(|contribution: RecordContribution| Ok((control.contribute(&contribution)?, contribution)));
    match result {
        Ok((Some(contributed), _)) => json_or_error(Ok(contributed)),
        Ok((None, RecordContribution { member, record, .. })) => {
            let message = format!(
                "General error. {member} is not allowed to contribute {record} records to the Network Zone \
                 (emulator message)."
            );
            json_response(StatusCode::BAD_REQUEST, &error_json("402119", &message))
        }
        Err(error) => json_or_error(Err::<(), _>(error)),
    }
}

/// First ID of contributed records, with the usual ending of a Network Zone.
const FIRST_RECORD: usize = 9_900_001;

impl EmulatorControl {
    /// Contributes a record to the Network Zone. Returns `None` if the import permissions deny the record.
    ///
    /// # Errors
    /// Unknown member or channel.
    fn contribute(
        &self,
        contribution: &RecordContribution,
    ) -> Result<Option<ContributedRecord>, ControlError> {
        let RecordContribution { member, record, channel } = contribution;
        let question = ImportQuestion { member: self.member(member)?, record: *record };
        let channels = record.channels();
        if !channels.iter().any(|(known, _)| known.as_str() == channel) {
            let known: Vec<&str> = channels.iter().map(|(known, _)| known.as_str()).collect();
            return Err(ControlError(format!(
                "unknown channel `{channel}` for {record} records; known channels: {}",
                known.join(", ")
            )));
        }
        let (permission, _) = known_or_error(permission(&question, &self.0.current_settings()))?;
        if permission == ImportPermission::Denied {
            return Ok(None);
        }
        let records = &mut *lock(&self.0.contributed);
        let mms_id = (FIRST_RECORD + records.len()).to_string();
        records.push(ContributedRecord { mms_id, contribution: contribution.clone() });
        Ok(records.last().cloned())
    }

    /// Returns the records contributed to the Network Zone by members.
    pub fn contributions(&self) -> Vec<ContributedRecord> {
        lock(&self.0.contributed).clone()
    }
}
