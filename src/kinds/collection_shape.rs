//! Shape of each collection, from one place.
//!
//! Several kinds can write to one collection. The engine takes the shape of the collection from any of their
//! manifests, so a kind never supplies a shape itself. The type of the collection decides the behavior, and
//! the table decides the menu path.

use std::sync::{Arc, LazyLock};

use super::{KINDS, code_table, mapping_table};
use crate::model::alma_codes::{
    BLOCK_DEFINITIONS_TITLE, BLOCK_DESCRIPTIONS_TABLE, RECORD_TYPES_TABLE, USER_GROUPS_TABLE,
};
use crate::model::{CollectionId, CollectionShape, TableName};

/// Returns the shape of a collection, or `None` for an unknown type.
pub fn shape(id: &CollectionId) -> Option<Arc<CollectionShape>> {
    let table = match &id.table {
        TableName::Code(name) | TableName::Title(name) => &**name,
        TableName::Whole => "",
    };
    match TABLES.iter().find(|(kind, name, _)| **kind == *id.kind && *name == table) {
        Some((_, _, shape)) => Some(Arc::clone(shape)),
        None => KINDS.iter().find_map(|kind| (kind.shape)(&id.kind)),
    }
}

/// Tables with a known menu path in Alma: type, code or title, and shape.
static TABLES: LazyLock<Vec<(&str, &str, Arc<CollectionShape>)>> = LazyLock::new(|| {
    let patrons = "Configuration > Fulfillment > Patron Configurations";
    let users = "Configuration > User Management > User Details";
    let definitions = mapping_table::shape(&format!("{patrons} > User Block Definitions"));
    let descriptions = code_table::shape(&format!("{patrons} > User Block Description"));
    let groups = code_table::shape(&format!("{users} > User Groups"));
    let record_types = mapping_table::shape(&format!("{users} > User Record Type/User Group"));
    vec![
        ("CodeTable", BLOCK_DESCRIPTIONS_TABLE, descriptions),
        ("CodeTable", USER_GROUPS_TABLE, groups),
        ("MappingTable", BLOCK_DEFINITIONS_TITLE, definitions),
        ("MappingTable", RECORD_TYPES_TABLE, record_types),
    ]
});

#[cfg(test)]
mod tests {
    use super::{TABLES, shape};
    use crate::kinds::KINDS;
    use crate::model::{CollectionId, TableName};

    #[test]
    fn every_collection_type_has_one_owner() {
        for collection in KINDS.iter().flat_map(|kind| kind.collections) {
            let owners = KINDS.iter().filter(|kind| (kind.shape)(collection).is_some());
            let owners: Vec<_> = owners.map(|kind| kind.name).collect();
            assert_eq!(owners.len(), 1, "{collection}: {owners:?}");
        }
        assert_eq!(shape(&CollectionId::of_institution("NoSuchThing")), None);
    }

    #[test]
    fn table_differs_from_its_type_in_the_menu_only() {
        for (kind, table, known) in TABLES.iter() {
            let table_type = shape(&CollectionId::of_institution(kind)).unwrap_or_default();
            let mut of_table = crate::model::CollectionShape::clone(known);
            of_table.menu.clone_from(&table_type.menu);
            assert_eq!(of_table, *table_type, "{kind}/{table}");
            let title = TableName::Title((*table).into());
            let named = CollectionId { table: title, ..CollectionId::of_institution(kind) };
            assert_eq!(shape(&named), shape(&CollectionId::with_code(kind, table)), "by title and by code");
        }
    }
}
