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
    let (before, policy) = page.split_once("<meta http-equiv=Content-Security-Policy").expect("should exist");
    let (_, after) = policy.split_once(">\n").expect("should end");
    let steps = format!(
        "<pre id=result></pre><script>(async () => {{
           const get = (id) => document.getElementById(id), wait = (ms) => new Promise((on) => setTimeout(on, ms));
           const at = () => document.activeElement, cell = (row, column) => get('matrix').tBodies[0].rows[row].cells[column];
           const press = async (key, more) => {{ at().dispatchEvent(new KeyboardEvent('keydown', {{ key, bubbles: true, cancelable: true, ...more }})); await wait(200); }};
           const find = async (text) => {{ get('q').value = text; get('q').dispatchEvent(new Event('input')); await wait(600); }};
           const rows = () => [...get('matrix').tBodies[0].rows].filter((row) => !row.hidden).map((row) => row.cells[0].textContent).join(' | ');
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
        managed_in_network: false,
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

#[test]
fn page_opens_without_console_errors() {
    let seen = opened(&page(), "");
    assert_eq!(seen.console, Vec::<String>::new());
    assert!(seen.document.contains("id=\"matrix\" role=\"grid\""), "the script should run");
    assert!(!seen.document.contains("<dialog id=\"panel\" aria-labelledby=\"panel-title\" open"));
    assert!(seen.document.contains("aria-label=\"differs: 1 to change\""));
}

#[test]
fn address_opens_its_cell_with_values_escaped() {
    let seen = opened(&page(), "#BETA/CodeTable%2FGroups");
    assert_eq!(seen.console, Vec::<String>::new());
    let (_, panel) = seen.document.split_once("<dialog id=\"panel\"").expect("panel should exist");
    assert!(panel.split('>').next().is_some_and(|attributes| attributes.contains("open")), "it opens");
    for shown in [
        "CodeTable/Groups",
        "BETA (Beta College)",
        "will be updated in-place",
        "&lt;/script&gt;&lt;img src=x",
        "U+202E",
        "Guest of the library",
        "omni.yaml:1",
        "Last changed by j.okafor on 2026-03-02Z",
    ] {
        assert!(panel.contains(shown), "{shown} is not in {panel}");
    }
    assert!(!seen.document.contains("<img"), "no value should become an element");
    assert!(seen.document.contains("<title>omni: plan</title>"), "no value should run as a script");
}

#[test]
fn change_of_invisible_characters_is_visible() {
    let panel = |before: &str, after: &str| {
        let mut plan = planned();
        let zone = plan.zones.get_mut(&"ALPHA".into()).expect("ALPHA should exist");
        let steps = zone.collections.iter_mut().flat_map(|step| &mut step.diff.outcome);
        let changes = steps.flat_map(|outcome| &mut outcome.changes);
        for edit in changes.flat_map(|change| &mut change.field_changes) {
            (edit.before, edit.after) = (Some(before.into()), after.into());
        }
        let seen = opened(&render::html::html(&plan), "#ALPHA/CodeTable%2FGroups");
        assert_eq!(seen.console, Vec::<String>::new());
        let (_, panel) = seen.document.split_once("<dialog id=\"panel\"").expect("panel should exist");
        panel.to_owned()
    };
    let mark =
        |code: &str| format!("<span class=\"unseen\" title=\"a character that is not seen\">U+{code}</span>");
    let lines = panel("a\r\nb \n\u{212b}\nx", "a\nb\n\u{c5}\nx");
    for line in [
        format!("<del><b>−</b>a{}</del>", mark("000D")),
        format!("<del><b>−</b>b{}</del>", mark("0020")),
        format!("<del><b>−</b>{}</del>", mark("212B")),
        "<ins><b>+</b>a</ins><ins><b>+</b>b</ins>".to_owned(),
        format!("<ins><b>+</b>{}</ins>", mark("00C5")),
        "<p><b> </b>x</p>".to_owned(),
    ] {
        assert!(lines.contains(&line), "{line} is not in {lines}");
    }
    let values = panel("caf\u{e9}", "cafe\u{301}");
    for value in [format!("caf{}</span>", mark("00E9")), format!("cafe{}</span>", mark("0301"))] {
        assert!(values.contains(&value), "{value} is not in {values}");
    }
}

#[test]
fn manual_step_cell_shows_the_runbook_text() {
    let panel = done(&page(), "#BETA/CodeTable%2FReasons", "return get('panel-body').textContent;");
    for shown in
        ["Log in to BETA.", "Change Code LOST", "Description", "zonal attest --zone BETA --all --by NAME"]
    {
        assert!(panel.contains(shown), "{shown} is not in {panel}");
    }
}

#[test]
fn page_is_usable_with_keyboard_only() {
    let steps = "const seen = [];
        const say = () => seen.push(at().textContent.trim() || at().id);
        cell(0, 0).focus(); await press('ArrowRight'); say();
        await press('ArrowDown'); await press('ArrowRight'); say();
        await press('ArrowRight'); await press('End', {ctrlKey: true}); say(); await press('Home'); say();
        await press('Home', {ctrlKey: true}); await press('ArrowRight'); await press('Enter');
        seen.push(get('panel').open + ' ' + location.hash + ' ' + at().id);
        await press('n'); seen.push(location.hash);
        await press('n'); seen.push(location.hash);
        await press('p'); seen.push(location.hash);
        get('close').click(); await wait(600);
        seen.push((get('panel').open + ' ' + location.hash).trim()); say();
        await press('/'); say();
        seen.push([...document.querySelectorAll('#matrix [tabindex=\"0\"]')].length + ' stop');
        return seen.join('\\n');";
    let seen = done(&page(), "", steps);
    insta::assert_snapshot!(seen, @r"
    ~1
    >1
    ✓
    GAMMAGamma College
    true #ALPHA/CodeTable%2FGroups panel-title
    #BETA/CodeTable%2FGroups
    #BETA/CodeTable%2FReasons
    #BETA/CodeTable%2FGroups
    false
    ~1
    q
    1 stop
    ");
}

#[test]
fn search_matches_zones_collections_keys_and_values() {
    let steps = "const seen = [];
        for (const text of ['', 'beta', 'house', 'groups alpha', 'staff', 'LOST', 'nowhere']) {
          await find(text); seen.push(text + ': ' + rows() + ' (' + get('found').value + ')');
        }
        await find('');
        document.querySelector('#states .i input').click(); await wait(200); seen.push('without i: ' + rows());
        get('clear').click(); get('order').value = 'code'; get('order').dispatchEvent(new Event('change', {bubbles: true})); seen.push('by code: ' + rows());
        return seen.join('\\n');";
    insta::assert_snapshot!(done(&page(), "", steps), @r"
    : ALPHAAAlpha College | BETABBeta College | GAMMAGamma College (3 zones, 2 collections.)
    beta: BETABBeta College (Shown: 1 of 3 zones, 2 of 2 collections.)
    house: ALPHAAAlpha College (Shown: 1 of 3 zones, 1 of 2 collections.)
    groups alpha: ALPHAAAlpha College (Shown: 1 of 3 zones, 1 of 2 collections.)
    staff:  (Shown: 0 of 3 zones, 0 of 2 collections.)
    LOST: BETABBeta College (Shown: 1 of 3 zones, 1 of 2 collections.)
    nowhere:  (Shown: 0 of 3 zones, 0 of 2 collections.)
    without i: ALPHAAAlpha College | BETABBeta College
    by code: ALPHAAAlpha College | BETABBeta College | GAMMAGamma College
    ");
}

#[test]
fn zones_with_same_changes_can_be_folded() {
    let mut plan = planned();
    let alpha = plan.zones[&"ALPHA".into()].clone();
    plan.zones.insert("BETA".into(), alpha);
    let first = plan.change_groups[0].clone();
    plan.change_groups.retain(|group| !group.zones.contains(&"BETA".into()) || group.zones == first.zones);
    plan.change_groups[0].zones = vec!["ALPHA".into(), "BETA".into()];
    let steps = "get('order').value = 'fold'; get('order').dispatchEvent(new Event('change', {bubbles: true})); return rows();";
    let seen = done(&render::html::html(&plan), "", steps);
    assert_eq!(seen, "ALPHAAAlpha Collegeand 1 more | GAMMAGamma College");
}

#[test]
fn print_view_lists_changes_by_change_group() {
    let steps = "dispatchEvent(new Event('beforeprint')); return get('print').innerText;";
    let seen = done(&page(), "", steps);
    for shown in [
        "Group A: ALPHA (Alpha College)",
        "Group B: BETA (Beta College)",
        "Guest of the house",
        "Change Code LOST",
    ] {
        assert!(seen.contains(shown), "{shown} is not in {seen}");
    }
}

#[test]
fn deferred_change_is_marked_in_its_cell() {
    let mut plan = planned();
    for zone in plan.zones.values_mut() {
        zone.deferral = Some(Deferral::ApprovalRequired);
    }
    let seen = done(
        &render::html::html(&plan),
        "#ALPHA/CodeTable%2FGroups",
        "return get('panel-body').textContent;",
    );
    assert!(seen.contains("Apply does not begin this: waits for an approval"), "{seen}");
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
