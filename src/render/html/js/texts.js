// Data of the page, and functions that insert untrusted text as text nodes, never as markup.
const D = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const has = { before: D.detail < 3, values: D.detail < 4, fields: D.detail < 5, keys: D.detail < 6 };

// Invisible and bidirectional control characters. The same definition as in model/text_safety.rs.
const UNSEEN = /(?![ \t\n])[\p{C}\p{Z}\p{DI}\u2800]/gu;

function shown(text, hidden = UNSEEN) {
  const parts = document.createDocumentFragment();
  let from = 0;
  for (const found of text.matchAll(hidden)) {
    parts.append(text.slice(from, found.index));
    const number = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    const mark = document.createElement("span");
    mark.className = "unseen";
    mark.textContent = "U+" + number;
    mark.title = "a character that is not seen";
    parts.append(mark);
    from = found.index + found[0].length;
  }
  parts.append(text.slice(from));
  return parts;
}

// Returns an element. Children are elements, or texts shown unchanged.
function el(tag, kind, ...children) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === "") continue;
    element.append(child instanceof Node ? child : shown(String(child)));
  }
  return element;
}

// Formats text between backticks as code. The same rule as in html_writer.rs.
const prose = (text) => { const parts = text.split("`"); return parts.length % 2 ? parts.map((part, at) => at % 2 ? el("code", "", part) : part) : text; };

const thousands = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
const count = (number, noun) => thousands(number) + " " + (number === 1 ? noun : noun + "s");
const atom = (number) => D.atoms[number];

function place(number) {
  const [file, line, column, manifest, override] = D.places[number];
  const over = override ? " (overrides[" + (override - 1) + "])" : "";
  return [atom(manifest) + ", ", el("code", "", atom(file) + ":" + line + ":" + column + over)];
}

// Returns the nonzero counts: `2 to add, 1 to change`.
const FATES = ["to add", "to change", "to delete", "to be done by hand", "only reported or left for later"];
const tallied = (tally) => FATES.map((fate, at) => tally[at] ? thousands(tally[at]) + " " + fate : "").filter(Boolean).join(", ");

// Yields the change numbers of a set. A set consists of ranges.
function* members(set) {
  const ranges = D.sets[set];
  for (let at = 0; at < ranges.length; at += 2) {
    for (let number = ranges[at]; number < ranges[at] + ranges[at + 1]; number += 1) yield number;
  }
}
