//! Rows that change although nobody owns them: a server that damages them is stopped after one zone, and edits
//! of other users during a write are no failure.

use std::sync::Arc;

use bytes::Bytes;
use zonal::emulator::{EditTrigger, EmulatedCodeRow, EmulatorTransport};
use zonal::provider::transport::{Transport, TransportFuture};

use crate::case_runner::{CaseNetwork, case, paused};
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

/// Returns the zones whose row without an owner was changed.
fn damaged_zones(stage: &CaseNetwork) -> usize {
    let control = stage.emulator.control();
    let is_damaged = |zone: &&String| {
        let Some(table) = control.code_table(zone, TABLE) else { return false };
        let row = table.rows[""].iter().find(|row| row.code == "LOCAL").expect("row should exist");
        row.descriptions.values().any(|description| &**description != AMPERSAND)
    };
    zones(stage).iter().filter(is_damaged).count()
}

#[test]
fn server_that_changes_foreign_rows_damages_one_zone() {
    paused(async {
        let mut stage = network();
        stage.transport = Arc::new(EscapingTransport(stage.emulator.transport()));
        let output = stage.output("zonal apply --yes").await;
        assert_eq!(output.code, 7, "{}{}", output.out, output.err);
        assert_eq!(damaged_zones(&stage), 1);
        assert!(output.out.contains("held by the guard `surprise`"), "{}", output.out);
    });
}

#[test]
fn guard_can_be_turned_off() {
    paused(async {
        let mut stage = network();
        stage.transport = Arc::new(EscapingTransport(stage.emulator.transport()));
        let network = stage.directory().join("network.yaml");
        let text = std::fs::read_to_string(&network).expect("case should have a network");
        let text = text.replacen("  rate:", "  guards: {surprise: continue}\n  rate:", 1);
        std::fs::write(network, text).expect("file should be writable");
        let output = stage.output("zonal apply --yes").await;
        assert_eq!(output.code, 7, "{}{}", output.out, output.err);
        assert_eq!(damaged_zones(&stage), 12);
    });
}

#[test]
fn edit_between_write_and_readback_is_kept_and_told() {
    paused(async {
        let stage = network();
        let edit = row_edit("01OMNI_ALPHA", TABLE, "LOCAL", "Edited meanwhile", EditTrigger::AfterWrites(1));
        stage.emulator.control().edit(edit).expect("table should exist");
        let output = stage.output("zonal apply --yes").await;
        assert_eq!(output.code, 0, "{}{}", output.out, output.err);
        assert_eq!(damaged_zones(&stage), 1);
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
        stage.transport = Arc::new(EscapingTransport(stage.emulator.transport()));
        let output = stage.output("zonal apply --yes").await;
        assert_eq!(output.code, 7, "{}{}", output.out, output.err);
        // The server is repaired, and a librarian edits another row of the damaged table.
        stage.transport = Arc::new(stage.emulator.transport());
        let damaged = damaged_table(&stage);
        let output = stage.output(&format!("zonal restore run-1 {damaged}X --yes")).await;
        assert_eq!(output.code, 1, "{}{}", output.out, output.err);
        assert!(output.err.contains("no images"), "{}", output.err);
        let output = stage.output(&format!("zonal restore run-1 {damaged} --yes")).await;
        assert_eq!(output.code, 0, "{}{}", output.out, output.err);
        assert_eq!(damaged_zones(&stage), 0);
        assert_eq!(tables(&stage), before);
    });
}

#[test]
fn restore_keeps_the_edits_of_others_beside_damaged_rows() {
    paused(async {
        let mut stage = network();
        let control = stage.emulator.control();
        let texts = |stage: &CaseNetwork, zone: &str, code: &str| {
            let table = stage.emulator.control().code_table(zone, TABLE)?;
            let row = table.rows[""].iter().find(|row| row.code == code).cloned()?;
            row.descriptions.into_values().next()
        };
        // Another person adds a row just after the write.
        let has_table = |zone: &String| control.code_table(zone, TABLE).is_some();
        for zone in zones(&stage).into_iter().filter(has_table) {
            let edit = row_edit(&zone, TABLE, "NEW", "Added meanwhile", EditTrigger::AfterWrites(1));
            control.edit(edit).expect("table should exist");
        }
        stage.transport = Arc::new(EscapingTransport(stage.emulator.transport()));
        let output = stage.output("zonal apply --yes").await;
        assert_eq!(output.code, 7, "{}{}", output.out, output.err);
        assert_eq!(damaged_zones(&stage), 1);
        let is_damaged = |zone: &String| texts(&stage, zone, "LOCAL").is_some_and(|text| text != AMPERSAND);
        let damaged = zones(&stage).into_iter().find(is_damaged).expect("one zone is damaged");
        stage.transport = Arc::new(stage.emulator.transport());
        let output = stage.output(&format!("zonal restore run-1 {damaged}/CodeTable/{TABLE} --yes")).await;
        assert_eq!(output.code, 0, "{}{}", output.out, output.err);
        assert_eq!(damaged_zones(&stage), 0);
        assert_eq!(texts(&stage, &damaged, "NEW").as_deref(), Some("Added meanwhile"), "{}", output.out);
    });
}

#[test]
fn restore_of_one_table_can_be_saved_and_applied() {
    paused(async {
        let mut stage = network();
        stage.transport = Arc::new(EscapingTransport(stage.emulator.transport()));
        let output = stage.output("zonal apply --yes").await;
        assert_eq!(output.code, 7, "{}{}", output.out, output.err);
        stage.transport = Arc::new(stage.emulator.transport());
        // A plan names what it restores, so that a saved plan and a resumed run mean the same.
        let damaged = damaged_table(&stage);
        let output = stage.output(&format!("zonal restore run-1 {damaged} --out r.json")).await;
        assert_eq!(output.code, 0, "{}{}", output.out, output.err);
        let output = stage.output("zonal apply r.json --yes").await;
        assert_eq!(output.code, 0, "{}{}", output.out, output.err);
        assert_eq!(damaged_zones(&stage), 0);
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
        assert_eq!(damaged_zones(&stage), 1);
        let damaged = damaged_table(&stage);
        let output = stage.output("zonal resume").await;
        assert!(output.err.contains("with unknown outcome"), "{}{}", output.out, output.err);
        let output = stage.output(&format!("zonal restore run-1 {damaged} --yes")).await;
        assert_eq!(output.code, 0, "{}{}", output.out, output.err);
        assert_eq!(damaged_zones(&stage), 0);
    });
}

/// Returns the address of the damaged table.
fn damaged_table(stage: &CaseNetwork) -> String {
    let is_damaged = |zone: &String| {
        let table = stage.emulator.control().code_table(zone, TABLE);
        table.is_some_and(|table| format!("{table:?}").contains("&amp;"))
    };
    let zone = zones(stage).into_iter().find(is_damaged).expect("one zone is damaged");
    format!("{zone}/CodeTable/{TABLE}")
}
