//! Rows that change although nobody owns them: a server that damages them is stopped after one zone, and edits
//! of other users during a write are no failure.

use std::sync::Arc;

use bytes::Bytes;
use zonal::emulator::{EditTrigger, EmulatedCodeRow, EmulatorTransport};
use zonal::provider::transport::{Transport, TransportFuture};

use crate::case_runner::{CaseNetwork, CommandOutput, case, paused};
use crate::concurrent_edits::row_edit;

const TABLE: &str = "UserBlockDescription";
const AMPERSAND: &str = "Loans & returns";

/// Transport to a server that escapes the texts of every table that it stores.
struct EscapingTransport(EmulatorTransport);

impl Transport for EscapingTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            let is_put = request.method() == http::Method::PUT;
            let request = request.map(|body| match is_put {
                true => String::from_utf8(body.to_vec()).expect("text").replace('&', "&amp;").into(),
                false => body,
            });
            self.0.send(request).await
        })
    }
}

/// Transport that processes a PUT and never answers it.
struct SilentTransport(EscapingTransport, Arc<tokio::sync::Notify>);

impl Transport for SilentTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            let is_put = request.method() == http::Method::PUT;
            let response = self.0.send(request).await;
            if is_put {
                self.1.notify_one();
                return std::future::pending().await;
            }
            response
        })
    }
}

fn zones(stage: &CaseNetwork) -> Vec<String> {
    stage.env.keys().filter_map(|name| name.strip_prefix("ZONAL_WRITE_")).map(str::to_owned).collect()
}

/// Returns a network in which each zone has a row without an owner.
fn network() -> CaseNetwork {
    let stage = CaseNetwork::new(&case("network-blocks"));
    for zone in zones(&stage) {
        let control = stage.emulator.control();
        let Some(mut table) = control.code_table(&zone, TABLE) else { continue };
        let row = table.rows[""][0].clone();
        let descriptions = row.descriptions.keys().map(|language| (language.clone(), AMPERSAND.into()));
        let local =
            EmulatedCodeRow { code: "LOCAL".into(), descriptions: descriptions.collect(), ..row.clone() };
        table.rows.get_mut("").expect("rows").push(local);
        control.put_table(&zone, table).expect("zone should exist");
    }
    stage
}

/// Applies with a server that escapes texts, which the apply reports.
async fn apply_with_escapes(stage: &mut CaseNetwork) -> CommandOutput {
    stage.transport = Arc::new(EscapingTransport(stage.emulator.transport()));
    stage.expect("zonal apply --yes", 7).await
}

/// Returns the zones whose row without an owner was changed.
fn damaged_zones(stage: &CaseNetwork) -> Vec<String> {
    let control = stage.emulator.control();
    let is_damaged = |zone: &String| {
        let Some(table) = control.code_table(zone, TABLE) else { return false };
        let row = table.rows[""].iter().find(|row| row.code == "LOCAL").expect("row should exist");
        row.descriptions.values().any(|description| &**description != AMPERSAND)
    };
    zones(stage).into_iter().filter(is_damaged).collect()
}

/// Returns the only damaged zone.
fn damaged_zone(stage: &CaseNetwork) -> String {
    let zones = damaged_zones(stage);
    let [zone] = &zones[..] else { panic!("one zone should be damaged: {zones:?}") };
    zone.clone()
}

/// Returns the address of the only damaged table.
fn damaged_table(stage: &CaseNetwork) -> String {
    format!("{}/CodeTable/{TABLE}", damaged_zone(stage))
}

#[test]
fn server_that_changes_foreign_rows_damages_one_zone() {
    paused(async {
        let mut stage = network();
        let output = apply_with_escapes(&mut stage).await;
        assert_eq!(damaged_zones(&stage).len(), 1);
        assert!(output.out.contains("held by the guard `surprise`"), "{}", output.out);
    });
}

#[test]
fn guard_can_be_turned_off() {
    paused(async {
        let mut stage = network();
        stage.edit("network.yaml", "\n  rate:", "\n  guards: {surprise: continue}\n  rate:");
        apply_with_escapes(&mut stage).await;
        assert_eq!(damaged_zones(&stage).len(), 12);
    });
}

#[test]
fn edit_between_write_and_readback_is_kept_and_told() {
    paused(async {
        let stage = network();
        let edit = row_edit("01OMNI_ALPHA", TABLE, "LOCAL", "Edited meanwhile", EditTrigger::AfterWrites(1));
        stage.emulator.control().edit(edit).expect("table should exist");
        let output = stage.expect("zonal apply --yes", 0).await;
        assert_eq!(damaged_zones(&stage).len(), 1);
        assert!(output.err.contains("edited during the write: code=LOCAL by m.tremblay"), "{}", output.err);
    });
}

#[test]
fn damaged_rows_are_restored_from_their_image() {
    paused(async {
        let mut stage = network();
        let tables = |stage: &CaseNetwork| {
            let all = zones(stage).into_iter();
            all.filter_map(|zone| stage.emulator.control().code_table(&zone, TABLE))
                .map(|table| {
                    format!(
                        "{:?}",
                        table.rows[""]
                            .iter()
                            .map(|row| (&row.code, &row.descriptions, row.enabled))
                            .collect::<Vec<_>>()
                    )
                })
                .collect::<Vec<_>>()
        };
        let before = tables(&stage);
        apply_with_escapes(&mut stage).await;
        // The server is repaired.
        stage.transport = Arc::new(stage.emulator.transport());
        let damaged = damaged_table(&stage);
        let output = stage.expect(&format!("zonal restore run-1 {damaged}X --yes"), 1).await;
        assert!(output.err.contains("no images"), "{}", output.err);
        stage.expect(&format!("zonal restore run-1 {damaged} --yes"), 0).await;
        assert_eq!(damaged_zones(&stage), [""; 0]);
        assert_eq!(tables(&stage), before);
    });
}

#[test]
fn restore_keeps_the_edits_of_others_beside_damaged_rows() {
    paused(async {
        let mut stage = network();
        let control = stage.emulator.control();
        // Another person adds a row just after the write.
        let has_table = |zone: &String| control.code_table(zone, TABLE).is_some();
        for zone in zones(&stage).into_iter().filter(has_table) {
            let edit = row_edit(&zone, TABLE, "NEW", "Added meanwhile", EditTrigger::AfterWrites(1));
            control.edit(edit).expect("table should exist");
        }
        apply_with_escapes(&mut stage).await;
        let damaged = damaged_zone(&stage);
        stage.transport = Arc::new(stage.emulator.transport());
        let output = stage.expect(&format!("zonal restore run-1 {} --yes", damaged_table(&stage)), 0).await;
        assert_eq!(damaged_zones(&stage), [""; 0]);
        let table = stage.emulator.control().code_table(&damaged, TABLE).expect("table should exist");
        let row = table.rows[""].iter().find(|row| row.code == "NEW").expect("added row should be kept");
        let text = row.descriptions.values().next();
        assert_eq!(text.map(String::as_str), Some("Added meanwhile"), "{}", output.out);
    });
}

#[test]
fn restore_of_one_table_can_be_saved_and_applied() {
    paused(async {
        let mut stage = network();
        apply_with_escapes(&mut stage).await;
        stage.transport = Arc::new(stage.emulator.transport());
        // A plan names what it restores, so that a saved plan and a resumed run mean the same.
        let damaged = damaged_table(&stage);
        stage.expect(&format!("zonal restore run-1 {damaged} --out r.json"), 0).await;
        stage.expect("zonal apply r.json --yes", 0).await;
        assert_eq!(damaged_zones(&stage), [""; 0]);
    });
}

#[test]
fn rows_damaged_by_the_last_write_of_a_killed_run_are_restored() {
    paused(async {
        let mut stage = network();
        let killed = Arc::new(tokio::sync::Notify::new());
        let escaping = EscapingTransport(stage.emulator.transport());
        stage.transport = Arc::new(SilentTransport(escaping, Arc::clone(&killed)));
        tokio::select! {
            output = stage.output("zonal apply --yes") => panic!("{}", output.err),
            () = killed.notified() => {}
        }
        stage.transport = Arc::new(stage.emulator.transport());
        let damaged = damaged_table(&stage);
        let output = stage.output("zonal resume").await;
        assert!(output.err.contains("with unknown outcome"), "{}{}", output.out, output.err);
        stage.expect(&format!("zonal restore run-1 {damaged} --yes"), 0).await;
        assert_eq!(damaged_zones(&stage), [""; 0]);
    });
}
