//! Expectation rows about linked accounts of patrons at other members.

use super::access::groups_of;
use super::fact::{DaySpec, Stops};
use super::row::{ExpectationRow, fact_diagnostic, names_of_missing, row};
use super::zones::{self, ZonesSpec};
use crate::kinds::ZoneCoverage;
use crate::kinds::manifest_expansion::ManifestExpansion;
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::value_or_list::ValueOrList;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::network::Zone;
use crate::model::{Diagnostic, GroupedNumber, PatronQuestion, Question};

/// Maximum number of combinations in one row: 20 groups of 100 members at all other members. The limit
/// protects memory: a third member multiplies the number of questions.
const COMBINATIONS: usize = 200_000;

row! {
    /// Expected linked account of a patron at another member: rule, user group, dates and patron blocks.
    PatronRow;
    asks {
        /// Source institution, home of the patron: a code, a list of codes, or a selector of members.
        from: ZonesSpec,
        /// User group of the patron at the source institution, or several. Variables take the source
        /// institution's values.
        user_group: ValueOrList<TextOrVariable>,
        /// Target institution with the linked account: a code, a list of codes, or a selector of members.
        at: ZonesSpec,
        /// Expiry date of the patron's account at the source institution, such as `2027-06-30`.
        expires: DaySpec,
        /// Third member, for patron blocks copied from the target institution to other members.
        on_to: ZonesSpec,
    }
    expects {
        /// True if the patron gets a linked account.
        linked "linked": bool,
        /// Alma's error code, if the patron gets no linked account; otherwise null.
        error "error": Nullable<String>,
        /// Name of the linked account rule that applies; null for none.
        rule "rule": Nullable<String>,
        /// User group of the linked account. Variables take the target institution's values.
        group "group": Nullable<TextOrVariable>,
        /// Expiry date of the linked account; null for never.
        expiry "expiry": Nullable<DaySpec>,
        /// True if each refresh of the account recalculates the expiry date.
        refresh_expiry "refreshExpiry": bool,
        /// Purge date of the linked account; null for never.
        purge "purge": Nullable<DaySpec>,
        /// True if each refresh of the account recalculates the purge date.
        refresh_purge "refreshPurge": bool,
        /// True if Alma copies patron blocks to the linked account.
        copies_blocks "copiesBlocks": bool,
        /// Complete list of the source institution's block definition IDs to copy blocks for.
        blocks "blocks": Vec<Spanned<String>>,
        /// Complete list of actions that copied blocks prevent at the target institution.
        stops "stops": Vec<Spanned<Stops>>,
        /// True if Alma sends blocks from the target institution to the source institution.
        sent_home "sentHome": bool,
        /// Complete list of actions that these blocks prevent at the source institution.
        stops_at_home "stopsAtHome": Vec<Spanned<Stops>>,
        /// True if these blocks then reach the third member. Without a third member: true if the blocks can
        /// reach any other member.
        travels_on "travelsOn": bool,
    }
}

impl ExpectationRow for PatronRow {
    fn missing_fields(&self) -> Vec<&'static str> {
        names_of_missing([
            ("from", self.from.is_some()),
            ("userGroup", self.user_group.is_some()),
            ("at", self.at.is_some()),
        ])
    }

    fn check(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let wrong = self.expires.as_ref().and_then(|at| Some((at.value.date().err()?, at.extent)));
        wrong.map(|(wrong, extent)| fact_diagnostic(wrong, head, extent)).into_iter().collect()
    }

    fn questions<'n>(
        &self,
        extent: NodeSpan,
        scope: &mut ManifestExpansion<'_, 'n>,
    ) -> Vec<(Question, &'n Zone)> {
        let (Some(from), Some(user_group), Some(at)) = (&self.from, &self.user_group, &self.at) else {
            return Vec::new();
        };
        let expires = match self.expires.as_ref().map(|at| at.value.date()) {
            Some(Ok(date)) => Some(date),
            None => None,
            Some(Err(_)) => return Vec::new(),
        };
        let sources = zones::zones(from, ZoneCoverage::Members, scope);
        let targets = zones::zones(at, ZoneCoverage::Members, scope);
        let third = match &self.on_to {
            Some(on_to) => zones::zones(on_to, ZoneCoverage::Members, scope)
                .map(|zones| zones.into_iter().map(Some).collect::<Vec<Option<&Zone>>>()),
            None => Some(vec![None]),
        };
        let (Some(sources), Some(targets), Some(third)) = (sources, targets, third) else {
            return Vec::new();
        };
        let factors = [targets.len(), third.len(), user_group.values().len()];
        let combinations = factors.into_iter().fold(sources.len(), usize::saturating_mul);
        if combinations > COMBINATIONS {
            let message = format!(
                "the row has {} combinations of members and groups; the maximum is {}",
                GroupedNumber(combinations as u64),
                GroupedNumber(COMBINATIONS as u64)
            );
            scope.error(
                diagnostic_codes::ASKS_TOO_MUCH,
                extent,
                message,
                "select fewer members or fewer groups",
            );
            return Vec::new();
        }
        let mut questions = Vec::new();
        let mut meets = false;
        for source in sources {
            let groups = groups_of(user_group, source, scope);
            for target in targets.iter().filter(|target| target.code != source.code) {
                let others = third.iter().filter(|third| {
                    third.is_none_or(|third| third.code != source.code && third.code != target.code)
                });
                for third in others {
                    meets = true;
                    questions.extend(groups.iter().map(|group| {
                        let question = PatronQuestion {
                            source: source.code.clone(),
                            user_group: group.clone(),
                            target: target.code.clone(),
                            expires,
                            next_target: third.map(|third| third.code.clone()),
                        };
                        (Question::Patron(question), *target)
                    }));
                }
            }
        }
        if !meets {
            let message = "the row has no pair of different members";
            let help = "select another member: a patron has no linked account at the source institution";
            scope.error(diagnostic_codes::ASKS_NOBODY, extent, message, help);
        }
        questions
    }
}
