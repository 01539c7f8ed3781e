//! Width, signs and amount of detail of a plan's text.

use super::formatting::wrap_whole;

/// Form of a plan's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanTextView {
    /// Longest line, in columns.
    pub width: usize,
    /// True if the output shows characters outside ASCII.
    pub unicode: bool,
    /// Amount of detail.
    pub detail: PlanDetail,
    /// Part of the plan to show; everything by default.
    pub part: PlanPart,
}

/// Amount of detail of a plan's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlanDetail {
    /// One entry for each decision.
    #[default]
    Decisions,
    /// No entries: only what a person must do, what is removed, and the totals.
    Summary,
    /// One entry for each record of each zone.
    Records,
    /// One entry for each record of each group of zones with equal changes.
    ZoneGroups,
}

/// Part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanPart {
    /// Zones by code, possibly without the network's prefix; empty for all.
    pub zones: Vec<String>,
    /// Manifests by address; empty for all.
    pub manifests: Vec<String>,
    /// Rows as `FILE:LINE`; empty for all.
    pub rows: Vec<String>,
}

impl Default for PlanTextView {
    fn default() -> Self {
        Self { width: 100, unicode: true, detail: PlanDetail::default(), part: PlanPart::default() }
    }
}

impl PlanPart {
    /// Returns true if the part is the whole plan.
    pub fn is_whole(&self) -> bool {
        *self == Self::default()
    }
}

impl PlanTextView {
    /// Returns the sign between the values before and after a change.
    pub fn arrow(&self) -> &'static str {
        if self.unicode { "→" } else { "->" }
    }

    /// Returns the sign between two fields.
    pub fn separator(&self) -> &'static str {
        if self.unicode { " · " } else { "; " }
    }

    /// Returns words with signs that the output can show.
    pub fn signs(&self, words: &str) -> String {
        if self.unicode { words.to_owned() } else { words.replace(" ×", " x") }
    }

    /// Returns lines with `indent` columns before each. A word that is too long for a line is broken.
    pub fn lines(&self, text: &str, indent: usize) -> Vec<String> {
        let blank = " ".repeat(indent);
        let lines = wrap_whole(text, self.width.saturating_sub(indent).max(20));
        lines.into_iter().map(|line| format!("{blank}{line}")).collect()
    }
}
