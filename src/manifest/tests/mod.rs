//! Tests of manifest loading, text in and text out: one case per problem, and the expansion of valid
//! manifests.

mod damaged_syntax;
mod desired;
mod error_isolation;
mod injected_damage;
mod malicious_input;
mod network;
mod objects;
mod problems;
mod schemas;

use std::fmt::Write;

use super::SourceFile;
use crate::kinds;
use crate::model::network::Credential;
use crate::model::{DesiredRecord, DesiredState, Diagnostic};

/// Network of three zones, used by most cases.
pub const NETWORK: &str = "\
apiVersion: zonal/v1
kind: Network
metadata: {name: omni}
spec:
  region: ca
  credentials: {read: {env: 'READ_{code}'}}
  networkZone: {code: NZ, name: Network Zone, vars: {group: NETWORK}}
  members:
    - {code: ALPHA, name: Alpha, labels: {afn: lender, size: large}, vars: {group: VISITOR, lib: MAIN}, libraries: [{code: MAIN}]}
    - {code: BETA, name: Beta, labels: {afn: borrower}, vars: {group: GUEST}}
";

pub fn source(file: &str, text: &str) -> SourceFile {
    SourceFile { file: file.into(), text: Ok(text.to_owned()) }
}

/// Returns a manifest with this spec, given as lines.
pub fn manifest(kind: &str, name: &str, spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!("apiVersion: zonal/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{spec}")
}

/// Returns the desired state and all diagnostics of these files.
pub fn judge(sources: &[SourceFile], environment: Option<&str>) -> (DesiredState, Vec<Diagnostic>) {
    let loaded = super::load(&kinds::KINDS, sources, environment);
    let mut problems = loaded.diagnostics;
    let mut desired = DesiredState::default();
    if let Some(network) = &loaded.network {
        let (expanded, more) = kinds::expand(network, &loaded.manifests);
        desired = expanded;
        problems.extend(more);
        problems.extend(kinds::expectations(network, &loaded.manifests).1);
    }
    super::sort(&mut problems);
    (desired, problems)
}

/// Returns the problems as text, a line or two each: location, code, message, other locations, help.
pub fn shown(problems: &[Diagnostic]) -> String {
    let mut out = String::new();
    for Diagnostic { severity, code, message, span: place, label: _, related, help } in problems {
        let place = place.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let _ = write!(
            out,
            "{place} {}{code} {message}",
            if *severity == crate::model::Severity::Warning { "warning " } else { "" }
        );
        for label in related {
            let _ = write!(out, " [{} {}]", label.span, label.message);
        }
        if let Some(help) = help {
            let _ = write!(out, "; {help}");
        }
        out.push('\n');
    }
    out
}

/// Returns the problems of one file next to the test network.
pub fn problems(text: &str) -> String {
    shown(&judge(&[source("n.yaml", NETWORK), source("m.yaml", text)], None).1)
}

/// Returns the problems of a manifest with this spec next to the test network.
pub fn problems_of(kind: &str, spec: &str) -> String {
    problems(&manifest(kind, "x", spec))
}

/// Returns the desired state as text, one line per record.
pub fn wanted(desired: &DesiredState) -> String {
    let mut out = String::new();
    for (zone, collections) in &desired.zones {
        for collection in collections {
            for (key, record) in &collection.records {
                let DesiredRecord { fields, absent, enforcement, .. } = record.as_ref();
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name}={}", value.value)).collect();
                let absent = if *absent { " absent" } else { "" };
                let _ = writeln!(
                    out,
                    "{zone}/{}/{key}{absent} {enforcement:?} {:?}: {}",
                    collection.id,
                    collection.unlisted,
                    fields.join(" ")
                );
            }
        }
    }
    out.to_lowercase()
}

pub fn credential(credential: Option<&Credential>) -> String {
    credential.map_or_else(|| "none".to_owned(), |credential| format!("{:?}", credential.source))
}
