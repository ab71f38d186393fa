// Routes: for the office all, for a crew those that are one's own and those that one drives.
import { forget } from "../choices.js";
import { button, h } from "../dom.js";
import { formDialog } from "../form.js";
import { table } from "../table.js";
import { texts } from "../texts.js";

const words = texts.routes;

export default function routes({ me, go, signal }) {
  const all = table({
    caption: texts.pages.routes,
    path: "/routes/",
    signal,
    columns: [
      { key: "name", cell: (r) => h("a", { href: `#/routes/${r.id}` }, r.name) },
      { key: "description" },
      { key: "property_count", label: words.stops },
      { key: "owner_name" },
      { key: "is_template" },
      { key: "created_at" },
    ],
  });
  const add = () =>
    formDialog(words.add, {
      operation: "createRoute",
      fields: { is_template: { hint: words.templateHint } },
      done: (made) => {
        forget();
        go(`/routes/${made.route_id}`);
      },
    });
  return [!me.acting_as && h("div", { class: "buttons" }, button(words.add, add)), all];
}
