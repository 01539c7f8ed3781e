//! Emulated institution: responds from the content of the endpoints, and applies librarian edits.

use std::any::Any;
use std::collections::BTreeMap;

use http::Method;

use super::api_request::ApiRequest;
use super::config::EmulatorConfig;
use super::edit_schedule::{EditSchedule, TableEvent};
use super::endpoint::{
    EditError, EmulatedEndpoint, EndpointEdit, EndpointEntry, EndpointRequest, EndpointResult,
    ResponseSource, SuccessResponse, find_content,
};
use super::endpoints::ENDPOINTS;
use super::error_response::ErrorResponse;
use super::gateway_collections::GatewayCollections;
use super::gateway_seed;
use super::librarian_edit::{EditTrigger, LibrarianEdit};
use super::modification_stamp::ModificationStamp;
use super::response_document::BodyFormat;
use super::settings_writer::SettingsWriter;
use super::zone::EmulatedZone;
use crate::analysis::ZoneSettings;

/// Content of a zone.
pub(super) struct EmulatedInstitution {
    /// Content by endpoint, in the order of [`ENDPOINTS`].
    contents: Vec<Box<dyn EmulatedEndpoint>>,
    scheduled: EditSchedule,
    /// Collections outside the API, served by the gateway.
    pub gateway: GatewayCollections,
    /// Cached responses by format and target, cleared by every change.
    ///
    /// Most requests of a run repeat the same few reads. Serializing again would make the emulator slow.
    responses: BTreeMap<(BodyFormat, String), SuccessResponse>,
    /// Number of the revision, increased by every change of the content.
    pub revision: u64,
}

/// Maximum number of cached responses. More distinct targets make caching useless.
const MAX_RESPONSES: usize = 1_000;

/// Returns the endpoint of a request, with the position in the list.
pub(super) fn find_endpoint(call: &ApiRequest) -> Option<(usize, &'static EndpointEntry)> {
    ENDPOINTS.iter().enumerate().find(|(_, endpoint)| {
        let (path, prefix) = (&call.path, endpoint.path);
        path.len() >= prefix.len() && path.iter().zip(prefix).all(|(segment, known)| segment == known)
    })
}

impl EmulatedInstitution {
    /// Creates the institutions of all zones with seeded content.
    pub fn seed(zones: &[EmulatedZone]) -> Vec<Self> {
        let mut institutions: Vec<Self> = zones
            .iter()
            .map(|zone| Self {
                contents: Vec::new(),
                scheduled: EditSchedule::default(),
                gateway: gateway_seed::collections(zone),
                responses: BTreeMap::new(),
                revision: 0,
            })
            .collect();
        for endpoint in ENDPOINTS {
            for (institution, content) in institutions.iter_mut().zip((endpoint.seed)(zones)) {
                institution.contents.push(content);
            }
        }
        institutions
    }

    /// Returns the content of an endpoint.
    pub fn content<T: EmulatedEndpoint>(&self) -> Option<&T> {
        find_content(&self.contents)
    }

    /// Changes the content of an endpoint.
    pub fn change<T: EmulatedEndpoint>(&mut self, change: impl FnOnce(&mut T)) {
        let contents = self.contents.iter_mut();
        let content = contents.filter_map(|content| (content.as_mut() as &mut dyn Any).downcast_mut()).next();
        content.map(change);
        self.mark_changed();
    }

    /// Returns the names of all objects of the endpoint called `kind` in edits.
    pub fn names(&self, kind: &str) -> Vec<&str> {
        let mut endpoints = ENDPOINTS.iter().zip(&self.contents);
        let found = endpoints.find(|(endpoint, _)| endpoint.edits.as_ref().is_some_and(|e| e.kind == kind));
        found.map(|(_, content)| content.names()).unwrap_or_default()
    }

    /// Clears the response cache and increases the revision. Required after every change of the content.
    pub fn mark_changed(&mut self) {
        self.responses.clear();
        self.revision += 1;
    }

    /// Returns the settings stored in the content.
    pub fn settings(&self, zone: &EmulatedZone) -> ZoneSettings {
        let mut settings = SettingsWriter::new(zone);
        self.gateway.add_settings(&mut settings);
        self.contents.iter().for_each(|content| content.add_settings(&mut settings));
        settings.finish()
    }

    /// Follows a record written through the gateway.
    pub fn follow_gateway_record(&mut self, kind: &str, key: &[String]) {
        self.contents.iter_mut().for_each(|content| content.follow_gateway_record(kind, key));
    }

    /// Handles a request accepted by the gateway, and triggers scheduled librarian edits.
    pub fn handle(&mut self, request: &EndpointRequest<'_>) -> EndpointResult {
        let (index, endpoint) = find_endpoint(request.call).ok_or_else(ErrorResponse::routing_error)?;
        let is_read = request.call.method == Method::GET;
        let from_zone = endpoint.source == ResponseSource::Zone;
        let is_cacheable = is_read && from_zone && request.code == request.zone.code;
        let key = (request.call.answer, request.call.target.clone());
        let cached = self.responses.get(&key).filter(|_| is_cacheable);
        let (before, rest) = self.contents.split_at_mut(index);
        let (content, after) = rest.split_first_mut().ok_or_else(ErrorResponse::routing_error)?;
        let path = &request.call.path[endpoint.path.len()..];
        let located = EndpointRequest { path, neighbors: [before, after], ..*request };
        let response = match cached {
            Some(response) => response.clone(),
            None if is_read => content.get(&located)?,
            None => content.write(&located)?,
        };
        let name = if self.scheduled.is_empty() { None } else { content.requested_name(&located) };
        if is_cacheable {
            if self.responses.len() >= MAX_RESPONSES {
                self.responses.clear();
            }
            self.responses.entry(key).or_insert_with(|| response.clone());
        }
        if !is_read && from_zone {
            self.mark_changed();
        }
        if let (Some(format), Some(name)) = (&endpoint.edits, name) {
            let event = if is_read { TableEvent::Read } else { TableEvent::Write };
            for edit in self.scheduled.take_due(format, &name, event) {
                // The result is ignored: deleting a missing row is fine.
                let _ = self.apply_edit(index, edit.name(format), &edit, request.settings);
            }
        }
        Ok(response)
    }

    /// Applies an edit now, or schedules the edit.
    pub fn edit(&mut self, edit: LibrarianEdit, settings: &EmulatorConfig) -> Result<(), EditError> {
        let mut formats =
            ENDPOINTS.iter().enumerate().filter_map(|(index, e)| Some((index, e.edits.as_ref()?)));
        let found = formats.find(|(_, format)| format.kind == edit.kind.0);
        let (index, format) = found.ok_or_else(|| format!("unknown type `{}` of an edit", edit.kind.0))?;
        let name = edit.name(format);
        if !self.names(format.kind).contains(&name) {
            return Err(format!("zone `{}` has no {}", edit.zone, format.target.replace("{}", name)));
        }
        format.check(name, &edit.action.0)?;
        match edit.when {
            EditTrigger::Now => self.apply_edit(index, name, &edit, settings),
            EditTrigger::AfterReads(requests) | EditTrigger::AfterWrites(requests) => {
                self.scheduled.add(edit, requests);
                Ok(())
            }
        }
    }

    fn apply_edit(
        &mut self,
        index: usize,
        name: &str,
        edit: &LibrarianEdit,
        settings: &EmulatorConfig,
    ) -> Result<(), EditError> {
        self.mark_changed();
        let stamp = ModificationStamp::new(&edit.by, &settings.today);
        let edit = EndpointEdit { name, library: edit.library_code(), action: &edit.action.0, stamp };
        self.contents.get_mut(index).map_or(Ok(()), |content| content.edit(&edit))
    }
}
