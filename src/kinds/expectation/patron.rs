//! Rows about what a patron of one member is at another.

use super::access::groups_of;
use super::fact::{Day, Stops};
use super::places::{self, Places};
use super::row::{Row, missing, row, told};
use crate::kinds::Reach;
use crate::kinds::scope::Scope;
use crate::manifest::node::Extent;
use crate::manifest::several::Several;
use crate::manifest::text::Text;
use crate::manifest::typed::{At, Nullable};
use crate::manifest::{Head, codes};
use crate::model::network::Zone;
use crate::model::{Diagnostic, PatronQuestion, Question, Thousands};

/// Combinations that a row can stand for: every group of 20, of each of 100 members at each of the others. With a
/// third member, what one line asks about would otherwise fill any memory.
const COMBINATIONS: usize = 200_000;

row! {
    /// What is a patron of one member at another: linked by which rule, in which group, how long, with which blocks?
    PatronRow;
    asks {
        /// The source institution, the patron's own: a code, a list of codes, or a selection of members.
        from: Places,
        /// The patron's user group there, or several. A variable is that of the source institution.
        user_group: Several<Text>,
        /// The target institution, where the linked account is: a code, a list of codes, or a selection of members.
        at: Places,
        /// When the patron's account at the source expires, `2027-06-30`.
        expires: Day,
        /// A third member, for what of the patron's blocks would travel on to it from the target.
        on_to: Places,
    }
    expects {
        /// Whether the patron gets a linked account.
        linked "linked": bool,
        /// Alma's error code where there is none; null where there is one.
        error "error": Nullable<String>,
        /// The rule that decides; null for none.
        rule "rule": Nullable<String>,
        /// The group of the linked account. A variable is that of the target institution.
        group "group": Nullable<Text>,
        /// When the linked account expires; null for never.
        expiry "expiry": Nullable<Day>,
        /// Whether that is made anew whenever the account is refreshed.
        refresh_expiry "refreshExpiry": bool,
        /// When the linked account can be purged; null for never.
        purge "purge": Nullable<Day>,
        /// Whether that is made anew whenever the account is refreshed.
        refresh_purge "refreshPurge": bool,
        /// Whether blocks come along.
        copies_blocks "copiesBlocks": bool,
        /// The ids of the source's block definitions that are copied, all of them.
        blocks "blocks": Vec<At<String>>,
        /// What a copied block keeps the patron from at the target, all of it.
        stops "stops": Vec<At<Stops>>,
        /// Whether a block made at the target reaches the source.
        sent_home "sentHome": bool,
        /// What it keeps the patron from there, all of it.
        stops_at_home "stopsAtHome": Vec<At<Stops>>,
        /// Whether it then reaches the third member; without one, whether it is marked to travel at all.
        travels_on "travelsOn": bool,
    }
}

impl Row for PatronRow {
    fn lacks(&self) -> Vec<&'static str> {
        missing([
            ("from", self.from.is_some()),
            ("userGroup", self.user_group.is_some()),
            ("at", self.at.is_some()),
        ])
    }

    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        let wrong = self.expires.as_ref().and_then(|at| Some((at.value.date().err()?, at.extent)));
        wrong.map(|(wrong, extent)| told(wrong, head, extent)).into_iter().collect()
    }

    fn ask<'n>(&self, extent: Extent, scope: &mut Scope<'_, 'n>) -> Vec<(Question, &'n Zone)> {
        let (Some(from), Some(user_group), Some(at)) = (&self.from, &self.user_group, &self.at) else {
            return Vec::new();
        };
        let expires = match self.expires.as_ref().map(|at| at.value.date()) {
            Some(Ok(date)) => Some(date),
            None => None,
            Some(Err(_)) => return Vec::new(),
        };
        let sources = places::zones(from, Reach::Members, scope);
        let targets = places::zones(at, Reach::Members, scope);
        let third = match &self.on_to {
            Some(on_to) => places::zones(on_to, Reach::Members, scope)
                .map(|zones| zones.into_iter().map(Some).collect::<Vec<Option<&Zone>>>()),
            None => Some(vec![None]),
        };
        let (Some(sources), Some(targets), Some(third)) = (sources, targets, third) else {
            return Vec::new();
        };
        let factors = [targets.len(), third.len(), user_group.each().len()];
        let combinations = factors.into_iter().fold(sources.len(), usize::saturating_mul);
        if combinations > COMBINATIONS {
            let message = format!(
                "the row stands for {} combinations of members and groups, and at most {} can be asked about",
                Thousands(combinations as u64),
                Thousands(COMBINATIONS as u64)
            );
            scope.error(codes::ASKS_TOO_MUCH, extent, message, "name fewer members, or fewer groups");
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
                            from: source.code.clone(),
                            user_group: group.clone(),
                            at: target.code.clone(),
                            expires,
                            on_to: third.map(|third| third.code.clone()),
                        };
                        (Question::Patron(question), *target)
                    }));
                }
            }
        }
        if !meets {
            let message = "the row asks about no two different members";
            let help = "name another member: a patron is linked to none that is their own";
            scope.error(codes::ASKS_NOBODY, extent, message, help);
        }
        questions
    }
}
