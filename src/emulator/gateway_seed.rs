//! Initial collections of every zone outside Alma's public API.

use serde_json::{Value, json};

use super::gateway_collections::{
    EmulatedGatewayCollection, EmulatedGatewayRecord, GatewayCollections, find, key_of,
};
use super::modification_stamp::ModificationStamp;
use super::zone::EmulatedZone;
use crate::model::network::ZoneRole;

/// Returns the collections of a new zone.
pub(super) fn collections(zone: &EmulatedZone) -> GatewayCollections {
    let mut collections = GatewayCollections::default();
    for (kind, records) in seeds(zone) {
        let Some(description) = find(kind, zone.role) else { continue };
        let records = records.into_iter().filter_map(|record| {
            let Value::Object(fields) = record else { return None };
            let key = key_of(description, &fields).ok()?;
            let updated = Some(ModificationStamp::new("m.tremblay", "2023-09-14Z"));
            Some((key, EmulatedGatewayRecord { fields, updated }))
        });
        let collection = EmulatedGatewayCollection { revision: 1, records: records.collect() };
        collections.0.insert((kind.to_owned(), None), collection);
    }
    collections
}

fn seeds(zone: &EmulatedZone) -> Vec<(&'static str, Vec<Value>)> {
    let reports = ["linked", "linking no match", "linking ambiguous"]
        .map(|report| json!({"reportType": report, "enabled": true}));
    let indexing = json!({"index": "repository", "lastRun": "2026-03-01T02:00:00Z", "status": "COMPLETED_SUCCESS",
        "records": "182345", "errors": "3"});
    let mut seeds = vec![
        ("AuthorityReportTypes", reports.to_vec()),
        (
            "AuthorityTaskList",
            vec![
                json!({"role": "Catalog Manager", "view": true, "process": true, "dismiss": true, "dismissForNetwork": false}),
            ],
        ),
        ("IndexingStatus", vec![indexing]),
    ];
    match zone.role {
        ZoneRole::Network => seeds.push((
            "RolePrivileges",
            vec![json!({"institution": zone.code, "role": "Cataloger", "privilege": "Delete bibliographic record", "enabled": true})],
        )),
        ZoneRole::Member => seeds.extend([
            ("RestrictedUsers", vec![json!({"userGroup": "ALUM"})]),
            (
                "RotaAssignmentRules",
                vec![
                    json!({"name": "AFN physical", "operator": "NOTINLIST", "userGroups": ["ALUM", "DIST"], "rota": "AFN"}),
                    json!({"name": "AFN digital", "operator": "INLIST", "userGroups": ["FACULTY", "GRAD"], "rota": "AFN"}),
                ],
            ),
            (
                "DisplayLogicRules",
                vec![json!({"name": "Hide AFN request", "operator": "INLIST", "userGroups": ["ALUM"], "hides": "AFN request"})],
            ),
            (
                "FulfillmentRules",
                vec![
                    json!({"unit": "General", "name": "Requestable for I-Share", "enabled": true, "termsOfUse": "AFN request", "itemPolicy.operator": "NOTINLIST", "itemPolicy": ["03"]}),
                    json!({"unit": "General", "name": "Local loan", "enabled": true, "termsOfUse": "Standard loan"}),
                ],
            ),
            (
                "TermsOfUse",
                vec![
                    json!({"name": "AFN request", "type": "request", "attachedToNetwork": true, "Hold shelf period": "7 days", "Request priority": "10"}),
                    json!({"name": "Standard loan", "type": "loan", "attachedToNetwork": false, "Due date": "28 days"}),
                ],
            ),
            ("LinkedAccountRules", vec![json!({"name": "Default", "position": "99", "userGroup": "ALUM", "copyNetworkBlocks": false, "enabled": true})]),
        ]),
    }
    seeds
}
