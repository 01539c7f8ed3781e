//! `BlockSharing`: blocks that travel between a user's institution and those that lend, declared once.
//!
//! A block needs a description and then a definition in every member, each spelt alike, and whether blocks
//! are copied at all is a switch of the rules for linked accounts.

mod spec;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

pub use self::spec::BlockSharingSpec;
use self::spec::{BlockDescriptionSpec, BlockDirection, SharedBlockSpec};
use super::manifest_expansion::{CollectionDraft, ManifestExpansion};
use super::{Expansion, KindSpec, ManifestSpec, code_table, mapping_table};
use crate::manifest::deserialize::Spanned;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::network::Zone;
use crate::model::{
    Amendment, AmendmentOperation, AmendmentTarget, CollectionId, CollectionShape, Diagnostic, FieldValue,
    Network, TableName,
};

impl KindSpec for BlockSharingSpec {
    const NAME: &'static str = "BlockSharing";
    const SUMMARY: &'static str = "Blocks that travel between a user's institution and those that lend: descriptions, definitions, and \
         whether rules for linked accounts copy them.";
    const COLLECTIONS: &'static [&'static str] = &["CodeTable", "MappingTable", ACCOUNT_RULES];
}

const ACCOUNT_RULES: &str = "LinkedAccountRules";

/// What Alma itself writes: the type of a copied block, and the id of one that was sent home.
const COPIED: &str = "CONSORTIA";
const SENT_HOME: &str = "FROM_TARGET";

struct BlockSharingShapes {
    descriptions: Arc<CollectionShape>,
    definitions: Arc<CollectionShape>,
    account_rules: Arc<CollectionShape>,
}

static SHAPES: LazyLock<BlockSharingShapes> = LazyLock::new(|| {
    let patrons = "Configuration > Fulfillment > Patron Configurations";
    let rules = "Configuration > User Management > Collaborative Networks > Linked Account Rules";
    BlockSharingShapes {
        descriptions: code_table::shape(&format!("{patrons} > User Block Description")),
        definitions: mapping_table::shape(&format!("{patrons} > User Block Definitions")),
        // Not later than the definitions: a rule can copy blocks whether or not this one is defined.
        account_rules: Arc::new(CollectionShape {
            stage: 1,
            menu: rules.into(),
            ..CollectionShape::default()
        }),
    }
});

fn descriptions() -> CollectionId {
    CollectionId::with_code("CodeTable", "UserBlockDescription")
}

/// The code of the table in the API is not known for certain: each zone's own list is asked.
fn definitions() -> CollectionId {
    CollectionId {
        table: TableName::Title("User Block Definitions".into()),
        ..CollectionId::of_institution("MappingTable")
    }
}

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
            let message = format!("`{}` does nothing", head.manifest);
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
            let of = |id, key, shape| {
                scope.collection(id, &[key], shape).with_enforcement(self.enforcement, self.conflict)
            };
            let mut tables = (
                of(descriptions(), "code", &SHAPES.descriptions),
                of(definitions(), "ID", &SHAPES.definitions),
            );
            let mut account_rules =
                of(CollectionId::of_institution(ACCOUNT_RULES), "name", &SHAPES.account_rules);
            let (mut ids, mut described) = (BTreeMap::new(), BTreeMap::new());
            for Spanned { value: block, extent } in &self.blocks {
                // Where a variable is lacking, that is told at the end.
                let Some(said) = block.resolve_texts(&mut scope, zone) else { continue };
                // What is written alike has been told whatever the network is.
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
                account_rules.amend(Amendment {
                    expected: AmendmentTarget::Required,
                    amends: vec![scope.amend("copyNetworkBlocks", copied, extent)],
                    ..scope.amendment(extent, self.enforcement)
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
    /// What Alma would do with the block that is hardly meant. The rules follow what a consortium of
    /// fourteen libraries has written down of its own setting.
    fn lint(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut warn = |code, extent, message: String, help: String| {
            problems.push(Diagnostic::warning(code, head.place(extent), message).help(help));
        };
        match (self.direction.value, self.network_block) {
            (BlockDirection::Source, Some(Spanned { value: true, extent })) => warn(
                diagnostic_codes::BLOCK_ECHO,
                extent,
                "a block that came from the home institution would be copied on from where it arrives: an echo \
                 that never ends"
                    .to_owned(),
                "leave `networkBlock` out, or write `networkBlock: false`".to_owned(),
            ),
            (BlockDirection::Target, Some(Spanned { value: false, extent })) => warn(
                diagnostic_codes::BLOCK_STAYS,
                extent,
                "a block that a target institution sent home would not reach the other members".to_owned(),
                "leave `networkBlock` out, or write `networkBlock: true`".to_owned(),
            ),
            (BlockDirection::Source | BlockDirection::Target, _) => {}
        }
        let words = [Some(&self.id), self.block_type.as_ref(), Some(&self.description.value.code)];
        for Spanned { value, extent } in words.into_iter().flatten() {
            let TextOrVariable::Plain(text) = value else { continue };
            let meant = [COPIED, SENT_HOME].into_iter().find(|meant| meant.eq_ignore_ascii_case(text));
            if let Some(meant) = meant.filter(|meant| **meant != **text) {
                let message = format!("`{text}` is not `{meant}` to Alma: codes are case-sensitive");
                warn(diagnostic_codes::BLOCK_SPELLING, *extent, message, format!("write `{meant}`"));
            }
        }
        problems
    }

    /// Its texts in one zone; `None` where it uses a variable that the zone lacks.
    fn resolve_texts<'n>(&self, scope: &mut ManifestExpansion<'_, 'n>, zone: &'n Zone) -> Option<BlockTexts> {
        let BlockDescriptionSpec { code, text } = &self.description.value;
        let mut or = |text: &Option<Spanned<TextOrVariable>>, default: &str| match text {
            Some(text) => scope.resolve_text(text, zone),
            None => Some(default.into()),
        };
        Some(BlockTexts {
            block_type: or(&self.block_type, COPIED)?,
            overridable: or(&self.overridable, "ALL")?,
            id: scope.resolve_text(&self.id, zone)?,
            code: scope.resolve_text(code, zone)?,
            text: scope.resolve_text(text, zone)?,
        })
    }

    /// What the block comes to in one zone.
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
        let action: Arc<str> = blocked_action.value.code().into();
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
            .with_reference(descriptions(), &[("code", &code_there)], "block description");
        defined.add(match blocked_action.value.is_delivered() {
            true => entry,
            false => entry.with_reference(blocked_actions(), &[("Block", &action)], "blocked action"),
        });
    }
}

/// The texts of a block in one zone.
struct BlockTexts {
    id: Arc<str>,
    block_type: Arc<str>,
    overridable: Arc<str>,
    code: Arc<str>,
    text: Arc<str>,
}

fn second_block(head: &ManifestHeader, extent: NodeSpan, first: NodeSpan) -> Diagnostic {
    Diagnostic::error(diagnostic_codes::SECOND_BLOCK, head.place(extent), "two blocks have one id")
        .with_secondary_span(head.place(first), "first here")
        .help("give each an id of its own: Alma tells definitions apart by it")
}

fn second_description(head: &ManifestHeader, extent: NodeSpan, first: NodeSpan) -> Diagnostic {
    let message = "two blocks share the code of their description, and describe it differently";
    Diagnostic::error(diagnostic_codes::SECOND_DESCRIPTION, head.place(extent), message)
        .with_secondary_span(head.place(first), "the other text")
        .help("write the same text twice, or give one of them a code of its own")
}
