// The stops of a route, in order. They are moved by dragging, or by buttons; the portal has the new order at once.
import { action, attempt } from "./actions.js";
import { del, get, put } from "./api.js";
import { properties } from "./choices.js";
import { button, h } from "./dom.js";
import { confirm, formDialog } from "./form.js";
import { texts } from "./texts.js";

const words = texts.stops;

// stopsOf shows the stops of a route, and lets whoever may change them.
export function stopsOf(route, may, signal) {
  const path = `/routes/${route.id}`;
  let stops = route.properties;
  let dragged = null;
  const items = h("ol", { class: "stops" });
  const sum = h("p", { class: "count", role: "status" });

  const again = async () => {
    stops = (await get(path, null, { signal })).properties;
    draw();
  };

  // move puts a stop at another place. What is refused goes back to where it was.
  async function move(from, to, focus) {
    if (to < 0 || to >= stops.length || from === to) return;
    const before = stops;
    stops = stops.toSpliced(from, 1).toSpliced(to, 0, stops[from]);
    draw();
    focus?.(items.children[to]);
    const orders = stops.map((s, i) => ({ property_id: s.id, sequence_order: i + 1 }));
    await attempt(async () => {
      try {
        await put("/routes/reorder/", { route_id: route.id, property_orders: orders });
      } catch (error) {
        stops = before;
        draw();
        throw error;
      }
    }, () => words.moved(stops[to].name, to + 1));
  }

  const focusOn = (name) => (item) => (item.querySelector(`[data-move="${name}"]:not(:disabled)`) ?? item.querySelector("[data-move]:not(:disabled)"))?.focus();

  function buttonsOf(stop, i) {
    return [
      action(words.up, stop.name, () => move(i, i - 1, focusOn("up")), { "data-move": "up", disabled: i === 0 }),
      action(words.down, stop.name, () => move(i, i + 1, focusOn("down")), { "data-move": "down", disabled: i === stops.length - 1 }),
      action(texts.change, stop.name, () => change(stop, i)),
      action(words.remove, stop.name, () => remove(stop)),
    ];
  }

  function item(stop, i) {
    const facts = [stop.address, stop.estimated_time_minutes !== null && words.minutes(stop.estimated_time_minutes), stop.notes].filter(Boolean);
    const line = h("li", { draggable: may && "true" }, h("a", { href: `#/properties/${stop.id}`, draggable: "false" }, stop.name), h("p", {}, facts.join(" · ")), may && h("div", { class: "buttons" }, buttonsOf(stop, i)));
    if (!may) return line;
    line.addEventListener("dragstart", (event) => {
      dragged = i;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", stop.name);
    });
    line.addEventListener("dragover", (event) => {
      if (dragged === null) return;
      event.preventDefault();
      line.classList.add("target");
    });
    line.addEventListener("dragleave", () => line.classList.remove("target"));
    line.addEventListener("drop", (event) => {
      event.preventDefault();
      if (dragged !== null) move(dragged, i);
    });
    line.addEventListener("dragend", () => {
      dragged = null;
    });
    return line;
  }

  function draw() {
    items.replaceChildren(...stops.map(item));
    const minutes = stops.reduce((total, s) => total + (s.estimated_time_minutes ?? 0), 0);
    sum.textContent = stops.length ? words.sum(stops.length, minutes) : words.none;
  }

  const fields = { estimated_time_minutes: { label: words.estimate } };
  const change = (stop, i) =>
    formDialog(words.change(stop.name), { operation: "addPropertyToRoute", only: ["estimated_time_minutes", "notes"], fixed: { route_id: route.id, property_id: stop.id, sequence_order: i + 1 }, values: stop, fields, done: again });
  const add = () => {
    const last = Math.max(0, ...stops.map((s) => s.sequence_order));
    return formDialog(words.add, { operation: "addPropertyToRoute", only: ["property_id", "estimated_time_minutes", "notes"], fixed: { route_id: route.id, sequence_order: last + 1 }, fields: { ...fields, property_id: { choices: async () => (await properties()).filter(([id]) => !stops.some((s) => s.id === id)), label: words.property } }, submit: texts.add, done: again });
  };
  const remove = (stop) => confirm(words.removeQuestion(stop.name), () => del(`${path}/properties/${stop.id}`), { act: words.remove, done: again });
  draw();
  return [may && h("div", { class: "buttons" }, button(words.add, add)), may && h("p", { class: "hint" }, words.how), sum, items];
}
