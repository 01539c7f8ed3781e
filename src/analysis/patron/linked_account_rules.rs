//! Linked account rules of a target institution, and the deciding rule for a patron.

use std::sync::Arc;

use jiff::civil::Date;

use super::dates::{AccountEnd, DateRefresh, date_refresh, expiry, purge};
use crate::analysis::settings::NetworkSettings;
use crate::analysis::settings_collection::SettingsCollection;
use crate::analysis::settings_table::{MissingFieldMeaning, RowView, SettingsTable, TableCompleteness};
pub use crate::model::alma_codes::DEFAULT_RULE as DEFAULT;
use crate::model::network::ZoneRole;
use crate::model::{MaybeKnown, PatronQuestion, ZoneCode};

/// Linked account, as created by the deciding rule.
#[derive(Debug, Clone, Copy)]
pub struct LinkedAccount<'a> {
    /// Deciding rule.
    pub rule: RowView<'a>,
    /// Name of the rule.
    pub name: &'a str,
    /// Code of the target institution's user group.
    pub group: &'a str,
    /// Expiry date.
    pub expiry: AccountEnd,
    /// Purge date.
    pub purge: AccountEnd,
    /// Calculation of the expiry date; `None` if undeclared.
    pub refresh_expiry: Option<DateRefresh>,
    /// Calculation of the purge date; `None` if undeclared.
    pub refresh_purge: Option<DateRefresh>,
    /// Block copying; `None` if undeclared.
    pub copies_blocks: Option<BlockCopying>,
}

/// Blocks copied with a link or refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockCopying {
    /// Network blocks: each refresh deletes all copies and makes new ones.
    Network,
    /// No copying: Alma's default.
    ///
    /// Alma does not document the fate of earlier copies; zonal assumes that they stay.
    None,
}

/// Reason why no linked account exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkRefusal {
    /// Source institution is not another member of the network.
    NotInNetwork,
    /// Source institution restricts the user group, so partners do not find its users.
    Hidden,
    /// Deciding rule without a user group, or no deciding rule.
    NoGroup,
}

impl LinkRefusal {
    /// Returns Alma's error code.
    ///
    /// The code for restricted users is inferred: Alma treats them as not found.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotInNetwork => "401651",
            Self::Hidden => "60226",
            Self::NoGroup => "60232",
        }
    }
}

/// Returns the linked account of a patron at a target institution.
///
/// Without an expiry date of the source account, see [`AccountEnd::WithSource`]. Undeclared visibility counts
/// as visible, Alma's default. Unreadable visibility makes the answer unknown.
///
/// # Errors
/// `MaybeKnown::Unknown` holds the reason for an unknown answer. The inner error holds Alma's refusal.
pub fn linked_account<'a>(
    question: &PatronQuestion,
    settings: &'a NetworkSettings,
) -> MaybeKnown<Result<LinkedAccount<'a>, LinkRefusal>> {
    let PatronQuestion { source: from, user_group, target: at, expires, next_target: _ } = question;
    link_at(from, user_group, *expires, at, settings)
}

/// Returns the linked account at any member.
pub(super) fn link_at<'a>(
    from: &ZoneCode,
    group: &str,
    expires: Option<Date>,
    at: &ZoneCode,
    settings: &'a NetworkSettings,
) -> MaybeKnown<Result<LinkedAccount<'a>, LinkRefusal>> {
    let is_partner = settings.zone(from).is_some_and(|zone| zone.role == ZoneRole::Member) && from != at;
    if !is_partner {
        return MaybeKnown::Known(Err(LinkRefusal::NotInNetwork));
    }
    match sight(from, group, settings) {
        PartnerVisibility::Hidden(_) => return MaybeKnown::Known(Err(LinkRefusal::Hidden)),
        PartnerVisibility::Unreadable(why) => return MaybeKnown::Unknown(why),
        PartnerVisibility::Visible(_) | PartnerVisibility::Undeclared => {}
    }
    let rule = match settings.table(at, &SettingsCollection::LinkedAccountRules) {
        Ok(table) => match first_matching_rule(table, from, group) {
            Some(rule) => rule,
            None if is_known_in_full(table) => return MaybeKnown::Known(Err(LinkRefusal::NoGroup)),
            None => {
                let why = format!("no declared rule at {at} matches, and `{DEFAULT}` is not declared");
                return MaybeKnown::Unknown(why.into());
            }
        },
        Err(why) => return MaybeKnown::Unknown(why),
    };
    let name = rule.text_field("name").unwrap_or_default();
    let group = match (rule.text_field("userGroup"), rule.get("userGroup"), rule.silence()) {
        (Some(group), _, _) => group,
        (None, None, MissingFieldMeaning::Unknown) => {
            return MaybeKnown::Unknown(
                format!("the rule `{name}` at {at} does not declare a user group").into(),
            );
        }
        (None, _, _) => return MaybeKnown::Known(Err(LinkRefusal::NoGroup)),
    };
    let expiry = expiry(rule, expires);
    MaybeKnown::Known(Ok(LinkedAccount {
        rule,
        name,
        group,
        expiry,
        purge: purge(rule, expiry),
        refresh_expiry: date_refresh(rule, "refreshExpiryDate"),
        refresh_purge: date_refresh(rule, "refreshPurgeDate"),
        copies_blocks: block_copying(rule),
    }))
}

/// Visibility of a user group to partners.
#[derive(Debug, Clone)]
pub(super) enum PartnerVisibility<'a> {
    /// Hidden by this record.
    Hidden(RowView<'a>),
    /// Visible: unrestricted, or with the restriction removed by this record.
    Visible(Option<RowView<'a>>),
    /// Undeclared.
    Undeclared,
    /// Unreadable, with the reason.
    Unreadable(Arc<str>),
}

pub(super) fn sight<'a>(
    zone: &ZoneCode,
    group: &str,
    settings: &'a NetworkSettings,
) -> PartnerVisibility<'a> {
    let table = match settings
        .zone(zone)
        .and_then(|zone| zone.table_if_known(&SettingsCollection::RestrictedUsers))
    {
        Some(Ok(table)) => table,
        Some(Err(why)) => return PartnerVisibility::Unreadable(why),
        None => return PartnerVisibility::Undeclared,
    };
    match table.find("userGroup", group) {
        Some(entry) => PartnerVisibility::Hidden(entry),
        None => match table.absent_rows().find(|entry| entry.text_field("userGroup") == Some(group)) {
            Some(row) => PartnerVisibility::Visible(Some(row)),
            None => match table.extent {
                TableCompleteness::Complete => PartnerVisibility::Visible(None),
                TableCompleteness::DeclaredOnly => PartnerVisibility::Undeclared,
            },
        },
    }
}

/// Returns the first matching rule.
pub(super) fn first_matching_rule<'a>(
    table: &'a SettingsTable,
    from: &ZoneCode,
    group: &str,
) -> Option<RowView<'a>> {
    let fitting = table.entries().filter(|rule| unfit(*rule, from, group).is_none());
    fitting.min_by_key(|rule| rank(*rule))
}

/// Returns the position of a rule for sorting. A rule without a position follows all others.
pub(super) fn rank(rule: RowView<'_>) -> (bool, u32) {
    let position = rule.text_field("position").and_then(|text| text.parse().ok());
    (is_default(rule), position.unwrap_or(u32::MAX))
}

pub(super) fn is_default(rule: RowView<'_>) -> bool {
    rule.text_field("name") == Some(DEFAULT)
}

/// Reason why a rule does not match a patron.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleMismatch<'a> {
    /// Rule disabled.
    Disabled,
    /// Rule for other source institutions.
    OtherInstitutions(&'a [Arc<str>]),
    /// Rule for other user groups.
    OtherGroups(&'a [Arc<str>]),
}

/// Returns the reason why a rule does not match a patron; `None` for a match.
///
/// Alma's default rule matches everyone and cannot be disabled.
pub(super) fn unfit<'a>(rule: RowView<'a>, from: &ZoneCode, group: &str) -> Option<RuleMismatch<'a>> {
    // An empty list matches any value.
    let takes = |field: &str, text: &str| rule.texts(field).is_empty() || rule.lists(field, text);
    if is_default(rule) {
        None
    } else if !rule.is_on() {
        Some(RuleMismatch::Disabled)
    } else if !takes("sourceInstitutions", from.as_str()) {
        Some(RuleMismatch::OtherInstitutions(rule.texts("sourceInstitutions")))
    } else if !takes("sourceUserGroups", group) {
        Some(RuleMismatch::OtherGroups(rule.texts("sourceUserGroups")))
    } else {
        None
    }
}

/// Returns true if a table without Alma's default rule certainly lacks it.
fn is_known_in_full(table: &SettingsTable) -> bool {
    match table.extent {
        TableCompleteness::DeclaredOnly => false,
        // A declared table never deletes Alma's default rule, even with `unlisted: delete`.
        TableCompleteness::Complete => table
            .entries()
            .chain(table.absent_rows())
            .all(|rule| rule.silence() == MissingFieldMeaning::Default),
    }
}

fn block_copying(rule: RowView<'_>) -> Option<BlockCopying> {
    match (rule.flag("copyNetworkBlocks"), rule.silence()) {
        (Some(true), _) => Some(BlockCopying::Network),
        (Some(false), _) | (None, MissingFieldMeaning::Default) => Some(BlockCopying::None),
        (None, MissingFieldMeaning::Unknown) => None,
    }
}
