// The own company: its contact, what it uses of its limits, what is switched on, how its people log in, and all its data as a file.
import { allData } from "../alldata.js";
import { get } from "../api.js";
import { zones } from "../choices.js";
import { button, h } from "../dom.js";
import { facts, section, share } from "../facts.js";
import { form, formDialog } from "../form.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.company;

export default async function company({ go, me, signal }) {
  const [c, usage, policy] = await Promise.all(["/api/my-customer/", "/api/my-customer/usage", "/auth/policy/"].map((path) => get(path, null, { signal })));
  const change = () => formDialog(words.change, { operation: "updateMyCustomer", values: c, fields: { timezone: { choices: zones, required: true }, address: { type: "text" } }, done: () => go("/company") });
  return [
    h("div", { class: "buttons" }, button(words.change, change)),
    section(words.usage, share(texts.customers.users, usage.users.current, usage.users.max), share(texts.customers.properties, usage.properties.current, usage.properties.max), h("p", {}, words.logs(usage.logs.total))),
    section(words.data, facts(c, ["company_name", "customer_id", "subdomain", [words.status, word(c.status)], [texts.fields.subscription_tier, word(c.subscription_tier)], "trial_ends_at", "timezone", "contact_name", "contact_email", "contact_phone", "billing_email", "address", "created_at"])),
    section(words.features, h("p", {}, words.featuresAbout), facts(c.features, Object.keys(c.features))),
    section(words.policy, h("p", {}, words.policyAbout), await form({ operation: "setSignOnPolicy", title: words.policy, values: policy, fields: { sign_on_only: { label: words.signOnOnly } }, done: () => texts.saved })),
    section(texts.allData.title, await allData({ me, signal })),
  ];
}
