//! `BlockSharing`: blocks that travel between a user's institution and those that lend, declared once.
//!
//! A block needs a description and then a definition in every member, each spelt alike, and whether blocks
//! are copied at all is a switch of the rules for linked accounts.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::scope::{Collection, Scope};
use super::{Expansion, KindSpec, Spec, code_table, mapping_table};
use crate::manifest::node::Extent;
use crate::manifest::selection::AppliesTo;
use crate::manifest::text::Text;
use crate::manifest::typed::At;
use crate::manifest::{Head, codes};
use crate::model::network::Zone;
use crate::model::{
    AmendTo, Amendment, CollectionId, Diagnostic, Enforcement, Expected, Network, Shape, Table, Value,
};

/// Blocks that travel between a user's institution and those that lend.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockSharing {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// How strongly all of it is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// The blocks.
    #[serde(default)]
    pub blocks: Vec<At<Block>>,
    /// Whether the rules for linked accounts copy network blocks: all rules of a member. Where nothing is
    /// said, each rule stays as it is.
    pub copy: Option<At<bool>>,
}

/// One block.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Block {
    /// Where it is made.
    pub direction: At<Direction>,
    /// The definition's id. Alma sends blocks home as `FROM_TARGET`.
    pub id: At<Text>,
    /// Its type, a code of the table of block types. `CONSORTIA`, which copied blocks have, where nothing is said.
    #[serde(rename = "type")]
    pub block_type: Option<At<Text>>,
    /// How people see it.
    pub description: At<Description>,
    /// Who may override it: `ALL`, `NONE`, `CIRCDESC`, `OPERATOR`. `ALL` where nothing is said.
    pub overridable: Option<At<Text>>,
    /// What the user cannot do any more.
    pub blocked_action: At<BlockedAction>,
    /// Whether it is copied when a linked account is made or refreshed. Where nothing is said: a block from
    /// the home institution is not copied on, one that came back from a target reaches the other members.
    pub network_block: Option<At<bool>>,
}

/// How people see a block.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Description {
    /// The code, which several blocks may share.
    pub code: At<Text>,
    /// The text.
    pub text: At<Text>,
}

/// Where a block is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// At the home institution: it is copied to the linked account, where it has the type `CONSORTIA`.
    Source,
    /// At an institution that lends: it is sent home, where it is `FROM_TARGET`.
    Target,
}

/// What a block keeps a user from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum BlockedAction {
    /// Loans.
    #[serde(rename = "01")]
    Loan,
    /// Loans and renewals.
    #[serde(rename = "02")]
    Renew,
    /// Loans, renewals and hold requests.
    #[serde(rename = "03")]
    Hold,
    /// Interlibrary loan, where the vendor has added it.
    #[serde(rename = "04")]
    InterlibraryLoan,
    /// All of these, where the vendor has added it.
    #[serde(rename = "05")]
    Everything,
}

impl BlockedAction {
    fn code(self) -> &'static str {
        match self {
            Self::Loan => "01",
            Self::Renew => "02",
            Self::Hold => "03",
            Self::InterlibraryLoan => "04",
            Self::Everything => "05",
        }
    }

    /// Whether every institution has it: others are added by the vendor on request (reported by consortia).
    fn is_delivered(self) -> bool {
        match self {
            Self::Loan | Self::Renew | Self::Hold => true,
            Self::InterlibraryLoan | Self::Everything => false,
        }
    }
}

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
        account_rules: Arc::new(Shape { stage: 3, menu: rules.into(), ..Shape::default() }),
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
        let mut ids: BTreeMap<&Text, &At<Text>> = BTreeMap::new();
        let mut described: BTreeMap<&Text, &At<Text>> = BTreeMap::new();
        for At { value: block, extent: _ } in &self.blocks {
            if let Some(first) = ids.insert(&block.id.value, &block.id) {
                problems.push(
                    Diagnostic::error(
                        codes::SECOND_BLOCK,
                        head.place(block.id.extent),
                        "two blocks have one id",
                    )
                    .related(head.place(first.extent), "first here")
                    .help("give each an id of its own: Alma tells definitions apart by it"),
                );
            }
            let Description { code, text } = &block.description.value;
            if let Some(first) = described.insert(&code.value, text).filter(|first| first.value != text.value)
            {
                let message = "two blocks share the code of their description, and describe it differently";
                problems.push(
                    Diagnostic::error(codes::SECOND_DESCRIPTION, head.place(text.extent), message)
                        .related(head.place(first.extent), "the other text")
                        .help("write the same text twice, or give one of them a code of its own"),
                );
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
        for zone in scope.zones(self.applies_to.as_ref()) {
            let of = |id, key, shape| scope.collection(id, &[key], shape).enforced(self.enforcement);
            let mut tables = (
                of(descriptions(), "code", &SHAPES.descriptions),
                of(definitions(), "ID", &SHAPES.definitions),
            );
            let mut account_rules = of(CollectionId::whole(ACCOUNT_RULES), "name", &SHAPES.account_rules);
            for At { value: block, extent } in &self.blocks {
                // A variable that is lacking has been noted by then.
                let _complete = block.expand(&mut scope, zone, *extent, &mut tables);
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

    /// What the block comes to in one zone; `None` where it uses a variable that the zone lacks.
    fn expand<'n>(
        &self,
        scope: &mut Scope<'_, 'n>,
        zone: &'n Zone,
        extent: Extent,
        (described, defined): &mut (Collection, Collection),
    ) -> Option<()> {
        let Self { direction, id, block_type, description, overridable, blocked_action, network_block } =
            self;
        let Description { code, text } = &description.value;
        let default = |text: &str, extent| At { value: Text::Plain(text.into()), extent };
        let block_type = block_type.clone().unwrap_or_else(|| default(COPIED, id.extent));
        let overridable = overridable.clone().unwrap_or_else(|| default("ALL", id.extent));
        let network_block = network_block.unwrap_or(At {
            value: match direction.value {
                Direction::Source => false,
                Direction::Target => true,
            },
            extent: direction.extent,
        });
        let network_block = At { value: network_block.value.to_string(), extent: network_block.extent };
        let code_there = scope.text(code, zone)?;
        let entry = (scope.record(description.extent))
            .with("code", Arc::clone(&code_there), code.extent)
            .with("description", scope.text(text, zone)?, text.extent);
        described.add(entry);
        let action: Arc<str> = blocked_action.value.code().into();
        let entry = (scope.record(extent))
            .with("ID", scope.text(id, zone)?, id.extent)
            .with("Type", scope.text(&block_type, zone)?, block_type.extent)
            .with("Description", Arc::clone(&code_there), code.extent)
            .with("Overridable", scope.text(&overridable, zone)?, overridable.extent)
            .with("Blocked Action", Arc::clone(&action), blocked_action.extent)
            .with("Network Block", network_block.value.as_str(), network_block.extent)
            .referring(descriptions(), &[("code", &code_there)], "block description");
        defined.add(match blocked_action.value.is_delivered() {
            true => entry,
            false => entry.referring(blocked_actions(), &[("Block", &action)], "blocked action"),
        });
        Some(())
    }
}
