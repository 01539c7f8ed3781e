//! Rows about what a patron of one member is at another.

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

/// Combinations that a row can stand for: every group of 20, of each of 100 members at each of the others. With a
/// third member, what one line asks about would otherwise fill any memory.
const COMBINATIONS: usize = 200_000;

row! {
    /// What is a patron of one member at another: linked by which rule, in which group, how long, with which blocks?
    PatronRow;
    asks {
        /// The source institution, the patron's own: a code, a list of codes, or a selection of members.
        from: ZonesSpec,
        /// The patron's user group there, or several. A variable is that of the source institution.
        user_group: ValueOrList<TextOrVariable>,
        /// The target institution, where the linked account is: a code, a list of codes, or a selection of members.
        at: ZonesSpec,
        /// When the patron's account at the source expires, `2027-06-30`.
        expires: DaySpec,
        /// A third member, for what of the patron's blocks would travel on to it from the target.
        on_to: ZonesSpec,
    }
    expects {
        /// Whether the patron gets a linked account.
        linked "linked": bool,
        /// Alma's error code where there is none; null where there is one.
        error "error": Nullable<String>,
        /// The rule that decides; null for none.
        rule "rule": Nullable<String>,
        /// The group of the linked account. A variable is that of the target institution.
        group "group": Nullable<TextOrVariable>,
        /// When the linked account expires; null for never.
        expiry "expiry": Nullable<DaySpec>,
        /// Whether that is made anew whenever the account is refreshed.
        refresh_expiry "refreshExpiry": bool,
        /// When the linked account can be purged; null for never.
        purge "purge": Nullable<DaySpec>,
        /// Whether that is made anew whenever the account is refreshed.
        refresh_purge "refreshPurge": bool,
        /// Whether blocks come along.
        copies_blocks "copiesBlocks": bool,
        /// The ids of the source's block definitions that are copied, all of them.
        blocks "blocks": Vec<Spanned<String>>,
        /// What a copied block keeps the patron from at the target, all of it.
        stops "stops": Vec<Spanned<Stops>>,
        /// Whether a block made at the target reaches the source.
        sent_home "sentHome": bool,
        /// What it keeps the patron from there, all of it.
        stops_at_home "stopsAtHome": Vec<Spanned<Stops>>,
        /// Whether it then reaches the third member; without one, whether it is marked to travel at all.
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
                "the row stands for {} combinations of members and groups, and at most {} can be asked about",
                GroupedNumber(combinations as u64),
                GroupedNumber(COMBINATIONS as u64)
            );
            scope.error(
                diagnostic_codes::ASKS_TOO_MUCH,
                extent,
                message,
                "name fewer members, or fewer groups",
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
            let message = "the row asks about no two different members";
            let help = "name another member: a patron is linked to none that is their own";
            scope.error(diagnostic_codes::ASKS_NOBODY, extent, message, help);
        }
        questions
    }
}
