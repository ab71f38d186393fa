// The office's table of winter logs, with what can be done with one.
import { del } from "./api.js";
import * as choices from "./choices.js";
import { hours } from "./clock.js";
import { button, h } from "./dom.js";
import { confirm, formDialog } from "./form.js";
import { table } from "./table.js";
import { texts } from "./texts.js";
import { shown } from "./words.js";

const words = texts.logs;
const fields = ["property_id", "contractor_id", "worker_name", "time_in", "time_out", "equipment", "bulk_salt_qty", "bag_salt_qty", "calcium_chloride_qty", "customer_provided", "notes"];

const sum = (rows, value) => shown(rows.reduce((all, row) => all + (value(row) ?? 0), 0));

// used are the columns of what was used.
export const used = ["bulk_salt_qty", "bag_salt_qty", "calcium_chloride_qty"].map((key) => ({ key, label: words.used[key] }));

const columns = [
  { key: "property_name" },
  { key: "contractor_name" },
  { key: "worker_name" },
  { key: "time_in" },
  { key: "time_out", cell: (l) => (l.status === "open" ? h("span", { class: "badge" }, words.open) : shown(l.time_out)) },
  { key: "hours", value: (l) => hours(l.time_in, l.time_out) },
  { key: "equipment" },
  ...used,
  { key: "winter_event_name" },
  { key: "notes" },
];

// winterLogs makes the table; source: what table() takes to read rows.
export function winterLogs({ me, signal, ...source }) {
  const reload = () => {
    logs.reload();
  };
  const named = (l) => `${l.property_name} ${shown(l.time_in)}`;

  const change = (l) =>
    formDialog(`${texts.change} ${named(l)}`, {
      operation: "updateWinterLog",
      path: { log_id: l.id },
      only: fields,
      values: l,
      fields: { property_id: { choices: choices.properties }, contractor_id: { choices: choices.people, label: texts.fields.contractor_name }, equipment: { choices: choices.equipment }, time_in: { hint: "" }, time_out: { hint: "" }, worker_name: { hint: texts.tickets.worker } },
      done: reload,
    });

  const assign = (l) =>
    formDialog(`${words.assign} ${named(l)}`, { operation: "assignWinterLog", path: { log_id: l.id }, values: l, fields: { winter_event_id: { choices: choices.events } }, done: reload });

  const remove = (l) => confirm(words.remove(named(l)), () => del(`/winter-logs/${l.id}`), { act: texts.remove, done: reload });

  const logs = table({
    caption: texts.pages.logs,
    columns,
    summary: (rows) => words.sums(sum(rows, (l) => hours(l.time_in, l.time_out)), sum(rows, (l) => l.bulk_salt_qty), sum(rows, (l) => l.bag_salt_qty), sum(rows, (l) => l.calcium_chloride_qty)),
    actions: (l) => [
      button(texts.change, () => change(l), { class: "quiet", "aria-label": `${texts.change} ${named(l)}` }),
      button(words.assign, () => assign(l), { class: "quiet", "aria-label": `${words.assign} ${named(l)}` }),
      me.role === "Admin" && button(texts.remove, () => remove(l), { class: "quiet", "aria-label": `${texts.remove} ${named(l)}` }),
    ].filter(Boolean),
    signal,
    ...source,
  });
  return logs;
}
