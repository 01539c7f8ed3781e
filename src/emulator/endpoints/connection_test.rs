//! Documented test request: `conf/test`, always in XML.

use http::Method;

use crate::emulator::endpoint::{
    DocumentNode, EmulatedEndpoint, EndpointEntry, EndpointRequest, EndpointResult, ErrorResponse, seed_each,
};
use crate::emulator::response_document::{BodyFormat, DocumentStyle, write};

pub(super) const ENDPOINT: EndpointEntry =
    EndpointEntry::new(&["conf", "test"], |zones| seed_each(zones, |_| ConnectionTest));

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
