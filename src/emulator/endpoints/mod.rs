//! Endpoints of the emulated API: one file or folder for each, and the list of them.
//!
//! Adding an endpoint is one new file and one line in [`ENDPOINTS`].

pub(super) mod code_tables;
mod connection_test;
mod departments;
pub(super) mod electronic;
mod general_configuration;
mod integration_profiles;
mod jobs;
pub(super) mod letters;
mod libraries;
pub(super) mod library_relations;
pub(super) mod mapping_tables;
pub(super) mod open_hours;
mod sets;
mod stored_objects;
pub(super) mod users;

use super::endpoint::EndpointEntry;

/// All endpoints.
pub(super) static ENDPOINTS: &[EndpointEntry] = &[
    connection_test::ENDPOINT,
    connection_test::USERS,
    connection_test::PARTNERS,
    connection_test::BIBS,
    connection_test::ACQUISITIONS,
    connection_test::ANALYTICS,
    connection_test::TASK_LISTS,
    general_configuration::ENDPOINT,
    libraries::ENDPOINT,
    departments::ENDPOINT,
    integration_profiles::ENDPOINT,
    sets::ENDPOINT,
    code_tables::ENDPOINT,
    mapping_tables::ENDPOINT,
    electronic::ENDPOINT,
    letters::ENDPOINT,
    library_relations::ENDPOINT,
    open_hours::ENDPOINT,
    jobs::ENDPOINT,
    users::ENDPOINT,
];
