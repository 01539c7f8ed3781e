//! Impact of a plan on members and users.

use std::sync::Arc;

/// Impact of a plan, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct PlanImpact {
    /// Topic of the question behind the sentence: `import`, `access`, `patron`, `visibility`, `tasks`.
    pub topic: Arc<str>,
    /// Zones whose changes cause the impact.
    pub changed: Vec<Arc<str>>,
    /// Sentence without a full stop: `Beta and Gamma lose access to 3 e-resources`.
    pub text: String,
}
