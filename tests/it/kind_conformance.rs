//! Every kind that is listed goes through the whole loop on the emulator, with the smallest manifest of
//! it in `examples/kinds`: so that a new kind is tested the moment it is listed.
//!
//! What a manifest could say otherwise is found by trying: each text and flag of its spec is changed
//! until zonal takes it and sees a change in it.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use tokio::sync::watch;
use zonal::emulator::RecordEdit;
use zonal::kinds::KINDS;
use zonal::manifest::SourceFile;
use zonal::manifest::source;

use crate::case_runner::{CaseNetwork, paused};

#[test]
fn every_listed_kind_goes_through_the_whole_loop() {
    // What wants no record of any zone has nothing to go through it: the network, and rules over plans.
    for kind in KINDS.iter().filter(|kind| !kind.collections.is_empty()) {
        let only = std::env::var("KIND").ok();
        if only.is_none_or(|only| only == kind.name) {
            paused(KindLifecycle::new(kind.name).run());
        }
    }
}

struct KindLifecycle {
    kind: &'static str,
    stage: CaseNetwork,
    manifests: Vec<Json>,
}

impl KindLifecycle {
    fn new(kind: &'static str) -> Self {
        let kinds = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/kinds");
        let example = kinds.join(format!("{kind}.yaml"));
        assert!(example.is_file(), "{kind} is listed, and there is no examples/kinds/{kind}.yaml");
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        for file in [kinds.join("network.yaml"), example.clone()] {
            std::fs::copy(&file, directory.path().join(file.file_name().expect("it has one")))
                .expect("a file can be copied");
        }
        let manifests = documents(&example);
        assert!(manifests.iter().any(|each| each["kind"] == kind), "{kind}.yaml does not hold its kind");
        Self { kind, stage: CaseNetwork::new(directory.path()), manifests }
    }

    async fn run(self) {
        let kind = self.kind;
        self.zonal("validate", 0).await;
        let first = self.plan(2).await;
        let changes = first["resource_changes"].as_array().expect("a plan has changes");
        assert!(!changes.is_empty(), "{kind}: the example changes nothing");
        self.zonal("apply --yes", 0).await;
        self.plan(0).await;

        // One edit of the manifest; once the manifest is back, what the edit did is somebody else's word.
        let edit = self.edited().await;
        assert_ne!(edit, MutationOutcome::None, "{kind}: no edit of the example does anything");
        let seen = self.librarian(changes).await;
        assert!(seen || edit == MutationOutcome::Drifts, "{kind}: nothing that others do is seen as drift");

        // One removal: nothing is deleted from silence.
        if let Some(removed) = self.removed().await {
            let plan = self.plan_any().await;
            let destroyed = plan["reconciler"]["counts"]["destroy"].as_u64();
            assert_eq!(destroyed, Some(0), "{kind}: without {removed} something would be deleted");
            self.zonal("apply --yes", 0).await;
            self.plan(0).await;
            self.write(&self.manifests);
            self.zonal("apply --yes", 0).await;
            self.plan(0).await;
        }
        self.by_hand().await;
    }

    /// A librarian edits or removes what the gateway serves, under a name of their own. Whether the plan
    /// sees anything of it.
    async fn librarian(&self, changes: &[Json]) -> bool {
        let kind = self.kind;
        for change in changes {
            let (zone, collection) = (change["index"].as_str(), change["type"].as_str());
            let (Some(zone), Some(collection)) = (zone, collection) else { continue };
            let Some(after) = change["change"]["after"].as_object() else { continue };
            let edit = |fields: &serde_json::Map<String, Json>, delete: bool| -> RecordEdit {
                let edit = json!({"zone": zone, "kind": collection, "by": "m.tremblay", "fields": fields, "delete": delete});
                serde_json::from_value(edit).expect("an edit is an edit")
            };
            let control = self.stage.emulator.control();
            let held = || control.records(zone, collection).unwrap_or_default();
            for (field, other) in
                after.iter().flat_map(|(field, value)| others(value).map(move |other| (field, other)))
            {
                let mut fields = after.clone();
                fields.insert(field.clone(), other);
                let before = held();
                if before.is_empty() || control.edit_record(&edit(&fields, false)).is_err() {
                    continue;
                }
                if held().len() != before.len() {
                    // The key was changed: that made another record.
                    control.edit_record(&edit(&fields, true)).expect("it is there");
                    continue;
                }
                let drift = self.plan_any().await;
                if drift["resource_changes"].as_array().is_some_and(|changes| !changes.is_empty()) {
                    let told = drift.to_string().contains("m.tremblay");
                    assert!(told, "{kind}: a librarian's edit of `{field}` is not told with its author");
                    self.zonal("apply --yes", 0).await;
                    self.plan(0).await;
                    return true;
                }
                // Not the manifest's field: a new record only got it by default.
                control.edit_record(&edit(after, false)).expect("it is there");
            }
            // A record that is nothing but its key can only be removed.
            if change["change"]["actions"] == json!(["create"])
                && control.edit_record(&edit(after, true)).is_ok()
            {
                self.plan(2).await;
                self.zonal("apply --yes", 0).await;
                self.plan(0).await;
                return true;
            }
        }
        false
    }

    /// Without a gateway people do it, and say so.
    async fn by_hand(&self) {
        let plan = self.stage.run("zonal plan --json --environment by-hand", None, watch::channel(0).1).await;
        let plan: Json =
            serde_json::from_str(&plan.out).unwrap_or_else(|error| panic!("{error}: {}", plan.err));
        if plan["reconciler"]["counts"]["by_hand"].as_u64() == Some(0) {
            return;
        }
        let runbook = self.zonal("runbook --environment by-hand", 0).await;
        assert!(runbook.contains("- [ ] ") && runbook.contains("Open "), "{}: {runbook}", self.kind);
        self.zonal("attest --all --by Ada --environment by-hand", 0).await;
        self.zonal("plan --detailed-exitcode --environment by-hand", 0).await;
    }

    /// Changes texts and flags of the spec, one at a time, until the plan sees one; applies it, and puts
    /// the manifest back.
    async fn edited(&self) -> MutationOutcome {
        let mut found = MutationOutcome::None;
        for (index, manifest) in self.manifests.iter().enumerate() {
            for pointer in leaves(&manifest["spec"], "/spec") {
                let leaf = manifest.pointer(&pointer).expect("a leaf is there");
                for other in others(leaf).chain(words(leaf)) {
                    let mut manifests = self.manifests.clone();
                    *manifests[index].pointer_mut(&pointer).expect("a leaf is there") = other;
                    self.write(&manifests);
                    if !self.updates().await {
                        continue;
                    }
                    self.zonal("apply --yes", 0).await;
                    self.plan(0).await;
                    self.write(&self.manifests);
                    let back = self.plan_any().await;
                    if back["resource_changes"].as_array().is_some_and(|changes| !changes.is_empty()) {
                        self.zonal("apply --yes", 0).await;
                        self.plan(0).await;
                        return MutationOutcome::Drifts;
                    }
                    // What was added to a list that is the zone's own otherwise stays there.
                    found = MutationOutcome::Adds;
                }
            }
        }
        self.write(&self.manifests);
        found
    }

    /// Whether the plan is sound and updates something.
    async fn updates(&self) -> bool {
        if self.stage.run("zonal validate", None, watch::channel(0).1).await.code != 0 {
            return false;
        }
        let plan = self.plan_any().await;
        plan["complete"] == true
            && plan["reconciler"]["counts"]["change"].as_u64() > Some(0)
            && plan["reconciler"]["counts"]["add"].as_u64() == Some(0)
    }

    /// Takes one item out of one list of the spec, where what is left is still a manifest.
    async fn removed(&self) -> Option<String> {
        for (index, manifest) in self.manifests.iter().enumerate() {
            for pointer in items(&manifest["spec"], "/spec") {
                let (list, at) = pointer.rsplit_once('/')?;
                let mut manifests = self.manifests.clone();
                let Some(Json::Array(items)) = manifests[index].pointer_mut(list) else { continue };
                items.remove(at.parse().ok()?);
                self.write(&manifests);
                if self.stage.run("zonal validate", None, watch::channel(0).1).await.code == 0 {
                    return Some(pointer);
                }
            }
        }
        self.write(&self.manifests);
        None
    }

    fn write(&self, manifests: &[Json]) {
        // JSON is YAML.
        let text: Vec<String> = manifests.iter().map(ToString::to_string).collect();
        std::fs::write(self.stage.directory().join(format!("{}.yaml", self.kind)), text.join("\n---\n"))
            .expect("a file can be written");
    }

    async fn plan(&self, code: u8) -> Json {
        let plan = self.zonal("plan --json --detailed-exitcode", code).await;
        serde_json::from_str(&plan).expect("a plan is JSON")
    }

    async fn plan_any(&self) -> Json {
        let plan = self.stage.run("zonal plan --json", None, watch::channel(0).1).await;
        serde_json::from_str(&plan.out).unwrap_or_else(|error| panic!("{error}: {}", plan.err))
    }

    async fn zonal(&self, words: &str, code: u8) -> String {
        let printed = self.stage.run(&format!("zonal {words}"), None, watch::channel(0).1).await;
        assert_eq!(printed.code, code, "{}: zonal {words}\n{}{}", self.kind, printed.out, printed.err);
        printed.out
    }
}

/// What a change of the manifest came to.
#[derive(Debug, PartialEq, Eq)]
enum MutationOutcome {
    None,
    /// It added something that stays when the manifest is put back.
    Adds,
    /// It is drift once the manifest is put back.
    Drifts,
}

/// Other values in the place of a value.
fn others(value: &Json) -> impl Iterator<Item = Json> + use<> {
    let others = match value {
        Json::Bool(flag) => vec![json!(!flag)],
        Json::String(text) => {
            let mut others = vec![json!(format!("{text} X")), json!(format!("{text}1"))];
            // Nothing may follow the end of an XSL.
            others.extend(text.rsplit_once('.').map(|(before, after)| json!(format!("{before}X.{after}"))));
            others
        }
        Json::Array(texts) => {
            let more = texts.iter().cloned().chain([json!("X")]).collect();
            let without = |gone: usize| -> Json {
                texts.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, text)| text.clone()).collect()
            };
            std::iter::once(more).chain((0..texts.len()).map(without)).collect()
        }
        Json::Null | Json::Number(_) | Json::Object(_) => Vec::new(),
    };
    others.into_iter()
}

/// Words that fields of a few words take.
fn words(value: &Json) -> impl Iterator<Item = Json> + use<> {
    let words: &[&str] =
        if value.is_string() { &["allow", "deny", "retry", "queue", "no", "yes", "borrower"] } else { &[] };
    let value = value.clone();
    words.iter().map(|word| json!(word)).filter(move |word| *word != value)
}

fn documents(file: &PathBuf) -> Vec<Json> {
    let text = std::fs::read_to_string(file).expect("an example can be read");
    let (documents, problems) =
        source::documents(&SourceFile { file: "example.yaml".into(), text: Ok(text) });
    assert!(problems.is_empty(), "{}", file.display());
    documents.iter().map(|document| document.root.to_json()).collect()
}

/// Pointers to all texts and flags, the last ones first: they say what, the first ones where.
fn leaves(value: &Json, pointer: &str) -> Vec<String> {
    let mut found: Vec<String> = match value {
        Json::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "appliesTo" | "enforcement" | "unlisted"))
            .flat_map(|(name, value)| {
                leaves(value, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")))
            })
            .collect(),
        Json::Array(items) => {
            items.iter().enumerate().flat_map(|(at, item)| leaves(item, &format!("{pointer}/{at}"))).collect()
        }
        Json::String(_) | Json::Bool(_) => vec![pointer.to_owned()],
        Json::Null | Json::Number(_) => Vec::new(),
    };
    found.sort();
    found.reverse();
    found
}

/// Pointers to all items of lists.
fn items(value: &Json, pointer: &str) -> Vec<String> {
    match value {
        Json::Object(fields) => fields
            .iter()
            .filter(|(name, _)| name.as_str() != "appliesTo")
            .flat_map(|(name, value)| {
                items(value, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")))
            })
            .collect(),
        Json::Array(list) => {
            let inner =
                list.iter().enumerate().flat_map(|(at, item)| items(item, &format!("{pointer}/{at}")));
            (0..list.len()).map(|at| format!("{pointer}/{at}")).chain(inner).collect()
        }
        Json::String(_) | Json::Bool(_) | Json::Null | Json::Number(_) => Vec::new(),
    }
}
