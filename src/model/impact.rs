//! Impact of a plan on members and users.

use std::sync::Arc;

/// Impact of a plan on members and their users.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct PlanImpact {
    /// Effect: `loss`, `change`, `gain` or `unknown`.
    pub effect: ImpactEffect,
    /// Topic of the question behind the sentence: `import`, `access`, `patron`, `visibility`, `tasks`.
    pub topic: Arc<str>,
    /// Zones whose changes cause the impact.
    pub zones: Vec<Arc<str>>,
    /// Collections whose changes cause the impact, by their names in these zones.
    pub collections: Vec<Arc<str>>,
    /// Affected members, by code. Includes the Network Zone if the impact concerns its own staff.
    pub members: Vec<Arc<str>>,
    /// E-resources, user groups or roles of the sentence: all of them, also if the sentence counts them.
    pub subjects: Vec<Arc<str>>,
    /// Sentence without a full stop: `Beta and Gamma lose access to "Open Reports"`.
    pub text: String,
}

/// Effect of a plan on members and their users.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ImpactEffect {
    /// Members or users lose something: access, a permission, a service.
    Loss,
    /// Something differs, and is neither lost nor gained.
    Change,
    /// Members or users gain something.
    Gain,
    /// Not evaluated, because the number of questions exceeds the limit. The other fields say what is left out.
    Unknown,
}

impl ImpactEffect {
    /// Returns the sign of texts: `-`, `~`, `+` or `?`.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Loss => "-",
            Self::Change => "~",
            Self::Gain => "+",
            Self::Unknown => "?",
        }
    }

    /// Returns the noun: `loss`, `change`, `gain`, `unknown impact`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Change => "change",
            Self::Gain => "gain",
            Self::Unknown => "unknown impact",
        }
    }
}

/// Sorts impacts: losses, changes, gains, unknown ones; the widest first. Equal ranks keep their order.
pub fn sort_impacts(impacts: &mut [PlanImpact]) {
    impacts.sort_by_key(|impact| (impact.effect, std::cmp::Reverse(impact.members.len())));
}

#[cfg(test)]
mod tests {
    use super::{ImpactEffect, PlanImpact, sort_impacts};

    fn impact(effect: ImpactEffect, members: &[&str], text: &str) -> PlanImpact {
        PlanImpact {
            effect,
            topic: "access".into(),
            zones: vec!["NZ".into()],
            collections: vec!["AvailabilityGroups".into()],
            members: members.iter().map(|&code| code.into()).collect(),
            subjects: vec!["61200".into()],
            text: text.to_owned(),
        }
    }

    #[test]
    fn losses_are_first_and_the_widest_before_others() {
        use ImpactEffect::{Change, Gain, Loss, Unknown};
        let mut impacts = [
            impact(Unknown, &["A", "B"], "unknown"),
            impact(Gain, &["A"], "gain"),
            impact(Loss, &["A"], "narrow loss"),
            impact(Change, &["A"], "change"),
            impact(Loss, &["A", "B"], "wide loss"),
            impact(Loss, &["B"], "second narrow loss"),
        ];
        sort_impacts(&mut impacts);
        let order = impacts.map(|impact| impact.text);
        assert_eq!(order, ["wide loss", "narrow loss", "second narrow loss", "change", "gain", "unknown"]);
    }

    #[test]
    fn json_keeps_every_member_of_an_impact() {
        let hostile = impact(ImpactEffect::Loss, &["A\u{1b}[2J\nB"], "::stop-commands::x\n\u{202e}</script>");
        let json = serde_json::to_string(&hostile).unwrap_or_default();
        assert!(
            json.starts_with(r#"{"effect":"loss","topic":"access","zones":["NZ"],"collections":["#),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<PlanImpact>(&json).ok(), Some(hostile));
    }
}
