// The one way to the portal's operations. Whoever logged in is known by a cookie that no script reads; when it is over it is
// renewed by another one, by one page at a time.
import { texts } from "./texts.js";

// A Refused is a problem that the portal answered (RFC 9457), or that it did not answer.
export class Refused extends Error {
  constructor(status, problem = {}) {
    super(problem.detail ?? texts.noAnswer);
    this.name = "Refused";
    this.status = status;
    this.detail = problem.detail ?? (status ? texts.failed : texts.noAnswer);
    this.errors = problem.errors ?? [];
    this.requestId = problem.request_id;
    this.problem = problem;
  }

  // lost means that it is not known whether it was done.
  get lost() {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

// What is done when the session is over, which the frame of the pages says.
let ended = () => {};
export function whenEnded(act) {
  ended = act;
}

// The customer whose pages these are. Tabs share their cookies: where somebody has logged in elsewhere, or has switched, in another
// tab, this one asks for nothing in the name of whom it does not show, and is loaded anew.
let customer = null;
export function actFor(id) {
  customer = id;
}

function checkCustomer() {
  const now = /__Host-customer=(\w+)/.exec(document.cookie)?.[1];
  if (!customer || !now || now === customer) return;
  location.reload();
  throw new Refused(409, { detail: texts.otherTab });
}

function address(path, query) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, value);
  }
  return url;
}

async function send(method, path, { query, body, key, signal, timeout = 60_000, open } = {}) {
  if (!open) checkCustomer();
  const headers = {};
  if (key) headers["Idempotency-Key"] = key;
  if (body !== undefined && !(body instanceof FormData)) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  }
  const limit = AbortSignal.timeout(timeout);
  try {
    return await fetch(address(path, query), { method, headers, body, signal: signal ? AbortSignal.any([signal, limit]) : limit, redirect: "error" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0);
  }
}

async function problemOf(answer) {
  let problem = {};
  try {
    problem = await answer.json();
  } catch {
    // not ours: a proxy's
  }
  return new Refused(answer.status, problem);
}

// The refresh token works once, so one page renews at a time, and the others look first whether it is done.
async function renew(method, path, options) {
  return navigator.locks.request("session", async () => {
    const again = await send(method, path, options);
    if (again.status !== 401) return again;
    const renewed = await send("POST", "/api/refresh/", { body: { session: "cookie" }, open: true });
    return renewed.ok ? send(method, path, options) : again;
  });
}

// request asks an operation and returns its answer, or throws a Refused. open: an operation that needs nobody logged in.
export async function request(method, path, options = {}) {
  let answer = await send(method, path, options);
  if (answer.status === 401 && !options.open) {
    answer = await renew(method, path, options);
    if (answer.status === 401) ended();
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

// call is request, for the JSON of the answer.
export async function call(method, path, options) {
  return (await request(method, path, options)).json();
}

export const get = (path, query, options) => call("GET", path, { query, ...options });
export const post = (path, body, options) => call("POST", path, { body, ...options });
export const put = (path, body, options) => call("PUT", path, { body, ...options });
export const del = (path, options) => call("DELETE", path, options);

// How many rows are asked for at a time, after a first part that is soon there, and how many are shown of one list at the most.
const [first, chunk] = [100, 1000];
export const most = 10_000;

// list reads a list to its end, in chunks, and tells of each. Resolves to {rows, total}; total may be more than was read.
export async function list(path, query, { signal, tell = () => {}, of = (answer) => answer } = {}) {
  const rows = [];
  for (;;) {
    const limit = rows.length ? chunk : first;
    const answer = await request("GET", path, { query: { ...query, limit, offset: rows.length }, signal });
    const part = of(await answer.json());
    rows.push(...part);
    const total = Number(answer.headers.get("X-Total-Count") ?? rows.length);
    tell({ rows, total });
    if (part.length < limit || rows.length >= Math.min(total, most)) return { rows, total };
  }
}

// save downloads a file that an operation makes.
export async function save(method, path, options) {
  const answer = await request(method, path, { timeout: 600_000, ...options });
  const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "download";
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return name;
}

// newKey is an Idempotency-Key: what is sent twice with it is done once.
export function newKey() {
  return crypto.randomUUID();
}

const documents = new Map();

// operation is what the portal's document says of one operation: {id, method, path, parameters, body, refs}.
export function operation(id) {
  if (!documents.has(id)) documents.set(id, readOperation(id).catch((error) => {
    documents.delete(id);
    throw error;
  }));
  return documents.get(id);
}

async function readOperation(id) {
  const document = await get(`/openapi/${id}`, null, { open: true });
  const [[path, item]] = Object.entries(document.paths);
  const [[method, op]] = Object.entries(item);
  const resolve = (schema) => (schema?.$ref ? { ...document.components.schemas[schema.$ref.split("/").pop()], ...schema } : schema);
  const content = op.requestBody?.content ?? {};
  return { id, path, method: method.toUpperCase(), op, resolve, body: resolve(content["application/json"]?.schema ?? Object.values(content)[0]?.schema) };
}
