// What the portal shows this once: a link or a secret, to be copied before it is gone.
import { button, dialog, h, newId } from "./dom.js";
import { refused, saved } from "./notice.js";
import { texts } from "./texts.js";

const words = texts.once;

// once shows values, [[label, value]], and resolves when the person is done with them.
export function once(title, said, values) {
  return new Promise((resolve) => {
    dialog(title, () => [h("p", {}, said), values.map(([name, value]) => line(name, value))]).addEventListener("close", resolve);
  });
}

function line(name, value) {
  const input = h("input", { id: newId("once"), readonly: true, value });
  const copy = async () => {
    input.select();
    try {
      await navigator.clipboard.writeText(value);
      saved(words.copied);
    } catch {
      refused({ status: 400, detail: words.notCopied });
    }
  };
  return h("div", { class: "field" }, h("label", { for: input.id }, name), input, h("div", { class: "buttons" }, button(words.copy, copy, { "aria-label": `${words.copy} ${name}` })));
}

// invitationMade shows the link of an invitation, or says that it is on its way. Resolves to what is said then.
export async function invitationMade(made) {
  if (made.mailed) return words.mailed(made.email);
  await once(words.invited(made.email), words.invitation, [[words.link, new URL(made.link, location.origin).href]]);
  return words.made(made.email);
}
