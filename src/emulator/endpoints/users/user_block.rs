//! Patron blocks of a user. The source of a block decides where copies go.

use serde_json::{Map, Value};

use super::allowed_values::AllowedUserValues;
use crate::analysis::SettingsCollection;
use crate::analysis::patron::blocks::{BlockedService, COPIED, SENT_HOME, blocked_services, definition};
use crate::emulator::endpoint::{DocumentNode, DocumentPart, EndpointRequest, ErrorResponse};
use crate::emulator::put_fields::{code, required_text};

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
        request: &EndpointRequest<'_>,
    ) -> Self {
        Self {
            block_type: block_type.to_owned(),
            description: description.to_owned(),
            status: "ACTIVE".to_owned(),
            note: note.to_owned(),
            created_by: request.settings.api_user.clone(),
            created_date: format!("{}T00:00:00Z", request.settings.today.trim_end_matches('Z')),
            origin,
        }
    }

    /// Marks a block with the type of copies as a copy.
    ///
    /// A client may write back blocks that were read before a refresh. Such blocks must not return to the
    /// source as new blocks.
    pub fn mark_if_copy(&mut self) {
        if self.block_type == COPIED {
            self.origin = BlockSource::Source;
        }
    }

    /// Returns true if the block can block anything.
    pub fn is_active(&self) -> bool {
        self.status != "INACTIVE"
    }

    /// Rejects a type or description missing from the zone.
    fn check(&self, allowed: &AllowedUserValues<'_>) -> Result<(), ErrorResponse> {
        if self.description.is_empty() {
            return Err(ErrorResponse::business(401_664, "Mandatory field is missing: block_description"));
        }
        if !allowed.is_allowed(&SettingsCollection::BlockDescriptions, &self.description) {
            return Err(invalid("block description", &self.description));
        }
        match &allowed.block_types {
            Some(types) if !types.contains(&self.block_type) => Err(invalid("block", &self.block_type)),
            Some(_) | None => Ok(()),
        }
    }

    /// Returns the services blocked in a zone.
    pub fn blocked_services(&self, allowed: &AllowedUserValues<'_>) -> &'static [BlockedService] {
        let Ok(table) = allowed.stored.table(allowed.zone, &SettingsCollection::BlockDefinitions) else {
            return &[];
        };
        let definition = match self.origin {
            BlockSource::Target(_) => table.find("ID", SENT_HOME),
            BlockSource::Here | BlockSource::Source => definition(table, &self.block_type, &self.description),
        };
        let Some(definition) = definition.filter(|definition| definition.is_on()) else { return &[] };
        let description = definition.text_field("Description").unwrap_or_default();
        match self.is_active() && allowed.is_allowed(&SettingsCollection::BlockDescriptions, description) {
            true => blocked_services(definition.text_field("Blocked Action").unwrap_or_default())
                .unwrap_or_default(),
            false => &[],
        }
    }

    pub fn to_document(
        &self,
        request: &EndpointRequest<'_>,
        allowed: &AllowedUserValues<'_>,
    ) -> DocumentNode {
        let full = request.full();
        let mut parts = Vec::new();
        if full {
            parts.push(DocumentPart::Attribute("segment_type", "Internal".to_owned()));
        }
        parts.push(DocumentPart::code("block_type", &self.block_type));
        let label = allowed.description(&SettingsCollection::BlockDescriptions, &self.description);
        let description = DocumentNode::labelled(&self.description, label.filter(|_| full));
        parts.push(DocumentPart::Child("block_description", description));
        parts.push(DocumentPart::text("block_status", &self.status));
        if !self.note.is_empty() {
            parts.push(DocumentPart::text("block_note", &self.note));
        }
        if full {
            parts.push(DocumentPart::text("created_by", &self.created_by));
            parts.push(DocumentPart::text("created_date", &self.created_date));
        }
        DocumentNode::Group(parts)
    }

    /// Merges the blocks of a body into the previous blocks.
    ///
    /// Blocks have no ID: a previous block with equal values is the same block and keeps the source.
    pub fn merge_put_blocks(
        sent: &[&Map<String, Value>],
        current: &[Self],
        allowed: &AllowedUserValues<'_>,
        request: &EndpointRequest<'_>,
    ) -> Result<Vec<Self>, ErrorResponse> {
        let mut current: Vec<&Self> = current.iter().collect();
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
                request,
            );
            match status {
                "" | "ACTIVE" => {}
                "INACTIVE" => status.clone_into(&mut block.status),
                other => return Err(invalid("block status", other)),
            }
            let is_same = |known: &&Self| {
                (&known.block_type, &known.description, &known.status, &known.note)
                    == (&block.block_type, &block.description, &block.status, &block.note)
            };
            if let Some(index) = current.iter().position(is_same) {
                blocks.push(current.remove(index).clone());
                continue;
            }
            block.check(allowed)?;
            blocks.push(block);
        }
        Ok(blocks)
    }
}

/// Returns the error of the vendor's OpenAPI for an invalid field value.
pub fn invalid(what: &str, value: &str) -> ErrorResponse {
    ErrorResponse::business(401_864, format!("Given {what} type ({value}) is invalid."))
}
