//! Names of manifests and of their files, as any disk takes them.
//!
//! Codes of tables contain spaces, slashes and dots, differ by case only, and can be names that Windows keeps
//! for devices.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

pub use crate::kinds::kebab_case;
use crate::model::{CollectionId, ContentDigest, TableName};

/// Longest name without its digest.
const LONGEST: usize = 80;
/// Names of devices on Windows.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// Returns a name for each collection: lowercase letters, digits and `-`, different even on a disk that ignores
/// case.
pub fn manifest_names(ids: &[CollectionId]) -> BTreeMap<CollectionId, String> {
    let mut plain: BTreeMap<(String, String), Vec<&CollectionId>> = BTreeMap::new();
    for id in ids {
        plain.entry((id.kind.to_string(), plain_name(id))).or_default().push(id);
    }
    let mut names = BTreeMap::new();
    for ((_, name), ids) in plain {
        for id in &ids {
            let is_device = DEVICES.contains(&name.trim_end_matches(|c: char| c.is_ascii_digit()));
            let is_plain = ids.len() == 1 && !is_device && !name.is_empty() && name.len() <= LONGEST;
            let name = match is_plain {
                true => name.clone(),
                false => with_digest(&name, id),
            };
            names.insert((*id).clone(), name);
        }
    }
    names
}

/// Returns the folder of a type of collection: `code-tables` for `CodeTable`.
pub fn folder(kind: &str) -> String {
    format!("{}s", kebab_case(kind))
}

/// Returns the path of a file in the config directory.
pub fn join(prefix: &str, file: &str) -> String {
    if prefix.is_empty() { file.to_owned() } else { format!("{prefix}/{file}") }
}

fn plain_name(id: &CollectionId) -> String {
    let table = match &id.table {
        TableName::Code(code) | TableName::Title(code) => kebab_case(code),
        TableName::Whole => kebab_case(&id.kind),
    };
    let parts = [Some(table), id.library.as_deref().map(kebab_case), id.language.as_deref().map(kebab_case)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("-")
}

fn with_digest(name: &str, id: &CollectionId) -> String {
    let digest: String =
        ContentDigest(Sha256::digest(id.to_string()).into()).short().chars().take(6).collect();
    let end = (0..=LONGEST.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    format!("{}-{digest}", &name[..end]).trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::manifest_names;
    use crate::model::CollectionId;

    fn names(codes: &[&str]) -> Vec<String> {
        let ids: Vec<CollectionId> =
            codes.iter().map(|code| CollectionId::with_code("CodeTable", code)).collect();
        let names = manifest_names(&ids);
        ids.iter().map(|id| names[id].clone()).collect()
    }

    #[test]
    fn names_are_readable() {
        let codes = ["UserBlockDescription", "Sub Systems", "facets/codes.v2", "SMSCommunication"];
        assert_eq!(
            names(&codes),
            ["user-block-description", "sub-systems", "facets-codes-v2", "sms-communication"]
        );
    }

    #[test]
    fn names_differ_on_every_disk() {
        let codes =
            ["UserGroups", "usergroups", "USERGROUPS", "user/groups", "con", "COM1", "日本", "..", "é"];
        let mut names = names(&codes);
        assert!(names.iter().all(|name| {
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            name.chars().all(is_plain) && !name.starts_with('-') && !name.is_empty() && name != "con"
        }));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), codes.len());
    }

    #[test]
    fn name_without_a_rival_does_not_depend_on_other_tables() {
        assert_eq!(names(&["UserGroups"])[0], names(&["UserGroups", "Other"])[0]);
    }
}
