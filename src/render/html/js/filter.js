// Filters cells by words and states, and orders zones. All words must occur in zone, collection or changes.
const q = byId("q"), order = byId("order"), boxes = new Map();
byId("controls").hidden = false;

for (const [letter, words] of D.states) {
  const number = tbody.querySelectorAll("td." + letter).length;
  if (!number) continue;
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = true;
  boxes.set(letter, box);
  byId("states").append(el("label", "chip " + letter, box, " " + words + " ", el("span", "dim", thousands(number))));
}

const haystacks = [];
function haystack(number) {
  if (haystacks[number] !== undefined) return haystacks[number];
  const change = decode(number), words = [], say = (at) => { const it = atom(at); if (it !== null) words.push(Array.isArray(it) ? it.join("\n") : String(it)); };
  change.key.forEach(say);
  change.edits.forEach((at, part) => { if (part % 3 < 2) say(at); });
  if (change.action === 2) D.records[change.before[0] || 0].forEach(say);
  else change.before.forEach(say);
  [change.reason, ...change.notes].forEach(say);
  if (change.place) say(D.places[change.place][3]);
  return haystacks[number] = words.join("\n").toLowerCase();
}

function finder(words) {
  const sets = words.map(() => new Map()), told = words.map(() => new Map());
  const inSet = (word, set) => {
    if (!sets[word].has(set)) sets[word].set(set, D.named ? D.named[set].some(([, names]) => names.some((name) => name.toLowerCase().includes(words[word]))) : [...members(set)].some((number) => haystack(number).includes(words[word])));
    return sets[word].get(set);
  };
  const inFacts = (word, at) => {
    if (!told[word].has(at)) {
      const known = D.facts[at], texts = [...(known.notes || []), ...(known.failure || []), known.hold || 0].map(atom);
      told[word].set(at, texts.some((text) => text && text.toLowerCase().includes(words[word])));
    }
    return told[word].get(at);
  };
  const columns = D.columns.map((column) => words.map((word) => atom(column.name).toLowerCase().includes(word)));
  return (zone) => {
    const name = (atom(zone.code) + "\n" + atom(zone.name)).toLowerCase();
    const inZone = words.map((word) => name.includes(word));
    const cells = new Map(zone.cells.map((cell) => [cell[0], cell]));
    return (column) => words.every((_, word) => inZone[word] || columns[column][word] || (cells.has(column) && (inSet(word, cells.get(column)[1]) || inFacts(word, cells.get(column)[3]))));
  };
}

function apply() {
  const words = q.value.toLowerCase().split(/\s+/).filter(Boolean);
  const states = new Set([...boxes].filter(([, box]) => box.checked).map(([letter]) => letter));
  const all = !words.length && states.size === boxes.size;
  const find = finder(words), columns = new Set();
  for (const row of rows) {
    const inZone = all ? null : find(row.zone);
    let any = all;
    for (let at = 1; at < row.cells.length; at += 1) {
      const cell = row.cells[at], on = all || (states.has(stateOf(cell)) && inZone(at - 1));
      cell.classList.toggle("off", !on);
      if (on) { any = true; columns.add(at); }
    }
    row.hidden = !any;
  }
  for (let at = 1; at <= names.length; at += 1) {
    const hide = !all && !columns.has(at);
    if (hide === hiddenColumns.has(at)) continue;
    if (hide) hiddenColumns.add(at); else hiddenColumns.delete(at);
    names[at - 1].hidden = hide;
    for (const row of rows) row.cells[at].hidden = hide;
  }
  let from = 1;
  for (const kind of kinds) {
    kind.span = kind.span || kind.colSpan;
    let shownHere = 0;
    for (let at = from; at < from + kind.span; at += 1) if (!hiddenColumns.has(at)) shownHere += 1;
    from += kind.span;
    kind.hidden = !shownHere;
    kind.colSpan = Math.max(1, shownHere);
  }
  const seen = rows.filter((row) => !row.hidden).length;
  arrange();
  byId("found").value = all ? count(rows.length, "zone") + ", " + count(names.length, "collection") + "." : "Shown: " + seen + " of " + count(rows.length, "zone") + ", " + (names.length - hiddenColumns.size) + " of " + count(names.length, "collection") + ".";
}

// Orders the rows, and optionally shows only one zone per change group.
function arrange() {
  const byCode = (one, other) => atom(one.zone.code) < atom(other.zone.code) ? -1 : 1;
  tbody.append(...(order.value === "code" ? [...rows].sort(byCode) : rows));
  const first = new Map();
  for (const row of rows) {
    row.cells[0].querySelector(".also")?.remove();
    if (order.value !== "fold" || row.hidden) continue;
    const group = row.zone.group;
    if (first.has(group)) { row.hidden = true; first.get(group).number += 1; }
    else first.set(group, { row, number: 0 });
  }
  for (const { row, number } of first.values()) if (number) row.cells[0].append(el("em", "also", "and " + thousands(number) + " more"));
  if (active && (active.hidden || active.parentNode.hidden)) {
    const row = [...tbody.rows].find((row) => !row.hidden);
    if (row) focusOn(row.cells[0], false);
  }
}

let waiting = 0;
q.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 120); });
q.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === "ArrowDown") { event.preventDefault(); clearTimeout(waiting); apply(); if (active) active.focus(); } });
byId("controls").addEventListener("submit", (event) => event.preventDefault());
byId("states").addEventListener("change", apply);
order.addEventListener("change", apply);
byId("clear").addEventListener("click", () => { q.value = ""; boxes.forEach((box) => { box.checked = true; }); apply(); q.focus(); });
apply();
