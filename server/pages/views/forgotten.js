// A forgotten password: a link by mail, where the portal or the company can send one.
import { h } from "../dom.js";
import { form } from "../form.js";
import { texts } from "../texts.js";

const words = texts.forgotten;

export default async function forgotten() {
  const answer = h("p", { role: "status" });
  const ask = await form({
    operation: "forgetPassword",
    title: texts.pages.forgotten,
    only: ["email"],
    fields: { email: { autocomplete: "username", hint: "" } },
    submit: words.submit,
    quiet: true,
    done: (said) => {
      answer.textContent = `${said.message}.`;
    },
  });
  return [h("p", {}, words.about), ask, answer, h("p", {}, h("a", { href: "#/log-in" }, texts.login.submit))];
}
