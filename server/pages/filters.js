// The form above a list or a report that says what of it is shown.
import { form } from "./form.js";
import { texts } from "./texts.js";

// filterForm asks for what an operation takes: parameters of its query, or fields of its body (only). show(filter) shows it.
export async function filterForm({ operation, parameters, only = parameters, values, fields, show }) {
  const plain = Object.fromEntries(only.map((name) => [name, { hint: "", ...fields?.[name] }]));
  const element = await form({ operation, parameters, only, values, fields: plain, title: texts.filters.title, submit: texts.filters.show, quiet: true, send: show });
  element.classList.add("filters");
  return element;
}
