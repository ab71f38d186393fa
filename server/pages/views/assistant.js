// The assistant: it answers with the rights of who asks, and does nothing that he has not confirmed.
import { get, post } from "../api.js";
import { busy, button, h, newId } from "../dom.js";
import { refused } from "../notice.js";
import { texts } from "../texts.js";

const words = texts.assistant;
const mostMessages = 39; // of those before the question
const mostCharacters = 8000; // of each

export default async function assistant({ signal }) {
  const talk = [];
  const log = h("div", { class: "talk", role: "log", tabindex: "0", "aria-label": words.log });
  const text = h("textarea", { id: newId("question"), rows: 3, maxlength: mostCharacters });
  const send = h("button", { type: "submit" }, words.ask);

  const show = (who, content, ...more) => {
    log.append(h("div", { class: `said ${who}` }, h("p", {}, h("strong", {}, words[who])), h("p", { class: "lines" }, content), more));
    log.lastChild.scrollIntoView({ block: "nearest" });
  };

  // What was asked stays where it was typed until there is an answer.
  async function say(question) {
    if (!question.trim()) return;
    const asked = { role: "user", content: question };
    try {
      const answer = await post("/ai/chat/", { messages: [...talk.slice(-mostMessages), asked] }, { signal, timeout: 300_000 });
      talk.push(asked);
      if (answer.message) talk.push({ role: "assistant", content: answer.message.slice(0, mostCharacters) });
      text.value = "";
      show("you", question);
      show("assistant", answer.message, answer.pending.map(proposal));
    } catch (error) {
      refused(error);
    }
  }

  // proposal is what the assistant would write, which the person does or leaves.
  function proposal(p) {
    const card = h("div", { class: "card" }, h("p", { class: "lines" }, p.sentence));
    const buttons = h("div", { class: "buttons" });
    const settle = (said) => buttons.replaceChildren(h("p", { role: "status" }, said));
    const doIt = async () => {
      try {
        const { done } = await post("/ai/chat/", { confirm: [p.id] }, { signal });
        settle(done[0].ok ? `✓ ${done[0].message}` : `${texts.refused} ${done[0].message}`);
      } catch (error) {
        refused(error);
      }
    };
    buttons.append(button(words.doIt, doIt, { "aria-label": `${words.doIt}: ${p.sentence}` }), button(words.leaveIt, () => settle(words.left), { class: "quiet", "aria-label": `${words.leaveIt}: ${p.sentence}` }));
    card.append(buttons);
    return card;
  }

  const form = h("form", { "aria-label": words.ask }, h("div", { class: "field" }, h("label", { for: text.id }, words.question), text), h("div", { class: "buttons" }, send, button(words.anew, () => {
    talk.length = 0;
    log.replaceChildren();
    text.focus();
  }, { class: "quiet" })));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(send, () => say(text.value));
  });
  const { suggestions } = await get("/ai/suggestions/", null, { signal });
  const offers = suggestions.map((s) => button(s, () => say(s), { class: "quiet" }));
  return [h("p", {}, words.about), log, form, h("h2", {}, words.suggestions), h("div", { class: "buttons" }, offers)];
}
