// Shows a change: effect on the record, field changes, declaration, last author.
function decode(number) {
  const [intent, place = 0, ...before] = [].concat(D.changes[number]);
  const [sign, key = [], edits = [], reason = 0, notes = []] = D.intents[intent];
  return { sign, key, edits, reason, notes, place, before, action: sign % 3, byHand: Math.floor(sign / 3) % 5 === 2, each: sign >= 30 };
}

function value(number, byHand) {
  const it = atom(number);
  if (it === null) return el("i", "dim", byHand ? D.words.empty : "nothing");
  if (typeof it === "boolean") return el("span", "value", byHand ? (it ? D.words.yes : D.words.no) : String(it));
  if (typeof it === "string") return el("span", "value" + (/^\s|\s$/.test(it) ? " spaced" : ""), it);
  if (typeof it[0] === "number") return el("i", "dim", "a value of " + count(it[0], "character") + ", which this page leaves out");
  return el("ul", "values", it.map((text) => el("li", "value", text)));
}

function pairs(list, byHand) {
  const rows = [];
  for (let at = 0; at < list.length; at += 2) rows.push(el("tr", "", el("th", "", atom(list[at])), el("td", "", value(list[at + 1], byHand))));
  return rows;
}

function heads(...titles) {
  return el("thead", "", el("tr", "", titles.map((title) => { const head = el("th", "", title); head.scope = "col"; return head; })));
}

// Compares two lists: removed and added texts, number of unchanged texts.
function listed(before, after) {
  const [old, now] = [before, after].map((list) => list === null ? [] : [].concat(list));
  const stay = now.filter((text) => old.includes(text)).length;
  return el("ul", "values",
    old.filter((text) => !now.includes(text)).map((text) => el("li", "", el("del", "value", "− " + text))),
    now.filter((text) => !old.includes(text)).map((text) => el("li", "", el("ins", "value", "+ " + text))),
    stay ? el("li", "dim", thousands(stay) + (stay === 1 ? " stays" : " stay")) : null);
}

function edited(change, at) {
  const [name, after, by] = change.edits.slice(at * 3, at * 3 + 3);
  if (name === 0) return null;
  const head = el("th", "", atom(name), by ? el("span", "dim", place(by)) : null);
  if (!has.values) return el("tr", "", head);
  const before = change.before[at] || 0;
  const [old, now] = [atom(before), atom(after)];
  const holds = change.action === 1 && has.before && !change.each;
  if ([old, now].some((it) => typeof it === "string" && it.includes("\n"))) {
    const cell = el("td", "", lineByLine(holds ? old : null, now));
    cell.colSpan = holds ? 2 : 1;
    return el("tr", "", head, cell);
  }
  const lists = (it) => Array.isArray(it) && typeof it[0] === "string";
  if (holds && (lists(old) || lists(now))) {
    const cell = el("td", "", listed(old, now));
    cell.colSpan = 2;
    return el("tr", "", head, cell);
  }
  const texts = holds && !change.byHand && typeof old === "string" && typeof now === "string" && old.length + now.length < 2000;
  return el("tr", "", head,
    holds ? el("td", "was", texts ? marked(old, now, "span") : value(before, change.byHand)) : null,
    el("td", "wanted", texts ? marked(now, old, "span") : value(after, change.byHand)));
}

function fields(change) {
  const count = change.edits.length / 3;
  if (change.action === 2) {
    const record = D.records[change.before[0] || 0];
    return record.length && has.before ? el("table", "fields gone", heads("Field", "Goes"), el("tbody", "", pairs(record, change.byHand))) : null;
  }
  const rows = Array.from({ length: count }, (_, at) => edited(change, at)).filter(Boolean);
  if (!rows.length) return null;
  const holds = change.action === 1 && has.before && !change.each;
  const wanted = change.byHand ? "Type" : change.action === 0 ? "Value" : "As wanted";
  return el("table", "fields", !has.values ? heads("Field") : holds ? heads("Field", "In the zone now", wanted) : heads("Field", wanted), el("tbody", "", rows));
}

function key(change) {
  const parts = [];
  for (let at = 0; at < change.key.length; at += 2) {
    if (at) parts.push(", ");
    parts.push(el("span", "dim", atom(change.key[at]) + " "), value(change.key[at + 1], change.byHand));
  }
  return parts;
}

// Heading of a manual step, in the wording of the runbook.
function asked(change) {
  if (!change.key.length) return change.each ? ["In each record"] : [D.signs[change.sign][2], " the one record"];
  return [D.signs[change.sign][2], " ", key(change)];
}

function last(extra, byHand) {
  const [by, when] = extra.map(atom);
  if (!by && !when) return null;
  const head = byHand ? "Something else was attested" : "Last changed";
  return el("p", "dim", head, by ? " by " + by : "", when ? " on " + when : "");
}

// Returns a change as a list item. `extra`: author, date, unchanged fields.
function block(number, extra) {
  const change = decode(number);
  const [symbol, fate] = D.signs[change.sign];
  const item = el("li", "change s" + change.action + (change.byHand ? " hand" : ""));
  const title = change.byHand ? asked(change) : change.key.length ? key(change) : ["The one record"];
  const sign = el("b", "sign", symbol);
  if (change.byHand) {
    const box = document.createElement("input");
    box.type = "checkbox";
    item.append(el("h4", "", el("label", "", box, " ", title.flat())));
  } else item.append(el("h4", "", sign, " ", title, " ", el("span", "fate", fate)));
  if (has.fields) {
    const table = fields(change);
    if (table) item.append(table);
    if (extra[2]) {
      const rest = el("details", "rest", el("summary", "", "What stays as it is in the record"));
      rest.append(el("table", "fields", el("tbody", "", pairs(D.records[extra[2]], false))));
      item.append(rest);
    }
    const why = [change.reason, ...change.notes].filter(Boolean).map(atom);
    why.forEach((text) => item.append(el("p", "why", prose(text))));
    if (change.place) item.append(el("p", "dim", "Declared in ", place(change.place)));
    const who = last(extra, change.byHand);
    if (who) item.append(who);
  }
  return item;
}
