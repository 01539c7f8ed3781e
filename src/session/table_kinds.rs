//! Kinds whose manifests are exported table by table.

/// Names of the kinds, which are also the types of their collections.
pub(super) const TABLE_KINDS: [&str; 2] = ["CodeTable", "MappingTable"];

/// Returns true for the collection type of a code table or mapping table.
pub(super) fn is_table(kind: &str) -> bool {
    TABLE_KINDS.contains(&kind)
}
