// Landscape work: logged by crews, corrected by the office.
import { del } from "../api.js";
import * as choices from "../choices.js";
import { clock, hours } from "../clock.js";
import { button, h } from "../dom.js";
import { filterForm } from "../filters.js";
import { confirm, formDialog } from "../form.js";
import * as sender from "../sender.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { keptForm } from "../tickets.js";
import { shown } from "../words.js";

const words = texts.greenlogs;
const shownFields = ["property_id", "contractor_id", "worker_name", "time_in", "time_out", "service_type", "products_used", "quantity_used", "notes"];

export default async function greenlogs({ me, signal }) {
  const time = await clock();
  const office = ["Admin", "Manager"].includes(me.role);
  const fields = { property_id: { choices: choices.properties }, contractor_id: { choices: choices.people, label: texts.fields.contractor_name }, time_in: { hint: "" }, time_out: { hint: "" }, worker_name: { hint: texts.tickets.worker, required: false }, products_used: { required: false }, notes: { required: false } };
  const reload = () => {
    logs.reload();
  };
  const named = (l) => `${l.property_name} ${shown(l.time_in)}`;

  const add = () =>
    keptForm(words.add, {
      name: words.add,
      operation: "submitGreenLog",
      only: office ? shownFields : shownFields.filter((f) => f !== "contractor_id"),
      fixed: office ? {} : { contractor_id: me.id },
      values: { time_in: time.now(), time_out: time.now(), quantity_used: 0 },
      fields,
      act: (body) => sender.send(words.add, "POST", "/submit-green-log/", body),
      changed: (answer) => answer && reload(),
    });
  const change = (l) => formDialog(`${texts.change} ${named(l)}`, { operation: "updateGreenLog", path: { log_id: l.id }, only: shownFields, values: l, fields, done: reload });
  const remove = (l) => confirm(words.remove(named(l)), () => del(`/green-logs/${l.id}`), { act: texts.remove, done: reload });

  const logs = table({
    caption: texts.pages.greenlogs,
    path: "/green-logs/",
    query: { from: time.daysAgo(365) },
    columns: [
      { key: "property_name" },
      { key: "service_type" },
      { key: "time_in" },
      { key: "time_out" },
      { key: "hours", value: (l) => hours(l.time_in, l.time_out) },
      { key: "contractor_name" },
      { key: "worker_name" },
      { key: "products_used" },
      { key: "quantity_used" },
      { key: "notes" },
    ],
    summary: (rows) => words.sum(shown(rows.reduce((all, l) => all + hours(l.time_in, l.time_out), 0))),
    actions: office && ((l) => [
      button(texts.change, () => change(l), { class: "quiet", "aria-label": `${texts.change} ${named(l)}` }),
      me.role === "Admin" && button(texts.remove, () => remove(l), { class: "quiet", "aria-label": `${texts.remove} ${named(l)}` }),
    ].filter(Boolean)),
    signal,
  });
  const filter = await filterForm({
    operation: "listGreenLogs",
    parameters: ["from", "to", "property_id"],
    values: { from: time.daysAgo(365) },
    fields: { property_id: { choices: choices.properties } },
    show: (asked) => logs.reload(asked),
  });
  sender.listen(reload, signal);
  return [h("div", { class: "buttons" }, button(words.add, add)), filter, logs];
}
