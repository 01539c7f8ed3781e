// Keyboard control of the matrix: a single tab stop, with arrow keys inside.
const table = byId("matrix"), tbody = table.tBodies[0], rows = [...tbody.rows];
const names = [...table.tHead.rows[1].cells], kinds = [...table.tHead.rows[0].cells].slice(1);
const WORDS = new Map(D.states);
const stateOf = (cell) => cell.className.slice(0, 1);
const hiddenColumns = new Set();
let active = null;

table.setAttribute("role", "grid");
rows.forEach((row, at) => {
  const zone = D.zones[at], known = new Map(zone.cells.map((cell) => [cell[0], D.facts[cell[3]]]));
  zone.row = row;
  row.zone = zone;
  [...row.cells].forEach((cell, column) => {
    cell.tabIndex = -1;
    if (column === 0) { cell.setAttribute("role", "rowheader"); return; }
    cell.setAttribute("role", "gridcell");
    const facts = known.get(column - 1);
    const tally = facts && facts.tally ? ": " + tallied(facts.tally) : "";
    cell.setAttribute("aria-label", WORDS.get(stateOf(cell)) + tally);
  });
});

function focusOn(cell, scroll) {
  if (active) active.tabIndex = -1;
  active = cell;
  cell.tabIndex = 0;
  if (scroll !== false) cell.focus();
}
if (rows.length) focusOn(rows[0].cells[0], false);

const columnOf = (cell) => cell.cellIndex === 0 ? null : cell.cellIndex - 1;
const visible = (row) => [...row.cells].filter((cell) => !cell.hidden);

function move(cell, down, right) {
  const shownRows = [...tbody.rows].filter((row) => !row.hidden), at = shownRows.indexOf(cell.parentNode);
  const row = shownRows[Math.max(0, Math.min(shownRows.length - 1, at + down))] || cell.parentNode;
  const across = visible(row), column = visible(cell.parentNode).indexOf(cell) + right;
  focusOn(across[Math.max(0, Math.min(across.length - 1, column))]);
}

function open(cell) {
  focusOn(cell, false);
  location.hash = address(cell.parentNode.zone, columnOf(cell));
}

table.addEventListener("click", (event) => {
  const cell = event.target.closest("tbody td, tbody th");
  if (cell) open(cell);
});
table.addEventListener("keydown", (event) => {
  const cell = event.target.closest("tbody td, tbody th");
  if (!cell || event.altKey || event.metaKey) return;
  const far = 1e6, all = event.ctrlKey;
  const moves = { ArrowUp: [all ? -far : -1, 0], ArrowDown: [all ? far : 1, 0], ArrowLeft: [0, all ? -far : -1], ArrowRight: [0, all ? far : 1], Home: [all ? -far : 0, -far], End: [all ? far : 0, far], PageUp: [-10, 0], PageDown: [10, 0] };
  if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(cell); }
  else if (moves[event.key]) { event.preventDefault(); move(cell, ...moves[event.key]); }
});

// Opens the zone and collection in the URL fragment, so that users can share links.
function follow() {
  const parts = location.hash.slice(1).split("/");
  let code, name;
  try { [code, name] = parts.map(decodeURIComponent); } catch { return; }
  const zone = D.zones.find((zone) => atom(zone.code) === code);
  const column = name === undefined ? null : D.columns.findIndex((column) => atom(column.name) === name);
  if (!zone || column === -1) { if (panel.open) panel.close(); return; }
  const cell = zone.row.cells[column === null ? 0 : column + 1];
  focusOn(cell, false);
  fill(zone, column);
  if (!panel.open) panel.showModal();
  byId("panel-title").focus();
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}
addEventListener("hashchange", follow);
function shut() {
  // The close event arrives late, so it must not move the focus again.
  if (!panel.open && !location.hash) return;
  if (panel.open) panel.close();
  if (location.hash) {
    try { history.replaceState(null, "", location.href.split("#")[0]); } catch { location.hash = ""; }
  }
  if (active) active.focus();
}
for (const end of ["cancel", "close"]) panel.addEventListener(end, shut);
panel.addEventListener("click", (event) => { if (event.target === panel) shut(); });
byId("close").addEventListener("click", shut);

// Moves through all visible cells with differences, row by row.
function step(by) {
  const cells = [...tbody.rows].filter((row) => !row.hidden).flatMap((row) => visible(row).slice(1).filter((cell) => cell === active || (!"in".includes(stateOf(cell)) && !cell.classList.contains("off"))));
  let from = cells.indexOf(active);
  if (from < 0) from = cells.findIndex((cell) => cell.parentNode === active.parentNode) - (by > 0 ? 1 : 0);
  const next = cells[from + by];
  if (next) open(next);
}
byId("previous").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, textarea")) return;
  if (panel.open && event.key === "n") step(1);
  else if (panel.open && event.key === "p") step(-1);
  else if (!panel.open && event.key === "/") { event.preventDefault(); byId("q").focus(); byId("q").select(); }
});
