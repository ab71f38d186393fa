// The winter events: the one that is active, those before, and the start of one.
import { clock } from "../clock.js";
import { button, h } from "../dom.js";
import { formDialog } from "../form.js";
import { list } from "../api.js";
import { forget } from "../choices.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { shown, word } from "../words.js";

const words = texts.events;

export default async function events({ go, signal }) {
  const time = await clock();
  const top = h("div", {});
  const start = () =>
    formDialog(words.start, {
      operation: "startWinterEvent",
      only: ["event_name", "start_date", "description"],
      values: { start_date: time.now() },
      fields: { start_date: { hint: words.startHint } },
      submit: words.start,
      done: (made) => {
        forget();
        go(`/events/${made.event_id}`);
        return made.message;
      },
    });

  // One event at a time is active, so another is started when it has ended.
  async function read() {
    const { rows } = await list("/winter-events/", null, { signal });
    const active = rows.find((e) => e.status === "active");
    top.replaceChildren(active ? h("p", {}, words.active, " ", h("a", { href: `#/events/${active.id}` }, active.event_name), ". ", words.one) : h("div", { class: "buttons" }, button(words.start, start)));
    return rows;
  }

  const all = table({
    caption: texts.pages.events,
    rows: read,
    columns: [
      { key: "event_name", cell: (e) => h("a", { href: `#/events/${e.id}` }, e.event_name) },
      { key: "status", value: (e) => word(e.status), cell: (e) => h("span", { class: "badge" }, word(e.status)) },
      { key: "start_date", cell: (e) => shown(e.start_date) },
      { key: "end_date", cell: (e) => shown(e.end_date) },
      { key: "log_count" },
      { key: "property_count" },
      { key: "created_by_name" },
      { key: "description" },
    ],
    signal,
  });
  await all.ready;
  return [top, all];
}
