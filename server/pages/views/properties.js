// All properties of the company, and a new one.
import { office } from "../assigned.js";
import { button, h } from "../dom.js";
import { propertyDialog } from "../propertyform.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.properties;

export default function properties({ me, go, signal }) {
  const list = table({
    caption: texts.pages.properties,
    path: "/properties/",
    keep: `${me.customer_id}/${me.id}/properties`,
    signal,
    columns: [
      { key: "name", cell: (p) => h("a", { href: `#/properties/${p.id}` }, p.name) },
      { key: "address" },
      { key: "area_manager" },
      { key: "sqft" },
      { key: "plow" },
      { key: "salt" },
      { key: "trigger_type", value: (p) => word(p.trigger_type) },
      { key: "contract_tier" },
      { key: "open_by_time" },
    ],
  });
  const add = () => propertyDialog(words.add, { done: (made) => go(`/properties/${made.property_id}`) });
  const buttons = office(me) && h("div", { class: "buttons" }, button(words.add, add), h("a", { class: "button quiet", href: "#/properties/import" }, texts.pages.import));
  return [buttons, list];
}
