//! Variables that replace options: `ZONAL_DIR` for `-C`, `ZONAL_ENVIRONMENT` for `--environment`.

use crate::case_runner::{CaseNetwork, case, paused};

#[test]
fn variables_replace_options_and_options_prevail() {
    paused(async {
        let mut stage = CaseNetwork::new(&case("s16-unmanage"));
        stage.env.insert("ZONAL_DIR".to_owned(), "nowhere".to_owned());
        let missing = stage.expect("zonal validate", 1).await;
        assert!(missing.err.contains("nowhere is not a directory"), "{}", missing.err);
        stage.expect("zonal validate -C .", 0).await;

        stage.env.insert("ZONAL_DIR".to_owned(), String::new());
        stage.env.insert("ZONAL_ENVIRONMENT".to_owned(), "nowhere".to_owned());
        let unknown = stage.expect("zonal validate", 1).await;
        assert!(unknown.err.contains("`nowhere`"), "{}", unknown.err);
        stage.expect("zonal validate --environment by-hand", 0).await;
        stage.env.insert("ZONAL_ENVIRONMENT".to_owned(), "by-hand".to_owned());
        let printed = stage.expect("zonal runbook", 0).await.out;
        assert!(printed.contains("zonal attest --environment by-hand"), "{printed}");
        // A default is no option that conflicts with a subcommand: it needs a store.
        let verified = stage.expect("zonal history verify", 1).await;
        assert!(verified.err.contains("no store found"), "{}", verified.err);
        let help = stage.expect("zonal plan --help", 0).await.out;
        assert!(help.contains("[default: by-hand]") && help.contains("Examples:\n  zonal plan"), "{help}");
    });
}
