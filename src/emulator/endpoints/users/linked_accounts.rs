//! Linked accounts: creation at a target institution, refresh, and blocks sent back to the source
//! institution.
//!
//! The functions behind `zonal explain patron` decide the result, by the stored settings of both zones.

use super::user::{EmulatedUser, LinkedAccountSource};
use super::user_block::{BlockSource, UserBlock};
use super::user_request::{UserRequest, user_not_found};
use crate::analysis::patron::blocks::{self, BlockEffect, COPIED, CopiedBlock};
use crate::analysis::patron::{
    AccountDates, BlockCopying, LinkRefusal, LinkedAccount, linked_account, refresh,
};
use crate::emulator::error_response::ErrorResponse;
use crate::model::{MaybeKnown, PatronQuestion, ZoneCode};

impl UserRequest<'_> {
    /// Returns the linked account of a user at another institution.
    pub(super) fn linked_account_of(
        &self,
        institution: &str,
        id: &str,
    ) -> Result<&EmulatedUser, ErrorResponse> {
        let question = self.question(institution, None);
        if let MaybeKnown::Known(Err(LinkRefusal::NotInNetwork)) =
            linked_account(&question, self.allowed.stored)
        {
            return Err(not_in_network());
        }
        let source = self.users.find(institution, id).ok_or_else(|| {
            ErrorResponse::business(401_861, "Source institution user with given identifier not found.")
        })?;
        let account = source
            .linking_id
            .as_deref()
            .and_then(|link_id| self.users.linked_account(&self.request.zone.code, institution, link_id));
        account.ok_or_else(|| ErrorResponse::business(4_019_990, "Local copied user information not found."))
    }

    /// Creates the linked account of a user at another institution, and returns the primary ID.
    pub(super) fn create_linked_account(
        &mut self,
        institution: &str,
        id: &str,
    ) -> Result<String, ErrorResponse> {
        // A linked account cannot be the source of another linked account (inferred).
        let source = self.users.find(institution, id).filter(|user| user.source.is_none()).cloned();
        let question = self.question(institution, source.as_ref());
        let answer = linked_account(&question, self.allowed.stored);
        match &answer {
            MaybeKnown::Known(Err(LinkRefusal::NotInNetwork)) => return Err(not_in_network()),
            MaybeKnown::Known(Err(LinkRefusal::Hidden)) => return Err(not_found()),
            MaybeKnown::Known(Ok(_) | Err(LinkRefusal::NoGroup)) | MaybeKnown::Unknown(_) => {}
        }
        let Some(mut source) = source else { return Err(not_found()) };
        let zone = &self.request.zone.code;
        let known = source.linking_id.as_deref();
        if known.is_some_and(|link_id| self.users.linked_account(zone, institution, link_id).is_some()) {
            return Err(ErrorResponse::business(60_227, "Linked account for user already exists."));
        }
        let linked = match answer {
            MaybeKnown::Known(Ok(linked)) => linked,
            MaybeKnown::Known(Err(_)) => {
                return Err(ErrorResponse::business(60_232, "Failed to link user due to user group empty."));
            }
            MaybeKnown::Unknown(why) => {
                let message = format!("Failed to create linked user account. {why}.");
                return Err(ErrorResponse::business(60_228, message));
            }
        };
        let link_id = known.map_or_else(|| self.users.next_id(), str::to_owned);
        let account = EmulatedUser {
            // Identifiers belong to one institution and are not copied (the vendor's help).
            primary_id: self.users.next_id(),
            first_name: source.first_name.clone(),
            last_name: source.last_name.clone(),
            record_type: "PUBLIC".to_owned(),
            // Not documented: an external account would need a source system.
            account_type: "INTERNAL".to_owned(),
            external_id: String::new(),
            status: source.status.clone(),
            user_group: linked.group.to_owned(),
            expiry: linked.expiry.date(),
            purge: linked.purge.date(),
            modified: self.request.today(),
            blocks: self.copies(&linked, &question.source, &source),
            roles: Vec::new(),
            linking_id: None,
            source: Some(LinkedAccountSource {
                institution: institution.to_owned(),
                link_id: link_id.clone(),
            }),
            members: source.members.clone(),
        };
        source.linking_id = Some(link_id);
        let id = account.primary_id.clone();
        self.users.insert_user(institution, source);
        self.users.insert_user(zone, account);
        Ok(id)
    }

    /// Updates a linked account from the source account.
    pub(super) fn refresh(&mut self, id: &str) -> Result<(), ErrorResponse> {
        let zone = &self.request.zone.code;
        let account = self.users.find(zone, id).ok_or_else(|| user_not_found(id))?;
        let Some(origin) = &account.source else {
            return Err(ErrorResponse::business(60_229, "Failed to find linked account for user."));
        };
        let linked_to = |user: &&EmulatedUser| user.linking_id.as_ref() == Some(&origin.link_id);
        let source = self.users.users_of_zone(&origin.institution).find(linked_to).ok_or_else(not_found)?;
        let question = self.question(&origin.institution, Some(source));
        let linked = match linked_account(&question, self.allowed.stored) {
            MaybeKnown::Known(Ok(linked)) => linked,
            MaybeKnown::Known(Err(LinkRefusal::Hidden | LinkRefusal::NotInNetwork)) => {
                return Err(not_found());
            }
            MaybeKnown::Known(Err(LinkRefusal::NoGroup)) => {
                return Err(not_refreshed("no rule assigns a user group"));
            }
            MaybeKnown::Unknown(why) => return Err(not_refreshed(&why)),
        };
        let current = AccountDates { expiry: account.expiry, purge: account.purge };
        let refreshed = refresh(&linked, current, self.request.today());
        let copies = self.copies(&linked, &question.source, source);
        let (first_name, last_name) = (source.first_name.clone(), source.last_name.clone());
        // The user group stays: no documentation mentions a change by a refresh.
        if let Some(account) = self.users.find_mut(zone, id) {
            (account.first_name, account.last_name) = (first_name, last_name);
            (account.expiry, account.purge) = (refreshed.dates.expiry, refreshed.dates.purge);
            match refreshed.blocks {
                BlockCopying::Network => {
                    account.blocks.retain(|block| block.origin != BlockSource::Source);
                    account.blocks.extend(copies);
                }
                BlockCopying::None => {}
            }
        }
        Ok(())
    }

    /// Sends the own blocks of a linked account to the source account, in place of earlier blocks from here.
    ///
    /// Removal at the source after removal here is inferred from refresh, which does so in the opposite
    /// direction.
    pub(super) fn send_blocks_to_source(&mut self, id: &str) {
        let zone = &self.request.zone.code;
        let Some(account) = self.users.find(zone, id) else { return };
        let Some(LinkedAccountSource { institution, link_id }) = account.source.clone() else { return };
        let home = ZoneCode::from(institution.as_str());
        let mut sent = Vec::new();
        if let MaybeKnown::Known(BlockEffect::Stops(_, definition)) =
            blocks::effect(CopiedBlock::Home, &home, self.allowed.stored)
        {
            let text = |field: &str| definition.text_field(field).unwrap_or_default();
            let own =
                account.blocks.iter().filter(|block| block.origin == BlockSource::Here && block.is_active());
            sent.extend(own.map(|block| {
                let note = format!("{zone}: {}", block.description);
                let origin = BlockSource::Target(zone.clone());
                UserBlock::network_block(text("Type"), text("Description"), &note, origin, self.request)
            }));
        }
        let sources = self.users.users_of_zone_mut(&institution);
        for source in sources.filter(|user| user.linking_id.as_ref() == Some(&link_id)) {
            source.blocks.retain(|block| block.origin != BlockSource::Target(zone.clone()));
            source.blocks.append(&mut sent);
        }
    }

    /// Returns copies of the source account's blocks, except blocks that the linked account sent itself.
    fn copies(&self, linked: &LinkedAccount<'_>, from: &ZoneCode, source: &EmulatedUser) -> Vec<UserBlock> {
        let MaybeKnown::Known(definitions) =
            blocks::copied_block_definitions(linked, from, self.allowed.stored)
        else {
            return Vec::new();
        };
        let echo = BlockSource::Target(self.request.zone.code.clone());
        let is_copied = |block: &&UserBlock| {
            let is_defined = definitions.iter().any(|definition| match &block.origin {
                BlockSource::Target(_) => definition.text_field("ID") == Some(blocks::SENT_HOME),
                BlockSource::Here | BlockSource::Source => {
                    definition.text_field("Type") == Some(&block.block_type)
                        && definition.text_field("Description") == Some(&block.description)
                }
            });
            is_defined && block.origin != echo && block.is_active()
        };
        let copy = |block: &UserBlock| {
            let note = format!("{from}: {}", block.description);
            UserBlock::network_block(COPIED, COPIED, &note, BlockSource::Source, self.request)
        };
        source.blocks.iter().filter(is_copied).map(copy).collect()
    }

    fn question(&self, institution: &str, source: Option<&EmulatedUser>) -> PatronQuestion {
        PatronQuestion {
            source: institution.into(),
            user_group: source.map_or("", |source| &source.user_group).into(),
            target: self.allowed.zone.clone(),
            expires: source.and_then(|source| source.expiry),
            next_target: None,
        }
    }
}

fn not_in_network() -> ErrorResponse {
    ErrorResponse::business(401_651, "Source institution not valid or not part of fulfillment network.")
}

fn not_found() -> ErrorResponse {
    ErrorResponse::business(60_226, "Fulfillment network copied user not found.")
}

fn not_refreshed(why: &str) -> ErrorResponse {
    ErrorResponse::business(60_230, format!("Failed to refresh linked user. {why}."))
}
