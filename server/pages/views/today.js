// A crew's day on a phone: the storm and being checked in, the tickets that run, what it is asked to take, and its properties.
import { get, list, post } from "../api.js";
import { button, h } from "../dom.js";
import { formDialog } from "../form.js";
import { refused, saved } from "../notice.js";
import * as sender from "../sender.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { tickets } from "../tickets.js";
import { label, shown, word } from "../words.js";

const words = texts.today;
const ticketWords = texts.tickets;

export default async function today({ me, signal }) {
  const ticket = await tickets(me, (answer) => answer || properties.reload());
  const storm = h("section", { class: "card" });

  const running = table({
    caption: words.running,
    rows: remembered("/winter-logs/open/", signal),
    filter: false,
    empty: words.noneRunning,
    columns: [{ key: "property_name" }, { key: "time_in", cell: (l) => (l.time_in ? shown(l.time_in) : ticketWords.queued) }, { key: "equipment" }],
    actions: (l) => [l.time_in ? button(ticketWords.finish, () => ticket.finish(l), { "aria-label": ticketWords.finishOf(l.property_name) }) : button(ticketWords.start, () => ticket.begin(l), { "aria-label": ticketWords.startOf(l.property_name) })],
    signal,
  });

  const asked = table({
    caption: words.asked,
    rows: remembered("/my-assignments/properties", signal, (a) => a.acceptance_status === "pending"),
    filter: false,
    empty: words.noneAsked,
    columns: [{ key: "property_name" }, { key: "property_address", label: label("address") }, { key: "notes" }],
    actions: (a) => [button(words.accept, () => answer(a, "accept"), { "aria-label": `${words.accept} ${a.property_name}` }), button(words.decline, () => decline(a), { class: "quiet", "aria-label": `${words.decline} ${a.property_name}` })],
    signal,
  });

  const properties = table({
    caption: words.properties,
    rows: remembered("/my-properties/", signal, (p) => p.acceptance_status === "accepted"),
    empty: words.noProperties,
    columns: [{ key: "name" }, { key: "address" }, { key: "plow" }, { key: "salt" }],
    actions: (p) => [starter(p)],
    signal,
  });

  function starter(p) {
    const name = ticketWords.startOf(p.name);
    if (sender.waiting().some((entry) => entry.name === name)) return h("span", { class: "badge" }, words.waits);
    if (p.has_active_ticket) return h("span", { class: "badge" }, words.runs);
    return button(ticketWords.start, () => ticket.start(p), { "aria-label": name });
  }

  async function answer(a, how) {
    try {
      saved((await post(`/assignments/property/${a.id}/${how}`, {})).message);
      reload();
    } catch (error) {
      refused(error);
    }
  }

  const decline = (a) => formDialog(`${words.decline} ${a.property_name}`, { operation: "declinePropertyAssignment", path: { assignment_id: a.id }, submit: words.decline, done: reload });

  async function drawStorm() {
    const event = await get("/winter-events/active", null, { signal });
    if (!event) return storm.replaceChildren(h("h2", {}, words.storm), h("p", {}, words.noStorm));
    const { checkin } = await get(`/my-checkin/${event.id}`, null, { signal });
    storm.replaceChildren(h("h2", {}, event.event_name), ...(checkin ? checkedIn(event, checkin) : checkedOut(event)));
  }

  const checkedOut = (event) => [
    h("p", {}, words.notIn(shown(event.start_date))),
    button(words.checkIn, () => formDialog(words.checkIn, { operation: "checkIn", path: { event_id: event.id }, fields: { equipment_in_use: { choices: ticket.equipment } }, submit: words.checkIn, values: { equipment_in_use: me.default_equipment || null }, done: drawStorm })),
  ];

  const checkedIn = (event, checkin) => [
    h("dl", {}, ...[["status", word(checkin.status)], ["checked_in_at", shown(checkin.checked_in_at)], ["equipment_in_use", checkin.equipment_in_use], ["current_property_name", checkin.current_property_name], ["last_location_update", shown(checkin.last_location_update)]].filter(([, value]) => value).flatMap(([key, value]) => [h("dt", {}, label(key)), h("dd", {}, value)])),
    h("div", { class: "buttons" },
      button(words.status, () => status(event, checkin)),
      button(words.position, () => position(event, checkin), { class: "quiet" }),
      button(words.checkOut, () => formDialog(words.checkOut, { operation: "checkOut", path: { event_id: event.id }, submit: words.checkOut, done: drawStorm }), { class: "quiet" })),
  ];

  const status = (event, checkin) =>
    formDialog(words.status, {
      operation: "updateCheckinStatus",
      path: { event_id: event.id },
      values: { status: checkin.status, current_property_id: checkin.current_property_id },
      fields: { current_property_id: { choices: properties.rows.map((p) => [p.id, p.name]) } },
      done: drawStorm,
    });

  // position asks the device where it is, when the person wants it to, and at no other time.
  async function position(event, checkin) {
    try {
      const { coords } = await new Promise((found, failed) => navigator.geolocation.getCurrentPosition(found, failed, { enableHighAccuracy: true, timeout: 20_000 }));
      const path = `/events/${event.id}/checkin/location`;
      const answer = await sender.send(words.position, "PUT", path, { lat: coords.latitude, lon: coords.longitude, current_property_id: checkin.current_property_id });
      saved(answer ? answer.message : ticketWords.waits);
      if (answer) await drawStorm();
    } catch (error) {
      refused(error instanceof Error ? error : { status: 1, detail: words.noPosition });
    }
  }

  function reload() {
    drawStorm().catch(refused);
    running.reload();
    asked.reload();
    properties.reload();
  }

  sender.listen(reload, signal);
  await drawStorm();
  return [storm, running, asked, properties];
}

// remembered reads a list, and gives what it read last where there is no connection.
function remembered(path, signal, wanted = () => true) {
  let rows = [];
  return async () => {
    try {
      rows = (await list(path, null, { signal })).rows.filter(wanted);
    } catch (error) {
      if (!error.lost) throw error;
    }
    return rows;
  };
}
