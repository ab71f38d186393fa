// Keys of other services, which a person or his company brings: stored sealed, shown by their last characters.
import { del } from "../api.js";
import { action } from "../actions.js";
import { people } from "../choices.js";
import { button, h } from "../dom.js";
import { confirm, formDialog } from "../form.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.keys;

export default function keys({ me, signal }) {
  const admin = me.role === "Admin";
  const own = !me.acting_as; // who acts inside a company stores nothing there
  const integrations = admin && table({
    caption: words.integrations,
    path: "/settings/available-integrations/",
    single: true,
    columns: [
      { key: "name" },
      { key: "description" },
      { key: "cost" },
      { key: "is_configured", label: words.configured, value: (i) => (i.is_configured ? words.by(i.level) : texts.no) },
      { key: "signup_url", label: words.account, cell: (i) => h("a", { href: i.signup_url, rel: "noreferrer", target: "_blank", "aria-label": words.accountAt(i.name) }, words.get) },
    ],
    actions: (i) => own && action(words.store, words.of(i.name), () => store(i.key_name)),
    filter: false,
    signal,
  });
  const list = table({
    caption: words.stored,
    path: "/settings/api-keys/",
    columns: [{ key: "key_name", value: (k) => word(k.key_name) }, { key: "masked_value", label: words.ends }, { key: "level", label: words.whose, value: (k) => words.by(k.level) }, { key: "updated_at" }],
    actions: (k) => own && [action(words.replace, name(k), () => store(k.key_name, k.user_id)), action(texts.remove, name(k), () => remove(k))],
    filter: false,
    signal,
  });
  const name = (k) => `${word(k.key_name)} (${words.by(k.level)})`;
  const changed = () => Promise.all([list.reload(), integrations && integrations.reload()]).then(() => {});

  const store = (key, user) =>
    formDialog(words.store, {
      operation: "setApiKey",
      only: ["key_name", "key_value", ...(admin ? ["user_id"] : [])],
      values: { key_name: key, user_id: user },
      fields: { key_value: { autocomplete: "off" }, user_id: { label: words.whose, choices: people, none: words.by("company"), hint: "" } },
      done: changed,
    });
  const remove = (k) => confirm(words.removeIt(name(k)), () => del(`/settings/api-keys/${k.key_name}`, { query: { user_id: admin ? k.user_id : undefined } }), { act: texts.remove, done: changed });

  return [h("p", {}, words.about), own ? h("div", { class: "buttons" }, button(words.store, () => store())) : h("p", {}, words.acting), list, integrations];
}
