// One customer, for operators: what it has and uses, what may be changed from outside, and the way in.
import { del, get, post } from "../api.js";
import { attempt } from "../actions.js";
import { entered } from "../app.js";
import { button, h } from "../dom.js";
import { facts, section, share } from "../facts.js";
import { confirm, formDialog } from "../form.js";
import { invitationMade } from "../once.js";
import { texts } from "../texts.js";
import { word } from "../words.js";
import { fields, hints } from "./customers.js";

const words = texts.customer;

export default async function customer({ params, go, retitle }) {
  const path = `/api/customers/${params.id}`;
  const c = await get(path);
  retitle(c.company_name);
  const again = () => go(`/customers/${params.id}`);
  const ask = (title, operation, more) => formDialog(title, { operation, path: { customer_id: params.id }, done: again, ...more });

  const change = () => ask(words.change(c.company_name), "updateCustomer", { values: c, only: fields, fields: hints, done: again });
  const invite = () =>
    ask(words.inviteInto(c.company_name), "inviteCustomerUser", {
      submit: texts.customers.invite,
      done: invitationMade,
    });
  const suspend = () => ask(words.suspendIt(c.company_name), "suspendCustomer", { submit: words.suspend });
  const activate = () => attempt(() => post(`${path}/activate`), again);
  const cancel = () => confirm(words.cancelIt(c.company_name), () => del(path), { act: words.cancel, done: again });

  // People, sessions and the audit log are the company's own: an operator sees them by acting inside, which its log shows.
  const enter = (to) => () =>
    ask(words.enterIt(c.company_name), "switchToCustomer", {
      submit: words.enter,
      quiet: true,
      done: () => entered(to),
    });

  return [
    h("div", { class: "buttons" },
      button(texts.change, change),
      button(words.invite, invite, { class: "quiet" }),
      c.status !== "active" && button(words.activate, activate, { class: "quiet" }),
      ["trial", "active"].includes(c.status) && button(words.suspend, suspend, { class: "quiet" }),
      c.status !== "cancelled" && button(words.cancel, cancel, { class: "danger" }),
    ),
    section(words.usage, share(texts.customers.users, c.user_count, c.max_users), share(texts.customers.properties, c.property_count, c.max_properties)),
    section(words.inside, h("p", {}, words.insideAbout), h("div", { class: "buttons" },
      button(words.enter, enter("/")),
      ["people", "sessions", "auditlog"].map((page) => button(words.enterFor[page], enter({ people: "/people", sessions: "/sessions", auditlog: "/audit-log" }[page]), { class: "quiet" })),
    )),
    section(words.data, facts(c, ["customer_id", "company_name", "subdomain", [words.status, word(c.status)], [words.plan, word(c.subscription_tier)], "trial_ends_at", "timezone", "contact_name", "contact_email", "contact_phone", "billing_email", "address", "created_at", "updated_at"])),
    section(words.features, facts(c.features, Object.keys(c.features))),
  ];
}
