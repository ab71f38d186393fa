// Who asks for an account, and who is told of it.
import { post } from "../api.js";
import { action, attempt } from "../actions.js";
import { personName, roles } from "../choices.js";
import { button, h } from "../dom.js";
import { section } from "../facts.js";
import { confirm, form, formDialog } from "../form.js";
import { told } from "../notice.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.signups;

export default async function signups({ signal }) {
  const chosen = new Set();
  const list = table({
    caption: texts.pages.signups,
    path: "/admin/pending-users/",
    columns: [
      { key: "name", value: (p) => personName(p) },
      { key: "email" },
      { key: "phone" },
      { key: "requested_role", value: (p) => p.requested_role && word(p.requested_role) },
      { key: "identities", label: words.signOns },
      { key: "created_at", label: words.asked },
    ],
    actions,
    empty: words.none,
    signal,
  });
  const changed = () => {
    chosen.clear();
    return list.reload();
  };

  function actions(p) {
    const name = personName(p);
    const box = h("input", { type: "checkbox", "aria-label": words.choose(name) });
    box.checked = chosen.has(p.id);
    box.addEventListener("change", () => (box.checked ? chosen.add(p.id) : chosen.delete(p.id)));
    return [
      box,
      action(words.approve, name, () => formDialog(words.approveOne(name), { operation: "approveUser", path: { user_id: p.id }, values: { role: p.requested_role ?? "User" }, fields: { role: { choices: roles, required: true } }, submit: words.approve, done: changed })),
      action(words.reject, name, () => confirm(words.rejectIt(name), () => post(`/admin/reject-user/${p.id}`), { act: words.reject, done: changed })),
    ];
  }

  const approveChosen = (asTheyAsked) => () => {
    if (!chosen.size) return told(words.noneChosen);
    return attempt(() => post("/approve-signup-requests/", [...chosen], { query: { confirm_requested_role: asTheyAsked } }), changed);
  };

  return [
    list,
    h("div", { class: "buttons" }, button(words.chosenAsUser, approveChosen(false)), button(words.chosenAsAsked, approveChosen(true), { class: "quiet" })),
    section(words.notified, h("p", {}, words.notifiedAbout), await form({ operation: "updateSignupEmail", title: words.notified, fields: { new_email: { label: words.address } } })),
  ];
}
