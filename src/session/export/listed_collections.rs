//! Chooses the collections that no list of tables and no gateway names: letters, calendars, relations of libraries
//! and e-resources.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::kind_choice::KindChoice;
use super::{ExportFolder, ExportRequest};
use crate::kinds::{CollectionSource, ManifestKind};
use crate::model::network::Zone;
use crate::model::{CollectionId, ZoneCode, ZoneFailure};
use crate::provider::alma::object_directory::ObjectListing;
use crate::render::json::export::{ExportJson, OmittedCollection};
use crate::session::error::{SessionError, SessionStage};
use crate::session::load::LoadedConfig;
use crate::session::network_session::NetworkSession;
use crate::session::observe_zones::ZoneReaders;
use crate::session::table_inventory::CollectionsByZone;

/// Answers of the zones for a list, by zone.
type ObjectLists = BTreeMap<ZoneCode, Result<Vec<ObjectListing>, ZoneFailure>>;

/// Returns the collections to read, by zone. Sends one request for each list.
///
/// # Errors
/// Returns [`SessionError::Interrupted`]. The failure of a list is part of the report.
pub(super) async fn list_collections(
    session: &NetworkSession,
    choice: &KindChoice,
    readers: &ZoneReaders,
    zones: &[&Zone],
    request: &ExportRequest,
    export_folder: &dyn ExportFolder,
    report: &mut ExportJson,
) -> Result<CollectionsByZone, SessionError> {
    let mut found = CollectionsByZone::new();
    for kind in choice.kinds() {
        // These kinds have one collection type.
        let Some(name) = kind.collections.first() else { continue };
        let source = kind.export_source;
        let covered: Vec<&Zone> = zones.iter().filter(|zone| kind.reach.covers(zone.role)).copied().collect();
        let is_listed = match source {
            CollectionSource::ChangedObjects => true,
            CollectionSource::NamedObjects => request.resources.all_listed,
            CollectionSource::Gateway
            | CollectionSource::SeveralLibraries
            | CollectionSource::InstitutionAndLibraries => false,
        };
        if is_listed {
            let listing = list_objects(name, readers, &covered);
            let lists = session.effects.cancel.interruptible(SessionStage::Reading, listing).await?;
            add_changed(name, lists, &mut found, report);
        }
        for zone in covered {
            let ids = match source {
                CollectionSource::Gateway | CollectionSource::ChangedObjects => break,
                CollectionSource::NamedObjects => {
                    named(kind, name, zone, request, &session.config, (choice, export_folder))
                }
                CollectionSource::SeveralLibraries | CollectionSource::InstitutionAndLibraries => {
                    of_libraries(name, source, zone, request.libraries)
                }
            };
            found.entry(zone.code.clone()).or_default().extend(ids);
        }
    }
    leave_out_declared(&session.config, choice, export_folder, &mut found, report);
    report.left_out.extend(choice.kinds().filter_map(|kind| unnamed(kind, zones, &found)));
    Ok(found)
}

/// Returns what is left out if nothing names an object of a kind.
fn unnamed(kind: &ManifestKind, zones: &[&Zone], found: &CollectionsByZone) -> Option<OmittedCollection> {
    let name = kind.collections.first().filter(|_| kind.export_source == CollectionSource::NamedObjects)?;
    let zones = zones.iter().filter(|zone| kind.reach.covers(zone.role)).map(|zone| zone.code.clone());
    let zones: Vec<ZoneCode> = zones.collect();
    let is_named = found.values().flatten().any(|id| *id.kind == **name);
    (!is_named && !zones.is_empty()).then(|| OmittedCollection {
        collection: CollectionId::of_institution(name),
        zones,
        reason: "no list of Alma's API shows the groups of e-resources (name each with `--resource`, or read them with `--resource all`)"
            .to_owned(),
        failed: false,
    })
}

async fn list_objects(kind: &str, readers: &ZoneReaders, zones: &[&Zone]) -> ObjectLists {
    let answers: FuturesUnordered<_> = (zones.iter())
        .filter_map(|zone| Some((zone, readers.readers.get(&zone.code)?)))
        .map(|(zone, reader)| async move { (zone.code.clone(), reader.alma().list_objects(kind).await) })
        .collect();
    answers.collect().await
}

/// Adds the objects that a zone changed since delivery, and names the others.
fn add_changed(kind: &str, lists: ObjectLists, found: &mut CollectionsByZone, report: &mut ExportJson) {
    let mut delivered: BTreeMap<CollectionId, Vec<ZoneCode>> = BTreeMap::new();
    for (zone, answer) in lists {
        match answer {
            Ok(listed) => {
                for listing in listed {
                    match listing.customized {
                        Some(false) => {
                            delivered.entry(listing.collection).or_default().push(zone.clone());
                        }
                        Some(true) | None => {
                            found.entry(zone.clone()).or_default().insert(listing.collection);
                        }
                    }
                }
            }
            Err(failure) if failure.class.whole_zone() => {
                report.failures.entry(zone.to_string()).or_insert(failure);
            }
            Err(failure) => report.left_out.push(OmittedCollection {
                collection: CollectionId::of_institution(kind),
                zones: vec![zone],
                reason: format!("the zone does not list them: {}", failure.message),
                failed: true,
            }),
        }
    }
    report.left_out.extend(delivered.into_iter().map(|(collection, zones)| OmittedCollection {
        collection,
        zones,
        reason: "it is as delivered by Ex Libris".to_owned(),
        failed: false,
    }));
}

/// Returns collections of libraries in the Network manifest.
fn of_libraries(
    kind: &str,
    source: CollectionSource,
    zone: &Zone,
    with_libraries: bool,
) -> BTreeSet<CollectionId> {
    let institution = CollectionId::of_institution(kind);
    let is_asked = match source {
        CollectionSource::SeveralLibraries => zone.libraries.len() > 1,
        _ => with_libraries,
    };
    let libraries = zone.libraries.iter().filter(|_| is_asked);
    let mut ids: BTreeSet<CollectionId> = libraries
        .map(|library| CollectionId { library: Some(library.code.as_str().into()), ..institution.clone() })
        .collect();
    ids.extend((source == CollectionSource::InstitutionAndLibraries).then_some(institution));
    ids
}

/// Returns the objects that the request or an earlier export names.
fn named(
    kind: &ManifestKind,
    name: &str,
    zone: &Zone,
    request: &ExportRequest,
    config: &LoadedConfig,
    (choice, export_folder): (&KindChoice, &dyn ExportFolder),
) -> BTreeSet<CollectionId> {
    let declared = config.desired.zones.get(&zone.code).into_iter().flatten();
    let earlier = declared
        .filter(|collection| *collection.id.kind == *name)
        .filter(|collection| choice.is_own_file(kind, &collection.provenance.span.file, export_folder))
        .map(|collection| collection.id.clone());
    let requested = request.resources.ids.iter().map(|ids| CollectionId::with_code(name, ids));
    earlier.chain(requested).collect()
}

/// Leaves out the collections that manifests of other files declare.
fn leave_out_declared(
    config: &LoadedConfig,
    choice: &KindChoice,
    export_folder: &dyn ExportFolder,
    found: &mut CollectionsByZone,
    report: &mut ExportJson,
) {
    if export_folder.path_in_config().is_none() {
        return;
    }
    let mut omitted: BTreeMap<(CollectionId, String), Vec<ZoneCode>> = BTreeMap::new();
    for (zone, ids) in found.iter_mut() {
        for collection in config.desired.zones.get(zone).into_iter().flatten() {
            let file = &collection.provenance.span.file;
            let is_own = choice.kinds().any(|kind| {
                kind.collections.contains(&&*collection.id.kind)
                    && choice.is_own_file(kind, file, export_folder)
            });
            if !is_own && ids.remove(&collection.id) {
                let reason = format!("already declared by {} in {file}", collection.provenance.manifest);
                omitted.entry((collection.id.clone(), reason)).or_default().push(zone.clone());
            }
        }
    }
    report.left_out.extend(omitted.into_iter().map(|((collection, reason), zones)| OmittedCollection {
        collection,
        zones,
        reason,
        failed: false,
    }));
}
