//! Keys and passwords that were pasted into a manifest: no output quotes them.

use std::path::PathBuf;

use crate::case_runner::{CaseNetwork, case, paused};

/// Secrets: Alma's form, a word, a password with signs, and a number.
const SECRETS: [&str; 4] = [
    "l8xx0123456789abcdef0123456789abcdef",
    "Tr0ub4dorandthree",
    "correct/horse+battery==",
    "73312284459012",
];

/// Texts in place of `read: {env: ...}`, with the secret as `SECRET`. All are errors.
const PASTED: [&str; 14] = [
    "read: SECRET",
    "read: 'SECRET'",
    "read: [SECRET]",
    "read: {SECRET}",
    "read: {SECRET: x}",
    "read: {key: SECRET}",
    "read: {env: [SECRET]}",
    "read: {env: {SECRET: SECRET}}",
    "read: {envv: SECRET}",
    "read: {env: SECRET, file: SECRET}",
    "read: {env: SECRET, env: SECRET}",
    "read: {env: \"{SECRET}\"}",
    "read: {env: SECRET",
    "reed: SECRET",
];

/// Source of the read key in the manifest.
const SOURCE: &str = r#"read: {env: "ZONAL_READ_{code}"}"#;

/// Commands that read manifests.
const COMMANDS: [&str; 6] =
    ["validate", "validate --json", "validate --github", "plan", "plan --json", "capabilities"];

/// Network whose manifest gets one wrong text after the other.
struct PastedManifest {
    stage: CaseNetwork,
    file: PathBuf,
    /// Manifest before any change.
    text: String,
}

impl PastedManifest {
    fn new() -> Self {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let file = stage.directory().join("network.yaml");
        let text = std::fs::read_to_string(&file).expect("case should have a network");
        Self { stage, file, text }
    }

    /// Writes the manifest with another text in one place.
    fn paste(&self, from: &str, to: &str) {
        let wrong = self.text.replacen(from, to, 1);
        assert_ne!(wrong, self.text);
        std::fs::write(&self.file, wrong).expect("file should be written");
    }

    /// Runs commands, and returns all that they print.
    async fn printed(&self, commands: &[&str]) -> String {
        let mut text = String::new();
        for command in commands {
            let printed = self.stage.output(&format!("zonal {command}")).await;
            text.push_str(&printed.out);
            text.push_str(&printed.err);
        }
        text
    }
}

fn is_quoted(text: &str, secret: &str) -> bool {
    // A part of a secret is a secret, too.
    text.contains(secret) || secret.split(['/', '+']).any(|part| part.len() > 4 && text.contains(part))
}

#[test]
fn secrets_in_place_of_their_source_are_not_quoted() {
    paused(async {
        let manifest = PastedManifest::new();
        let mut lines = manifest.text.lines();
        let whole = lines.find(|line| line.contains(SOURCE)).expect("line of the credentials").trim_start();
        for secret in SECRETS {
            for pasted in PASTED {
                manifest.paste(SOURCE, &pasted.replace("SECRET", secret));
                let shown = manifest.printed(&COMMANDS).await;
                assert!(!is_quoted(&shown, secret), "{pasted}: {shown}");
            }
            for pasted in
                ["credentials: SECRET", "credentials:\n    read:\n      SECRET", "credentials: [SECRET]"]
            {
                manifest.paste(whole, &pasted.replace("SECRET", secret));
                let shown = manifest.printed(&COMMANDS).await;
                assert!(!is_quoted(&shown, secret), "{pasted}: {shown}");
                assert!(shown.contains("`{env: ZONAL_KEY}`"), "{pasted}: {shown}");
            }
        }
    });
}

#[test]
fn secrets_that_stand_in_a_valid_source_are_not_quoted() {
    paused(async {
        let manifest = PastedManifest::new();
        for secret in SECRETS {
            for valid in [
                "read: {env: 'SECRET'}",
                "read: {file: 'SECRET'}",
                "read: {command: 'SECRET'}",
                "read: {command: [SECRET, 'SECRET']}",
            ] {
                manifest.paste(SOURCE, &valid.replace("SECRET", secret));
                let shown = manifest.printed(&["validate --json", "plan", "plan --json"]).await;
                assert!(!is_quoted(&shown, secret), "{valid}: {shown}");
                assert!(
                    shown.contains("`{env: ZONAL_KEY}`") || valid.contains("command"),
                    "{valid}: {shown}"
                );
            }
        }
    });
}

#[test]
fn pasted_key_is_an_error_with_the_right_form() {
    paused(async {
        let manifest = PastedManifest::new();
        manifest.paste("ZONAL_READ_{code}", SECRETS[0]);
        let printed = manifest.stage.expect("zonal validate", 1).await;
        assert!(printed.err.contains("error[Z0326]: API key in place of its source"), "{}", printed.err);
        assert!(printed.err.contains("{env: \"***\"}") && printed.err.contains("^^^"), "{}", printed.err);
        assert!(printed.err.contains("help: name the place of the key, for example `{env: ZONAL_KEY}`"));
    });
}

#[test]
fn passwords_of_addresses_are_not_quoted() {
    paused(async {
        let manifest = PastedManifest::new();
        let gateway = |url: &str| format!("gateway: {{url: '{url}', credentials: {{read: {{env: A_KEY}}}}}}");
        for line in [
            "store: postgres://zonal:hunter2@db.example/zonal".to_owned(),
            "store: mysql://zonal:hunter2@db.example/zonal".to_owned(),
            "store: [postgres://zonal:hunter2@db.example/zonal]".to_owned(),
            "store: postgres://db.example/zonal?password=hunter2".to_owned(),
            gateway("https://zonal:hunter2@gateway.example"),
            gateway("ftp://zonal:hunter2@gateway.example"),
            "gateway: {url: 'https://gateway.example', credentials: {read: hunter2}}".to_owned(),
            "gateway: {url: 'https://gateway.example', credentials: hunter2}".to_owned(),
            "baseUrl: https://zonal:hunter2@alma.example".to_owned(),
        ] {
            manifest.paste("spec:\n", &format!("spec:\n  {line}\n"));
            let shown = manifest.printed(&COMMANDS).await;
            assert!(!shown.contains("hunter2"), "{line}: {shown}");
        }
    });
}
