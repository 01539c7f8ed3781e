//! Patron blocks of a user. The source of a block decides where copies go.

use serde_json::{Map, Value};

use super::allowed_values::AllowedUserValues;
use crate::analysis::patron::blocks::COPIED;
use crate::emulator::error_response::ErrorResponse;
use crate::emulator::institution::InstitutionRequest;
use crate::emulator::response_document::{DocumentNode, DocumentPart};
use crate::emulator::table_put::{code, required_text};
use crate::emulator::table_response::ResponseContext;

/// Patron block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserBlock {
    /// Code of `UserBlockTypes`.
    pub block_type: String,
    /// Code of `UserBlockDescription`.
    pub description: String,
    /// `ACTIVE` or `INACTIVE`.
    pub status: String,
    /// Note by a librarian.
    pub note: String,
    /// Author.
    pub created_by: String,
    /// Creation time, `2026-03-02T00:00:00Z`.
    pub created_date: String,
    /// Source of the block.
    pub origin: BlockSource,
}

/// Source of a block. The API does not show the source: a copy has a type of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockSource {
    /// Created in the same zone.
    Here,
    /// Copied to a linked account from the source account.
    Source,
    /// Sent back to a source account from the linked account at the named institution.
    Target(String),
}

/// Default block type of the API (the vendor's schema).
const USUAL_TYPE: &str = "GENERAL";

impl UserBlock {
    /// Creates a block on behalf of the network, stamped like an edit in the requested zone.
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

    /// Marks a block with the type of copies as a copy.
    ///
    /// A client may write back blocks that were read before a refresh. Such blocks must not return to the
    /// source as new blocks.
    pub fn tell_copy(&mut self) {
        if self.block_type == COPIED {
            self.origin = BlockSource::Source;
        }
    }

    /// Returns true if the block can block anything.
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

    /// Merges the blocks of a body into the previous blocks.
    ///
    /// Blocks have no ID: a previous block with equal values is the same block and keeps the source.
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

/// Returns the error of the vendor's OpenAPI for an invalid field value.
pub fn invalid(what: &str, value: &str) -> ErrorResponse {
    ErrorResponse::business(401_864, format!("Given {what} type ({value}) is invalid."))
}
