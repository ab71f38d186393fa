// Products that are used in winter and in landscaping, and how they are counted.
import { action } from "../actions.js";
import { del } from "../api.js";
import { office } from "../assigned.js";
import { forget } from "../choices.js";
import { button, h } from "../dom.js";
import { section } from "../facts.js";
import { confirm, formDialog } from "../form.js";
import { table } from "../table.js";
import { texts } from "../texts.js";

const words = texts.products;

export default function products({ me, signal }) {
  const admin = me.role === "Admin";
  return [productsOf("Winter", "/winter-products/", office(me), signal), productsOf("Landscape", "/landscape-products/", admin, signal)];
}

// productsOf are those of a season, which some may change.
function productsOf(season, path, may, signal) {
  const caption = words.of[season];
  const all = table({
    caption,
    path,
    signal,
    columns: [{ key: "name" }, { key: "unit" }, { key: "updated_at" }],
    actions: may ? (p) => [action(texts.change, p.name, () => change(p)), action(texts.remove, p.name, () => remove(p))] : undefined,
  });
  const done = () => {
    forget();
    all.reload();
  };
  const add = () => formDialog(words.add[season], { operation: `add${season}Product`, done });
  const change = (p) => formDialog(words.change(p.name), { operation: `update${season}Product`, path: { product_id: p.id }, values: p, done });
  const remove = (p) => confirm(words.removeQuestion(p.name), () => del(`${path}${p.id}`), { act: texts.remove, done });
  return section(caption, may && h("div", { class: "buttons" }, button(words.add[season], add)), all);
}
