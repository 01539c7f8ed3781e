// Print view: expands the changes of each change group once, up to a limit.
const ON_PAPER = 1500;

function write() {
  const paper = byId("print"), parts = [];
  let left = ON_PAPER;
  const groups = new Map();
  for (const zone of D.zones) if (zone.letter) groups.set(zone.group, [...(groups.get(zone.group) || []), zone]);
  for (const zones of groups.values()) {
    const [zone] = zones, cells = zone.cells.filter((cell) => D.facts[cell[3]].tally || D.facts[cell[3]].failure);
    const title = zones.length === 1 ? "Group " + zone.letter + ": " + atom(zone.code) + " (" + atom(zone.name) + ")" : "Group " + zone.letter + ": " + zones.length + " zones with the same changes";
    parts.push(el("h2", "", title), zones.length > 1 ? el("p", "", zones.map((zone) => atom(zone.code)).join(", ")) : null);
    if (cells.some(byHand)) parts.push(zones.map(attest));
    for (const cell of cells) {
      const number = (D.facts[cell[3]].tally || []).reduce((sum, more) => sum + more, 0);
      if (left <= 0) { parts.push(el("p", "", atom(D.columns[cell[0]].name) + ": " + count(number, "change") + ", not printed")); continue; }
      parts.push(el("h3", "", atom(D.columns[cell[0]].name)), ...content(zone, cell, "paper", left));
      left -= number;
    }
  }
  for (const zone of D.zones) if (zone.failure) parts.push(el("h2", "", atom(zone.code) + " (" + atom(zone.name) + ")"), failed(zone.failure));
  paper.replaceChildren(...parts.flat().filter(Boolean));
}
addEventListener("beforeprint", write);
addEventListener("afterprint", () => byId("print").replaceChildren());
follow();
