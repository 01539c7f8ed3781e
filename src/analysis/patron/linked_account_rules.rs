//! Which of a member's linked account rules decides what somebody of another member is there.

use std::sync::Arc;

use jiff::civil::Date;

use super::dates::{AccountEnd, DateRefresh, date_refresh, expiry, purge};
use crate::analysis::settings::NetworkSettings;
use crate::analysis::settings_collection::SettingsCollection;
use crate::analysis::settings_table::{MissingFieldMeaning, RowView, SettingsTable, TableCompleteness};
use crate::model::network::ZoneRole;
use crate::model::{MaybeKnown, PatronQuestion, ZoneCode};

/// Alma's own rule, which is always there and comes last, whatever its position.
pub const DEFAULT: &str = "Default";

/// What a linked account is made to be.
#[derive(Debug, Clone, Copy)]
pub struct LinkedAccount<'a> {
    /// The rule that decides.
    pub rule: RowView<'a>,
    /// What it is called.
    pub name: &'a str,
    /// Code of the user group, one of the target's.
    pub group: &'a str,
    /// When the account expires.
    pub expiry: AccountEnd,
    /// When it can be purged.
    pub purge: AccountEnd,
    /// When the expiry date is calculated; `None` where nobody says.
    pub refresh_expiry: Option<DateRefresh>,
    /// The same of the purge date.
    pub refresh_purge: Option<DateRefresh>,
    /// Whether blocks come along; `None` where nobody says.
    pub copies_blocks: Option<BlockCopying>,
}

/// Which blocks come along when an account is linked or refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockCopying {
    /// Those that count in the network: at each refresh all copies are deleted and made again.
    Network,
    /// None: Alma's default. What becomes of copies that were made before is not documented: they are taken to stay.
    None,
}

/// Why there is no linked account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkRefusal {
    /// The source is no other member of the network.
    NotInNetwork,
    /// The source restricts the group, so that partners do not find its users.
    Hidden,
    /// The rule that decides gives no group, or none decides.
    NoGroup,
}

impl LinkRefusal {
    /// The code of Alma's error. That restricted users are ones that are not found is inferred.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotInNetwork => "401651",
            Self::Hidden => "60226",
            Self::NoGroup => "60232",
        }
    }
}

/// What somebody of another member is made to be at a target. Without a date of the source, see
/// [`Ending::WithSource`]. Where nobody says whether partners see the group, it is taken that they do: that is how
/// groups begin. Where the member was asked and did not answer, nothing is taken for granted.
///
/// # Errors
/// `Told::Not` says in words why it is not known; the error inside is why Alma would refuse.
pub fn linked_account<'a>(
    question: &PatronQuestion,
    settings: &'a NetworkSettings,
) -> MaybeKnown<Result<LinkedAccount<'a>, LinkRefusal>> {
    let PatronQuestion { source: from, user_group, target: at, expires, next_target: _ } = question;
    link_at(from, user_group, *expires, at, settings)
}

/// The same at any member.
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
                let why = format!("no rule that is declared at {at} fits, and `{DEFAULT}` is not declared");
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
                format!("the rule `{name}` at {at} does not say which group it gives").into(),
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

/// Whether partners find users of a group.
#[derive(Debug, Clone)]
pub(super) enum PartnerVisibility<'a> {
    /// They do not, by this record.
    Hidden(RowView<'a>),
    /// They do: nothing restricts it, or the record that did is gone.
    Visible(Option<RowView<'a>>),
    /// Nobody says.
    Undeclared,
    /// The zone was asked, and did not answer: why.
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
            Some(gone) => PartnerVisibility::Visible(Some(gone)),
            None => match table.extent {
                TableCompleteness::Complete => PartnerVisibility::Visible(None),
                TableCompleteness::DeclaredOnly => PartnerVisibility::Undeclared,
            },
        },
    }
}

/// The first rule that fits.
pub(super) fn first_matching_rule<'a>(
    table: &'a SettingsTable,
    from: &ZoneCode,
    group: &str,
) -> Option<RowView<'a>> {
    let fitting = table.entries().filter(|rule| unfit(*rule, from, group).is_none());
    fitting.min_by_key(|rule| rank(*rule))
}

/// The order in which rules are tried. One without a position comes after those that have one.
pub(super) fn rank(rule: RowView<'_>) -> (bool, u32) {
    let position = rule.text_field("position").and_then(|text| text.parse().ok());
    (is_default(rule), position.unwrap_or(u32::MAX))
}

pub(super) fn is_default(rule: RowView<'_>) -> bool {
    rule.text_field("name") == Some(DEFAULT)
}

/// Why a rule is not for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleMismatch<'a> {
    /// It is switched off.
    Disabled,
    /// It is for users of others.
    OtherInstitutions(&'a [Arc<str>]),
    /// It is for other groups.
    OtherGroups(&'a [Arc<str>]),
}

/// Why a rule is not for somebody; `None` where it is. Alma's own rule is for everybody, and cannot be switched off.
pub(super) fn unfit<'a>(rule: RowView<'a>, from: &ZoneCode, group: &str) -> Option<RuleMismatch<'a>> {
    // An empty list stands for any.
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

/// Whether a table that holds no rule of Alma's own has none, rather than that nobody has named it.
fn is_known_in_full(table: &SettingsTable) -> bool {
    match table.extent {
        TableCompleteness::DeclaredOnly => false,
        // What is declared does not delete Alma's own rule, even where it deletes all that it does not name.
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
