// Accepting an invitation: its link brings a token, and whoever has it chooses a password.
import { entered } from "../app.js";
import { h } from "../dom.js";
import { form } from "../form.js";
import { told } from "../notice.js";
import { texts } from "../texts.js";

const words = texts.invitation;

export default async function invitation({ query }) {
  const token = query.get("token");
  if (!token) return h("p", {}, words.noToken);
  const password = await form({
    operation: "acceptInvitation",
    title: texts.pages.invitation,
    only: ["password"],
    fixed: { token, session: "cookie" },
    fields: { password: { autocomplete: "new-password" } },
    submit: words.submit,
    quiet: true,
    done: async () => {
      if (!(await entered("/"))) told(texts.login.insecure);
    },
  });
  return [h("p", {}, words.about), password];
}
