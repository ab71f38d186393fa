// The pins of a map: each trigger has a shape and a colour of its own, so that nobody needs to tell colours apart.
import { h, svg } from "./dom.js";
import { texts } from "./texts.js";
import { word } from "./words.js";

const shapes = {
  zero_tolerance: "M0 -11A11 11 0 1 1 0 11A11 11 0 1 1 0 -11Z",
  half_inch: "M-10 -10H10V10H-10Z",
  one_inch: "M0 -12L12 10H-12Z",
  two_inch: "M0 -13L13 0L0 13L-13 0Z",
  custom: "M-4 -12H4V-4H12V4H4V12H-4V4H-12V-4H-4Z",
};

export const triggers = Object.keys(shapes);

// triggerOf is the trigger that a property is shown by.
export const triggerOf = (property) => (property.trigger_type in shapes ? property.trigger_type : "custom");

export const shapeOf = (trigger) => svg("path", { class: `pin ${trigger}`, d: shapes[trigger] });

// legend says which shape is which trigger.
export function legend() {
  const entry = (t) => h("li", {}, svg("svg", { class: "sign", viewBox: "-15 -15 30 30", "aria-hidden": "true" }, shapeOf(t)), " ", word(t));
  return h("section", {}, h("h2", {}, texts.map.legend), h("ul", { class: "legend" }, triggers.map(entry)));
}
