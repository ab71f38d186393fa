// The one table: sorted by any column, filtered by words, read in parts from the portal and shown a page at a time. All of it
// works by keyboard.
import { get, list, most } from "./api.js";
import { busy, button, h, newId } from "./dom.js";
import { refused } from "./notice.js";
import { texts } from "./texts.js";
import { label, shown } from "./words.js";

// On a phone a row is as high as a card.
const pageSize = matchMedia("(max-width: 40rem)").matches ? 25 : 100;
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

// table makes a table of what an operation lists.
//
//   caption   what it is of
//   path      the operation's path; query: its parameters; of: takes the rows out of an answer that is no bare list
//   rows      instead of path: the rows, or a function that gives them (in a promise)
//   single    the operation's answer is the whole list, and knows no limit and offset
//   columns   [{key, label, value: row → what is sorted and filtered by, cell: row → what is shown}]; label is the key's word,
//             value the row's field, cell the value, if left out
//   actions   row → [elements]
//   empty     what is said where there is nothing
//   summary   rows that fit the filter → a text about them
//   filter    false: without a field to filter by
//   keep      a name by which this tab keeps the words of the filter, for when the page is loaded anew
//   signal    given up when the page is left
//
// The element it returns has reload(query), which shows what is there now, and rows, those that were read.
export function table({ caption, path, query, of, rows, single, columns, actions, empty, summary, filter = true, keep, signal }) {
  const state = { rows: [], texts: [], total: 0, found: [], page: 0, sort: null, descending: false, words: "", query };
  columns = columns.map((c) => ({ label: label(c.key), value: (row) => row[c.key], ...c }));

  const id = newId("table");
  const search = h("input", { type: "search", id: `${id}-filter`, autocomplete: "off" });
  const count = h("p", { class: "count", role: "status" });
  const sums = h("p", { class: "sums" });
  const heads = columns.map((c) => heading(c, () => sortBy(c)));
  const head = h("thead", {}, h("tr", {}, heads, actions && h("th", { scope: "col", class: "actions" }, texts.table.actions)));
  const body = h("tbody", {});
  const element = h("table", { id }, h("caption", {}, caption), head, body);
  const previous = button(texts.table.previous, () => turn(-1), { class: "quiet" });
  const next = button(texts.table.next, () => turn(1), { class: "quiet" });
  const where = h("span", {});
  const pager = h("nav", { class: "pager", "aria-label": `${caption}: ${texts.table.pages}` }, previous, where, next);
  const scroller = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, element);
  const section = h("section", { class: "table" }, h("div", { class: "tools" }, filter && h("div", { class: "field" }, h("label", { for: search.id }, texts.table.filter), search), count), summary && sums, scroller, pager);

  const kept = keep && `portal/filter/${keep}`;
  if (kept) state.words = search.value = sessionStorage.getItem(kept) ?? "";
  search.addEventListener("input", () => {
    state.words = search.value;
    if (kept) sessionStorage.setItem(kept, state.words);
    state.page = 0;
    draw();
  });

  function sortBy(column) {
    state.descending = state.sort === column && !state.descending;
    state.sort = column;
    state.page = 0;
    draw();
  }

  function turn(by) {
    state.page += by;
    draw();
    scroller.scrollTop = 0;
    scroller.scrollIntoView({ block: "nearest" });
    scroller.focus();
  }

  // Each row's text is put together once, so that a letter typed into the filter compares and does nothing else.
  function take(all, total) {
    if (state.stale) state.texts = [];
    for (let i = state.texts.length; i < all.length; i++) {
      state.texts.push(columns.map((c) => shown(c.value(all[i]))).join("\n").toLowerCase());
    }
    Object.assign(state, { rows: all, total, stale: false });
    draw();
  }

  function matching() {
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length ? state.rows.filter((_, i) => words.every((w) => state.texts[i].includes(w))) : [...state.rows];
    if (!state.sort) return found;
    const keys = new Map(found.map((row) => [row, sortable(state.sort.value(row))]));
    return found.sort((a, b) => compare(keys.get(a), keys.get(b)) * (state.descending ? -1 : 1));
  }

  // A person who stood in a row stands there again, where the row is still there.
  function draw() {
    state.found = matching();
    const pages = Math.max(1, Math.ceil(state.found.length / pageSize));
    state.page = Math.min(state.page, pages - 1);
    const first = state.page * pageSize;
    const held = body.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
    body.replaceChildren(...state.found.slice(first, first + pageSize).map(line));
    if (!body.children.length) {
      body.append(h("tr", {}, h("td", { colspan: columns.length + (actions ? 1 : 0), class: "empty" }, state.reading ? texts.reading : state.words ? texts.table.noneFound : (empty ?? texts.table.none))));
    }
    if (held) body.querySelector(`[aria-label="${CSS.escape(held)}"]`)?.focus();
    for (const [i, c] of columns.entries()) {
      heads[i].setAttribute("aria-sort", state.sort !== c ? "none" : state.descending ? "descending" : "ascending");
    }
    count.textContent = texts.table.count(state.found.length, state.rows.length, state.total, most);
    if (summary) sums.textContent = summary(state.found);
    pager.hidden = pages === 1;
    where.textContent = texts.table.page(state.page + 1, pages);
    previous.disabled = state.page === 0;
    next.disabled = state.page === pages - 1;
  }

  function line(row) {
    const cells = columns.map((c, i) => h(i ? "td" : "th", { scope: !i && "row", class: kind(c.value(row)), data: { label: c.label } }, c.cell ? c.cell(row) : shown(c.value(row))));
    return h("tr", {}, cells, actions && h("td", { class: "actions" }, actions(row)));
  }

  async function read() {
    if (rows) return typeof rows === "function" ? rows() : rows;
    if (single) return (of ?? ((answer) => answer))(await get(path, state.query, { signal }));
    const tell = ({ rows: all, total }) => take(all, total);
    return (await list(path, state.query, { signal, tell, of })).rows;
  }

  // What is asked for while a list is being read is read afterwards.
  let running = null;
  let again = false;
  section.reload = (changed) => {
    state.query = changed ?? state.query;
    again = running !== null;
    running ??= busy(section, readAll).finally(() => {
      running = null;
    });
    return running;
  };

  async function readAll() {
    do {
      again = false;
      state.reading = state.stale = true;
      try {
        const all = await read();
        state.reading = false;
        take(all, rows || single ? all.length : Math.max(state.total, all.length));
      } catch (error) {
        state.reading = false;
        refused(error);
        draw();
      }
      section.rows = state.rows;
    } while (again);
  }

  state.reading = true;
  draw();
  section.ready = section.reload();
  return section;
}

function heading(column, sort) {
  return h("th", { scope: "col", "aria-sort": "none" }, h("button", { type: "button", class: "sort", on: { click: sort } }, column.label));
}

// kind is how a value is set: numbers to the right, and times without a break within the date.
function kind(value) {
  return typeof value === "number" ? "number" : /^\d{4}-\d\d-\d\d/.test(value) && "time";
}

// sortable is what a value is compared by, made once for each row.
const sortable = (value) => (typeof value === "number" ? value : shown(value) || null);

// Nothing comes last, numbers before texts.
function compare(a, b) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return collator.compare(a, b);
}
