//! `BlockSharing`: blocks that travel between a user's institution and those that lend, declared once.
//!
//! A block needs a description and then a definition in every member, each spelt alike, and whether blocks
//! are copied at all is a switch of the rules for linked accounts.

mod spec;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

pub use self::spec::BlockSharing;
use self::spec::{Block, Description, Direction};
use super::scope::{Collection, Scope};
use super::{Expansion, KindSpec, Spec, code_table, mapping_table};
use crate::manifest::node::Extent;
use crate::manifest::text::Text;
use crate::manifest::typed::At;
use crate::manifest::{Head, codes};
use crate::model::network::Zone;
use crate::model::{AmendTo, Amendment, CollectionId, Diagnostic, Expected, Network, Shape, Table, Value};

impl KindSpec for BlockSharing {
    const NAME: &'static str = "BlockSharing";
    const ABOUT: &'static str = "Blocks that travel between a user's institution and those that lend: descriptions, definitions, and \
         whether rules for linked accounts copy them.";
    const COLLECTIONS: &'static [&'static str] = &["CodeTable", "MappingTable", ACCOUNT_RULES];
}

const ACCOUNT_RULES: &str = "LinkedAccountRules";

/// What Alma itself writes: the type of a copied block, and the id of one that was sent home.
const COPIED: &str = "CONSORTIA";
const SENT_HOME: &str = "FROM_TARGET";

struct Shapes {
    descriptions: Arc<Shape>,
    definitions: Arc<Shape>,
    account_rules: Arc<Shape>,
}

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| {
    let patrons = "Configuration > Fulfillment > Patron Configurations";
    let rules = "Configuration > User Management > Collaborative Networks > Linked Account Rules";
    Shapes {
        descriptions: code_table::shape(&format!("{patrons} > User Block Description")),
        definitions: mapping_table::shape(&format!("{patrons} > User Block Definitions")),
        // Not later than the definitions: a rule can copy blocks whether or not this one is defined.
        account_rules: Arc::new(Shape { stage: 1, menu: rules.into(), ..Shape::default() }),
    }
});

fn descriptions() -> CollectionId {
    CollectionId::coded("CodeTable", "UserBlockDescription")
}

/// The code of the table in the API is not known for certain: each zone's own list is asked.
fn definitions() -> CollectionId {
    CollectionId {
        table: Table::Title("User Block Definitions".into()),
        ..CollectionId::whole("MappingTable")
    }
}

fn blocked_actions() -> CollectionId {
    CollectionId::coded("MappingTable", "BlockToBlockedActions")
}

impl Spec for BlockSharing {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut ids: BTreeMap<&Text, Extent> = BTreeMap::new();
        let mut described: BTreeMap<&Text, &At<Text>> = BTreeMap::new();
        for At { value: block, extent: _ } in &self.blocks {
            if let Some(first) = ids.insert(&block.id.value, block.id.extent) {
                problems.push(second_block(head, block.id.extent, first));
            }
            let Description { code, text } = &block.description.value;
            if let Some(first) = described.insert(&code.value, text).filter(|first| first.value != text.value)
            {
                problems.push(second_description(head, text.extent, first.extent));
            }
            problems.extend(block.lint(head));
        }
        if self.blocks.is_empty() && self.copy.is_none() {
            let message = format!("`{}` does nothing", head.manifest);
            problems.push(
                Diagnostic::warning(codes::DOES_NOTHING, head.here(), message)
                    .help("add `blocks` or `copy`, or remove the manifest"),
            );
        }
        problems
    }

    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = Scope::new(head, network, expansion) else { return };
        let mut told = BTreeSet::new();
        for zone in scope.zones(self.applies_to.as_ref()) {
            let of = |id, key, shape| {
                scope.collection(id, &[key], shape).enforced(self.enforcement, self.conflict)
            };
            let mut tables = (
                of(descriptions(), "code", &SHAPES.descriptions),
                of(definitions(), "ID", &SHAPES.definitions),
            );
            let mut account_rules = of(CollectionId::whole(ACCOUNT_RULES), "name", &SHAPES.account_rules);
            let (mut ids, mut described) = (BTreeMap::new(), BTreeMap::new());
            for At { value: block, extent } in &self.blocks {
                // Where a variable is lacking, that is told at the end.
                let Some(said) = block.said(&mut scope, zone) else { continue };
                // What is written alike has been told whatever the network is.
                let first = ids.insert(Arc::clone(&said.id), &block.id);
                if let Some(first) = first.filter(|first| first.value != block.id.value)
                    && told.insert(block.id.extent)
                {
                    scope.tell(second_block(head, block.id.extent, first.extent));
                }
                let Description { code, text } = &block.description.value;
                let first = described.insert(Arc::clone(&said.code), (Arc::clone(&said.text), code, text));
                if let Some((_, _, first)) = first
                    .filter(|(words, _, _)| *words != said.text)
                    .filter(|(_, by, first)| by.value != code.value || first.value == text.value)
                    && told.insert(text.extent)
                {
                    scope.tell(second_description(head, text.extent, first.extent));
                }
                block.expand(&scope, *extent, said, &mut tables);
            }
            if let Some(At { value: copy, extent }) = self.copy {
                let copied = AmendTo::Value(Value::Bool(copy));
                account_rules.amend(Amendment {
                    expected: Expected::InEach,
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

impl Block {
    /// What Alma would do with the block that is hardly meant. The rules follow what a consortium of
    /// fourteen libraries has written down of its own setting.
    fn lint(&self, head: &Head) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut warn = |code, extent, message: String, help: String| {
            problems.push(Diagnostic::warning(code, head.place(extent), message).help(help));
        };
        match (self.direction.value, self.network_block) {
            (Direction::Source, Some(At { value: true, extent })) => warn(
                codes::BLOCK_ECHO,
                extent,
                "a block that came from the home institution would be copied on from where it arrives: an echo \
                 that never ends"
                    .to_owned(),
                "leave `networkBlock` out, or write `networkBlock: false`".to_owned(),
            ),
            (Direction::Target, Some(At { value: false, extent })) => warn(
                codes::BLOCK_STAYS,
                extent,
                "a block that a target institution sent home would not reach the other members".to_owned(),
                "leave `networkBlock` out, or write `networkBlock: true`".to_owned(),
            ),
            (Direction::Source | Direction::Target, _) => {}
        }
        let words = [Some(&self.id), self.block_type.as_ref(), Some(&self.description.value.code)];
        for At { value, extent } in words.into_iter().flatten() {
            let Text::Plain(text) = value else { continue };
            let meant = [COPIED, SENT_HOME].into_iter().find(|meant| meant.eq_ignore_ascii_case(text));
            if let Some(meant) = meant.filter(|meant| **meant != **text) {
                let message = format!("`{text}` is not `{meant}` to Alma: codes are case-sensitive");
                warn(codes::BLOCK_SPELLING, *extent, message, format!("write `{meant}`"));
            }
        }
        problems
    }

    /// Its texts in one zone; `None` where it uses a variable that the zone lacks.
    fn said<'n>(&self, scope: &mut Scope<'_, 'n>, zone: &'n Zone) -> Option<Said> {
        let Description { code, text } = &self.description.value;
        let mut or = |text: &Option<At<Text>>, default: &str| match text {
            Some(text) => scope.text(text, zone),
            None => Some(default.into()),
        };
        Some(Said {
            block_type: or(&self.block_type, COPIED)?,
            overridable: or(&self.overridable, "ALL")?,
            id: scope.text(&self.id, zone)?,
            code: scope.text(code, zone)?,
            text: scope.text(text, zone)?,
        })
    }

    /// What the block comes to in one zone.
    fn expand(
        &self,
        scope: &Scope<'_, '_>,
        extent: Extent,
        said: Said,
        (described, defined): &mut (Collection, Collection),
    ) {
        let Self { direction, id, block_type, description, overridable, blocked_action, network_block } =
            self;
        let Said {
            id: id_there,
            block_type: type_there,
            overridable: by_whom,
            code: code_there,
            text: words,
        } = said;
        let Description { code, text } = &description.value;
        let place = |text: &Option<At<Text>>| text.as_ref().map_or(id.extent, |text| text.extent);
        let network_block = network_block.unwrap_or(At {
            value: match direction.value {
                Direction::Source => false,
                Direction::Target => true,
            },
            extent: direction.extent,
        });
        let action: Arc<str> = blocked_action.value.code().into();
        let entry = (scope.record(description.extent))
            .with("code", Arc::clone(&code_there), code.extent)
            .with("description", words, text.extent)
            .with("enabled", true, description.extent);
        described.add(entry);
        let entry = (scope.record(extent))
            .with("ID", id_there, id.extent)
            .with("Type", type_there, place(block_type))
            .with("Description", Arc::clone(&code_there), code.extent)
            .with("Overridable", by_whom, place(overridable))
            .with("Blocked Action", Arc::clone(&action), blocked_action.extent)
            .with("Network Block", network_block.value.to_string().as_str(), network_block.extent)
            .with("enabled", true, extent)
            .referring(descriptions(), &[("code", &code_there)], "block description");
        defined.add(match blocked_action.value.is_delivered() {
            true => entry,
            false => entry.referring(blocked_actions(), &[("Block", &action)], "blocked action"),
        });
    }
}

/// The texts of a block in one zone.
struct Said {
    id: Arc<str>,
    block_type: Arc<str>,
    overridable: Arc<str>,
    code: Arc<str>,
    text: Arc<str>,
}

fn second_block(head: &Head, extent: Extent, first: Extent) -> Diagnostic {
    Diagnostic::error(codes::SECOND_BLOCK, head.place(extent), "two blocks have one id")
        .related(head.place(first), "first here")
        .help("give each an id of its own: Alma tells definitions apart by it")
}

fn second_description(head: &Head, extent: Extent, first: Extent) -> Diagnostic {
    let message = "two blocks share the code of their description, and describe it differently";
    Diagnostic::error(codes::SECOND_DESCRIPTION, head.place(extent), message)
        .related(head.place(first), "the other text")
        .help("write the same text twice, or give one of them a code of its own")
}
