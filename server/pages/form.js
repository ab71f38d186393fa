// The one form: made from what the portal's document says of an operation, with what the portal refuses beside its fields.
import { operation } from "./api.js";
import * as api from "./api.js";
import { busy, button, dialog, h, newId } from "./dom.js";
import { refused, saved } from "./notice.js";
import { texts } from "./texts.js";
import { label, word } from "./words.js";

// form makes a form for an operation.
//
//   operation  its id in the document
//   path       {name: value} for the parameters of its path; query: the same of its query
//   values     {field: value} that the fields begin with
//   only       the fields that are shown, in this order; all of the document if left out
//   fixed      {field: value} that are sent and not shown
//   fields     {field: {label, hint, choices, required, type}}; choices: [[value, text]] or a function that promises them
//   parameters names of parameters of the query that people fill in
//   submit     the text of the button
//   change     body → body, before it is sent
//   send       instead of the operation's call: body → promise of the answer
//   done       answer → what is said (a text, or nothing for the answer's message); runs after it was saved
//   quiet      nothing is said when it is done
//
// The element it returns has controls: {field: control}, each with get(), set(value), element and input.
export async function form(options) {
  const op = await operation(options.operation);
  const properties = { ...parameters(op, options.parameters ?? []), ...(op.body?.properties ?? {}) };
  const names = (options.only ?? Object.keys(properties)).filter((n) => !(n in (options.fixed ?? {})));
  const controls = {};
  for (const name of names) {
    const own = options.fields?.[name] ?? {};
    const schema = op.resolve(properties[name]);
    if (!schema) throw new Error(`${options.operation} has no field ${name}`);
    const required = own.required ?? ((op.body?.required ?? []).includes(name) && !empties(schema));
    const choices = typeof own.choices === "function" ? await own.choices() : own.choices;
    controls[name] = control(name, schema, { ...own, choices, required }, op);
    controls[name].set(options.values?.[name]);
  }

  const send = h("button", { type: "submit" }, options.submit ?? texts.save);
  const element = h("form", { novalidate: true, "aria-label": options.title ?? op.op.summary }, names.map((n) => controls[n].element), h("div", { class: "buttons" }, send, options.buttons));
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(send, () => submit());
  });
  element.controls = controls;
  element.body = () => bodyOf(controls, op, options);

  async function submit() {
    clear(controls);
    const missing = names.filter((n) => controls[n].required && controls[n].get() === null);
    if (missing.length) return place({ detail: texts.form.missing, errors: missing.map((n) => ({ location: `body.${n}`, message: texts.form.required })) }, controls);
    try {
      const answer = await (options.send ? options.send(element.body()) : ask(op, element.body(), options));
      const said = await options.done?.(answer);
      if (!options.quiet) saved(said || answer?.message);
    } catch (error) {
      place(error, controls);
    }
  }
  return element;
}

function ask(op, body, { path = {}, query, parameters: asked = [] }) {
  const target = op.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name]));
  const inQuery = { ...query };
  for (const name of asked) {
    inQuery[name] = body[name];
    delete body[name];
  }
  return api.call(op.method, target, { query: inQuery, body: op.body && body });
}

function parameters(op, names) {
  return Object.fromEntries(names.map((n) => [n, { ...op.op.parameters.find((p) => p.name === n).schema, description: op.op.parameters.find((p) => p.name === n).description }]));
}

// What is empty is null where that is allowed, and left out otherwise.
function bodyOf(controls, op, options) {
  const body = { ...options.fixed };
  for (const [name, c] of Object.entries(controls)) {
    const value = c.get();
    if (value !== null) body[name] = value;
    else if (c.nullable) body[name] = null;
    else if (c.text && c.wanted) body[name] = "";
  }
  return options.change ? options.change(body) : body;
}

function clear(controls) {
  for (const c of Object.values(controls)) c.say("");
}

// place puts what was refused beside the fields, and what belongs to none above the form.
function place(error, controls) {
  const unplaced = [];
  let first;
  for (const e of error.errors ?? []) {
    const c = controls[/^(?:body|query)\.(\w+)/.exec(e.location)?.[1]];
    if (!c) {
      unplaced.push(e);
      continue;
    }
    c.say(e.message);
    first ??= c;
  }
  error.unplaced = unplaced;
  refused(error);
  first?.input.focus();
}

const kinds = (schema) => [schema.type ?? (schema.oneOf ?? []).map((s) => s.type)].flat(2);
const empties = (schema) => kinds(schema).includes("null") || kinds(schema).includes("boolean");

function control(name, schema, own, op) {
  const types = kinds(schema);
  const c = makerOf(types, schema, own, op)(name, schema, own, op);
  c.nullable = types.includes("null");
  c.required = own.required;
  c.wanted = (op.body?.required ?? []).includes(name);
  return c;
}

function makerOf(types, schema, own, op) {
  if (own.type === "file") return fileInput;
  if (types.includes("array")) return own.choices || op.resolve(schema.items).enum ? checkboxes : lines;
  if (own.choices || schema.enum) return select;
  if (types.includes("boolean")) return checkbox;
  return types.includes("object") && schema.properties ? group : plain;
}

// field puts an input together with its label, its hint, and the place where it is said what is wrong with it.
function field(name, schema, own, input, get, set) {
  const id = newId(name);
  const hint = own.hint ?? hintOf(schema, own);
  const wrong = h("p", { id: `${id}-wrong`, class: "wrong", hidden: true });
  input.id = id;
  input.setAttribute("aria-describedby", [hint && `${id}-hint`, wrong.id].filter(Boolean).join(" "));
  if (own.required) input.required = true;
  const text = h("label", { for: id }, own.label ?? label(name), own.required && h("span", { class: "required", "aria-hidden": "true" }, " *"));
  const parts = [text, input, hint && h("p", { id: `${id}-hint`, class: "hint" }, hint), wrong];
  const element = h("div", { class: input.type === "checkbox" ? "field check" : "field" }, input.type === "checkbox" ? [input, text, parts.slice(2)] : parts);
  return { element, input, get, set, say: sayer(input, wrong) };
}

function sayer(input, wrong) {
  return (text) => {
    wrong.textContent = text;
    wrong.hidden = !text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
}

function hintOf(schema, own) {
  if (own.choices || schema.enum) return schema.enum ? undefined : schema.description;
  return schema.description;
}

function plain(name, schema, own) {
  const types = kinds(schema);
  const numeric = types.includes("integer") || types.includes("number");
  const type = own.type ?? (!numeric && (schema.maxLength ?? 0) > 999 && schema.format !== "password" ? "textarea" : typeOf(name, schema, numeric));
  const input = type === "textarea" ? h("textarea", { rows: 3 }) : h("input", { type });
  if (numeric) {
    input.step = types.includes("integer") ? "1" : "any";
    if (schema.minimum !== undefined) input.min = schema.minimum;
    if (schema.maximum !== undefined) input.max = schema.maximum;
  }
  if (input.type === "datetime-local") input.step = "1";
  if (schema.maxLength && !["datetime-local", "date", "time"].includes(input.type)) input.maxLength = schema.maxLength;
  if (own.autocomplete) input.autocomplete = own.autocomplete;
  const read = () => (input.value === "" ? null : numeric ? Number(input.value) : input.value);
  const c = field(name, schema, own, input, read, (value) => {
    input.value = value ?? "";
  });
  c.text = !numeric;
  return c;
}

function typeOf(name, schema, numeric) {
  if (numeric) return "number";
  const example = String(schema.examples?.[0] ?? "");
  if (schema.format === "password") return "password";
  if (/^\d{4}-\d\d-\d\dT/.test(example)) return "datetime-local";
  if (/^\d{4}-\d\d-\d\d$/.test(example)) return "date";
  if (/^\d\d:\d\d$/.test(example)) return "time";
  if (/(^|_)email$/.test(name)) return "email";
  if (/phone/.test(name)) return "tel";
  return "text";
}

function select(name, schema, own) {
  const choices = own.choices ?? schema.enum.map((v) => [v, word(v)]);
  const input = h("select", {}, !own.required && h("option", { value: "" }, own.none ?? texts.form.none), own.required && h("option", { value: "" }, texts.form.choose), choices.map(([value, text]) => h("option", { value }, text)));
  const values = new Map(choices.map(([value]) => [String(value), value]));
  const c = field(name, schema, own, input, () => values.get(input.value) ?? null, (value) => {
    const text = String(value ?? "");
    if (text && !values.has(text)) {
      values.set(text, value);
      input.append(h("option", { value: text }, word(text)));
    }
    input.value = text;
  });
  return c;
}

function checkbox(name, schema, own) {
  const input = h("input", { type: "checkbox" });
  return field(name, schema, own, input, () => input.checked, (value) => {
    input.checked = Boolean(value);
  });
}

function fileInput(name, schema, own) {
  const input = h("input", { type: "file", accept: own.accept });
  return field(name, schema, own, input, () => input.files[0] ?? null, () => {});
}

// lines is a list of texts or numbers, one in each line.
function lines(name, schema, own, op) {
  const numeric = kinds(op.resolve(schema.items)).includes("integer");
  const input = h("textarea", { rows: 3 });
  const c = field(name, schema, { ...own, hint: own.hint ?? texts.form.lines }, input, () => {
    const all = input.value.split("\n").map((l) => l.trim()).filter(Boolean);
    return all.length ? all.map((l) => (numeric ? Number(l) : l)) : null;
  }, (value) => {
    input.value = (value ?? []).join("\n");
  });
  return c;
}

// checkboxes is a list of which some are chosen.
function checkboxes(name, schema, own, op) {
  const choices = own.choices ?? op.resolve(schema.items).enum.map((v) => [v, word(v)]);
  return fieldset(name, own, choices.map(([value, text]) => [value, checkbox(name, {}, { label: text, required: false })]), (boxes) => {
    const chosen = boxes.filter(([, box]) => box.get()).map(([value]) => value);
    return chosen.length ? chosen : null;
  }, (boxes, value) => {
    for (const [v, box] of boxes) box.set((value ?? []).includes(v));
  });
}

// group is an object: a field for each of its own.
function group(name, schema, own, op) {
  const parts = Object.entries(schema.properties).map(([key, s]) => [key, control(key, op.resolve(s), {}, op)]);
  return fieldset(name, own, parts, (all) => Object.fromEntries(all.map(([key, c]) => [key, c.get()]).filter(([, v]) => v !== null)), (all, value) => {
    for (const [key, c] of all) c.set(value?.[key]);
  });
}

function fieldset(name, own, parts, get, set) {
  const wrong = h("p", { class: "wrong", hidden: true });
  const element = h("fieldset", {}, h("legend", {}, own.label ?? label(name)), parts.map(([, c]) => c.element), own.hint && h("p", { class: "hint" }, own.hint), wrong);
  return { element, input: parts[0]?.[1].input ?? element, get: () => get(parts), set: (value) => set(parts, value), say: sayer(element, wrong) };
}

// formDialog shows a form in a dialog, which closes when it is saved.
export async function formDialog(title, options) {
  let box;
  const element = await form({ ...options, title, done: async (answer) => {
    box.close();
    return options.done?.(answer);
  } });
  box = dialog(title, (close) => {
    element.querySelector(".buttons").append(button(texts.cancel, close, { class: "quiet" }));
    return element;
  });
  return box;
}

// confirm asks before something that cannot be taken back, and does it.
export function confirm(question, doIt, { act = texts.yes, done, danger = true } = {}) {
  return dialog(question, (close) => h("div", { class: "buttons" }, button(act, async () => {
    try {
      const answer = await doIt();
      close();
      const said = await done?.(answer);
      saved(said || answer?.message);
    } catch (error) {
      refused(error);
    }
  }, { class: danger ? "danger" : undefined }), button(texts.cancel, close, { class: "quiet" })));
}
