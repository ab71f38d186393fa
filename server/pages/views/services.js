// Automation: the keys with which services of the company come, and the webhook by which the portal tells them.
import { del, get, post } from "../api.js";
import { action } from "../actions.js";
import { button, h } from "../dom.js";
import { facts, section } from "../facts.js";
import { confirm, formDialog } from "../form.js";
import { once } from "../once.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.services;

export default async function services({ me, go, signal }) {
  const status = await get("/n8n/status", null, { signal });
  const own = !me.acting_as; // a key or a secret would outlast the stay of who acts inside a company
  const keys = table({
    caption: words.keys,
    path: "/n8n/auth/keys",
    columns: [
      { key: "name" },
      { key: "client_id", label: words.client },
      { key: "scopes", value: (k) => k.scopes.map(word).join(", ") },
      { key: "revoked", label: texts.company.status, value: (k) => (k.revoked ? words.revoked : words.valid) },
      { key: "created_by_name", label: words.by },
      { key: "created_at" },
      { key: "last_used_at" },
    ],
    actions: (k) => !k.revoked && action(words.revoke, k.name, () => confirm(words.revokeIt(k.name), () => del(`/n8n/auth/keys/${k.id}`), { act: words.revoke, done: () => keys.reload() })),
    filter: false,
    signal,
  });
  const add = () =>
    formDialog(words.add, {
      operation: "createServiceKey",
      submit: words.make,
      done: async (made) => {
        await once(words.made, made.message, [[words.client, made.client_id], [words.secret, made.client_secret]]);
        await keys.reload();
        return words.stored;
      },
    });
  const sign = () =>
    confirm(words.signIt, () => post("/n8n/webhook-secret"), {
      act: words.make,
      danger: status.webhook_signed,
      done: async (made) => {
        await once(words.signing, made.message, [[words.secret, made.webhook_secret]]);
        await go("/services");
        return words.stored;
      },
    });
  return [
    section(words.keys, h("p", {}, words.keysAbout), own ? h("div", { class: "buttons" }, button(words.add, add)) : h("p", {}, words.acting), keys),
    section(words.webhook,
      facts(status, [[words.address, status.webhook_configured ? words.set : words.notSet], [words.signed, status.webhook_signed ? words.set : words.notSigned], [words.failures, status.failures]]),
      h("p", {}, h("a", { href: "#/keys" }, words.setAddress)),
      own && h("div", { class: "buttons" }, button(words.sign, sign, { class: "quiet" })),
      table({ caption: words.deliveries, rows: status.deliveries, columns: [{ key: "created_at" }, { key: "kind", value: (d) => word(d.kind) }, { key: "status", value: (d) => word(d.status) }, { key: "tries" }, { key: "finished_at" }, { key: "error" }], filter: false }),
    ),
  ];
}
