//! What a plan means for members and their users.

use std::sync::Arc;

/// One effect of a plan, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct PlanImpact {
    /// What question it is the answer to: `import`, `access`, `patron`, `visibility`, `tasks`.
    pub topic: Arc<str>,
    /// The zones whose changes have this effect.
    pub changed: Vec<Arc<str>>,
    /// The sentence, without a full stop: `Beta and Gamma lose access to 3 e-resources`.
    pub text: String,
}
