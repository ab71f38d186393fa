// What buttons in rows and sections do: each says what it is about, and what the portal answers.
import { button } from "./dom.js";
import { refused, saved } from "./notice.js";

// attempt does something, and says that it is done, or why not. done(answer) may give what is said instead of the message.
export async function attempt(act, done) {
  try {
    const answer = await act();
    saved((await done?.(answer)) || answer?.message);
  } catch (error) {
    refused(error);
  }
}

// action is a button of one of many rows: its name says which one it is about.
export function action(text, about, act, more) {
  return button(text, act, { class: "quiet", "aria-label": `${text} ${about}`, ...more });
}
