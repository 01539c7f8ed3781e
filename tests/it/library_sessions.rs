//! Use of the library without the command line, and several runs in one process.

use crate::case_runner::{CaseNetwork, case, paused};

#[path = "../../examples/library.rs"]
mod library;

#[test]
fn example_plans_and_applies_through_the_library_alone() {
    library::main().expect("example should succeed");
    let runtime = tokio::runtime::Runtime::new().expect("runtime should start");
    let (before, after) = runtime.block_on(library::plan_and_apply()).expect("example should succeed");
    assert!(before > 0);
    assert_eq!(after, 0);
}

#[test]
fn run_waits_for_the_lease_of_another_run_in_the_same_process() {
    paused(async {
        let network = CaseNetwork::new(&case("network-blocks"));
        let apply = || network.output("zonal apply --yes");
        let (first, second) = futures::join!(apply(), apply());
        let waits = |text: &str| text.contains("waiting for the lease of run-");
        assert!(waits(&first.err) || waits(&second.err), "{}\n{}", first.err, second.err);
        let puts =
            network.emulator.control().requests().iter().filter(|request| request.method == "PUT").count();
        assert_eq!(puts, 24, "each table is written once");
        network.expect("zonal plan --detailed-exitcode", 0).await;
    });
}
