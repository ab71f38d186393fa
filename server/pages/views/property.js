// One property: what is known of it, who is assigned to it, where it is, and what was done there in winter.
import { del, get } from "../api.js";
import { assign, buttonsOf, office } from "../assigned.js";
import { forget, personName } from "../choices.js";
import { button, h } from "../dom.js";
import { facts, section } from "../facts.js";
import { confirm } from "../form.js";
import { map } from "../map.js";
import { propertyDialog } from "../propertyform.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { dollars, label, word } from "../words.js";

const words = texts.property;
const money = ["plow_rate", "salt_rate", "sidewalk_snow_rate", "sidewalk_deice_rate"];

export default async function property({ me, params, go, signal, retitle }) {
  const path = `/properties/${params.id}`;
  const [row, config] = await Promise.all([get(path, null, { signal }), get("/pages/config.json", null, { open: true })]);
  retitle(row.name);
  const again = () => go(path);

  const change = () => propertyDialog(words.change(row.name), { property: row, done: again });
  const remove = () =>
    confirm(words.removeQuestion(row.name), () => del(`/delete-property/${row.id}`), {
      act: texts.remove,
      done: () => {
        forget();
        go("/properties");
      },
    });
  const buttons = office(me) && h("div", { class: "buttons" }, button(texts.change, change), button(texts.remove, remove, { class: "danger" }));
  return [buttons, dataOf(row), peopleAt(row, me, signal), section(words.place, placeOf(row, me, config)), section(words.logs, logsOf(row, signal))];
}

function dataOf(row) {
  const spoken = [[label("trigger_type"), word(row.trigger_type)], "trigger_amount", "contract_tier", [label("billing_type"), word(row.billing_type)]];
  const rates = money.filter((key) => row[key] !== null).map((key) => [label(key), dollars(row[key])]);
  return facts(row, ["address", "area_manager", "sqft", "plow", "salt", ...spoken, "open_by_time", ...rates, "show_on_weather_dashboard", "notes", "created_at", "updated_at"]);
}

function peopleAt(row, me, signal) {
  const people = table({
    caption: words.assigned,
    path: `/properties/${row.id}/contractors/`,
    filter: false,
    signal,
    empty: words.nobody,
    columns: [{ key: "name", value: personName }, { key: "role", value: (p) => word(p.role) }, { key: "is_primary" }, { key: "email" }, { key: "phone" }, { key: "assigned_date" }],
    actions: office(me) ? (person) => buttonsOf(row, person, () => void people.reload()) : undefined,
  });
  const add = office(me) && h("div", { class: "buttons" }, button(texts.assigned.assign, () => assign(row, () => void people.reload())));
  return section(words.people, add, people);
}

function placeOf(row, me, config) {
  if (row.latitude === null || row.longitude === null) {
    return h("p", {}, words.noPlace, " ", office(me) && h("a", { href: `#/map?place=${row.id}` }, words.setPlace));
  }
  const small = map({ tiles: config.tiles, name: words.mapOf(row.name), small: true });
  small.show([row]);
  return [h("p", {}, `${row.latitude}, ${row.longitude} `, office(me) && h("a", { href: `#/map?place=${row.id}` }, words.changePlace)), small];
}

function logsOf(row, signal) {
  return table({
    caption: words.logs,
    path: "/winter-logs/",
    query: { property_id: row.id },
    signal,
    empty: words.noLogs,
    columns: [
      { key: "time_in" },
      { key: "time_out" },
      { key: "status", value: (l) => word(l.status) },
      { key: "contractor_name" },
      { key: "worker_name" },
      { key: "equipment" },
      { key: "bulk_salt_qty" },
      { key: "bag_salt_qty" },
      { key: "calcium_chloride_qty" },
      { key: "winter_event_name" },
      { key: "notes" },
    ],
  });
}
