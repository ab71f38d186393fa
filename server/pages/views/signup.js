// Asking for an account in a company, which an invitation link, its address or the person himself names.
import { h } from "../dom.js";
import { form } from "../form.js";
import { texts } from "../texts.js";

const words = texts.signup;
const named = ["invitation", "subdomain", "customer_id"];

export default async function signup({ query, go }) {
  const given = named.filter((name) => query.get(name));
  const person = await form({
    operation: "requestSignup",
    title: texts.pages.signup,
    only: [...(given.length ? [] : ["subdomain", "customer_id"]), "name", "email", "phone", "role", "password"],
    fixed: Object.fromEntries(given.map((name) => [name, query.get(name)])),
    fields: {
      subdomain: { label: words.subdomain, hint: words.either },
      customer_id: { label: words.customer },
      name: { autocomplete: "name" },
      email: { autocomplete: "email", hint: "" },
      phone: { autocomplete: "tel" },
      role: { hint: words.role },
      password: { autocomplete: "new-password" },
    },
    submit: words.submit,
    quiet: true,
    done: () => go("/waiting"),
  });
  return [h("p", {}, words.about), person, h("p", {}, h("a", { href: "#/log-in" }, words.known))];
}
