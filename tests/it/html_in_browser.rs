//! Tests of a plan's HTML page in Debian's Chromium, without a window and without a network.
//!
//! A test removes the page's content security policy, then adds a script that acts as a reader. The
//! unmodified page also opens, and must log no errors.

use std::path::{Path, PathBuf};
use std::process::Command;

use zonal::manifest::{self, SourceFile};
use zonal::model::{
    Channel, Deferral, FieldValue, Network, ObservationSource, ObservedCollection, ObservedRecord,
    ObservedState, ObservedZone, Plan,
};
use zonal::{diff, kinds, plan, render};

/// Browser's view of a page.
struct BrowserResult {
    /// The document after all scripts have finished.
    document: String,
    /// Console messages, including the browser's errors.
    console: Vec<String>,
}

fn chromium() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut found = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    found
        .find(|program| program.is_file())
        .expect("this test needs Chromium: `apt-get install chromium`, or `bash .ci/test`")
}

/// Opens a page with this fragment in its address.
fn opened(page: &str, fragment: &str) -> BrowserResult {
    let folder = tempfile::tempdir().expect("temporary directory");
    let file = folder.path().join("plan.html");
    std::fs::write(&file, page).expect("page should be writable");
    browse(folder.path(), &format!("file://{}{fragment}", file.display()))
}

fn browse(folder: &Path, address: &str) -> BrowserResult {
    let ran = Command::new(chromium())
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args(["--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"])
        .args(["--virtual-time-budget=20000", "--enable-logging=stderr", "--v=0", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(address)
        .output()
        .expect("browser should start");
    let said = String::from_utf8_lossy(&ran.stderr);
    let console = said.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    let document = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(document.contains("</html>"), "the browser returned no document: {said}");
    BrowserResult { document, console }
}

/// Opens a page, runs the async JavaScript `script` in it, and returns its result.
fn done(page: &str, fragment: &str, script: &str) -> String {
    let (before, policy) =
        page.split_once("<meta http-equiv=\"Content-Security-Policy\"").expect("should exist");
    let (_, after) = policy.split_once(">\n").expect("should end");
    let steps = format!(
        "<pre id=result></pre><script>(async () => {{
           const get = (id) => document.getElementById(id), wait = (ms) => new Promise((on) => setTimeout(on, ms));
           const at = () => document.activeElement, cell = (row, column) => get('matrix').tBodies[0].rows[row].cells[column];
           const opened = () => get('drawer').hidden ? 'closed' : get('drawer-title').textContent.trim() + ' / ' + get('drawer-where').textContent.trim();
           const press = async (key, more) => {{ at().dispatchEvent(new KeyboardEvent('keydown', {{ key, bubbles: true, cancelable: true, ...more }})); await wait(200); }};
           const find = async (text) => {{ get('find').value = text; get('find').dispatchEvent(new Event('input')); await wait(100); }};
           const rows = () => [...document.querySelectorAll('.row')].filter((row) => row.checkVisibility()).map((row) => row.classList[1] + ' ' + row.querySelector('.key').textContent.trim()).join(' | ');
           get('result').textContent = await (async () => {{ {script} }})();
         }})().catch((error) => {{ get('result').textContent = 'failed: ' + error; }});</script></body>"
    );
    let page = format!("{before}{after}").replace("</body>", &steps);
    let seen = opened(&page, fragment);
    assert_eq!(seen.console, Vec::<String>::new());
    let (_, result) = seen.document.split_once("<pre id=\"result\">").expect("result should exist");
    result.split_once("</pre>").expect("should end").0.replace("&gt;", ">").replace("&lt;", "<")
}

const MANIFESTS: &str = "
apiVersion: zonal/v1
kind: Network
metadata: {name: omni}
spec:
  region: ca
  credentials: {read: {env: KEY}}
  networkZone: {code: NZ, name: Network}
  members: [{code: ALPHA, name: Alpha College}, {code: BETA, name: Beta College}, {code: GAMMA, name: Gamma College}]
---
apiVersion: zonal/v1
kind: CodeTable
metadata: {name: groups}
spec:
  table: Groups
  rows: [{code: GUEST, description: Guest of the library}, {code: STAFF, description: Staff}]
---
apiVersion: zonal/v1
kind: CodeTable
metadata: {name: reasons}
spec:
  table: Reasons
  rows: [{code: LOST, description: Lost}]
";

/// Text that a malicious or careless person typed into Alma.
const HOSTILE: &str = "</script><img src=x onerror=\"document.title='taken'\">\u{202e}Guest & more";

/// Plan with another text at ALPHA, a malicious text and a manual row at BETA, and GAMMA in sync.
fn planned() -> Plan {
    let loaded = manifest::load(
        &kinds::KINDS,
        &[SourceFile { file: "omni.yaml".into(), text: Ok(MANIFESTS.to_owned()) }],
        None,
    );
    let network: Network = loaded.network.expect("network should exist");
    let (desired, problems) = kinds::expand(&network, &loaded.manifests);
    assert!(problems.is_empty() && loaded.diagnostics.is_empty(), "{problems:?} {:?}", loaded.diagnostics);
    let row = |code: &str, description: &str| ObservedRecord {
        fields: [
            ("code".into(), FieldValue::from_text(code)),
            ("description".into(), FieldValue::from_text(description)),
        ]
        .into_iter()
        .chain([("enabled".into(), FieldValue::Bool(true)), ("default".into(), FieldValue::Bool(false))])
        .collect(),
        updated_by: Some("j.okafor".to_owned()),
        update_date: Some("2026-03-02Z".to_owned()),
        ..ObservedRecord::default()
    };
    let mut observed = ObservedState::default();
    for (zone, wanted) in &desired.zones {
        let mut holds = ObservedZone::default();
        for id in wanted.iter().map(|wanted| wanted.id.clone()) {
            let reasons = id.to_string() == "CodeTable/Reasons";
            let guest = match zone.as_str() {
                "ALPHA" => "Guest of the house",
                "BETA" => HOSTILE,
                _ => "Guest of the library",
            };
            let lost = if zone.as_str() == "BETA" { "Gone" } else { "Lost" };
            let by_hand = reasons && zone.as_str() == "BETA";
            let collection = ObservedCollection {
                id: id.clone(),
                title: None,
                aliases: Default::default(),
                columns: ["code", "description", "enabled", "default"].map(Into::into).to_vec(),
                records: if reasons {
                    vec![row("LOST", lost)]
                } else {
                    vec![row("GUEST", guest), row("STAFF", "Staff")]
                },
                references: None,
                channel: if by_hand { Channel::Runbook } else { Channel::Api },
                witness: if by_hand {
                    ObservationSource::Attestation { gone: Vec::new(), refusal: None }
                } else {
                    ObservationSource::Zone
                },
            };
            holds.collections.insert(id, Ok(collection));
        }
        observed.zones.insert(zone.clone(), holds);
    }
    plan::plan(&network, diff::diff(&desired, &observed), &observed, None)
}

fn page() -> String {
    render::html::html(&planned())
}

/// Returns the drawer of a document.
fn drawer(document: &str) -> &str {
    let (_, drawer) = document.split_once("<aside id=\"drawer\"").expect("drawer should exist");
    drawer.split_once("</aside>").expect("should end").0
}

#[test]
fn page_opens_without_console_errors() {
    let seen = opened(&page(), "");
    assert_eq!(seen.console, Vec::<String>::new());
    assert!(seen.document.contains("id=\"matrix\" role=\"grid\""), "the script should run");
    assert!(drawer(&seen.document).split('>').next().is_some_and(|attributes| attributes.contains("hidden")));
    assert!(seen.document.contains("<title>ALPHA, Groups: 1 to change</title>"));
}

#[test]
fn address_opens_its_row_with_values_escaped() {
    let seen = opened(&page(), "#row=omni.yaml:16");
    assert_eq!(seen.console, Vec::<String>::new());
    let drawer = drawer(&seen.document);
    assert!(!drawer.split('>').next().is_some_and(|attributes| attributes.contains("hidden")), "{drawer}");
    for shown in [
        "omni.yaml:16",
        "CodeTable/groups",
        "will be updated in-place",
        "&lt;/script&gt;&lt;img src=x",
        "u{202e}",
        "Guest of the library",
        "j.okafor on 2026-03-02Z",
        ">BETA<",
        "zonal show PLAN --row omni.yaml:16",
    ] {
        assert!(drawer.contains(shown), "{shown} is not in {drawer}");
    }
    assert!(!seen.document.contains("<img"), "no value should become an element");
    assert!(seen.document.contains("<title>omni: plan</title>"), "no value should run as a script");
}

#[test]
fn address_opens_a_zone_and_a_cell() {
    let zone = done(
        &page(),
        "#zone=BETA",
        "await wait(200); return opened() + ' / ' + get('drawer-body').textContent;",
    );
    assert!(zone.starts_with("BETA / Beta College"), "{zone}");
    assert!(
        zone.contains("GUEST") && zone.contains("LOST") && !zone.contains("Guest of the house"),
        "{zone}"
    );
    let cell = done(
        &page(),
        "#zone=ALPHA&column=0",
        "await wait(200); return opened() + ' / ' + get('drawer-body').textContent;",
    );
    assert!(cell.starts_with("Groups / ALPHA") && cell.contains("Guest of the house"), "{cell}");
}

#[test]
fn change_of_invisible_characters_is_visible() {
    let row = |before: &str, after: &str| {
        let mut plan = planned();
        plan.zones.retain(|code, _| code.as_str() == "ALPHA");
        let zone = plan.zones.get_mut(&"ALPHA".into()).expect("ALPHA should exist");
        let steps = zone.collections.iter_mut().flat_map(|step| &mut step.diff.outcome);
        let changes = steps.flat_map(|outcome| &mut outcome.changes);
        for edit in changes.flat_map(|change| &mut change.field_changes) {
            (edit.before, edit.after) = (Some(before.into()), after.into());
        }
        let seen = opened(&render::html::html(&plan), "");
        assert_eq!(seen.console, Vec::<String>::new());
        seen.document
    };
    let lines = row("a\r\nb \n\u{212b}\nx", "a\nb\n\u{c5}\nx");
    assert!(lines.contains("<u>212b</u>"), "the changed word is not marked in {lines}");
    let lines = lines.replace("<u>", "").replace("</u>", "");
    for line in [
        "<del>− a\\r</del>",
        "<del>− b\\u{20}</del>",
        "<del>− \\u{212b}</del>",
        "<ins>+ a</ins>",
        "<ins>+ \\u{c5}</ins>",
        "<p>  x</p>",
    ] {
        assert!(lines.contains(line), "{line} is not in {lines}");
    }
    let values = row("caf\u{e9}", "cafe\u{301}");
    for value in ["<del>\"café\"</del>", "<ins>\"cafe\\u{301}\"</ins>"] {
        assert!(values.contains(value), "{value} is not in {values}");
    }
}

#[test]
fn page_is_usable_with_keyboard_only() {
    let steps = "const seen = [];
        const say = () => seen.push((at().closest('.row') ? 'row ' : '') + (at().textContent.trim() || at().id));
        await press('j'); say(); await press('j'); say(); await press('k'); say();
        at().click(); await wait(100); seen.push(opened()); seen.push(location.hash + ' ' + at().id);
        await press('j'); seen.push(location.hash);
        await press('Escape'); seen.push(opened() + location.hash); say();
        await press('d'); seen.push(('removed: ' + rows()).trim()); await press('d'); seen.push('all: ' + rows());
        await press('g'); await press('z'); say();
        await press('ArrowDown'); say(); await press('ArrowRight'); say();
        await press('Enter'); await wait(100); seen.push(opened() + ' ' + location.hash);
        await press('Escape'); seen.push(opened()); say();
        await press('/'); say();
        seen.push([...document.querySelectorAll('#matrix td[tabindex=\"0\"]')].length + ' stop');
        return seen.join('\\n');";
    let seen = done(&page(), "", steps);
    insta::assert_snapshot!(seen, @r"
    row GUEST
    row LOST
    row GUEST
    GUEST / omni.yaml:16:10 · CodeTable/groups · Groups · 2 records over Alma's API
    #row=omni.yaml:16 drawer-title
    #row=omni.yaml:23
    closed
    row LOST
    removed:
    all: change GUEST | manual LOST
    ALPHA, Groups: 1 to change
    BETA, Groups: 1 to change
    BETA, Reasons: 1 by hand
    Reasons / BETA · Beta College · BETA #zone=BETA&amp;column=1
    closed
    BETA, Reasons: 1 by hand
    find
    1 stop
    ");
}

#[test]
fn find_matches_zones_collections_keys_and_values() {
    let steps = "const seen = [];
        for (const text of ['', 'beta', 'house', 'groups alpha', 'LOST', 'nowhere']) {
          await find(text); seen.push(text + ': ' + rows() + (get('nothing').hidden ? '' : ' (nothing)'));
        }
        return seen.join('\\n');";
    insta::assert_snapshot!(done(&page(), "", steps), @r"
    : change GUEST | manual LOST
    beta: change GUEST | manual LOST
    house: change GUEST
    groups alpha: change GUEST
    LOST: manual LOST
    nowhere:  (nothing)
    ");
}

#[test]
fn filters_show_one_sort_of_rows() {
    let mut plan = planned();
    let steps = plan.zones.values_mut().flat_map(|zone| &mut zone.collections);
    for step in steps.filter(|step| step.diff.id.to_string() == "CodeTable/Groups") {
        step.deferral = Some(Deferral::Conflict);
    }
    let steps = "const seen = [];
        for (const button of document.querySelectorAll('.filters button')) {
          button.click(); seen.push(button.textContent + ': ' + (rows() || '(nothing)'));
        }
        return seen.join('\\n');";
    insta::assert_snapshot!(done(&render::html::html(&plan), "", steps), @r"
    All: change GUEST | manual LOST
    + Adds: (nothing)
    ~ Changes: change GUEST
    − Removed or disabled: (nothing)
    ! Conflicts and deferred: change GUEST
    ");
}

#[test]
fn manual_step_says_so() {
    let seen = done(&page(), "", "return document.querySelector('.row.manual').textContent;");
    for shown in ["LOST", "must be updated by hand", "by people, with the steps of the runbook"] {
        assert!(seen.contains(shown), "{shown} is not in {seen}");
    }
}

#[test]
fn print_view_unfolds_long_texts() {
    let mut plan = planned();
    let zone = plan.zones.get_mut(&"ALPHA".into()).expect("ALPHA should exist");
    let steps = zone.collections.iter_mut().flat_map(|step| &mut step.diff.outcome);
    for edit in steps.flat_map(|found| &mut found.changes).flat_map(|change| &mut change.field_changes) {
        edit.after = (0..40).map(|line| format!("line {line}\n")).collect::<String>().as_str().into();
    }
    let steps = "const folds = () => [...document.querySelectorAll('.block > details')].map((part) => part.open).join();
        const before = folds(); dispatchEvent(new Event('beforeprint')); const during = folds();
        dispatchEvent(new Event('afterprint')); return [before, during, folds()].join(' ');";
    assert_eq!(done(&render::html::html(&plan), "", steps), "false true false");
}

/// Shows that the tests would notice a policy violation in the console.
#[test]
fn content_security_policy_blocks_other_code_and_requests() {
    let added = "<script>document.title = 'taken'</script><style>body{display:none}</style>\
                 <img src=\"http://127.0.0.1:9/x.png\"><p onclick=\"1\">x</p></body>";
    let seen = opened(&page().replace("</body>", added), "");
    let refused = |what: &str| {
        seen.console.iter().any(|line| line.contains("Content Security Policy") && line.contains(what))
    };
    assert!(refused("script-src"), "{:?}", seen.console);
    assert!(refused("style-src"), "{:?}", seen.console);
    assert!(refused("127.0.0.1:9"), "{:?}", seen.console);
    assert!(seen.document.contains("<title>omni: plan</title>"));
}
