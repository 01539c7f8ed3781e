//! Stores without write permission: read commands work, and write commands report an error.
//!
//! Root can write everywhere. As root, these tests run again in another process as user `nobody`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use zonal::store::{HistoryFilter, Store, StoreAccess, StoreError, StoreErrorType, StoreLocation, WaitMode};

use crate::case_runner::{CaseNetwork, case, paused};
use crate::store_fixture::{append, entries, new_run, set, told, verified};

/// Runs a test of this file as a user with limited permissions. Returns true in the process of that user.
fn as_somebody(test: &str) -> bool {
    let id = Command::new("id").arg("-u").output().expect("`id` should be installed");
    if id.stdout != b"0\n" {
        return true;
    }
    // The program needs a location that other users can read.
    let directory = TempDir::new().expect("temporary directory");
    let program = directory.path().join("it");
    std::fs::copy(std::env::current_exe().expect("program should have a path"), &program)
        .expect("file should be copied");
    permit(directory.path(), 0o755);
    let done = Command::new("setpriv")
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"])
        .arg(&program)
        .args(["--exact", &format!("store_permissions::{test}"), "--nocapture"])
        .env("TMPDIR", "/tmp")
        .current_dir("/")
        .output()
        .expect("`setpriv` should be installed");
    let out = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{out}{}", String::from_utf8_lossy(&done.stderr));
    assert!(out.contains("1 passed"), "the test should run: {out}");
    false
}

fn permit(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions should be set");
}

async fn open(file: &Path, access: StoreAccess) -> Result<Store, StoreError> {
    let opened = Store::open(StoreLocation::File(file.to_path_buf()), access, WaitMode::Async).await;
    opened.map(|store| store.expect("should exist"))
}

/// Creates a store with one entry in a directory of its own.
async fn filled() -> (TempDir, PathBuf) {
    let directory = TempDir::new().expect("temporary directory");
    let file = directory.path().join("store.db");
    let store = open(&file, StoreAccess::Write).await.expect("store should be created");
    let run = store.begin(new_run()).await.expect("run should start");
    let line = verified(run, 1, "ALPHA", vec![set("A", "1", "2")]);
    append(&store, line).await;
    store.close().await;
    (directory, file)
}

#[tokio::test]
async fn read_only_file_can_be_read() {
    if !as_somebody("read_only_file_can_be_read") {
        return;
    }
    let (_directory, file) = filled().await;
    permit(&file, 0o444);
    let store = open(&file, StoreAccess::Read).await.expect("store should open");
    assert_eq!(told(&store, HistoryFilter::Everything).await, ["ALPHA/CodeTable/T/A"]);
    store.close().await;
    let error = match open(&file, StoreAccess::Write).await {
        Err(error) => error,
        Ok(store) => store.begin(new_run()).await.expect_err("write should fail"),
    };
    assert_eq!(error.class, StoreErrorType::ReadOnly);
    assert_eq!(error.cause.to_string(), "attempt to write a readonly database");
    permit(&file, 0o644);
    let store = open(&file, StoreAccess::Write).await.expect("store should open");
    assert_eq!(entries(&store).await, 1);
}

#[tokio::test]
async fn store_in_read_only_directory_can_be_read() {
    if !as_somebody("store_in_read_only_directory_can_be_read") {
        return;
    }
    let (directory, file) = filled().await;
    permit(directory.path(), 0o555);
    let store = open(&file, StoreAccess::Read).await.expect("store should open");
    assert_eq!(told(&store, HistoryFilter::Everything).await, ["ALPHA/CodeTable/T/A"]);
    assert_eq!(entries(&store).await, 1);
    store.close().await;
    let error = open(&file, StoreAccess::Write).await.expect_err("open should fail without journal files");
    assert_eq!(error.class, StoreErrorType::ReadOnly);
    assert_eq!(error.cause.to_string(), "cannot open the file, or an auxiliary file of SQLite next to it");
    let new = directory.path().join("new.db");
    let error = open(&new, StoreAccess::Write).await.expect_err("creation should fail");
    assert_eq!(error.class, StoreErrorType::ReadOnly);
    permit(directory.path(), 0o755);
}

#[tokio::test]
async fn unreadable_file_is_reported() {
    if !as_somebody("unreadable_file_is_reported") {
        return;
    }
    let (_directory, file) = filled().await;
    permit(&file, 0o000);
    for access in [StoreAccess::Read, StoreAccess::Write] {
        let error = open(&file, access).await.expect_err("open should fail");
        assert_eq!(error.class, StoreErrorType::ReadOnly);
    }
}

#[tokio::test]
async fn unreadable_folder_is_not_treated_as_empty() {
    if !as_somebody("unreadable_folder_is_not_treated_as_empty") {
        return;
    }
    let (directory, file) = filled().await;
    permit(directory.path(), 0o000);
    let opened = Store::open(StoreLocation::File(file), StoreAccess::Read, WaitMode::Async).await;
    permit(directory.path(), 0o755);
    let error = opened.expect_err("open should fail");
    assert_eq!(error.class, StoreErrorType::ReadOnly, "{error}");
}

#[test]
fn store_of_an_apply_belongs_to_its_owner_alone() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let mode = |name: &str| {
            let path = stage.directory().join(name);
            std::fs::metadata(path).expect("path should exist").permissions().mode() & 0o777
        };
        let apply = async || {
            stage.expect("zonal apply --yes", 0).await;
        };
        apply().await;
        assert_eq!((mode(".zonal"), mode(".zonal/store.db")), (0o700, 0o600));
        permit(&stage.directory().join(".zonal/store.db"), 0o644);
        apply().await;
        assert_eq!(mode(".zonal/store.db"), 0o600, "an older store should be restricted");
    });
}
