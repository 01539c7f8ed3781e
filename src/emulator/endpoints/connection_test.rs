//! Documented test requests of the areas of a key: `conf/test`, `users/operation/test`, always in XML.

use http::Method;

use crate::emulator::endpoint::{
    DocumentNode, EmulatedEndpoint, EndpointEntry, EndpointRequest, EndpointResult, ErrorResponse, seed_each,
};
use crate::emulator::response_document::{BodyFormat, DocumentStyle, write};

pub(super) const ENDPOINT: EndpointEntry = test_of(&["conf", "test"]);
pub(super) const USERS: EndpointEntry = test_of(&["users", "operation", "test"]);
pub(super) const PARTNERS: EndpointEntry = test_of(&["partners", "operation", "test"]);
pub(super) const BIBS: EndpointEntry = test_of(&["bibs", "test"]);
pub(super) const ACQUISITIONS: EndpointEntry = test_of(&["acq", "test"]);
pub(super) const ANALYTICS: EndpointEntry = test_of(&["analytics", "test"]);
pub(super) const TASK_LISTS: EndpointEntry = test_of(&["task-lists", "test"]);

/// Returns the test of one area.
const fn test_of(path: &'static [&'static str]) -> EndpointEntry {
    EndpointEntry::new(path, |zones| seed_each(zones, |_| ConnectionTest))
}

struct ConnectionTest;

impl EmulatedEndpoint for ConnectionTest {
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        let (method, code) = (&request.call.method, request.code);
        if !request.path.is_empty() || !matches!(*method, Method::GET | Method::POST) {
            return Err(ErrorResponse::routing_error());
        }
        let node = DocumentNode::text(format!("{method} - OK - institutionCode: {code}"));
        Ok((
            BodyFormat::Xml,
            write("test", &node, BodyFormat::Xml, DocumentStyle::from_settings(request.settings)),
        ))
    }

    fn write(&mut self, request: &EndpointRequest<'_>) -> EndpointResult {
        self.get(request)
    }
}
