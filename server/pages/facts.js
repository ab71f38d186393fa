// Facts about one thing: names and values, one under the other.
import { h, newId } from "./dom.js";
import { texts } from "./texts.js";
import { label, shown } from "./words.js";

// facts shows fields of a row: of each key its word and its value. A key may be [label, value] instead.
export function facts(row, keys) {
  const pairs = keys.map((key) => (Array.isArray(key) ? key : [label(key), shown(row[key])]));
  return h("dl", {}, pairs.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value === "" ? texts.none : value)]));
}

// share is how much of a limit is used, as a bar and in words.
export function share(name, current, max) {
  const id = newId("share");
  const text = texts.share(name, current, max);
  return h("div", { class: "field" }, h("label", { for: id }, text), h("meter", { id, min: 0, max, value: Math.min(current, max), low: max * 0.8, high: max * 0.95, optimum: 0 }, text));
}

// section is a part of a page under a heading.
export function section(heading, ...content) {
  return h("section", {}, h("h2", {}, heading), content);
}
