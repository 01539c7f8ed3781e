// Panel with all details of a cell or zone.
const panel = byId("panel"), body = byId("panel-body");
const AT_ONCE = 200;

// Changes on a page that contains only record keys.
function keysAlone(cell, most) {
  let left = most || Infinity;
  return D.named[cell[1]].map(([sign, names]) => {
    const [symbol, fate] = D.signs[sign], some = names.slice(0, left);
    left -= some.length;
    const rest = names.length > some.length ? el("li", "dim", "and " + thousands(names.length - some.length) + " more, not printed") : null;
    return el("section", "change s" + sign % 3, el("h4", "", el("b", "sign", symbol), " " + count(names.length, "record") + ": ", el("span", "fate", fate)),
      el("ul", "keys-alone", some.map((name) => el("li", "value", name || "the one record")), rest));
  });
}

function changes(cell, most) {
  const [, set, extra] = cell;
  const extras = D.extras[extra];
  const list = el("ol", "changes"), all = [...members(set)];
  const more = (from, to) => all.slice(from, to).forEach((number, at) => {
    list.append(block(number, [0, 1, 2].map((part) => extras[(from + at) * 3 + part] || 0)));
  });
  more(0, most || AT_ONCE);
  if (all.length > (most || AT_ONCE)) {
    const left = all.length - (most || AT_ONCE);
    if (most) list.append(el("li", "dim", "and " + count(left, "change") + " more, not printed"));
    else {
      const button = el("button", "", "Show " + thousands(left) + " more");
      button.type = "button";
      button.addEventListener("click", () => { const at = list.children.length - 1; list.lastChild.remove(); more(AT_ONCE, all.length); list.children[at].tabIndex = -1; list.children[at].focus(); });
      list.append(el("li", "", button));
    }
  }
  return all.length ? list : null;
}

function failed([message, help]) {
  return el("p", "bad", prose(atom(message)), help ? el("span", "help", "Way out: ", prose(atom(help))) : null);
}

const CHANNELS = ["over Alma's API", "over the network's gateway", "by people, who follow the runbook"];

// Facts about a cell besides its changes. Print shows only facts found nowhere else.
function facts(cell, where) {
  const known = D.facts[cell[3]], column = D.columns[cell[0]], list = el("ul", "facts");
  const add = (...what) => list.append(el("li", "", what));
  if (where !== "paper") about(known, column, add);
  for (const [place_, records] of known.released || []) add(count(records, "record") + " will no longer be managed, and stay" + (records === 1 ? "s" : "") + " as it is: ", place(place_));
  for (const note of known.notes || []) add(el("b", "", "Note: "), prose(atom(note)));
  return list.firstChild ? list : null;
}

function about(known, column, add) {
  const byHand = known.channel === 2;
  if (byHand && known.existing) add("People have attested " + count(known.existing, "record") + " of it");
  else if (!byHand && known.existing !== undefined) {
    const parts = [[known.unmanaged, "not managed by any manifest"], [known.attested, "attested by people, not verified"], [known.ignored, "different, and left alone as the manifest says"]];
    const words = parts.filter(([number]) => number).map(([number, what]) => thousands(number) + " " + what);
    add("The zone has " + count(known.existing, "record") + (words.length ? "; " + words.join(", ") : ""));
  }
  if (column.menu && !(known.tally && known.tally[3])) add("In Alma: ", el("b", "", atom(column.menu)));
  if (known.tally || byHand) add("It is changed " + CHANNELS[known.channel || 0]);
  if (known.after && known.tally) add("Written after " + known.after.map((at) => atom(D.columns[at].name)).join(", "));
  if (known.place) add("First declared in ", place(known.place));
}

function runbook(zone, cell) {
  const menu = D.columns[cell[0]].menu;
  return el("div", "runbook", el("h4", "", "By hand"),
    el("p", "", "Log in to " + atom(zone.code) + ". ", menu ? ["Open ", el("b", "", atom(menu)), ". "] : null, "Values are case-sensitive: type them exactly as they stand here."));
}

// Command that records completed manual steps of a zone.
function attest(zone) {
  const environment = D.environment ? " --environment " + D.environment : "";
  return el("p", "dim", "When what is to be done by hand in this zone is done, say so: ", el("code", "", "zonal attest" + environment + " --zone " + atom(zone.code) + " --all --by NAME"));
}
const byHand = (cell) => D.facts[cell[3]].tally && D.facts[cell[3]].tally[3];

// Returns the details of a cell, below the caller's heading. `where`: panel or paper.
function content(zone, cell, where, most) {
  const known = D.facts[cell[3]], parts = [];
  const written = known.tally && known.tally[0] + known.tally[1] + known.tally[2];
  if (written && (known.hold || zone.hold)) parts.push(el("p", "hold", "‖ Apply does not begin this: ", prose(atom(known.hold || zone.hold))));
  if (known.failure) parts.push(failed(known.failure));
  else if (!known.tally) parts.push(el("p", "good", "✓ In sync: nothing changes."));
  if (known.tally) {
    parts.push(el("p", "tally", "Records: " + tallied(known.tally) + "."));
    if (known.tally[3]) parts.push(runbook(zone, cell));
    if (has.fields) parts.push(changes(cell, most));
    else if (has.keys) parts.push(...keysAlone(cell, most));
    else parts.push(el("p", "dim", "This page counts changes only, because the plan is too large to show more."));
  }
  parts.push(facts(cell, where));
  return parts.filter(Boolean);
}

function same(zone) {
  const others = D.zones.filter((other) => other.group === zone.group && other !== zone);
  if (!zone.letter || !others.length) return null;
  return el("details", "same", el("summary", "", "Group " + zone.letter + ": the same in " + count(others.length, "other zone")), el("p", "", others.map((other) => atom(other.code)).join(", ")));
}

// Returns the details of a zone.
function whole(zone) {
  const parts = [], busy = [], calm = [];
  if (zone.failure) parts.push(failed(zone.failure));
  else if (zone.hold) parts.push(el("p", "hold", "‖ Apply does not begin this zone: ", prose(atom(zone.hold))));
  parts.push(same(zone));
  for (const cell of zone.cells) {
    const known = D.facts[cell[3]];
    (known.tally || known.notes || known.released || (known.failure && !zone.failure) ? busy : calm).push(cell);
  }
  for (const cell of busy) parts.push(el("section", "", el("h3", "", atom(D.columns[cell[0]].name)), content(zone, cell, "panel")));
  if (calm.length) parts.push(el("section", "", el("h3", "", zone.failure ? "Not known" : "In sync"), el("p", "", calm.map((cell) => atom(D.columns[cell[0]].name)).join(", "))));
  if (zone.cells.some(byHand)) parts.push(attest(zone));
  parts.push(el("p", "dim", "Digest of what is done in this zone: ", el("code", "whole", zone.digest)));
  if (zone.letter) parts.push(el("p", "dim", "Digest of its group's changes: ", el("code", "whole", D.groups[zone.group])));
  return parts.filter(Boolean);
}

const address = (zone, column) => "#" + encodeURIComponent(atom(zone.code)) + (column === null ? "" : "/" + encodeURIComponent(atom(D.columns[column].name)));

// Fills the panel. `column` is null for a whole zone.
function fill(zone, column) {
  const cells = column === null ? [] : zone.cells.filter((cell) => cell[0] === column);
  const missing = el("p", "dim", "No manifest manages this here.");
  byId("panel-title").replaceChildren(shown(column === null ? atom(zone.code) : atom(D.columns[column].name)));
  byId("panel-where").replaceChildren(shown(column === null ? atom(zone.name) : atom(zone.code) + " (" + atom(zone.name) + ")"));
  const parts = column === null ? whole(zone) : cells.length ? cells.flatMap((cell) => content(zone, cell, "panel")) : [missing];
  if (cells.some(byHand)) parts.push(attest(zone));
  body.replaceChildren(...parts);
  if (column !== null) { const also = same(zone); if (also) body.prepend(also); }
  body.scrollTop = 0;
}
