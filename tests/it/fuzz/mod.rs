//! Fuzz targets: no text from outside makes zonal panic.
//!
//! Each target mutates texts of its kind. `FUZZ_CASES=200000 cargo test --test it fuzz` runs the long search.
//! A text that once failed belongs in `corpus/TARGET/`; every run reads these files first.

mod answers;
mod mutate;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rstest::rstest;

use self::answers as a;
use self::mutate::mutated;
use self::targets as t;

/// Texts and reader of a target.
type Seeds = fn() -> Vec<String>;
type Reader = fn(&str);

#[rstest]
#[case::manifests("manifests", t::manifests, t::read_manifests, 120)]
#[case::plans("plans", t::plans, t::read_plan, 150)]
#[case::snapshots("snapshots", t::snapshots, t::read_snapshot, 150)]
#[case::attestations("attestations", t::attestations, t::read_attestations, 2_000)]
#[case::approvals("approvals", t::approvals, t::read_approval, 2_000)]
#[case::zone_answers("zone-answers", t::zone_answers, t::read_zone_answer, 60)]
#[case::gateway_answers("gateway-answers", t::gateway_answers, t::read_gateway_answer, 500)]
#[case::tables("tables", a::tables, a::read_answer, 40)]
#[case::calendars("calendars", a::calendars, a::read_answer, 40)]
#[case::letters("letters", a::letters, a::read_answer, 40)]
#[case::libraries("libraries", a::libraries, a::read_answer, 40)]
#[case::e_resources("e-resources", a::e_resources, a::read_answer, 40)]
#[case::gateway_records("gateway-records", a::gateway_records, a::read_answer, 40)]
#[case::errors("errors", a::errors, a::read_answer, 40)]
fn fuzz(#[case] target: &str, #[case] seeds: Seeds, #[case] read: Reader, #[case] cases: u32) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fuzz/corpus").join(target);
    for entry in std::fs::read_dir(corpus).into_iter().flatten() {
        let path = entry.expect("entry should be readable").path();
        read(&std::fs::read_to_string(&path).expect("text should be readable"));
    }
    let seeds = seeds();
    seeds.iter().for_each(|seed| read(seed));
    let setting = std::env::var("FUZZ_CASES").ok();
    let cases = setting.map_or(cases, |text| text.parse().expect("setting should be a number"));
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let found = TestRunner::new_with_rng(config, random).run(&mutated(seeds), |input| {
        read(&input);
        Ok(())
    });
    found.unwrap_or_else(|failure| panic!("{target}: {failure}"));
}

#[test]
fn planted_panic_is_found() {
    let config = Config { cases: 5_000, failure_persistence: None, ..Config::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let found = TestRunner::new_with_rng(config, random).run(&mutated(t::approvals()), |input| {
        // The texts of the target have no such version.
        let read = || assert!(!input.contains("\"version\": null"), "planted");
        catch_unwind(AssertUnwindSafe(read))
            .map_err(|_| proptest::test_runner::TestCaseError::fail("planted"))
    });
    assert!(found.is_err());
}
