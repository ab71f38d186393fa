// A new password by the link of a mail, which works once.
import { h } from "../dom.js";
import { form } from "../form.js";
import { texts } from "../texts.js";

const words = texts.reset;

export default async function reset({ query, go }) {
  const again = h("p", {}, h("a", { href: "#/forgotten-password" }, words.another));
  const token = query.get("token");
  if (!token) return [h("p", {}, words.noToken), again];
  const choose = await form({
    operation: "resetForgottenPassword",
    title: texts.pages.reset,
    only: ["password"],
    fixed: { token },
    fields: { password: { label: words.password, autocomplete: "new-password" } },
    done: () => go("/log-in"),
  });
  return [h("p", {}, words.about), choose, again];
}
