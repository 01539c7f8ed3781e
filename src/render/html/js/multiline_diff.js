// Compares two values and marks the differences.
function compared(before, after) {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  const shorter = Math.min(before.length, after.length) - head;
  while (tail < shorter && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const old = before.slice(head, before.length - tail), now = after.slice(head, after.length - tail);
  const lines = before.slice(0, head).map((line) => [" ", line]);
  if (old.length * now.length > 1000000) {
    lines.push(...old.map((line) => ["−", line]), ...now.map((line) => ["+", line]));
  } else {
    const width = now.length + 1, shared = new Uint32Array((old.length + 1) * width);
    for (let i = old.length - 1; i >= 0; i -= 1) {
      for (let j = now.length - 1; j >= 0; j -= 1) {
        shared[i * width + j] = old[i] === now[j] ? shared[(i + 1) * width + j + 1] + 1 : Math.max(shared[(i + 1) * width + j], shared[i * width + j + 1]);
      }
    }
    let i = 0, j = 0;
    while (i < old.length || j < now.length) {
      if (i < old.length && j < now.length && old[i] === now[j]) { lines.push([" ", old[i]]); i += 1; j += 1; }
      else if (j === now.length || (i < old.length && shared[(i + 1) * width + j] >= shared[i * width + j + 1])) { lines.push(["−", old[i]]); i += 1; }
      else { lines.push(["+", now[j]]); j += 1; }
    }
  }
  return lines.concat(before.slice(before.length - tail).map((line) => [" ", line]));
}

// Compares multiline texts, with three unchanged lines around each difference.
function lineByLine(before, after) {
  const split = (text) => typeof text === "string" && text ? text.split("\n") : [];
  const lines = compared(split(before), split(after));
  const near = (at) => lines.slice(Math.max(0, at - 3), at + 4).some(([sign]) => sign !== " ");
  const box = el("div", "lines");
  const twins = { "−": new Map(), "+": new Map() };
  for (const [sign, line] of lines) if (sign !== " ") twins[sign].set(letters(line), line);
  let hidden = 0;
  const hide = () => { if (hidden) box.append(el("p", "dim", count(hidden, "line") + " that stay" + (hidden === 1 ? "s" : ""))); hidden = 0; };
  lines.forEach(([sign, line], at) => {
    if (!near(at)) { hidden += 1; return; }
    hide();
    const twin = sign === " " ? undefined : twins[sign === "+" ? "−" : "+"].get(letters(line));
    box.append(el(sign === "+" ? "ins" : sign === "−" ? "del" : "p", "", el("b", "", sign), twin !== undefined && alike(line, twin) ? spelled(line, twin) : line));
  });
  hide();
  return box;
}

// Returns a text without blanks, in the composed form.
const letters = (text) => text.normalize("NFC").replace(/[ \t\r]/g, "");

// Returns true for different texts that a reader cannot distinguish. The same rule as in text_difference.rs.
function alike(one, two) {
  const tabs = (one + two).includes("\t");
  const look = (text) => tabs ? letters(text) : text.normalize("NFC").replace(/[ \r]+$/, "");
  return one !== two && look(one) === look(two);
}

// Returns the common start, the different middle and the common end of a text, as compared with another one.
function parted(text, other) {
  let head = 0, tail = 0;
  const one = [...text], two = [...other];
  while (head < one.length && head < two.length && one[head] === two[head]) head += 1;
  while (tail < Math.min(one.length, two.length) - head && one[one.length - 1 - tail] === two[two.length - 1 - tail]) tail += 1;
  return { start: one.slice(0, head).join(""), middle: one.slice(head, one.length - tail).join(""), end: one.slice(one.length - tail).join(""), common: head + tail, length: Math.max(one.length, two.length) };
}

// Returns a text with its differences from a text that looks alike as code points.
function spelled(text, other) {
  const { start, middle, end } = parted(text, other);
  return [start, shown(middle, /[^!-~]/gu), end];
}

// Marks the different middle of two short texts, if they have enough in common.
function marked(text, other, tag) {
  if (alike(text, other)) return el(tag, "value", spelled(text, other));
  const { start, middle, end, common, length } = parted(text, other);
  if (common < length / 3) return el(tag, "value", text);
  return el(tag, "value", start, middle ? el("mark", "", middle) : "", end);
}
