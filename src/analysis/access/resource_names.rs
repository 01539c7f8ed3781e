//! Names of e-resources in sentences: titles if the Network Zone returns them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::NetworkSettings;
use crate::analysis::impact::wording::joined;
use crate::model::{GroupedNumber, ResourceId};

/// Maximum number of e-resources that a sentence names.
const NAMED: usize = 6;

/// Titles of a network's e-resources.
pub struct ResourceNames<'s> {
    titles: BTreeMap<&'s ResourceId, &'s str>,
    /// Number of e-resources with a title.
    uses: BTreeMap<&'s str, usize>,
}

impl<'s> ResourceNames<'s> {
    /// Collects the titles of a network's settings.
    pub fn of(settings: &'s NetworkSettings) -> Self {
        let titles: BTreeMap<&ResourceId, &str> =
            settings.network_zone().into_iter().flat_map(|zone| zone.titles()).collect();
        let mut uses = BTreeMap::new();
        for title in titles.values() {
            *uses.entry(*title).or_default() += 1;
        }
        Self { titles, uses }
    }

    /// Returns the titles of a few e-resources, the number of many: `"Open Reports" and e-resource 61`.
    pub fn listed(&self, resources: &BTreeSet<ResourceId>) -> String {
        if resources.len() > NAMED {
            return format!("{} e-resources", GroupedNumber(resources.len() as u64));
        }
        let (titled, plain): (Vec<&ResourceId>, Vec<&ResourceId>) =
            resources.iter().partition(|resource| self.titles.contains_key(resource));
        let mut names: Vec<String> = titled.iter().filter_map(|resource| self.quoted(resource)).collect();
        let noun = if plain.len() == 1 { "e-resource" } else { "e-resources" };
        let mut ids: Vec<String> = plain.iter().map(ToString::to_string).collect();
        if let Some(first) = ids.first_mut() {
            first.insert_str(0, &format!("{noun} "));
        }
        names.append(&mut ids);
        joined(&names, "and")
    }

    /// Returns the title with the ID, `Open Reports (61200)`, or only the ID.
    pub fn with_id(&self, resource: &ResourceId) -> Arc<str> {
        match self.titles.get(resource) {
            Some(title) => format!("{title} ({resource})").into(),
            None => resource.to_string().into(),
        }
    }

    /// Returns the title in quotation marks, with the ID if another e-resource has the same title.
    fn quoted(&self, resource: &ResourceId) -> Option<String> {
        let title = *self.titles.get(resource)?;
        Some(match self.uses.get(title) {
            None | Some(1) => format!("\"{title}\""),
            Some(_) => format!("\"{title}\" ({resource})"),
        })
    }
}
