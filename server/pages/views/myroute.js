// A driver's routes: taken or declined, and driven stop by stop, with a ticket at each.
import { get, list, post } from "../api.js";
import { button, h } from "../dom.js";
import { formDialog } from "../form.js";
import { refused, saved } from "../notice.js";
import * as sender from "../sender.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { tickets } from "../tickets.js";
import { label, shown, word } from "../words.js";

const words = texts.myroute;
const ticketWords = texts.tickets;

export default async function myroute({ me, signal }) {
  const ticket = await tickets(me, () => draw());
  const content = h("div", {});

  async function act(path) {
    try {
      saved((await post(path, {})).message);
      await draw();
    } catch (error) {
      refused(error);
    }
  }

  const decline = (a) => formDialog(`${words.decline} ${a.route_name}`, { operation: "declineRouteAssignment", path: { assignment_id: a.id }, submit: words.decline, done: draw });

  function answers(a) {
    return h("div", { class: "buttons" },
      a.acceptance_status !== "accepted" && button(words.accept, () => act(`/assignments/route/${a.id}/accept`), { "aria-label": `${words.accept} ${a.route_name}` }),
      a.acceptance_status !== "declined" && button(words.decline, () => decline(a), { class: "quiet", "aria-label": `${words.decline} ${a.route_name}` }));
  }

  async function section(a, event, open) {
    const parts = [h("h2", {}, a.route_name), a.route_description && h("p", {}, a.route_description), h("p", {}, h("span", { class: "badge" }, word(a.acceptance_status)), " ", words.stops(a.property_count)), answers(a)];
    if (a.acceptance_status !== "accepted") return h("section", { class: "card" }, parts);
    const [route, progress] = await Promise.all([get(`/routes/${a.route_id}`, null, { signal }), event && get(`/routes/${a.route_id}/progress/`, { winter_event_id: event.id }, { signal })]);
    return h("section", { class: "card" }, parts, a.current_property_id && current(a), progress?.total_properties > 0 && driven(progress), stops(a, route, open));
  }

  const current = (a) => h("p", {}, words.at(a.current_property_name, shown(a.current_property_started_at)), " ", button(words.complete, () => act(`/assignments/route/${a.id}/complete-property`), { "aria-label": `${words.complete} ${a.current_property_name}` }));

  function driven(progress) {
    const text = words.progress(progress);
    return h("p", {}, text, h("progress", { max: progress.total_properties, value: progress.completed, "aria-label": text }));
  }

  function stops(a, route, open) {
    const running = (p) => open.find((l) => l.property_id === p.id && l.time_in);
    const startTicket = (p) => ticket.start(p, { route_id: a.route_id, route_sequence: p.sequence_order });
    return table({
      caption: words.stopsOf(a.route_name),
      rows: route.properties,
      filter: false,
      columns: [{ key: "name" }, { key: "sequence_order", label: words.place }, { key: "address" }, { key: "open_by_time" }, { key: "estimated_time_minutes" }, { key: "notes" }],
      actions: (p) => [
        !a.current_property_id && button(words.start, () => act(`/assignments/route/${a.id}/start-property/${p.id}`), { class: "quiet", "aria-label": `${words.start} ${p.name}` }),
        running(p) ? button(ticketWords.finish, () => ticket.finish(running(p)), { "aria-label": ticketWords.finishOf(p.name) }) : button(words.ticket, () => startTicket(p), { "aria-label": words.ticketAt(p.name) }),
      ].filter(Boolean),
      signal,
    });
  }

  async function draw() {
    const [routes, event, open] = await Promise.all([list("/my-assignments/routes", null, { signal }), get("/winter-events/active", null, { signal }), list("/winter-logs/open/", null, { signal })]);
    const sections = await Promise.all(routes.rows.map((a) => section(a, event, open.rows)));
    content.replaceChildren(...(sections.length ? sections : [h("p", {}, words.none)]));
  }

  sender.listen(() => draw().catch(refused), signal);
  await draw();
  return content;
}
