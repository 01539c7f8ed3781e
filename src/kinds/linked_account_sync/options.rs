//! Words of the manifest: what is refreshed, and how the service acts.

use schemars::JsonSchema;
use serde::Deserialize;

/// User fields copied by a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RefreshScope {
    /// Addresses.
    Addresses,
    /// E-mail addresses.
    Emails,
    /// Phone numbers.
    Phones,
    /// Names, title and the other fields on a user's first tab.
    GeneralInformation,
    /// Expiry date, calculated by the linked account rule from the source account's date.
    ExpiryDate,
    /// Patron blocks valid in the network.
    Blocks,
    /// Invalid: Alma never copies identifiers.
    Identifiers,
}

impl RefreshScope {
    /// Returns the manifest's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Emails => "emails",
            Self::Phones => "phones",
            Self::GeneralInformation => "generalInformation",
            Self::ExpiryDate => "expiryDate",
            Self::Blocks => "blocks",
            Self::Identifiers => "identifiers",
        }
    }
}

/// Action after a failed refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RefreshFailureAction {
    /// Retries until the maximum delay is over.
    #[default]
    Retry,
    /// Queues the refresh for review by staff.
    Queue,
    /// Skips the refresh until the user's next change.
    Skip,
}

impl RefreshFailureAction {
    /// Returns the manifest's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Queue => "queue",
            Self::Skip => "skip",
        }
    }
}

/// Creation of linked accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AccountCreation {
    /// Alma creates an account when someone uses the member's services.
    #[default]
    OnUse,
    /// The service creates the accounts in advance: Alma cannot create one at a self-check (SIP2).
    Eager,
}

impl AccountCreation {
    /// Returns the manifest's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnUse => "onUse",
            Self::Eager => "eager",
        }
    }
}

/// Home of the user records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UserModel {
    /// Source institutions own the users; members have linked accounts.
    #[default]
    Linked,
    /// Users are managed in the Network Zone. Alma keeps the copies up to date, so the service sends nothing.
    NetworkZone,
}

impl UserModel {
    /// Returns the manifest's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::NetworkZone => "networkZone",
        }
    }
}

/// Action for a linked account whose source user is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GoneSourceAction {
    /// Reports the account, for a decision by staff.
    #[default]
    Report,
    /// Keeps the account without a report.
    Keep,
}

impl GoneSourceAction {
    /// Returns the manifest's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Keep => "keep",
        }
    }
}

/// Main origin of changes at the source institutions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeSource {
    /// Loads of the student information system; the job's end lists the users.
    Sis,
    /// Staff in Alma; Alma sends an event for each user.
    Ui,
    /// Clients of Alma's API; Alma sends no event, so the service polls.
    Api,
}

impl ChangeSource {
    /// Returns the manifest's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sis => "sis",
            Self::Ui => "ui",
            Self::Api => "api",
        }
    }
}
