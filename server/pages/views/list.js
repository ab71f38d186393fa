// One property list: its properties, and its distribution over the crews.
import { action, attempt } from "../actions.js";
import { del, get } from "../api.js";
import { office } from "../assigned.js";
import { events, forget, properties } from "../choices.js";
import { button, h } from "../dom.js";
import { facts, section } from "../facts.js";
import { confirm, form, formDialog } from "../form.js";
import { saved, told } from "../notice.js";
import { owns } from "../owns.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { label, word } from "../words.js";

const words = texts.list;

export default async function list({ me, params, query, go, signal, retitle }) {
  const path = `/property-lists/${params.id}`;
  const row = await get(path, null, { signal });
  retitle(row.name);
  const changed = () => {
    forget();
    go(`/lists/${row.id}`);
  };
  const change = () =>
    formDialog(words.change(row.name), {
      operation: "updatePropertyList",
      only: ["name", "is_shared"],
      fixed: { id: row.id, filters: row.filters },
      values: row,
      fields: { is_shared: { hint: texts.lists.sharedHint } },
      done: changed,
    });
  const remove = () =>
    confirm(texts.lists.removeQuestion(row.name), () => del(path), { act: texts.remove, done: () => {
      forget();
      go("/lists");
    } });
  const buttons = [owns(me, row) && button(texts.change, change), (owns(me, row) || me.role === "Admin") && button(texts.remove, remove, { class: "danger" })].filter(Boolean);
  if (query.has("change") && owns(me, row)) setTimeout(change);

  const all = table({
    caption: words.properties,
    rows: async () => (await get(path, null, { signal })).properties,
    signal,
    columns: [{ key: "name", cell: (p) => h("a", { href: `#/properties/${p.id}` }, p.name) }, { key: "address" }, { key: "area_manager" }, { key: "trigger_type", value: (p) => word(p.trigger_type) }, { key: "added_at" }],
    actions: (p) => action(words.takeOff, p.name, () => attempt(() => del(`${path}/properties/${p.id}`), () => void all.reload())),
  });
  const add = () => formDialog(words.addProperty, { operation: "addPropertyToList", fixed: { list_id: row.id }, fields: { property_id: { choices: properties, label: words.property } }, submit: texts.add, done: () => void all.reload() });
  return [
    facts(row, ["owner_name", "is_shared", "created_at", "updated_at"]),
    buttons.length > 0 && h("div", { class: "buttons" }, buttons),
    section(words.properties, h("div", { class: "buttons" }, button(words.addProperty, add)), all),
    office(me) && (await distribution(row)),
  ];
}

// distribution assigns the list's properties to people by the portal's rules, and shows how.
async function distribution(row) {
  const result = h("div", { role: "status" });
  const asked = await form({
    operation: "assignPropertyList",
    title: words.distribute,
    fixed: { property_list_id: row.id },
    fields: { winter_event_id: { choices: events, label: words.event, none: words.anybody } },
    submit: words.distribute,
    quiet: true,
    done: (answer) => {
      (answer.success ? saved : told)(answer.message);
      result.replaceChildren(
        facts({ ...answer, ...answer.available_crews }, ["total_properties", "assigned_count", "sms_notifications_sent", [words.crews, words.crewsOf(answer.available_crews)]]),
        table({
          caption: words.distributed,
          rows: answer.assignments,
          empty: words.nothingNew,
          columns: [{ key: "property_name" }, { key: "contractor_name", label: label("name") }, { key: "crew_type", value: (a) => word(a.crew_type) }, { key: "reasoning" }],
        }),
      );
    },
  });
  return section(words.distribution, h("p", {}, words.about), asked, result);
}
