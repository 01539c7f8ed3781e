//! Loads manifests: returns the configuration, or all diagnostics. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::LocatedDiagnostics;
use crate::manifest::SourceFile;
use crate::model::{DesiredState, Diagnostic, Expectation, Network, Policy, Severity};
use crate::{kinds, manifest};

/// Manifests without errors.
#[derive(Clone)]
pub struct LoadedConfig {
    /// Network.
    pub network: Network,
    /// Desired state.
    pub desired: DesiredState,
    /// Policies for plans.
    pub policies: Vec<Policy>,
    /// Expectations, in the order of the manifests.
    pub expectations: Vec<Expectation>,
    /// Number of manifests, the Network manifest included.
    pub manifests: usize,
    /// Labels that the selectors of each manifest name, by its address.
    pub selector_labels: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
    /// Manifest files.
    pub sources: Arc<[SourceFile]>,
}

impl LoadedConfig {
    /// Returns diagnostics found after the load, with the manifests that they refer to.
    pub fn locate(&self, found: Vec<Diagnostic>) -> LocatedDiagnostics {
        LocatedDiagnostics { found, sources: Arc::clone(&self.sources) }
    }
}

/// Loads and expands all manifests.
///
/// # Errors
/// Returns all diagnostics.
pub fn load(sources: Vec<SourceFile>, environment: Option<&str>) -> Result<LoadedConfig, LocatedDiagnostics> {
    let loaded = manifest::load(&kinds::KINDS, &sources, environment);
    let sources: Arc<[SourceFile]> = sources.into();
    let mut found = loaded.diagnostics;
    let expanded = loaded.network.map(|network| {
        let (desired, diagnostics) = kinds::expand(&network, &loaded.manifests);
        found.extend(diagnostics);
        let (expectations, diagnostics) = kinds::expectations(&network, &loaded.manifests);
        found.extend(diagnostics);
        (network, desired, expectations)
    });
    manifest::sort(&mut found);
    let is_valid = found.iter().all(|diagnostic| diagnostic.severity != Severity::Error);
    match expanded {
        Some((network, desired, expectations)) if is_valid => Ok(LoadedConfig {
            network,
            desired,
            policies: kinds::policies(&loaded.manifests),
            expectations,
            manifests: loaded.manifests.len(),
            selector_labels: (loaded.manifests.iter())
                .map(|manifest| (Arc::clone(&manifest.head.manifest), manifest.head.selector_labels.clone()))
                .collect(),
            warnings: found,
            sources,
        }),
        _ => Err(LocatedDiagnostics { found, sources }),
    }
}

/// Loads only the network, for its name and its store. Ignores all other errors in the manifests.
///
/// # Errors
/// Returns the diagnostics if the network cannot be determined.
pub fn load_network(
    sources: Vec<SourceFile>,
    environment: Option<&str>,
) -> Result<Network, LocatedDiagnostics> {
    let loaded = manifest::load(&kinds::KINDS, &sources, environment);
    let is_unknown = |problem: &Diagnostic| problem.code == manifest::diagnostic_codes::UNKNOWN_ENVIRONMENT;
    let unknown: Vec<Diagnostic> =
        loaded.diagnostics.iter().filter(|problem| is_unknown(problem)).cloned().collect();
    match loaded.network {
        Some(network) if unknown.is_empty() => Ok(network),
        network => {
            let found = if network.is_some() { unknown } else { loaded.diagnostics };
            Err(LocatedDiagnostics { found, sources: sources.into() })
        }
    }
}
