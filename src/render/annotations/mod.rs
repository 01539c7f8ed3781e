//! Annotations of a plan at lines of the manifests, merged across zones.
//!
//! GitHub annotations, GitLab code quality and SARIF use the same list.

mod identity;
mod message;
mod subject;

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::model::{ApplyMode, ChangeOrigin, ContentDigest, Plan, SourceSpan, ZoneCode};

use identity::{AnnotationKey, failure_key, identity_of_change, identity_of_finding};
pub use identity::{AnnotationLevel, AnnotationRule};
pub use message::zones;
use subject::{AnnotationSubject, ChangeSimilarity};

/// Annotation of one or more zones.
#[derive(Debug)]
pub struct Annotation<'a> {
    identity: AnnotationKey<'a>,
    about: AnnotationSubject<'a>,
    alike: ChangeSimilarity,
    /// Number of zones with a deferral of the change.
    held: usize,
    /// Number of zones by change origin.
    moved: BTreeMap<ChangeOrigin, usize>,
    /// Affected zones; empty for the whole network.
    pub zones: Vec<&'a ZoneCode>,
    /// Locations, in the order of zones. Empty if no manifest declares the zones.
    pub places: Vec<&'a SourceSpan>,
}

/// Returns all annotations of a plan, severest first.
pub fn remarks(plan: &Plan) -> Vec<Annotation<'_>> {
    let mut found: BTreeMap<AnnotationKey<'_>, Annotation<'_>> = BTreeMap::new();
    for finding in &plan.findings {
        let mut remark = Annotation::new(identity_of_finding(finding), AnnotationSubject::Finding(finding));
        remark.zones = finding.zones.iter().collect();
        // Every output format requires a line.
        remark.places = finding.span.iter().chain(anchor(plan, &finding.zones)).take(1).collect();
        found.insert(remark.identity.clone(), remark);
    }
    for (code, zone) in &plan.zones {
        if let Some(failure) = &zone.failure {
            let place = zone.collections.first().map(|step| &step.diff.provenance.span);
            add(&mut found, failure_key(None, failure), AnnotationSubject::Zone(failure), code, place);
        }
        for step in &zone.collections {
            match &step.diff.outcome {
                Err(failure) if zone.failure.is_none() => {
                    let place = Some(&step.diff.provenance.span);
                    let about = AnnotationSubject::Collection(step, failure);
                    add(&mut found, failure_key(Some(&step.diff.id), failure), about, code, place);
                }
                Err(_) => {}
                Ok(outcome) => {
                    for change in &outcome.changes {
                        let place = Some(&change.provenance.span);
                        let remark = add(
                            &mut found,
                            identity_of_change(change),
                            AnnotationSubject::Change(change),
                            code,
                            place,
                        );
                        let is_held =
                            change.mode == ApplyMode::Apply && zone.deferral_of_step(step).is_some();
                        remark.held += usize::from(is_held);
                        if let Some(origin) = change.origin {
                            *remark.moved.entry(origin).or_default() += 1;
                        }
                    }
                }
            }
        }
    }
    found.into_values().collect()
}

/// Returns the first manifest location for any of `zones`, or for any zone if `zones` is empty.
fn anchor<'a>(plan: &'a Plan, zones: &[ZoneCode]) -> Option<&'a SourceSpan> {
    let mut all = plan.zones.iter().filter(|(code, _)| zones.is_empty() || zones.contains(code));
    all.find_map(|(_, zone)| zone.collections.first()).map(|step| &step.diff.provenance.span)
}

fn add<'f, 'a>(
    found: &'f mut BTreeMap<AnnotationKey<'a>, Annotation<'a>>,
    identity: AnnotationKey<'a>,
    about: AnnotationSubject<'a>,
    zone: &'a ZoneCode,
    place: Option<&'a SourceSpan>,
) -> &'f mut Annotation<'a> {
    let remark =
        found.entry(identity).or_insert_with_key(|identity| Annotation::new(identity.clone(), about));
    remark.alike = remark.alike.min(about.alike(remark.about));
    if remark.zones.last() != Some(&zone) {
        remark.zones.push(zone);
    }
    if let Some(place) = place
        && remark.places.len() < 10
        && !remark.places.contains(&place)
    {
        remark.places.push(place);
    }
    remark
}
impl<'a> Annotation<'a> {
    fn new(identity: AnnotationKey<'a>, about: AnnotationSubject<'a>) -> Self {
        Self {
            identity,
            about,
            alike: ChangeSimilarity::Wholly,
            held: 0,
            moved: BTreeMap::new(),
            zones: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Returns the severity.
    pub fn severity(&self) -> AnnotationLevel {
        self.identity.severity
    }

    /// Returns the rule.
    pub fn rule(&self) -> AnnotationRule<'a> {
        self.identity.rule
    }

    /// Returns the SHA-256 fingerprint, stable across plans and independent of zones.
    pub fn fingerprint(&self) -> ContentDigest {
        // Messages of guards contain numbers, which differ between plans.
        let AnnotationKey { severity: _, rule, collection, key, fate, fields, message: _ } = &self.identity;
        let rule_at = match self.about {
            AnnotationSubject::Finding(finding) => finding.span.as_ref().map(ToString::to_string),
            AnnotationSubject::Zone(_) | AnnotationSubject::Collection(..) | AnnotationSubject::Change(_) => {
                None
            }
        };
        let content = (rule.to_string(), collection, key, fate, fields, rule_at);
        // A tuple of texts has no keys, so serialization cannot fail.
        ContentDigest(Sha256::digest(serde_json::to_vec(&content).unwrap_or_default()).into())
    }
}
