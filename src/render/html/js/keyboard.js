// Addresses, keys, and the matrix as a grid with a single tab stop.

const table = byId("matrix");
let active = null;

function focusOn(cell, isFocused) {
  if (active) active.tabIndex = -1;
  active = cell;
  cell.tabIndex = 0;
  if (isFocused) cell.focus();
}

if (table) {
  table.setAttribute("role", "grid");
  zoneRows.forEach((row) => [...row.cells].slice(1, -1).forEach((cell) => { cell.tabIndex = -1; cell.setAttribute("role", "gridcell"); }));
  const first = table.querySelector("td svg");
  if (first) focusOn(first.closest("td"), false);
  const open = (cell) => { if (cell && cell.firstChild) { focusOn(cell, false); location.hash = "#zone=" + encodeURIComponent(cell.parentNode.id.slice(5)) + "&column=" + (cell.cellIndex - 1); } };
  table.addEventListener("click", (event) => open(event.target.closest("td[tabindex]")));
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td[tabindex]");
    if (!cell || event.altKey || event.metaKey || event.ctrlKey) return;
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -1e6], End: [0, 1e6] };
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(cell); return; }
    if (!moves[event.key]) return;
    event.preventDefault();
    const [down, right] = moves[event.key], shownRows = zoneRows.filter((row) => !row.hidden), row = shownRows.indexOf(cell.parentNode);
    const target = shownRows[Math.max(0, Math.min(shownRows.length - 1, row + down))].cells;
    focusOn(target[Math.max(1, Math.min(target.length - 2, cell.cellIndex + right))], true);
  });
}

// Opens what the address names, so that people can share links.
function follow() {
  let address;
  try { address = decodeURIComponent(location.hash); } catch { return; }
  if (address.startsWith("#only=")) { choose(address.slice(6)); byId("decisions").scrollIntoView(); return; }
  const row = rows.find((row) => "#" + row.anchor === address);
  if (row) {
    if (row.hidden) choose("all");
    row.scrollIntoView({ block: "nearest" });
    showRow(row);
    return;
  }
  const [code, column] = address.startsWith("#zone=") ? address.slice(6).split("&column=") : [];
  const zone = code && zoneRows.find((row) => row.id === "zone=" + code);
  if (zone) {
    const cell = zone.cells[column === undefined ? 0 : Number(column) + 1];
    if (column !== undefined && cell) focusOn(cell, false);
    if (cell) { cell.scrollIntoView({ block: "nearest", inline: "nearest" }); showCell(zone, column === undefined ? null : Number(column)); }
    return;
  }
  shut(true);
}
addEventListener("hashchange", follow);
addEventListener("popstate", () => { if (!location.hash) shut(true); });

// Moves the focus through the rows that are shown.
function step(by) {
  const shownRows = rows.filter((row) => !row.hidden), current = document.activeElement.closest(".row") || document.querySelector(".row.chosen");
  const next = shownRows[Math.max(0, Math.min(shownRows.length - 1, shownRows.indexOf(current) + by))];
  if (!next) return;
  if (drawer.hidden) { next.querySelector(".key").focus(); next.scrollIntoView({ block: "nearest" }); } else location.hash = next.address;
}

let previous = "";
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const find = byId("find");
    if (!drawer.hidden) shut();
    else if (event.target === find) { find.value = ""; filter(); find.blur(); }
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, textarea")) return;
  const key = event.key;
  if (key === "j") step(1);
  else if (key === "k") step(-1);
  else if (key === "d") choose(only === "removed" ? "all" : "removed");
  else if (key === "/" && byId("find")) { event.preventDefault(); byId("find").focus(); byId("find").select(); }
  else if (key === "z" && previous === "g" && active) { active.scrollIntoView({ block: "center" }); active.focus(); }
  previous = key;
});

// Print shows everything that is folded.
let folded = [];
addEventListener("beforeprint", () => { folded = [...document.querySelectorAll("main details:not([open]):not(.more)")]; folded.forEach((part) => { part.open = true; }); });
addEventListener("afterprint", () => folded.forEach((part) => { part.open = false; }));
follow();
