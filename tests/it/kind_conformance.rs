//! Full lifecycle of every listed kind on the emulator, with its smallest manifest in `examples/kinds`.
//!
//! A new kind is tested as soon as `KINDS` lists it. Edits of a manifest are found by trial: the test changes
//! each text and flag of the spec until zonal accepts one and plans a change.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use zonal::emulator::RecordEdit;
use zonal::kinds::KINDS;
use zonal::manifest::SourceFile;
use zonal::manifest::source;

use crate::case_runner::{CaseNetwork, paused};

#[test]
fn every_listed_kind_completes_its_lifecycle() {
    // Kinds without collections (the network, policies) declare no record of a zone.
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
        assert!(example.is_file(), "{kind} is listed, but examples/kinds/{kind}.yaml is missing");
        let directory = tempfile::tempdir().expect("temporary directory");
        for file in [kinds.join("network.yaml"), example.clone()] {
            std::fs::copy(&file, directory.path().join(file.file_name().expect("should exist")))
                .expect("file should be copied");
        }
        let manifests = documents(&example);
        assert!(manifests.iter().any(|each| each["kind"] == kind), "{kind}.yaml lacks its kind");
        Self { kind, stage: CaseNetwork::new(directory.path()), manifests }
    }

    async fn run(self) {
        let kind = self.kind;
        self.zonal("validate", 0).await;
        let first = self.plan(2).await;
        let changes = first["resource_changes"].as_array().expect("plan should have changes");
        assert!(!changes.is_empty(), "{kind}: the example changes nothing");
        self.zonal("apply --yes", 0).await;
        self.plan(0).await;

        // Edit of the manifest. After the manifest is restored, the edit's effect counts as drift.
        let edit = self.edited().await;
        assert_ne!(edit, MutationOutcome::None, "{kind}: no edit of the example has an effect");
        let seen = self.librarian(changes).await;
        assert!(
            seen || edit == MutationOutcome::Drifts,
            "{kind}: no edit by a librarian is reported as drift"
        );

        // Removal of an item. zonal never deletes a record only because no manifest mentions it.
        if let Some(removed) = self.removed().await {
            let plan = self.plan_any().await;
            let destroyed = plan["reconciler"]["counts"]["destroy"].as_u64();
            assert_eq!(destroyed, Some(0), "{kind}: without {removed} a record would be deleted");
            self.zonal("apply --yes", 0).await;
            self.plan(0).await;
            self.write(&self.manifests);
            self.zonal("apply --yes", 0).await;
            self.plan(0).await;
        }
        self.by_hand().await;
    }

    /// Edits or removes a gateway record as a librarian. Returns true if the plan reports the edit.
    async fn librarian(&self, changes: &[Json]) -> bool {
        let kind = self.kind;
        for change in changes {
            let (zone, collection) = (change["index"].as_str(), change["type"].as_str());
            let (Some(zone), Some(collection)) = (zone, collection) else { continue };
            let Some(after) = change["change"]["after"].as_object() else { continue };
            let edit = |fields: &serde_json::Map<String, Json>, delete: bool| -> RecordEdit {
                let edit = json!({"zone": zone, "kind": collection, "by": "m.tremblay", "fields": fields, "delete": delete});
                serde_json::from_value(edit).expect("edit should be valid")
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
                    // The new key created another record.
                    control.edit_record(&edit(&fields, true)).expect("should exist");
                    continue;
                }
                let drift = self.plan_any().await;
                if drift["resource_changes"].as_array().is_some_and(|changes| !changes.is_empty()) {
                    let told = drift.to_string().contains("m.tremblay");
                    assert!(told, "{kind}: a librarian's edit of `{field}` is reported without its author");
                    self.zonal("apply --yes", 0).await;
                    self.plan(0).await;
                    return true;
                }
                // The manifest does not declare this field: the new record only has its default.
                control.edit_record(&edit(after, false)).expect("should exist");
            }
            // A record with no field but its key can only be removed.
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

    /// Completes the manual steps and attests them, for a network without a gateway.
    async fn by_hand(&self) {
        let plan = self.stage.output("zonal plan --json --environment by-hand").await;
        let plan: Json =
            serde_json::from_str(&plan.out).unwrap_or_else(|error| panic!("{error}: {}", plan.err));
        if plan["reconciler"]["counts"]["manual"].as_u64() == Some(0) {
            return;
        }
        let runbook = self.zonal("runbook --environment by-hand", 0).await;
        assert!(runbook.contains("- [ ] ") && runbook.contains("Open "), "{}: {runbook}", self.kind);
        self.zonal("attest --all --by Ada --environment by-hand", 0).await;
        self.zonal("plan --detailed-exitcode --environment by-hand", 0).await;
    }

    /// Changes texts and flags of the spec, one at a time, until the plan shows a change. Applies the change
    /// and restores the manifest.
    async fn edited(&self) -> MutationOutcome {
        let mut found = MutationOutcome::None;
        for (index, manifest) in self.manifests.iter().enumerate() {
            for pointer in leaves(&manifest["spec"], "/spec") {
                let leaf = manifest.pointer(&pointer).expect("leaf should exist");
                for other in others(leaf).chain(words(leaf)) {
                    let mut manifests = self.manifests.clone();
                    *manifests[index].pointer_mut(&pointer).expect("leaf should exist") = other;
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
                    // An item that was added to an otherwise zone-owned list stays there.
                    found = MutationOutcome::Adds;
                }
            }
        }
        self.write(&self.manifests);
        found
    }

    /// Returns true if the plan is complete and contains an update.
    async fn updates(&self) -> bool {
        if self.stage.output("zonal validate").await.code != 0 {
            return false;
        }
        let plan = self.plan_any().await;
        plan["complete"] == true
            && plan["reconciler"]["counts"]["change"].as_u64() > Some(0)
            && plan["reconciler"]["counts"]["add"].as_u64() == Some(0)
    }

    /// Removes an item from a list of the spec so that the manifest stays valid.
    async fn removed(&self) -> Option<String> {
        for (index, manifest) in self.manifests.iter().enumerate() {
            for pointer in items(&manifest["spec"], "/spec") {
                let (list, at) = pointer.rsplit_once('/')?;
                let mut manifests = self.manifests.clone();
                let Some(Json::Array(items)) = manifests[index].pointer_mut(list) else { continue };
                items.remove(at.parse().ok()?);
                self.write(&manifests);
                if self.stage.output("zonal validate").await.code == 0 {
                    return Some(pointer);
                }
            }
        }
        self.write(&self.manifests);
        None
    }

    fn write(&self, manifests: &[Json]) {
        // JSON is valid YAML.
        let text: Vec<String> = manifests.iter().map(ToString::to_string).collect();
        std::fs::write(self.stage.directory().join(format!("{}.yaml", self.kind)), text.join("\n---\n"))
            .expect("file should be writable");
    }

    async fn plan(&self, code: u8) -> Json {
        let plan = self.zonal("plan --json --detailed-exitcode", code).await;
        serde_json::from_str(&plan).expect("plan should be JSON")
    }

    async fn plan_any(&self) -> Json {
        let plan = self.stage.output("zonal plan --json").await;
        serde_json::from_str(&plan.out).unwrap_or_else(|error| panic!("{error}: {}", plan.err))
    }

    async fn zonal(&self, words: &str, code: u8) -> String {
        let printed = self.stage.output(&format!("zonal {words}")).await;
        assert_eq!(printed.code, code, "{}: zonal {words}\n{}{}", self.kind, printed.out, printed.err);
        printed.out
    }
}

/// Effect of an edit of the manifest.
#[derive(Debug, PartialEq, Eq)]
enum MutationOutcome {
    None,
    /// The edit added a record that stays after the manifest is restored.
    Adds,
    /// The edit is drift after the manifest is restored.
    Drifts,
}

/// Returns alternatives to a value.
fn others(value: &Json) -> impl Iterator<Item = Json> + use<> {
    let others = match value {
        Json::Bool(flag) => vec![json!(!flag)],
        Json::String(text) => {
            let mut others = vec![json!(format!("{text} X")), json!(format!("{text}1"))];
            // No text may follow the end of an XSL.
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

/// Returns known words for fields with a fixed choice.
fn words(value: &Json) -> impl Iterator<Item = Json> + use<> {
    let words: &[&str] = if value.is_string() {
        &["allow", "deny", "retry", "queue", "no", "yes", "borrower", "CLOSED"]
    } else {
        &[]
    };
    let value = value.clone();
    words.iter().map(|word| json!(word)).filter(move |word| *word != value)
}

fn documents(file: &PathBuf) -> Vec<Json> {
    let text = std::fs::read_to_string(file).expect("example should be readable");
    let (documents, problems) =
        source::documents(&SourceFile { file: "example.yaml".into(), text: Ok(text) });
    assert!(problems.is_empty(), "{}", file.display());
    documents.iter().map(|document| document.root.to_json()).collect()
}

/// Returns pointers to all texts and flags, last ones first: values follow the fields that locate them.
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

/// Returns pointers to all items of lists.
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
