// Drawer with the details of a row. The page has them in place; the script moves copies beside the page.
const byId = (id) => document.getElementById(id);
const drawer = byId("drawer"), drawerBody = byId("drawer-body");
const rows = [...document.querySelectorAll("#decisions .row")];
const zoneRows = [...document.querySelectorAll("#matrix tr[data-at]")];
document.documentElement.classList.add("js");
document.querySelectorAll(".filters, #find, footer .keys").forEach((control) => { control.hidden = false; });

// Returns an element with children. Texts become text nodes, never markup.
function el(tag, kind, ...children) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  element.append(...children.filter((child) => child !== null));
  return element;
}

// Returns the positions of a set's zones.
const setOf = (number) => { const set = byId("s" + number); return new Set(set ? set.dataset.at.split(" ").filter(Boolean).map(Number) : []); };
// Returns the short name of each zone of the matrix by its position.
const zoneNames = new Map(zoneRows.map((row) => [Number(row.dataset.at), row.cells[0].textContent.trim()]).sort((a, b) => a[0] - b[0]));

// Returns a copy without identifiers, so that each stays unique.
function copyOf(element) {
  const copy = element.cloneNode(true);
  [copy, ...copy.querySelectorAll("[id]")].forEach((part) => part.removeAttribute("id"));
  return copy;
}

// Returns what a row says: its fields without the key and the folded details.
function content(row) {
  const copy = copyOf(row.querySelector(".what"));
  copy.querySelectorAll(".key, details.more").forEach((part) => part.remove());
  copy.querySelectorAll("details").forEach((part) => { part.open = true; });
  copy.className = "says";
  return copy;
}

function chips(positions, kind) {
  return el("p", "chips" + (kind || ""), ...positions.filter((at) => zoneNames.has(at)).map((at) => el("span", "", zoneNames.get(at))));
}

// Returns the details of a row, with the zones that it reaches and those that it does not.
function detailsOf(row) {
  const source = row.querySelector("details.more > .details");
  if (!source) return [];
  const copy = copyOf(source);
  const reach = copy.querySelector(".reach");
  if (reach) {
    const set = setOf(reach.dataset.set), all = [...zoneNames.keys()];
    const others = all.filter((at) => !set.has(at));
    reach.replaceWith(chips(all.filter((at) => set.has(at))), ...(others.length ? [el("h4", "", "Not"), chips(others, " not")] : []));
  }
  return [...copy.children];
}

let opener = null;

function show(title, where, parts, chosen) {
  document.querySelectorAll(".chosen").forEach((part) => part.classList.remove("chosen"));
  chosen.classList.add("chosen");
  byId("drawer-title").replaceChildren(...title);
  byId("drawer-where").textContent = where;
  drawerBody.replaceChildren(...parts);
  drawer.hidden = false;
  drawer.scrollTop = 0;
  byId("drawer-title").focus({ preventScroll: true });
}

function showRow(row) {
  const key = row.querySelector(".key"), details = detailsOf(row);
  const where = details.find((part) => part.classList.contains("where"));
  const sign = row.querySelector(".sign").cloneNode(true).childNodes;
  const parts = [el("h4", "", "What it says"), content(row), ...details.filter((part) => part !== where)];
  opener = key;
  show([...sign, " " + key.textContent], where ? where.textContent : "", parts, row);
}

function shut(keepAddress) {
  if (drawer.hidden) return;
  drawer.hidden = true;
  document.querySelectorAll(".chosen").forEach((part) => part.classList.remove("chosen"));
  if (!keepAddress && location.hash) history.pushState(null, "", location.href.split("#")[0]);
  if (opener) opener.focus({ preventScroll: true });
}
byId("close").addEventListener("click", () => shut());

// Rows open by their key, or by a click beside links. Variants of a row share its anchor, so each further one
// has a number.
const variants = new Map();
rows.forEach((row, number) => {
  const key = row.querySelector(".key"), anchor = key.getAttribute("href").slice(1) || "row=" + number;
  const same = variants.get(anchor) || 0;
  variants.set(anchor, same + 1);
  row.anchor = anchor + (same ? "," + same : "");
  row.address = "#" + encodeURI(row.anchor);
  key.setAttribute("href", row.address);
  row.addEventListener("click", (event) => {
    if (event.target.closest("a, summary, button") || String(getSelection())) return;
    location.hash = row.address;
  });
});
