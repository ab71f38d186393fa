// Who is assigned to a property: what the office does about it, on the board and on the property's page.
import { action, attempt } from "./actions.js";
import { del, put } from "./api.js";
import { people, personName } from "./choices.js";
import { confirm, formDialog } from "./form.js";
import { texts } from "./texts.js";

const words = texts.assigned;

// office tells whether somebody may assign people.
export const office = (me) => me.role === "Admin" || me.role === "Manager";

// assign asks for the person.
export const assign = (property, done) =>
  formDialog(words.assignTo(property.name), {
    operation: "assignContractor",
    path: { property_id: property.id },
    fields: { contractor_id: { choices: people, label: words.person }, is_primary: { hint: words.primaryHint } },
    submit: words.assign,
    done,
  });

// buttonsOf are what can be done about one person at a property.
export function buttonsOf(property, person, done) {
  const path = `/properties/${property.id}/contractors/${person.contractor_id}`;
  const about = words.at(personName(person), property.name);
  const primary = () => attempt(() => put(`${path}/primary`), done);
  const remove = () => confirm(words.removeQuestion(personName(person), property.name), () => del(path), { act: words.remove, done });
  return [!person.is_primary && action(words.makePrimary, about, primary), action(words.remove, about, remove)].filter(Boolean);
}
