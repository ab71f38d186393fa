// One winter event: what it is, how it ends, who is there, and its logs.
import { del, get, post } from "../api.js";
import { forget } from "../choices.js";
import { clock } from "../clock.js";
import { button, h } from "../dom.js";
import { confirm, formDialog } from "../form.js";
import { saved } from "../notice.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { winterLogs } from "../winterlogs.js";
import { label, shown, word } from "../words.js";

const words = texts.event;

export default async function event({ me, params, signal, go, retitle }) {
  const path = `/winter-events/${params.id}`;
  const [e, time] = await Promise.all([get(path, null, { signal }), clock()]);
  retitle(e.event_name);
  const again = () => {
    forget();
    go(`/events/${e.id}`);
  };

  const facts = ["status", "start_date", "end_date", "completed_at", "description", "created_by_name", "property_count", "log_count"];
  const data = h("dl", {}, facts.filter((key) => e[key] !== null && e[key] !== "").flatMap((key) => [h("dt", {}, label(key)), h("dd", {}, key === "status" ? word(e.status) : shown(e[key]))]));

  const change = () => formDialog(words.change, { operation: "updateWinterEvent", path: { event_id: e.id }, values: e, only: ["event_name", "start_date", "end_date", "description"], fields: { start_date: { hint: "" }, end_date: { hint: "" } }, done: again });
  const complete = () => formDialog(words.complete, { operation: "completeWinterEvent", path: { event_id: e.id }, values: { end_date: time.now() }, fields: { end_date: { hint: words.completeHint } }, submit: words.complete, done: again });
  const cancel = () => confirm(words.cancelSure(e.event_name), () => post(`${path}/cancel`), { act: words.cancel, done: again });
  const remove = () => confirm(words.removeSure(e.event_name, e.log_count), () => del(path), { act: texts.remove, done: (answer) => {
    forget();
    go("/events");
    setTimeout(() => saved(answer.message), 100);
  } });

  const active = e.status === "active";
  const buttons = h("div", { class: "buttons" },
    active && button(words.complete, complete),
    button(words.change, change, { class: "quiet" }),
    active && button(words.cancel, cancel, { class: "quiet" }),
    me.role === "Admin" && button(texts.remove, remove, { class: "quiet" }),
    me.role === "Admin" && me.features.quickbooks && h("a", { class: "button quiet", href: `#/quickbooks?event=${e.id}` }, words.invoices));

  return [data, buttons, active && crews(e, "/active", words.present, signal), crews(e, "", words.checkins, signal), winterLogs({ me, signal, path: "/winter-logs/", query: { event_id: e.id } })];
}

// crews are the check-ins of an event, those that last or all.
function crews(e, which, caption, signal) {
  return table({
    caption,
    path: `/events/${e.id}/checkins${which}`,
    filter: false,
    empty: words.nobody,
    columns: [
      { key: "user_name" },
      { key: "user_role", value: (c) => word(c.user_role) },
      { key: "status", value: (c) => word(c.status) },
      { key: "equipment_in_use" },
      { key: "current_property_name" },
      { key: "checked_in_at" },
      { key: "checked_out_at" },
      { key: "last_location_update" },
      { key: "user_phone", cell: (c) => c.user_phone && h("a", { href: `tel:${c.user_phone}` }, c.user_phone) },
      { key: "notes" },
    ],
    signal,
  });
}
