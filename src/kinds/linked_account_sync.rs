//! `LinkedAccountSync`: how soon a member's linked accounts follow what changes at the source.
//!
//! Alma refreshes a linked account when it is used, or when staff ask for it (the vendor's help, and
//! consortia's own pages). This says for whom that is too late. Nothing in Alma acts on it.

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

/// How soon a member's linked accounts follow what changes at the source.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkedAccountSyncSpec {
    /// The members whose linked accounts are refreshed; all members where nothing is said.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// The members whose users they belong to; all where nothing is said. A member is never its own source.
    pub from: Option<Spanned<AppliesToSpec>>,
    /// Codes of the user groups at the source; any where nothing is said. A variable is the source's.
    #[serde(default)]
    pub user_groups: Vec<Spanned<TextOrVariable>>,
    /// What of a user must have changed for the linked account to be refreshed.
    #[schemars(length(min = 1))]
    pub fields: Vec<Spanned<RefreshScope>>,
    /// What becomes of a refresh that fails.
    #[serde(default)]
    pub on_failure: RefreshFailureAction,
    /// How long a change may take to arrive: `15 minutes`, at most `24 hours`.
    pub max_delay: Spanned<String>,
    /// Whether it is done at all.
    pub enabled: Option<Spanned<bool>>,
    /// How strongly it is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// What happens to source institutions that no manifest mentions.
    #[serde(default)]
    pub unlisted: UnlistedPolicy,
}

/// What a refresh brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RefreshScope {
    /// Addresses.
    Addresses,
    /// E-mail addresses.
    Emails,
    /// Phone numbers.
    Phones,
    /// Names, title, and what else the first tab of a user shows.
    GeneralInformation,
    /// The expiry date, as the linked account rule makes it from that of the source.
    ExpiryDate,
    /// Blocks that count in the network.
    Blocks,
    /// Never copied by Alma: an error that says so.
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

/// What becomes of a refresh that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RefreshFailureAction {
    /// It is tried again until the lag is over.
    #[default]
    Retry,
    /// It waits for somebody to look at it.
    Queue,
    /// It is left for the next change of the user.
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
    const SUMMARY: &'static str = "How soon a member's linked accounts follow what changes at the source.";
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
        menu: "Alma has no page for it: whatever refreshes the linked accounts must be set up so".into(),
        ..CollectionShape::default()
    })
});

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A span in seconds, and `None` where it is none. Parts that differ in length from month to month are not taken.
fn seconds(text: &str) -> Option<i64> {
    let span: Span = text.parse().ok()?;
    let seconds = span.total((jiff::Unit::Second, jiff::SpanRelativeTo::days_are_24_hours())).ok()?;
    // A float holds every whole number of seconds that a span of days can have.
    (seconds.fract() == 0.0).then_some(seconds as i64)
}

/// `15 minutes`, `1 hour`, `90 seconds`.
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
            let message = "identifiers are never copied to linked accounts: they belong to the institution";
            problems.push(
                Diagnostic::error(
                    diagnostic_codes::IDENTIFIERS_NEVER_COPIED,
                    head.place(field.extent),
                    message,
                )
                .help("remove it"),
            );
        }
        let Spanned { value: lag, extent } = &self.max_delay;
        let error =
            |code, message: String, help| Diagnostic::error(code, head.place(*extent), message).help(help);
        problems.extend(match seconds(lag) {
            None => Some(error(
                diagnostic_codes::NO_SPAN,
                format!("`{lag}` is not understood"),
                "write whole seconds, minutes or hours: `15 minutes`",
            )),
            Some(seconds) if seconds <= 0 => Some(error(
                diagnostic_codes::LAG,
                format!("a change cannot take `{lag}` to arrive"),
                "write a time, such as `15 minutes`",
            )),
            Some(seconds) if seconds > DAY => Some(error(
                diagnostic_codes::LAG,
                format!("`{lag}` is more than a day"),
                "write at most `24 hours`; Alma itself refreshes an account when it is used",
            )),
            Some(seconds) if seconds < MINUTE => {
                let message = format!(
                    "every source is asked for its changes {} times an hour, all of which counts against its daily threshold",
                    HOUR / seconds
                );
                let problem = Diagnostic::warning(diagnostic_codes::SHORT_LAG, head.place(*extent), message);
                Some(problem.help(format!("`1 minute` needs {}, `15 minutes` {}", HOUR / MINUTE, HOUR / (15 * MINUTE))))
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
                .collection(CollectionId::of_institution(Self::NAME), &["sourceInstitution"], &SHAPE)
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
            let message = "nobody is left to refresh: a member's own users are not linked to it";
            scope.error(diagnostic_codes::NO_SOURCE_LEFT, from, message, "name other members in `from`");
        }
        for extent in network_zone {
            let message = "the network zone has no linked accounts, and no users that members link to";
            let help = "leave it out: members are meant where nothing is said";
            scope.error(diagnostic_codes::NOT_A_MEMBER, extent, message, help);
        }
        scope.finish();
    }
}
