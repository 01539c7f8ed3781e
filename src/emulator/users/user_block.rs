//! A block on a user: where it comes from decides where it goes.

use serde_json::{Map, Value};

use super::allowed_values::AllowedUserValues;
use crate::analysis::patron::blocks::COPIED;
use crate::emulator::error_response::ErrorResponse;
use crate::emulator::institution::InstitutionRequest;
use crate::emulator::response_document::{DocumentNode, DocumentPart};
use crate::emulator::table_put::{code, required_text};
use crate::emulator::table_response::ResponseContext;

/// A block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserBlock {
    /// A code of `UserBlockTypes`.
    pub block_type: String,
    /// A code of `UserBlockDescription`.
    pub description: String,
    /// `ACTIVE` or `INACTIVE`.
    pub status: String,
    /// What people wrote about it.
    pub note: String,
    /// Who made it.
    pub created_by: String,
    /// When, `2026-03-02T00:00:00Z`.
    pub created_date: String,
    /// Where it comes from.
    pub origin: BlockSource,
}

/// Where a block comes from. The API does not tell: a copy has a type of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockSource {
    /// It was made here.
    Here,
    /// A linked account has it from its source.
    Source,
    /// A source has it from the linked account at this institution.
    Target(String),
}

/// What the API takes where nothing else is said (the vendor's schema).
const USUAL_TYPE: &str = "GENERAL";

impl UserBlock {
    /// A block that the network makes, as somebody at the visited zone would.
    pub fn network_block(
        block_type: &str,
        description: &str,
        note: &str,
        origin: BlockSource,
        visit: &InstitutionRequest<'_>,
    ) -> Self {
        Self {
            block_type: block_type.to_owned(),
            description: description.to_owned(),
            status: "ACTIVE".to_owned(),
            note: note.to_owned(),
            created_by: visit.settings.api_user.clone(),
            created_date: format!("{}T00:00:00Z", visit.settings.today.trim_end_matches('Z')),
            origin,
        }
    }

    /// A block of a linked account that has the type of copies is one, whoever has put it there: a client may put
    /// back what it read before a refresh, and that must not go home as news.
    pub fn tell_copy(&mut self) {
        if self.block_type == COPIED {
            self.origin = BlockSource::Source;
        }
    }

    /// Whether it keeps anybody from anything.
    pub fn is_active(&self) -> bool {
        self.status != "INACTIVE"
    }

    pub fn answer(&self, view: &ResponseContext<'_>, legal: &AllowedUserValues<'_>) -> DocumentNode {
        let mut parts = Vec::new();
        if view.full() {
            parts.push(DocumentPart::Attribute("segment_type", "Internal".to_owned()));
        }
        parts.push(DocumentPart::Child(
            "block_type",
            DocumentNode::Valued(self.block_type.clone(), Vec::new()),
        ));
        let words = legal.description(&self.description).filter(|_| view.full());
        let words = words.map(|words| ("desc", words.to_owned())).into_iter().collect();
        parts.push(DocumentPart::Child(
            "block_description",
            DocumentNode::Valued(self.description.clone(), words),
        ));
        parts.push(DocumentPart::Child("block_status", DocumentNode::Text(self.status.clone())));
        if !self.note.is_empty() {
            parts.push(DocumentPart::Child("block_note", DocumentNode::Text(self.note.clone())));
        }
        if view.full() {
            parts.push(DocumentPart::Child("created_by", DocumentNode::Text(self.created_by.clone())));
            parts.push(DocumentPart::Child("created_date", DocumentNode::Text(self.created_date.clone())));
        }
        DocumentNode::Group(parts)
    }

    /// The blocks of a body in place of those that are held. Blocks have no id, so one that is held with the
    /// same values is that block, and keeps where it comes from.
    pub fn merge_put_blocks(
        sent: &[&Map<String, Value>],
        held: &[Self],
        legal: &AllowedUserValues<'_>,
        visit: &InstitutionRequest<'_>,
    ) -> Result<Vec<Self>, ErrorResponse> {
        let mut held: Vec<&Self> = held.iter().collect();
        let mut blocks = Vec::new();
        for sent in sent {
            let block_type = code(sent.get("block_type")).filter(|text| !text.is_empty());
            let description = code(sent.get("block_description")).unwrap_or_default();
            let (status, note) = (required_text(sent, "block_status")?, required_text(sent, "block_note")?);
            let mut block = Self::network_block(
                block_type.unwrap_or(USUAL_TYPE),
                description,
                note,
                BlockSource::Here,
                visit,
            );
            match status {
                "" | "ACTIVE" => {}
                "INACTIVE" => status.clone_into(&mut block.status),
                other => return Err(invalid("block status", other)),
            }
            let same = |held: &&Self| {
                (&held.block_type, &held.description, &held.status, &held.note)
                    == (&block.block_type, &block.description, &block.status, &block.note)
            };
            if let Some(index) = held.iter().position(same) {
                blocks.push(held.remove(index).clone());
                continue;
            }
            legal.block(&block)?;
            blocks.push(block);
        }
        Ok(blocks)
    }
}

/// What the vendor's OpenAPI has for a value that a field does not take.
pub fn invalid(what: &str, value: &str) -> ErrorResponse {
    ErrorResponse::business(401_864, format!("Given {what} type ({value}) is invalid."))
}
