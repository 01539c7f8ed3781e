//! Collection types of tables: code tables and mapping tables.

/// Collection types of tables, which are also the kinds of their manifests.
pub const TABLE_KINDS: [&str; 2] = ["CodeTable", "MappingTable"];

/// Returns true for the collection type of a code table or mapping table.
pub fn is_table(kind: &str) -> bool {
    TABLE_KINDS.contains(&kind)
}
