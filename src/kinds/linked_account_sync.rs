//! `LinkedAccountSync`: settings of the service that refreshes linked accounts.
//!
//! By default, Alma refreshes a linked account when someone uses the account, or when staff request a
//! refresh. Sources: Alma's documentation and pages of consortia. This kind declares an earlier refresh for
//! selected accounts. Alma itself does not use these settings, so no zone has a record of them.

mod delay;
mod options;
mod overlaps;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

pub use self::overlaps::overlaps;

use self::delay::{DAY, DelayCheck, HOUR, MINUTE, in_words, seconds};
use self::options::{
    AccountCreation, ChangeSource, GoneSourceAction, RefreshFailureAction, RefreshScope, UserModel,
};
use super::manifest_expansion::ManifestExpansion;
use super::{Expansion, KindSpec, ManifestSpec};
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::{self, AppliesToSpec};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::network::{Zone, ZoneRole};
use crate::model::{
    ConflictPolicy, Diagnostic, Enforcement, FieldName, FieldValue, MemberValue, Network, SelectedMembers,
    ServiceSettings, ServiceValue, UnlistedPolicy, ZoneCode,
};

/// Former collection of this kind, with one record for each source institution of a member.
const FORMER_COLLECTION: &str = "LinkedAccountSync";
/// Name of the setting with the source institutions.
const SOURCES: &str = "from";

/// Settings of the service: time limit for copying source changes to a member's linked accounts.
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
    /// Creation of linked accounts: `onUse` (default) or `eager`.
    #[serde(default)]
    pub create: AccountCreation,
    /// Home of the user records: `linked` (default) or `networkZone`.
    #[serde(default)]
    pub user_model: UserModel,
    /// Action for a linked account whose source user is gone: `report` (default) or `keep`. Nothing is deleted.
    #[serde(default)]
    pub on_source_gone: GoneSourceAction,
    /// Main origin of changes at the source institutions: `sis`, `ui` or `api`. Default: any.
    pub changes_by: Option<ChangeSource>,
    /// No effect, because no zone has a record of this kind. Accepted from older manifests.
    #[schemars(extend("deprecated" = true))]
    pub enforcement: Option<Spanned<Enforcement>>,
    /// No effect, because no zone has a record of this kind. Accepted from older manifests.
    #[schemars(extend("deprecated" = true))]
    pub conflict: Option<Spanned<ConflictPolicy>>,
    /// No effect, because no zone has a record of this kind. Accepted from older manifests.
    #[schemars(extend("deprecated" = true))]
    pub unlisted: Option<Spanned<UnlistedPolicy>>,
}

impl KindSpec for LinkedAccountSyncSpec {
    const NAME: &'static str = "LinkedAccountSync";
    const SUMMARY: &'static str = "Time limit for copying source changes to a member's linked accounts.";
    const COLLECTIONS: &'static [&'static str] = &[];
    const RETIRED_COLLECTIONS: &'static [&'static str] = &[FORMER_COLLECTION];
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
        problems.extend(self.fields_without_effect().map(|(field, extent)| {
            let message = format!("`{field}` has no effect: these settings have no records in zones");
            Diagnostic::warning(diagnostic_codes::NO_RECORDS, head.place(extent), message)
                .help(format!("remove `{field}`"))
        }));
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        let mut told = Vec::new();
        let sources = selection::of_manifest(self.from.as_ref(), network, head, &mut told);
        let unsure = !told.is_empty();
        told.into_iter().for_each(|problem| scope.report(problem));
        let sources: Vec<&Zone> = sources.zones.iter().map(|&source| &network.zones[source]).collect();
        let from = self.from.as_ref().map_or(head.extent, |from| from.extent);
        let targets = scope.zones(self.applies_to.as_ref());
        let is_member = |zone: &&Zone| zone.role == ZoneRole::Member;
        let mut network_zone: BTreeSet<_> = BTreeSet::new();
        if !targets.iter().all(is_member) {
            network_zone.extend(self.applies_to.as_ref().map(|said| said.extent));
        }
        if !sources.iter().all(is_member) {
            network_zone.insert(from);
        }
        let targets: Vec<&Zone> = targets.into_iter().filter(is_member).collect();
        let sources: Vec<&'n Zone> = sources.into_iter().filter(is_member).collect();
        let is_pair = |target: &Zone| sources.iter().any(|source| source.code != target.code);
        let nobody = !targets.iter().any(|target| is_pair(target));
        if nobody && !unsure && network_zone.is_empty() {
            let message = "no linked account to refresh: a member is not its own source institution";
            scope.error(diagnostic_codes::NO_SOURCE_LEFT, from, message, "select other members in `from`");
        }
        for extent in network_zone {
            let message = "the Network Zone has no linked accounts, and is not a source institution";
            let help = "exclude the Network Zone; the default is all members";
            scope.error(diagnostic_codes::NOT_A_MEMBER, extent, message, help);
        }
        let is_refreshed =
            self.user_model == UserModel::Linked && self.enabled.as_ref().is_none_or(|on| on.value);
        if let Some(max_delay) =
            seconds(&self.max_delay.value).filter(|delay| is_refreshed && (1..=DAY).contains(delay))
        {
            let check = DelayCheck { max_delay, targets: &targets, sources: &sources };
            let found = check.warning(&self.max_delay.value, head.place(self.max_delay.extent));
            found.into_iter().for_each(|problem| scope.report(problem));
        }
        let settings = self.settings(&mut scope, &sources);
        if !nobody {
            let applies_to = selected_members(network, &targets);
            let declared_at = head.provenance(head.extent, None);
            scope.serve(ServiceSettings { declared_at, applies_to, settings });
        }
        scope.finish();
    }
}

impl LinkedAccountSyncSpec {
    /// Returns the declared fields that only concern records of zones.
    fn fields_without_effect(&self) -> impl Iterator<Item = (&'static str, NodeSpan)> {
        let fields = [
            ("enforcement", self.enforcement.as_ref().map(|declared| declared.extent)),
            ("conflict", self.conflict.as_ref().map(|declared| declared.extent)),
            ("unlisted", self.unlisted.as_ref().map(|declared| declared.extent)),
        ];
        fields.into_iter().filter_map(|(field, extent)| Some((field, extent?)))
    }

    /// Returns the settings by field name, with the source institutions and their user groups.
    fn settings<'n>(
        &self,
        scope: &mut ManifestExpansion<'_, 'n>,
        sources: &[&'n Zone],
    ) -> BTreeMap<FieldName, ServiceValue> {
        let delay = seconds(&self.max_delay.value).map_or_else(|| self.max_delay.value.clone(), in_words);
        let text = |text: &str| ServiceValue::Same(FieldValue::from_text(text));
        let fields = FieldValue::list(self.fields.iter().map(|field| field.value.as_str()));
        let enabled = self.enabled.as_ref().is_none_or(|on| on.value);
        let mut settings: BTreeMap<FieldName, ServiceValue> = [
            (SOURCES, ServiceValue::Members(selected_members(scope.network, sources))),
            ("fields", ServiceValue::Same(fields)),
            ("maxDelay", text(&delay)),
            ("onFailure", text(self.on_failure.as_str())),
            ("enabled", ServiceValue::Same(enabled.into())),
            ("create", text(self.create.as_str())),
            ("userModel", text(self.user_model.as_str())),
            ("onSourceGone", text(self.on_source_gone.as_str())),
        ]
        .map(|(name, value)| (name.into(), value))
        .into();
        settings.extend(self.changes_by.map(|origin| ("changesBy".into(), text(origin.as_str()))));
        settings.extend(self.groups(scope, sources).map(|groups| ("userGroups".into(), groups)));
        settings
    }

    /// Returns the user groups of the source institutions; `None` for any group.
    fn groups<'n>(
        &self,
        scope: &mut ManifestExpansion<'_, 'n>,
        sources: &[&'n Zone],
    ) -> Option<ServiceValue> {
        let mut values: BTreeMap<FieldValue, Vec<ZoneCode>> = BTreeMap::new();
        for &source in sources {
            let codes: Vec<_> =
                self.user_groups.iter().filter_map(|group| scope.resolve_text(group, source)).collect();
            values.entry(FieldValue::list(codes)).or_default().push(source.code.clone());
        }
        match (values.len(), values.first_key_value()) {
            (_, None) | (1, Some((FieldValue::Null, _))) => None,
            (1, Some((value, _))) => Some(ServiceValue::Same(value.clone())),
            _ => {
                let values = values.into_iter().map(|(value, members)| MemberValue { value, members });
                Some(ServiceValue::ByMember(values.collect()))
            }
        }
    }
}

/// Returns selected members, in network order, with the other members of the network.
fn selected_members(network: &Network, members: &[&Zone]) -> SelectedMembers {
    let all = network.zones.iter().filter(|zone| zone.role == ZoneRole::Member);
    let (selected, left_out): (Vec<&Zone>, Vec<&Zone>) =
        all.partition(|zone| members.iter().any(|member| member.code == zone.code));
    let codes = |zones: Vec<&Zone>| zones.into_iter().map(|zone| zone.code.clone()).collect();
    SelectedMembers { selected: codes(selected), left_out: codes(left_out) }
}
