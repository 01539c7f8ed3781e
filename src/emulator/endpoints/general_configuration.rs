//! General configuration of an institution: `conf/general`.

use crate::emulator::endpoint::{
    DocumentNode, DocumentPart, EmulatedEndpoint, EndpointEntry, EndpointRequest, EndpointResult,
    ErrorResponse, seed_each,
};
use crate::model::network::EnvironmentType;

pub(super) const ENDPOINT: EndpointEntry =
    EndpointEntry::new(&["conf", "general"], |zones| seed_each(zones, |_| GeneralConfiguration));

struct GeneralConfiguration;

impl EmulatedEndpoint for GeneralConfiguration {
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        if !request.path.is_empty() {
            return Err(ErrorResponse::routing_error());
        }
        let environment = match request.zone.environment_type {
            EnvironmentType::Production => "production",
            EnvironmentType::Sandbox => "sandbox",
        };
        let node = DocumentNode::Group(vec![
            DocumentPart::described("institution", request.code, &request.zone.name),
            DocumentPart::text("alma_url", format!("{}/", request.settings.base_url)),
            DocumentPart::text("environment_type", environment),
        ]);
        request.reply("general", &node)
    }
}
