// How far the drivers of a route are in the event that is on.
import { get } from "./api.js";
import { personName } from "./choices.js";
import { h, newId } from "./dom.js";
import { texts } from "./texts.js";
import { shown, word } from "./words.js";

const words = texts.progress;

// progressOf gives what is said of each driver. What the portal does not tell, an event or a driver, is said in words.
export async function progressOf(route, drivers, signal) {
  const event = await get("/winter-events/active", null, { signal });
  if (!event) return [h("p", {}, words.noEvent)];
  if (!drivers.length) return [h("p", {}, words.noDrivers)];
  const all = await Promise.all(drivers.map((d) => get(`/routes/${route.id}/progress/`, { winter_event_id: event.id, user_id_param: d.id }, { signal })));
  return [h("p", {}, words.of(event.event_name)), ...all.map((progress, i) => oneDriver(personName(drivers[i]), progress))];
}

function oneDriver(name, { total_properties: total, completed, active, queued, properties }) {
  if (!total) return h("p", {}, words.none(name));
  const id = newId("progress");
  const text = words.done(name, completed, total, active, queued);
  const tickets = properties.map((t) => h("li", {}, h("a", { href: `#/properties/${t.property_id}` }, t.property_name), `: ${[word(t.route_status), shown(t.time_in), shown(t.time_out)].filter(Boolean).join(", ")}`));
  return h("div", { class: "card" }, h("label", { for: id }, text), h("progress", { id, max: total, value: completed }, text), tickets.length > 0 && h("ol", {}, tickets));
}
