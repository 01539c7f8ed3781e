//! A store that may not be written to: whoever only looks can, and whoever writes is told.
//!
//! Root may write anywhere, so as root these tests run once more as nobody, in a process of its own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use zonal::store::{HistoryFilter, Store, StoreAccess, StoreError, StoreErrorType, StoreLocation, WaitMode};

use crate::store_fixture::{entries, new_run, set, told, verified};

/// Runs a test of this file as somebody whose rights count. Says whether this is that somebody.
fn as_somebody(test: &str) -> bool {
    let id = Command::new("id").arg("-u").output().expect("there is `id`");
    if id.stdout != b"0\n" {
        return true;
    }
    // Where others can reach it, wherever it was built.
    let directory = TempDir::new().expect("there is room");
    let program = directory.path().join("it");
    std::fs::copy(std::env::current_exe().expect("this program has a file"), &program).expect("it is copied");
    permit(directory.path(), 0o755);
    let done = Command::new("setpriv")
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"])
        .arg(&program)
        .args(["--exact", &format!("store_rights::{test}"), "--nocapture"])
        .env("TMPDIR", "/tmp")
        .current_dir("/")
        .output()
        .expect("there is `setpriv`");
    let out = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{out}{}", String::from_utf8_lossy(&done.stderr));
    assert!(out.contains("1 passed"), "the test was run: {out}");
    false
}

fn permit(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
}

async fn open(file: &Path, access: StoreAccess) -> Result<Store, StoreError> {
    let opened = Store::open(StoreLocation::File(file.to_path_buf()), access, WaitMode::Async).await;
    opened.map(|store| store.expect("it is there"))
}

/// A store with one entry, in a directory of its own.
async fn filled() -> (TempDir, PathBuf) {
    let directory = TempDir::new().expect("there is room");
    let file = directory.path().join("store.db");
    let store = open(&file, StoreAccess::Write).await.expect("it is made");
    let run = store.begin(new_run()).await.expect("a run begins");
    let line = verified(run, 1, "ALPHA", vec![set("A", "1", "2")]);
    store.append(line).wait_until_durable().await.expect("it is kept");
    store.close().await;
    (directory, file)
}

#[tokio::test]
async fn a_file_that_is_read_only_can_be_looked_at() {
    if !as_somebody("a_file_that_is_read_only_can_be_looked_at") {
        return;
    }
    let (_directory, file) = filled().await;
    permit(&file, 0o444);
    let store = open(&file, StoreAccess::Read).await.expect("it opens");
    assert_eq!(told(&store, HistoryFilter::Everything).await, ["ALPHA/CodeTable/T/A"]);
    store.close().await;
    let error = match open(&file, StoreAccess::Write).await {
        Err(error) => error,
        Ok(store) => store.begin(new_run()).await.expect_err("nothing is written"),
    };
    assert_eq!(error.class, StoreErrorType::ReadOnly);
    assert_eq!(error.what, "attempt to write a readonly database");
    permit(&file, 0o644);
    let store = open(&file, StoreAccess::Write).await.expect("it opens");
    assert_eq!(entries(&store).await, 1);
}

#[tokio::test]
async fn a_store_in_a_directory_that_is_read_only_can_be_looked_at() {
    if !as_somebody("a_store_in_a_directory_that_is_read_only_can_be_looked_at") {
        return;
    }
    let (directory, file) = filled().await;
    permit(directory.path(), 0o555);
    let store = open(&file, StoreAccess::Read).await.expect("it opens");
    assert_eq!(told(&store, HistoryFilter::Everything).await, ["ALPHA/CodeTable/T/A"]);
    assert_eq!(entries(&store).await, 1);
    store.close().await;
    let error = open(&file, StoreAccess::Write).await.expect_err("files beside it cannot be made");
    assert_eq!(error.class, StoreErrorType::ReadOnly);
    assert_eq!(error.what, "it, or a file that SQLite keeps beside it, cannot be opened");
    let new = directory.path().join("new.db");
    let error = open(&new, StoreAccess::Write).await.expect_err("it cannot be made");
    assert_eq!(error.class, StoreErrorType::ReadOnly);
    permit(directory.path(), 0o755);
}

#[tokio::test]
async fn a_file_that_may_not_be_read_is_told() {
    if !as_somebody("a_file_that_may_not_be_read_is_told") {
        return;
    }
    let (_directory, file) = filled().await;
    permit(&file, 0o000);
    for access in [StoreAccess::Read, StoreAccess::Write] {
        let error = open(&file, access).await.expect_err("it cannot be read");
        assert_eq!(error.class, StoreErrorType::ReadOnly);
    }
}

#[tokio::test]
async fn a_folder_that_may_not_be_looked_into_is_not_taken_for_an_empty_one() {
    if !as_somebody("a_folder_that_may_not_be_looked_into_is_not_taken_for_an_empty_one") {
        return;
    }
    let (directory, file) = filled().await;
    permit(directory.path(), 0o000);
    let opened = Store::open(StoreLocation::File(file), StoreAccess::Read, WaitMode::Async).await;
    permit(directory.path(), 0o755);
    let error = opened.expect_err("what is in it is not known");
    assert_eq!(error.class, StoreErrorType::ReadOnly, "{error}");
}
