// The logs that one entered or is the contractor of: those that run on top, and each can be corrected.
import { list } from "../api.js";
import { hours } from "../clock.js";
import { button, h } from "../dom.js";
import { filterForm } from "../filters.js";
import * as sender from "../sender.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { tickets } from "../tickets.js";
import { used } from "../winterlogs.js";
import { shown } from "../words.js";

const words = texts.mylogs;
const ticketWords = texts.tickets;

export default async function mylogs({ me, signal }) {
  const ticket = await tickets(me, () => logs.reload());
  let query = { from: ticket.time.daysAgo(30) };
  const logs = table({
    caption: texts.pages.mylogs,
    rows: async () => {
      const { rows } = await list("/winter-logs/", { ...query, mine: true }, { signal });
      return [...rows.filter((l) => l.status === "open"), ...rows.filter((l) => l.status !== "open")];
    },
    columns: [
      { key: "property_name" },
      { key: "time_in" },
      { key: "time_out", cell: (l) => (l.status === "open" ? h("span", { class: "badge" }, l.time_in ? words.open : ticketWords.queued) : shown(l.time_out)) },
      { key: "hours", value: (l) => hours(l.time_in, l.time_out) },
      { key: "equipment" },
      ...used,
      { key: "winter_event_name" },
      { key: "notes" },
    ],
    actions: (l) => [
      l.status === "open" && l.time_in && button(ticketWords.finish, () => ticket.finish(l), { "aria-label": ticketWords.finishOf(l.property_name) }),
      button(texts.change, () => ticket.correct(l), { class: "quiet", "aria-label": ticketWords.changeOf(l.property_name, shown(l.time_in)) }),
    ].filter(Boolean),
    signal,
  });
  const filter = await filterForm({
    operation: "listWinterLogs",
    parameters: ["from", "to"],
    values: query,
    show: (asked) => {
      query = asked;
      return logs.reload();
    },
  });
  sender.listen(() => logs.reload(), signal);
  return [me.acting_as ? null : h("div", { class: "buttons" }, button(ticketWords.done, () => ticket.done())), filter, logs];
}
