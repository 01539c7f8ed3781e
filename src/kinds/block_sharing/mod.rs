//! `BlockSharing`: patron blocks copied between source and target institutions.
//!
//! A block needs a description and a definition in every member, with identical spelling. The linked account
//! rules switch the copying of blocks on or off.

mod export;
mod spec;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use self::spec::BlockSharingSpec;
use self::spec::{BlockDescriptionSpec, BlockDirection, SharedBlockSpec};
use super::manifest_expansion::{CollectionDraft, ManifestExpansion};
use super::way_back::{ExplainOmission, ExportKind};
use super::{Expansion, KindSpec, ManifestSpec};
use crate::manifest::deserialize::Spanned;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::alma_codes::{
    BLOCK_DEFINITIONS, BLOCK_DESCRIPTIONS, BlockedAction, COPIED_BLOCK, CollectionLayout,
    LINKED_ACCOUNT_RULES, SENT_BACK_BLOCK, block_definitions, block_descriptions,
};
use crate::model::network::Zone;
use crate::model::{
    Amendment, AmendmentOperation, AmendmentTarget, CollectionId, Diagnostic, FieldValue, Network,
};

impl KindSpec for BlockSharingSpec {
    const NAME: &'static str = "BlockSharing";
    const SUMMARY: &'static str = "Patron blocks copied between source and target institutions: descriptions, \
                                 definitions, and the copy setting of the linked account rules.";
    const EXPORT: Option<ExportKind> = Some(export::export);
    const EXPLAIN_OMISSION: ExplainOmission = export::explain_omission;
    const EXPORT_TABLES: &'static [fn() -> CollectionId] = &[block_descriptions, block_definitions];
    const COLLECTIONS: &'static [&'static str] = &["CodeTable", "MappingTable", ACCOUNT_RULES];
}

const ACCOUNT_RULES: &str = "LinkedAccountRules";

fn blocked_actions() -> CollectionId {
    CollectionId::with_code("MappingTable", "BlockToBlockedActions")
}

impl ManifestSpec for BlockSharingSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut ids: BTreeMap<&TextOrVariable, NodeSpan> = BTreeMap::new();
        let mut described: BTreeMap<&TextOrVariable, &Spanned<TextOrVariable>> = BTreeMap::new();
        for Spanned { value: block, extent: _ } in &self.blocks {
            if let Some(first) = ids.insert(&block.id.value, block.id.extent) {
                problems.push(second_block(head, block.id.extent, first));
            }
            let BlockDescriptionSpec { code, text } = &block.description.value;
            if let Some(first) = described.insert(&code.value, text).filter(|first| first.value != text.value)
            {
                problems.push(second_description(head, text.extent, first.extent));
            }
            problems.extend(block.lint(head));
        }
        if self.blocks.is_empty() && self.copy.is_none() {
            let message = format!("`{}` has no effect", head.manifest);
            problems.push(
                Diagnostic::warning(diagnostic_codes::DOES_NOTHING, head.span(), message)
                    .help("add `blocks` or `copy`, or remove the manifest"),
            );
        }
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        let mut told = BTreeSet::new();
        for zone in scope.zones(self.applies_to.as_ref()) {
            let of = |id, layout: CollectionLayout| {
                scope
                    .collection(id, layout.key)
                    .with_owner(self.owner)
                    .with_enforcement(self.enforcement, self.conflict)
            };
            let mut tables =
                (of(block_descriptions(), BLOCK_DESCRIPTIONS), of(block_definitions(), BLOCK_DEFINITIONS));
            let mut account_rules = of(CollectionId::of_institution(ACCOUNT_RULES), LINKED_ACCOUNT_RULES);
            let (mut ids, mut described) = (BTreeMap::new(), BTreeMap::new());
            for Spanned { value: block, extent } in &self.blocks {
                // `finish` reports missing variables.
                let Some(said) = block.resolve_texts(&mut scope, zone) else { continue };
                // `validate` already reported literal duplicates.
                let first = ids.insert(Arc::clone(&said.id), &block.id);
                if let Some(first) = first.filter(|first| first.value != block.id.value)
                    && told.insert(block.id.extent)
                {
                    scope.report(second_block(head, block.id.extent, first.extent));
                }
                let BlockDescriptionSpec { code, text } = &block.description.value;
                let first = described.insert(Arc::clone(&said.code), (Arc::clone(&said.text), code, text));
                if let Some((_, _, first)) = first
                    .filter(|(words, _, _)| *words != said.text)
                    .filter(|(_, by, first)| by.value != code.value || first.value == text.value)
                    && told.insert(text.extent)
                {
                    scope.report(second_description(head, text.extent, first.extent));
                }
                block.expand(&scope, *extent, said, &mut tables);
            }
            if let Some(Spanned { value: copy, extent }) = self.copy {
                let copied = AmendmentOperation::Set(FieldValue::Bool(copy));
                let enforcement = account_rules.enforcement();
                account_rules.amend(Amendment {
                    expected: AmendmentTarget::Required,
                    amends: vec![scope.amend("copyNetworkBlocks", copied, extent)],
                    ..scope.amendment(extent, enforcement)
                });
            }
            for collection in [tables.0, tables.1, account_rules] {
                scope.want(zone, collection);
            }
        }
        scope.finish();
    }
}

impl SharedBlockSpec {
    /// Warns of settings with a probably unintended effect in Alma. The rules follow the published experience
    /// of a consortium with fourteen libraries.
    fn lint(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut warn = |code, extent, message: String, help: String| {
            problems.push(Diagnostic::warning(code, head.place(extent), message).help(help));
        };
        match (self.direction.value, self.network_block) {
            (BlockDirection::Source, Some(Spanned { value: true, extent })) => warn(
                diagnostic_codes::BLOCK_ECHO,
                extent,
                "a block from the source institution would be copied again from each target, in an endless \
                 loop"
                    .to_owned(),
                "remove `networkBlock`, or set `networkBlock: false`".to_owned(),
            ),
            (BlockDirection::Target, Some(Spanned { value: false, extent })) => warn(
                diagnostic_codes::BLOCK_STAYS,
                extent,
                "a block sent back by a target institution would not reach the other members".to_owned(),
                "remove `networkBlock`, or set `networkBlock: true`".to_owned(),
            ),
            (BlockDirection::Source | BlockDirection::Target, _) => {}
        }
        let action = &self.blocked_action;
        if BlockedAction::from_word(&action.value).is_none() {
            let known: Vec<_> = BlockedAction::ALL.iter().map(|action| format!("`{action}`")).collect();
            warn(
                diagnostic_codes::BLOCKED_ACTION,
                action.extent,
                format!("the meaning of the blocked action `{}` is unknown", action.value),
                format!(
                    "use one of {}, unless Ex Libris added the code to all target zones",
                    known.join(", ")
                ),
            );
        }
        let words = [Some(&self.id), self.block_type.as_ref(), Some(&self.description.value.code)];
        for Spanned { value, extent } in words.into_iter().flatten() {
            let TextOrVariable::Plain(text) = value else { continue };
            let meant =
                [COPIED_BLOCK, SENT_BACK_BLOCK].into_iter().find(|meant| meant.eq_ignore_ascii_case(text));
            if let Some(meant) = meant.filter(|meant| **meant != **text) {
                let message =
                    format!("`{text}` differs from Alma's code `{meant}`: codes are case-sensitive");
                warn(diagnostic_codes::BLOCK_SPELLING, *extent, message, format!("use `{meant}`"));
            }
        }
        problems
    }

    /// Resolves the texts of a block for a zone. Returns `None` for a missing variable.
    fn resolve_texts<'n>(&self, scope: &mut ManifestExpansion<'_, 'n>, zone: &'n Zone) -> Option<BlockTexts> {
        let BlockDescriptionSpec { code, text } = &self.description.value;
        let mut or = |text: &Option<Spanned<TextOrVariable>>, default: &str| match text {
            Some(text) => scope.resolve_text(text, zone),
            None => Some(default.into()),
        };
        Some(BlockTexts {
            block_type: or(&self.block_type, COPIED_BLOCK)?,
            overridable: or(&self.overridable, "ALL")?,
            id: scope.resolve_text(&self.id, zone)?,
            code: scope.resolve_text(code, zone)?,
            text: scope.resolve_text(text, zone)?,
        })
    }

    /// Expands the block to its records in one zone.
    fn expand(
        &self,
        scope: &ManifestExpansion<'_, '_>,
        extent: NodeSpan,
        said: BlockTexts,
        (described, defined): &mut (CollectionDraft, CollectionDraft),
    ) {
        let Self { direction, id, block_type, description, overridable, blocked_action, network_block } =
            self;
        let BlockTexts {
            id: id_there,
            block_type: type_there,
            overridable: by_whom,
            code: code_there,
            text: words,
        } = said;
        let BlockDescriptionSpec { code, text } = &description.value;
        let place =
            |text: &Option<Spanned<TextOrVariable>>| text.as_ref().map_or(id.extent, |text| text.extent);
        let network_block = network_block.unwrap_or(Spanned {
            value: match direction.value {
                BlockDirection::Source => false,
                BlockDirection::Target => true,
            },
            extent: direction.extent,
        });
        let action: Arc<str> = blocked_action.value.as_str().into();
        let is_delivered = BlockedAction::from_word(&action).is_some_and(BlockedAction::is_delivered);
        let entry = (scope.record(description.extent))
            .with_field("code", Arc::clone(&code_there), code.extent)
            .with_field("description", words, text.extent)
            .with_field("enabled", true, description.extent);
        described.add(entry);
        let entry = (scope.record(extent))
            .with_field("ID", id_there, id.extent)
            .with_field("Type", type_there, place(block_type))
            .with_field("Description", Arc::clone(&code_there), code.extent)
            .with_field("Overridable", by_whom, place(overridable))
            .with_field("Blocked Action", Arc::clone(&action), blocked_action.extent)
            .with_field("Network Block", network_block.value.to_string().as_str(), network_block.extent)
            .with_field("enabled", true, extent)
            .with_reference(block_descriptions(), &[("code", &code_there)], "block description");
        defined.add(match is_delivered {
            true => entry,
            false => entry.with_reference(blocked_actions(), &[("Block", &action)], "blocked action"),
        });
    }
}

/// Resolved texts of a patron block in one zone.
struct BlockTexts {
    id: Arc<str>,
    block_type: Arc<str>,
    overridable: Arc<str>,
    code: Arc<str>,
    text: Arc<str>,
}

fn second_block(head: &ManifestHeader, extent: NodeSpan, first: NodeSpan) -> Diagnostic {
    Diagnostic::error(diagnostic_codes::SECOND_BLOCK, head.place(extent), "two blocks have the same ID")
        .with_secondary_span(head.place(first), "first here")
        .help("use different IDs: the ID identifies the definition in Alma")
}

fn second_description(head: &ManifestHeader, extent: NodeSpan, first: NodeSpan) -> Diagnostic {
    let message = "two blocks use the same description code with different texts";
    Diagnostic::error(diagnostic_codes::SECOND_DESCRIPTION, head.place(extent), message)
        .with_secondary_span(head.place(first), "other text")
        .help("use the same text for both, or different codes")
}
