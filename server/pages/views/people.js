// The company's people, for its Admins.
import { del, post } from "../api.js";
import { action, attempt } from "../actions.js";
import { contractors, equipment, forget, personName } from "../choices.js";
import { button, h } from "../dom.js";
import { confirm, formDialog } from "../form.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.people;
const fields = { address: { type: "text" }, contractor_id: { choices: contractors }, default_equipment: { choices: equipment }, password: { autocomplete: "new-password" } };
const order = ["name", "email", "phone", "role", "contractor_id", "address", "default_equipment"];

export default function people({ me, signal }) {
  const list = table({
    caption: texts.pages.people,
    path: "/users/",
    columns: [{ key: "name" }, { key: "email" }, { key: "phone" }, { key: "role", value: (p) => (p.contractor_name ? words.worksFor(word(p.role), p.contractor_name) : word(p.role)) }, { key: "status", value: (p) => word(p.status) }],
    actions,
    signal,
  });
  const changed = () => {
    forget();
    return list.reload();
  };

  const add = () => formDialog(words.add, { operation: "addUser", only: [...order, "password"], fields, done: changed });
  const change = (p) => formDialog(words.changeOne(personName(p)), { operation: "updateUser", path: { user_id: p.id }, values: p, only: order, fields, done: changed });
  const reset = (p) => formDialog(words.passwordOf(personName(p)), { operation: "resetPassword", fixed: { email: p.email }, fields: { new_password: { autocomplete: "new-password", hint: words.passwordHint } } });
  const suspend = (p) => confirm(words.suspendIt(personName(p)), () => post(`/admin/suspend-user/${p.id}`), { act: words.suspend, done: changed });
  const remove = (p) => confirm(words.removeIt(personName(p)), () => del(`/delete-user/${p.id}`), { act: texts.remove, done: changed });

  // Nobody shuts himself out.
  function actions(p) {
    const name = personName(p);
    const other = me.acting_as || p.id !== me.id;
    return [
      action(texts.change, name, () => change(p)),
      other && action(words.password, `${words.of} ${name}`, () => reset(p)),
      other && (p.status === "suspended" ? action(words.reactivate, name, () => attempt(() => post(`/admin/reactivate-user/${p.id}`), changed)) : action(words.suspend, name, () => suspend(p))),
      other && action(texts.remove, name, () => remove(p)),
    ].filter(Boolean);
  }

  return [
    h("div", { class: "buttons" }, button(words.add, add), h("a", { class: "button quiet", href: "#/invitations" }, words.invite)),
    list,
  ];
}
