// Logging in: by password, by sign-on, and with the choice of a company.
import { get, post } from "../api.js";
import { entered } from "../app.js";
import { button, h } from "../dom.js";
import { form } from "../form.js";
import { refused, told } from "../notice.js";
import { texts } from "../texts.js";

const words = texts.login;

export default async function login({ query }) {
  const config = await get("/pages/config.json", null, { open: true });
  const companies = h("div", {});

  // enter asks for a session in cookies. Who belongs to several companies chooses one, and asks again.
  async function enter(path, body) {
    try {
      await post(path, { ...body, session: "cookie" }, { open: true });
    } catch (error) {
      if (!error.problem?.companies) throw error;
      const choices = error.problem.companies.map((c) => h("li", {}, button(c.company_name, () => again(path, { ...body, customer_id: c.customer_id }))));
      companies.replaceChildren(h("h2", { tabindex: "-1" }, words.several), h("ul", { class: "cards" }, choices));
      companies.firstChild.focus();
      return;
    }
    if (!(await entered())) told(words.insecure);
  }

  async function again(path, body) {
    try {
      await enter(path, body);
    } catch (error) {
      refused(error);
    }
  }

  if (query.get("code")) again("/auth/token", { code: query.get("code") });
  const problem = words.problems[query.get("problem")];
  if (problem) setTimeout(() => told(problem));

  const invited = new URLSearchParams([...query].filter(([name]) => ["invitation", "subdomain", "customer_id"].includes(name)));
  const ways = config.sign_on.map((p) => h("a", { class: "button quiet", href: `/auth/${p}/start?${invited}` }, `${words.or} ${words.providers[p]}`));
  const password = await form({
    operation: "login",
    title: words.submit,
    only: ["username", "password"],
    fields: { username: { type: "email", autocomplete: "username", hint: "" }, password: { type: "password", autocomplete: "current-password" } },
    fixed: query.get("customer_id") ? { customer_id: query.get("customer_id") } : {},
    submit: words.submit,
    send: (body) => enter("/api/login/", body),
    quiet: true,
  });
  return [
    password,
    companies,
    ways.length > 0 && h("div", { class: "buttons" }, ways),
    h("p", {}, h("a", { href: "#/forgotten-password" }, words.forgotten)),
    h("p", {}, h("a", { href: `#/sign-up?${invited}` }, words.signUp)),
  ];
}
