// The customers, for operators: the list, and a new one with the invitation of its first Admin.
import { zones } from "../choices.js";
import { button, h } from "../dom.js";
import { formDialog } from "../form.js";
import { invitationMade } from "../once.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.customers;

// What an operator says of a customer, in this order.
export const fields = ["company_name", "subdomain", "subscription_tier", "max_users", "max_properties", "status", "trial_ends_at", "timezone", "contact_name", "contact_email", "contact_phone", "billing_email", "address", "features"];

export const hints = { timezone: { choices: zones }, address: { type: "text" } };

export default function customers({ go, signal }) {
  const list = table({
    caption: texts.pages.customers,
    path: "/api/customers/",
    signal,
    columns: [
      { key: "company_name", cell: (c) => h("a", { href: `#/customers/${c.customer_id}` }, c.company_name) },
      { key: "customer_id" },
      { key: "status", value: (c) => word(c.status) },
      { key: "subscription_tier", value: (c) => word(c.subscription_tier) },
      { key: "user_count", label: words.users, cell: (c) => `${c.user_count} / ${c.max_users}` },
      { key: "property_count", label: words.properties, cell: (c) => `${c.property_count} / ${c.max_properties}` },
      { key: "contact_email" },
      { key: "created_at" },
    ],
  });

  // The contact of a new customer is most often its first Admin. Who cancels the invitation invites later.
  const add = () =>
    formDialog(words.add, {
      operation: "createCustomer",
      only: fields,
      values: { features: { weather: true } },
      fields: hints,
      submit: words.addThenInvite,
      done: (made) => void list.reload().then(() => invite(made)),
    });
  const invite = (made) =>
    formDialog(words.firstAdmin(made.company_name), {
      operation: "inviteCustomerUser",
      path: { customer_id: made.customer_id },
      values: { email: made.contact_email, name: made.contact_name, role: "Admin" },
      submit: words.invite,
      done: async (invitation) => {
        const said = await invitationMade(invitation);
        await go(`/customers/${made.customer_id}`);
        return said;
      },
    });
  return [h("div", { class: "buttons" }, button(words.add, add)), list];
}
