// Filters and find: rows, then collections and manifests without a row disappear.

const filters = [...document.querySelectorAll(".filters button")];
let only = "all";
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
        row.hidden = !isShown[only](row) || (words.length > 0 && !words.every((word) => text().includes(word)));
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

function choose(value) {
  only = isShown[value] ? value : "all";
  filter();
}
filters.forEach((button) => button.addEventListener("click", () => choose(button.dataset.only)));
if (byId("find")) byId("find").addEventListener("input", filter);
document.querySelectorAll("[data-go]").forEach((link) => link.addEventListener("click", () => choose(link.dataset.go)));
