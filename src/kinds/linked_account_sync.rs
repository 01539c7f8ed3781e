//! `LinkedAccountSync`: time limit for copying source changes to linked accounts.
//!
//! By default, Alma refreshes a linked account when someone uses the account, or when staff request a
//! refresh. Sources: Alma's documentation and pages of consortia. This kind declares an earlier refresh for
//! selected accounts. Alma itself does not use these settings.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use jiff::Span;
use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::ManifestExpansion;
use super::{Expansion, GatewayCollection, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::{self, AppliesToSpec};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::network::ZoneRole;
use crate::model::{
    CollectionId, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, FieldValue, Network,
    UnlistedPolicy,
};

/// Time limit for copying source changes to a member's linked accounts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkedAccountSyncSpec {
    /// Selector of the members with the linked accounts. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Selector of the source institutions. Default: all members. zonal never makes a member its own source
    /// institution.
    pub from: Option<Spanned<AppliesToSpec>>,
    /// Codes of the user groups at the source institution. Default: any group. Variables take the source
    /// institution's values.
    #[serde(default)]
    pub user_groups: Vec<Spanned<TextOrVariable>>,
    /// Changed user fields that cause a refresh.
    #[schemars(length(min = 1))]
    pub fields: Vec<Spanned<RefreshScope>>,
    /// Action after a failed refresh: `retry` (default), `queue` or `skip`.
    #[serde(default)]
    pub on_failure: RefreshFailureAction,
    /// Maximum delay of a change, such as `15 minutes`; at most `24 hours`.
    pub max_delay: Spanned<String>,
    /// True to enable the refresh.
    pub enabled: Option<Spanned<bool>>,
    /// Enforcement: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// Action for unlisted source institutions: `keep` (default), `disable` or `delete`.
    #[serde(default)]
    pub unlisted: UnlistedPolicy,
}

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
    fn as_str(self) -> &'static str {
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
    fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Queue => "queue",
            Self::Skip => "skip",
        }
    }
}

impl KindSpec for LinkedAccountSyncSpec {
    const NAME: &'static str = "LinkedAccountSync";
    const SUMMARY: &'static str = "Time limit for copying source changes to a member's linked accounts.";
    const COLLECTIONS: &'static [&'static str] = &["LinkedAccountSync"];
    const GATEWAY_COLLECTIONS: &'static [GatewayCollection] = &[GatewayCollection {
        kind: "LinkedAccountSync",
        reach: ZoneCoverage::Members,
        key: &["sourceInstitution"],
        fields: &["fields", "userGroups", "onFailure", "maxDelay", "enabled"],
    }];

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        stage: 3,
        defaults: [("enabled".into(), true.into())].into(),
        switch: Some("enabled".into()),
        menu: "no page in Alma; configure the service that refreshes the linked accounts".into(),
        ..CollectionShape::default()
    })
});

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Returns a time span in seconds, or `None` for invalid text. Units of variable length, such as months, are
/// invalid.
fn seconds(text: &str) -> Option<i64> {
    let span: Span = text.parse().ok()?;
    let seconds = span.total((jiff::Unit::Second, jiff::SpanRelativeTo::days_are_24_hours())).ok()?;
    // A float represents every whole number of seconds in this range.
    (seconds.fract() == 0.0).then_some(seconds as i64)
}

/// Returns a text such as `15 minutes`, `1 hour` or `90 seconds`.
fn in_words(seconds: i64) -> String {
    let (amount, unit) = match seconds {
        _ if seconds % HOUR == 0 => (seconds / HOUR, "hour"),
        _ if seconds % MINUTE == 0 => (seconds / MINUTE, "minute"),
        _ => (seconds, "second"),
    };
    format!("{amount} {unit}{}", if amount == 1 { "" } else { "s" })
}

impl ManifestSpec for LinkedAccountSyncSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for field in self.fields.iter().filter(|field| field.value == RefreshScope::Identifiers) {
            let message = "Alma never copies identifiers to linked accounts";
            problems.push(
                Diagnostic::error(
                    diagnostic_codes::IDENTIFIERS_NEVER_COPIED,
                    head.place(field.extent),
                    message,
                )
                .help("remove `identifiers`"),
            );
        }
        let Spanned { value: lag, extent } = &self.max_delay;
        let error =
            |code, message: String, help| Diagnostic::error(code, head.place(*extent), message).help(help);
        problems.extend(match seconds(lag) {
            None => Some(error(
                diagnostic_codes::NO_SPAN,
                format!("`{lag}` is not a valid time span"),
                "enter whole seconds, minutes or hours, such as `15 minutes`",
            )),
            Some(seconds) if seconds <= 0 => Some(error(
                diagnostic_codes::LAG,
                format!("the maximum delay `{lag}` must be positive"),
                "enter a time span, such as `15 minutes`",
            )),
            Some(seconds) if seconds > DAY => Some(error(
                diagnostic_codes::LAG,
                format!("`{lag}` is longer than one day"),
                "enter at most `24 hours`; Alma also refreshes an account when someone uses it",
            )),
            Some(seconds) if seconds < MINUTE => {
                let message = format!(
                    "every source institution is queried {} times per hour, and this counts against its \
                     daily threshold",
                    HOUR / seconds
                );
                let problem = Diagnostic::warning(diagnostic_codes::SHORT_LAG, head.place(*extent), message);
                Some(problem.help(format!(
                    "`1 minute` means {} queries per hour, `15 minutes` {}",
                    HOUR / MINUTE,
                    HOUR / (15 * MINUTE)
                )))
            }
            Some(_) => None,
        });
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        let mut told = Vec::new();
        let sources = selection::of_manifest(self.from.as_ref(), network, head, &mut told);
        let unsure = !told.is_empty();
        told.into_iter().for_each(|problem| scope.report(problem));
        let lag = seconds(&self.max_delay.value).map_or_else(|| self.max_delay.value.clone(), in_words);
        let fields = || FieldValue::list(self.fields.iter().map(|field| field.value.as_str()));
        let first = self.fields.first().map_or(head.extent, |field| field.extent);
        let groups = self.user_groups.first().map_or(head.extent, |group| group.extent);
        let from = self.from.as_ref().map_or(head.extent, |from| from.extent);
        let targets = scope.zones(self.applies_to.as_ref());
        let mut network_zone: BTreeSet<_> = BTreeSet::new();
        let mut nobody = true;
        for zone in targets {
            if zone.role != ZoneRole::Member {
                network_zone.extend(self.applies_to.as_ref().map(|said| said.extent));
                continue;
            }
            let mut collection = scope
                .collection(CollectionId::of_institution(Self::NAME), &["sourceInstitution"])
                .with_enforcement(self.enforcement, self.conflict)
                .with_unlisted_policy(self.unlisted);
            for &source in &sources.zones {
                let source = &network.zones[source];
                if source.role != ZoneRole::Member {
                    network_zone.insert(from);
                    continue;
                }
                if source.code == zone.code {
                    continue;
                }
                nobody = false;
                let codes: Vec<Arc<str>> =
                    self.user_groups.iter().filter_map(|group| scope.resolve_text(group, source)).collect();
                let entry = (scope.record(head.extent))
                    .with_field("sourceInstitution", Arc::clone(&source.code.0), from)
                    .with_field("fields", fields(), first)
                    .with_field("userGroups", FieldValue::list(codes), groups)
                    .with_field("onFailure", self.on_failure.as_str(), head.extent)
                    .with_field("maxDelay", lag.as_str(), self.max_delay.extent)
                    .with_some("enabled", self.enabled.as_ref());
                collection.add(entry);
            }
            scope.want(zone, collection);
        }
        if nobody && !unsure && network_zone.is_empty() {
            let message = "no linked account to refresh: a member is not its own source institution";
            scope.error(diagnostic_codes::NO_SOURCE_LEFT, from, message, "select other members in `sources`");
        }
        for extent in network_zone {
            let message = "the Network Zone has no linked accounts, and is not a source institution";
            let help = "exclude the Network Zone; the default is all members";
            scope.error(diagnostic_codes::NOT_A_MEMBER, extent, message, help);
        }
        scope.finish();
    }
}
