//! What a set of changes means for members and their users.

use std::sync::Arc;

use super::address::ZoneCode;

/// One effect of a set of changes that zones share, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Impact {
    /// What question it is the answer to: `import`, `access`, `patron`, `visibility`, `tasks`.
    pub topic: Arc<str>,
    /// The zones whose changes have this effect: those of one group of the plan.
    pub changed: Vec<Arc<str>>,
    /// The sentence, without a full stop: `Beta and Gamma lose access to 3 e-resources`.
    pub says: String,
}

impl Impact {
    /// Whether it comes from the changes of a zone.
    pub fn is_of(&self, zone: &ZoneCode) -> bool {
        self.changed.iter().any(|changed| **changed == *zone.as_str())
    }
}
