// Property lists: the own ones and those that others share.
import { action } from "../actions.js";
import { del } from "../api.js";
import { forget } from "../choices.js";
import { button, h } from "../dom.js";
import { confirm, formDialog } from "../form.js";
import { owns } from "../owns.js";
import { table } from "../table.js";
import { texts } from "../texts.js";

const words = texts.lists;

export default function lists({ me, go, signal }) {
  const all = table({
    caption: texts.pages.lists,
    path: "/property-lists/",
    signal,
    columns: [
      { key: "name", cell: (l) => h("a", { href: `#/lists/${l.id}` }, l.name) },
      { key: "property_count" },
      { key: "owner_name" },
      { key: "is_shared" },
      { key: "created_at" },
    ],
    actions: (l) => [owns(me, l) && action(texts.change, l.name, () => change(l)), (owns(me, l) || me.role === "Admin") && action(texts.remove, l.name, () => remove(l))].filter(Boolean),
  });
  const done = () => {
    forget();
    all.reload();
  };
  const bare = { is_shared: { hint: words.sharedHint } };
  const add = () => formDialog(words.add, { operation: "createPropertyList", only: ["name", "is_shared"], fields: bare, done: (made) => go(`/lists/${made.list_id}`) });
  // What another client stored with the list is in the list itself alone, and a change would lose it: see views/list.js.
  const change = (l) => go(`/lists/${l.id}?change`);
  const remove = (l) => confirm(words.removeQuestion(l.name), () => del(`/property-lists/${l.id}`), { act: texts.remove, done });
  return [!me.acting_as && h("div", { class: "buttons" }, button(words.add, add)), all];
}
