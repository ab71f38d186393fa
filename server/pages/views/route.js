// One route: its stops in order, who drives it, and how far they are in the event that is on.
import { attempt } from "../actions.js";
import { del, get, list } from "../api.js";
import { office } from "../assigned.js";
import { forget, people, personName } from "../choices.js";
import { button, h } from "../dom.js";
import { facts, section } from "../facts.js";
import { confirm, formDialog } from "../form.js";
import { owns } from "../owns.js";
import { progressOf } from "../progress.js";
import { stopsOf } from "../stops.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.route;

export default async function route({ me, params, go, signal, retitle }) {
  const path = `/routes/${params.id}`;
  const row = await get(path, null, { signal });
  retitle(row.name);
  const may = office(me) || owns(me, row);
  const drivers = h("div", {});
  const progress = h("div", {});

  const change = () =>
    formDialog(words.change(row.name), { operation: "updateRoute", fixed: { id: row.id }, values: row, fields: { is_template: { hint: texts.routes.templateHint } }, done: () => {
      forget();
      go(path);
    } });
  const remove = () =>
    confirm(words.removeQuestion(row.name), () => del(path), { act: texts.remove, done: () => {
      forget();
      go("/routes");
    } });

  async function showDrivers() {
    const { rows } = await list(`${path}/assigned-users/`, null, { signal });
    const choose = () =>
      formDialog(words.chooseDrivers, {
        operation: "assignUsersToRoute",
        fixed: { route_id: row.id },
        values: { user_ids: rows.map((p) => p.id) },
        fields: { user_ids: { choices: people, label: words.drivers, required: false } },
        change: (body) => ({ user_ids: [], ...body }),
        done: () => void attemptDrivers(),
      });
    const names = rows.length ? h("ul", {}, rows.map((p) => h("li", {}, `${personName(p)} (${word(p.role)})`))) : h("p", {}, words.noDrivers);
    drivers.replaceChildren(names, ...(may ? [h("div", { class: "buttons" }, button(words.chooseDrivers, choose))] : []));
    progress.replaceChildren(...(await progressOf(row, office(me) ? rows : rows.filter((p) => p.id === me.id && !me.acting_as), signal)));
  }
  const attemptDrivers = () => attempt(showDrivers, () => words.driversSet);
  await showDrivers();

  return [
    facts(row, ["description", "owner_name", "is_template", "updated_at"]),
    may && h("div", { class: "buttons" }, button(texts.change, change), button(texts.remove, remove, { class: "danger" })),
    section(words.stops, stopsOf(row, may, signal)),
    section(words.drivers, drivers),
    section(words.progress, progress),
  ];
}
