//! Answers questions about effective settings, with reasons.

use super::error::SessionError;
use super::network_session::NetworkSession;
use super::network_settings::{declared_settings, observed_settings};
use super::observer::SessionObserver;
use super::snapshot_reader::ObservedSnapshot;
use crate::analysis::{self, NetworkSettings};
use crate::model::{Explanation, Question};

/// Question with its answers.
pub struct QuestionAnswers {
    /// Question.
    pub question: Question,
    /// Answer from the manifests, if requested.
    pub declared: Option<Explanation>,
    /// Answer from the zones, if requested.
    pub observed: Option<Explanation>,
}

/// Settings that answer a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsSource {
    /// Manifests.
    Declared,
    /// Zones, or a snapshot.
    Observed,
    /// Both.
    Both,
}

/// Answers questions.
///
/// # Errors
/// Returns the error of an effect, if the zones or the snapshot cannot be read.
pub async fn explain(
    session: &NetworkSession,
    questions: Vec<Question>,
    source: SettingsSource,
    snapshot: Option<&ObservedSnapshot>,
    observer: &dyn SessionObserver,
) -> Result<Vec<QuestionAnswers>, SessionError> {
    let declared = (source != SettingsSource::Observed).then(|| declared_settings(session));
    let observed = match source {
        SettingsSource::Declared => None,
        SettingsSource::Observed | SettingsSource::Both => {
            Some(observed_settings(session, questions.iter(), snapshot, observer).await?)
        }
    };
    let answer = |question: Question| {
        let answer = |settings: &NetworkSettings| analysis::explain(&question, settings);
        let (declared, observed) = (declared.as_ref().map(answer), observed.as_ref().map(answer));
        QuestionAnswers { declared, observed, question }
    };
    Ok(questions.into_iter().map(answer).collect())
}
