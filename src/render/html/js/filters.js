// Filters and find: rows, then collections and manifests without a row disappear.

const filters = [...document.querySelectorAll(".filters button")];
let only = "all", cause = null;
const isShown = {
  all: () => true,
  add: (row) => row.classList.contains("add"),
  change: (row) => row.classList.contains("change") || row.classList.contains("disable"),
  removed: (row) => row.classList.contains("remove") || row.classList.contains("disable"),
  waiting: (row) => row.dataset.waits !== undefined,
};

function filter() {
  const find = byId("find");
  const words = (find ? find.value : "").toLowerCase().split(/\s+/).filter(Boolean);
  let number = 0;
  document.querySelectorAll("#decisions .card").forEach((card) => {
    const title = card.querySelector(".title").textContent.toLowerCase();
    let inCard = 0;
    card.querySelectorAll(".collection").forEach((collection) => {
      const name = title + " " + collection.querySelector("h4").textContent.toLowerCase();
      let inCollection = 0;
      collection.querySelectorAll(".row").forEach((row) => {
        const text = () => name + " " + row.textContent.toLowerCase() + " " + reached(row);
        row.hidden = !isShown[only](row) || (cause !== null && !isCause(row)) || (words.length > 0 && !words.every((word) => text().includes(word)));
        inCollection += row.hidden ? 0 : 1;
      });
      collection.hidden = inCollection === 0;
      inCard += inCollection;
    });
    card.hidden = inCard === 0;
    number += inCard;
  });
  filters.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.only === only)));
  zoneRows.forEach((row) => { row.hidden = words.length > 0 && number === 0 && !words.every((word) => (row.id + " " + row.cells[0].title).toLowerCase().includes(word)); });
  const nothing = byId("nothing");
  if (nothing) nothing.hidden = number > 0;
}

// Returns the names of the zones that a row reaches.
function reached(row) {
  if (row.reached === undefined) {
    const set = setOf(row.dataset.zones);
    row.reached = zoneRows.filter((zone) => set.has(Number(zone.dataset.at))).map((zone) => zone.id.slice("zone=".length) + " " + zone.cells[0].title).join(" ").toLowerCase();
  }
  return row.reached;
}

// Returns true for a row that changes a collection of the impact in a zone of the impact.
function isCause(row) {
  return cause.columns.has(Number(row.dataset.column)) && [...setOf(row.dataset.zones)].some((at) => cause.zones.has(at));
}

// Shows the rows that cause an impact, and marks their cells. Without a link, all rows.
function chooseCause(link) {
  const numbers = (text) => new Set(text.split(" ").map(Number));
  cause = link && { zones: numbers(link.dataset.cause), columns: numbers(link.dataset.columns) };
  byId("cause").hidden = !cause;
  byId("cause").textContent = link ? "Rows behind the impact: " + link.textContent.trim() + "." : "";
  document.querySelectorAll("#matrix td.marked").forEach((cell) => cell.classList.remove("marked"));
  if (!cause) return;
  zoneRows.filter((row) => cause.zones.has(Number(row.dataset.at))).forEach((row) => cause.columns.forEach((column) => {
    const cell = row.cells[column + 1];
    if (cell && cell.firstChild) cell.classList.add("marked");
  }));
}

function choose(value) {
  only = isShown[value] ? value : "all";
  chooseCause(null);
  filter();
}
filters.forEach((button) => button.addEventListener("click", () => choose(button.dataset.only)));
if (byId("find")) byId("find").addEventListener("input", filter);
document.querySelectorAll("[data-cause]").forEach((link) => link.addEventListener("click", () => { choose("all"); chooseCause(link); filter(); }));
document.querySelectorAll("[data-go]").forEach((link) => link.addEventListener("click", () => choose(link.dataset.go)));
