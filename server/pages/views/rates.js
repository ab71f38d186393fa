// Equipment and what an hour of it costs, and how long each was used.
import { action } from "../actions.js";
import { del } from "../api.js";
import { office } from "../assigned.js";
import { equipment, forget, people, properties } from "../choices.js";
import { button, h } from "../dom.js";
import { section } from "../facts.js";
import { confirm, form, formDialog } from "../form.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { dollars } from "../words.js";

const words = texts.rates;

export default async function rates({ me, signal }) {
  const may = office(me);
  const all = table({
    caption: texts.pages.rates,
    path: "/equipment-rates/",
    signal,
    columns: [{ key: "equipment_name" }, { key: "description" }, may && { key: "hourly_rate", cell: (e) => dollars(e.hourly_rate) }].filter(Boolean),
    actions: may ? (e) => [action(texts.change, e.equipment_name, () => change(e)), me.role === "Admin" && action(texts.remove, e.equipment_name, () => remove(e))].filter(Boolean) : undefined,
  });
  const done = () => {
    forget();
    all.reload();
  };
  const add = () => formDialog(words.add, { operation: "addEquipmentRate", done });
  const change = (e) => formDialog(words.change(e.equipment_name), { operation: "updateEquipmentRate", path: { equipment_id: e.id }, values: e, done });
  const remove = (e) => confirm(words.removeQuestion(e.equipment_name), () => del(`/equipment-rates/${e.id}`), { act: texts.remove, done });
  return [may && h("div", { class: "buttons" }, button(words.add, add)), all, await usage(may, signal)];
}

// usage is how long each piece was used, of what the person may see.
async function usage(may, signal) {
  const names = ["start_date", "end_date", "contractor_id", "property_id", "equipment_name"];
  const report = table({
    caption: words.usage,
    path: "/equipment-usage-report/",
    signal,
    empty: words.notUsed,
    columns: [{ key: "equipment" }, { key: "total_uses" }, { key: "total_hours" }, may && { key: "hourly_rate", cell: (u) => dollars(u.hourly_rate) }, may && { key: "total_cost", cell: (u) => dollars(u.total_cost) }].filter(Boolean),
  });
  const filter = await form({
    operation: "listEquipmentUsage",
    title: words.usage,
    parameters: names,
    only: names,
    fields: { contractor_id: { choices: people, label: words.person }, property_id: { choices: properties, label: words.property }, equipment_name: { choices: equipment } },
    submit: words.show,
    quiet: true,
    send: (body) => report.reload(body),
  });
  return section(words.usage, h("details", {}, h("summary", {}, words.narrow), filter), report);
}
