//! Libraries of an institution, read-only: `conf/libraries`.

use crate::emulator::endpoint::{
    DocumentNode, DocumentPart, EmulatedEndpoint, EndpointEntry, EndpointRequest, EndpointResult,
    ErrorResponse, UnsetForm, seed_each,
};
use crate::model::network::Library;

pub(super) const ENDPOINT: EndpointEntry =
    EndpointEntry::new(&["conf", "libraries"], |zones| seed_each(zones, |_| EmulatedLibraries));

/// Libraries of the zone. The zone itself holds them.
struct EmulatedLibraries;

impl EmulatedEndpoint for EmulatedLibraries {
    fn get(&self, request: &EndpointRequest<'_>) -> EndpointResult {
        let libraries = &request.zone.libraries;
        let node = |library| DocumentNode::Group(library_parts(library, request));
        match request.path {
            [] => {
                request.reply_list("libraries", "library", Some(libraries.len()), libraries.iter().map(node))
            }
            [code] => {
                let library = libraries.iter().find(|library| library.code == *code);
                let missing =
                    || ErrorResponse::business(402_119, format!("General error: no library {code}."));
                request.reply("library", &node(library.ok_or_else(missing)?))
            }
            _ => Err(ErrorResponse::routing_error()),
        }
    }
}

/// Returns the name of a campus, or its code without a name.
fn campus_name<'a>(code: &'a str, request: &EndpointRequest<'a>) -> &'a str {
    let campus = request.zone.campuses.iter().find(|campus| campus.code == code);
    campus.map(|campus| campus.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(code)
}

fn library_parts(library: &Library, request: &EndpointRequest<'_>) -> Vec<DocumentPart> {
    let Library { code, name, campus, .. } = library;
    let mut parts = Vec::from_iter(request.link_part("conf/libraries", code));
    parts.extend([
        DocumentPart::text("code", code),
        DocumentPart::text("id", format!("{code}-ID")),
        DocumentPart::text("name", name),
    ]);
    if request.full() {
        parts.extend([
            DocumentPart::text("path", format!("{}.{code}", request.zone.code)),
            DocumentPart::Unset("description", UnsetForm::Text),
            DocumentPart::flag("resource_sharing", false),
            match campus {
                Some(campus) => DocumentPart::described("campus", campus, campus_name(campus, request)),
                None => DocumentPart::Unset("campus", UnsetForm::Code),
            },
            DocumentPart::Unset("proxy", UnsetForm::Text),
            DocumentPart::Unset("default_location", UnsetForm::Code),
        ]);
    }
    parts
}
