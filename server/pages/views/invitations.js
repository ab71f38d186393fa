// Invitations into the company: whom, as what, and what became of them.
import { del } from "../api.js";
import { action } from "../actions.js";
import { button, h } from "../dom.js";
import { confirm, formDialog } from "../form.js";
import { invitationMade } from "../once.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { shown, word } from "../words.js";

const words = texts.invitations;

export default function invitations({ signal }) {
  const list = table({
    caption: texts.pages.invitations,
    path: "/api/invitations/",
    columns: [
      { key: "email" },
      { key: "name" },
      { key: "role", value: (i) => word(i.role) },
      { key: "status", value: (i) => word(i.status) },
      { key: "mail", label: words.mail, value: (i) => [i.mail && word(i.mail), i.mail_error].filter(Boolean).join(": ") },
      { key: "invited_by_name", label: words.by },
      { key: "created_at" },
      { key: "expires_at", value: (i) => (i.status === "open" ? shown(i.expires_at) : "") },
    ],
    actions: (i) => i.status === "open" && action(words.withdraw, i.email, () => confirm(words.withdrawIt(i.email), () => del(`/api/invitations/${i.id}`), { act: words.withdraw, done: () => list.reload() })),
    signal,
  });
  const add = () =>
    formDialog(words.add, {
      operation: "createInvitation",
      values: { role: "User" },
      submit: texts.customers.invite,
      done: async (made) => {
        const said = await invitationMade(made);
        await list.reload();
        return said;
      },
    });
  return [h("div", { class: "buttons" }, button(words.add, add)), list];
}
