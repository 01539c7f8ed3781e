// Drawer of a matrix cell or a zone: the rows of the cell with the zone's own values.

const columns = [...document.querySelectorAll("#matrix thead th.c")].map((head) => head.textContent);

// Replaces names in braces by the values of a zone.
function withOwnValues(part, row, at, code) {
  part.querySelectorAll("var").forEach((name) => {
    const word = name.textContent.slice(1, -1);
    if (word === "code") name.replaceWith(code);
    const table = [...row.querySelectorAll("table.vars")].find((table) => table.dataset.name === word);
    const own = table && [...table.rows].find((line) => setOf(line.dataset.set).has(at));
    if (own) name.replaceWith(own.cells[0].textContent);
  });
  part.querySelectorAll("p.was").forEach((former) => {
    if (former.dataset.set !== undefined && !setOf(former.dataset.set).has(at)) former.remove();
  });
  return part;
}

function rowsOf(at, column) {
  return rows.filter((row) => (column === null || Number(row.dataset.column) === column) && setOf(row.dataset.zones).has(at));
}

function entry(row, at, code) {
  const key = row.querySelector(".key"), link = el("a", "key", key.textContent);
  link.setAttribute("href", row.address);
  const title = el("h3", "", ...row.querySelector(".sign").cloneNode(true).childNodes, " ", link);
  const details = row.querySelector("details.more .where");
  return el("section", "", title, details ? el("p", "dim", details.textContent) : null, withOwnValues(content(row), row, at, code));
}

function showCell(zoneRow, column) {
  const at = Number(zoneRow.dataset.at), code = zoneRow.id.slice("zone=".length), name = zoneNames.get(at);
  const found = rowsOf(at, column), cell = column === null ? zoneRow.cells[0] : zoneRow.cells[column + 1];
  const label = cell.querySelector("title");
  const parts = found.map((row) => entry(row, at, code));
  const words = column !== null && label ? label.textContent : found.length + (found.length === 1 ? " row changes records of this zone." : " rows change records of this zone.");
  opener = column === null ? zoneRow.querySelector("a") : cell;
  show([column === null ? name : columns[column]], (column === null ? "" : name + " · ") + zoneRow.cells[0].title + " · " + code, [el("p", "dim", words), ...parts], cell);
}
