"use strict";
// The frame of every page: language, theme, keys, copying, sorting, and shards.
// Everything that comes from data reaches the page through textContent alone; this file holds no markup.

root.classList.add("js");
if (kept.get("theme")) root.dataset.theme = kept.get("theme");
const browser = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
let language = kept.get("language") ?? (root.dataset.first === "auto" ? browser : root.dataset.first);
root.lang = language === "zh" ? "zh-CN" : "en";

// Shards: classic scripts in data/ that call `shard` with base64 of gzip of JSON.
const packed = new Map();
const waiting = new Map();
const opened = new Map();

function shard(name, text) {
  packed.set(name, text);
  waiting.get(name)?.();
}

function load(name) {
  if (!opened.has(name)) opened.set(name, open(name));
  return opened.get(name);
}

async function open(name) {
  if (!packed.has(name)) {
    await new Promise((resolve, reject) => {
      waiting.set(name, resolve);
      const script = make("script", { src: `data/${name}.js` });
      script.addEventListener("error", () => reject(new Error(name)));
      document.head.append(script);
    });
  }
  const bytes = decoded(packed.get(name));
  packed.delete(name);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

function decoded(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const plain = atob(text);
  const bytes = new Uint8Array(plain.length);
  for (let at = 0; at < plain.length; at++) bytes[at] = plain.charCodeAt(at);
  return bytes;
}

// Texts of a page's items, as a search needs them: shard by shard, the next one on its way while one is looked through.
// Work stops every few milliseconds, so that typing and drawing go on.
const SLICE = 8;

async function* reading(name, items) {
  const shards = new Map();
  for (const item of items) {
    if (!shards.has(item.shardAt)) shards.set(item.shardAt, []);
    shards.get(item.shardAt).push(item);
  }
  const places = [...shards.keys()];
  let began = performance.now();
  for (const [at, place] of places.entries()) {
    const held = await load(shardName(name, place));
    if (at + 1 < places.length) ahead(shardName(name, places[at + 1]));
    for (const item of shards.get(place)) {
      yield [item, plain(held[item.at])];
      if (performance.now() - began > SLICE) {
        await new Promise((resolve) => { setTimeout(resolve); });
        began = performance.now();
      }
    }
  }
}

// Load what will be asked for next; who leaves the page meanwhile is not told that it did not come.
function ahead(name) { load(name).catch(() => opened.delete(name)); }

function shardName(name, at) { return `${name}-${String(at).padStart(3, "0")}`; }

// Words and numbers.
let words = { en: {}, zh: {} };

function t(key, values = {}) {
  const template = words[language][key] ?? key;
  return template.replace(/\{(\w+)(?:\|([^|{}]*)\|([^|{}]*))?\}/g, (_, name, one, many) => {
    const value = values[name];
    if (one !== undefined) return value === 1 ? one : many;
    return typeof value === "number" ? number(value) : String(value);
  });
}

const formats = new Map();

function number(value, options = {}) {
  const key = language + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en", options));
  return formats.get(key).format(value);
}

function percent(share) {
  if (share > 0 && share < 0.0005) return "<0.1%";
  if (share < 1 && share > 0.9995) return ">99.9%";
  return number(share, { style: "percent", minimumFractionDigits: share % 1 ? 1 : 0, maximumFractionDigits: 1 });
}

// Elements.
function make(tag, props = {}, ...kids) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "data") Object.assign(element.dataset, value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...kids.flat(2).filter((kid) => kid !== null && kid !== undefined));
  return element;
}

function draw(tag, attributes, ...kids) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...kids);
  return element;
}

function bar(kinds, whole, height = 10) {
  let at = 0;
  const shapes = kinds.map(([kind, size]) => {
    const shape = draw("rect", { class: kind, x: at, y: 0, width: size, height });
    at += size;
    return shape;
  });
  return draw("svg", { class: "bar", viewBox: `0 0 ${Math.max(whole, 1)} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...shapes);
}

// A text with the glyphs that stand for invisible characters set apart.
function text(string) {
  return string.split(/(⟨[^⟨⟩\s]{2,8}⟩|␠×\d+|⏎×\d+)/).map((part, at) => (at % 2 ? make("i", { className: "glyph", textContent: part }) : part));
}

// A marked text as pieces: a mark before each says what it is (auditor/evidence/marks.py).
const KINDS = ["own", "same", ...Array.from({ length: 12 }, (_, at) => `m${at}`), "", "cut"];

function pieces(held) {
  if (typeof held !== "string") return held;
  const [first, ...rest] = held.split(/([\ufdd0-\ufdef])/);
  const found = first ? [["", first]] : [];
  for (let at = 0; at < rest.length; at += 2) {
    const kind = KINDS[rest[at].charCodeAt(0) - 0xfdd0];
    if (kind === "cut") found.push([kind, "", 0, Number(rest[at + 1])]);
    else if (rest[at + 1]) found.push([kind, rest[at + 1]]);
  }
  return found;
}

// Turns of a sample; `mark` says how a piece of a kind is shown.
function turns(list, mark) {
  return list.map(([role, trained, held]) => make("div", { className: trained ? "turn trained" : "turn" },
    make("p", { className: "role" }, t(`role.${role}`), trained ? make("small", {}, t("text.trained")) : null),
    make("div", { className: "text", dir: "auto", translate: false }, pieces(held).map((piece) => shown(piece, mark)))));
}

// Every string in what a shard holds, without marks: what a search looks through.
function plain(held) {
  if (typeof held === "string") return held.replace(/\ufdde\d+|[\ufdd0-\ufdef]/g, "");
  if (Array.isArray(held)) return held.map(plain).join(typeof held[0] === "string" ? "" : "\n");
  return held && typeof held === "object" ? Object.values(held).map(plain).join("\n") : "";
}

function shown([kind, string, times, chars], mark) {
  if (kind === "cut") return make("span", { className: "cut" }, t("text.cut", { n: chars }));
  if (kind === "fold") return make("span", { className: "fold" }, t("text.fold", { times, n: chars }));
  return mark(kind, text(string)) ?? make("span", {}, text(string));
}

function placed(index, [file, line, offset]) {
  const where = `${index.files[file]}:${line}`;
  const steps = where.slice(index.root.length).split(/(?<=\/)/);
  return [
    make("button", { type: "button", className: "place", translate: false, data: { copy: where } }, steps.flatMap((step) => [make("wbr"), step])),
    index.bytes[file] ? make("small", { className: "soft" }, t("place.byte", { n: offset })) : null,
  ];
}

function button(label, press, props = {}) {
  const element = make("button", { type: "button", className: "plain", ...props }, label);
  element.addEventListener("click", press);
  return element;
}

function keyed(key, label, press, props = {}) {
  const element = button([label, " ", make("kbd", { textContent: key, "aria-hidden": "true" })], press, props);
  element.dataset.key = key;
  element.setAttribute("aria-keyshortcuts", key);
  return element;
}

function announce(message, time = 2500) {
  const said = document.getElementById("said");
  said.textContent = message;
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => { said.textContent = ""; }, time);
}

async function copy(string) {
  try {
    await navigator.clipboard.writeText(string);
  } catch {
    const field = make("textarea", { value: string, className: "hidden" });
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  announce(t("place.copied", { what: string }));
}

// How to ask the tables beside the report for the same rows: the ids are ours, and hold nothing to escape.
function queries(table, sql, python) {
  const file = `${table}.parquet`;
  return make("p", { className: "queries" }, make("span", { className: "soft" }, t("query.copy")), " ",
    make("button", { type: "button", className: "chip", data: { query: "sql", copy: `SELECT * FROM '${file}' WHERE ${sql};` } }, "DuckDB"), " ",
    make("button", { type: "button", className: "chip", data: { query: "pandas", copy: `import pandas as pd\npd.read_parquet("${file}").query('${python}')` } }, "pandas"));
}

// What a redraw replaces keeps the focus of whoever walks by keyboard.
function renew(view, ...nodes) {
  const key = view.contains(document.activeElement) && document.activeElement.dataset.key;
  view.replaceChildren(...nodes.flat().filter(Boolean));
  view.scrollTop = 0;
  if (key) view.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

// Addresses: `duplicates.html#near-4ed85bb911d7&sort=doubt`; in a single file `#duplicates/near-…`.
function here() {
  let hash = location.hash.slice(1);
  let page = document.querySelector("section.page").dataset.page;
  if (single) [page, hash] = /^([a-z]*)\/?(.*)$/s.exec(hash).slice(1);
  const state = { page, id: "" };
  for (const part of hash.split("&")) {
    const [name, ...value] = part.split("=");
    if (!value.length) state.id ||= name;
    else state[name] = spelled(value.join("="));
  }
  return state;
}

function spelled(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

function address(page, id, view = {}) {
  const parts = [id, ...Object.entries(view).filter(([, value]) => value).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)];
  return `#${single ? `${page}/` : ""}${parts.filter(Boolean).join("&")}`;
}

// Pages that are drawn by a script say so; each is started once, when it is first seen.
const makers = new Map();
const drawn = new Map();

function page(name, maker) { makers.set(name, maker); }

async function visit() {
  const state = here();
  const sections = [...document.querySelectorAll("section.page")];
  const current = sections.find((section) => section.dataset.page === state.page) ?? sections[0];
  const name = current.dataset.page;
  for (const section of sections) section.hidden = section !== current;
  document.body.dataset.page = name;
  document.title = `${t(`page.${name}`)} · ${document.querySelector(".of").textContent}`;
  for (const link of document.querySelectorAll("nav a[data-page]")) {
    if (link.dataset.page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (makers.has(name) && !drawn.has(name)) drawn.set(name, makers.get(name)(current, await load(name)));
  if (drawn.has(name)) drawn.get(name).show(state);
  else point(state.id);
}

function point(id) {
  const target = id && document.getElementById(id);
  if (!target) return;
  const details = target.querySelector("details");
  if (details) details.open = true;
  target.scrollIntoView({ block: "start" });
}

// The language shown: markup has both, everything else is set here.
function speak() {
  root.lang = language === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-en]")) element.textContent = element.dataset[language];
  for (const element of document.querySelectorAll("[data-aria-label]")) element.setAttribute("aria-label", t(element.dataset.ariaLabel));
  for (const element of document.querySelectorAll("[data-placeholder]")) element.placeholder = t(element.dataset.placeholder);
  for (const held of drawn.values()) held.redraw();
}

function sort(header) {
  const cell = header.closest("th");
  const table = header.closest("table");
  const at = [...cell.parentElement.children].indexOf(cell);
  const down = cell.getAttribute("aria-sort") === "descending" || (!cell.hasAttribute("aria-sort") && cell.classList.contains("text"));
  for (const other of cell.parentElement.children) other.removeAttribute("aria-sort");
  cell.setAttribute("aria-sort", down ? "ascending" : "descending");
  const value = (body) => body.rows[0].cells[at].dataset.value;
  const compare = cell.classList.contains("text") ? (a, b) => value(a).localeCompare(value(b)) : (a, b) => value(a) - value(b);
  table.append(...[...table.tBodies].sort((a, b) => (down ? compare(a, b) : compare(b, a))));
}

const acts = {
  language() {
    language = language === "zh" ? "en" : "zh";
    kept.set("language", language);
    speak();
  },
  theme() {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const next = (root.dataset.theme ?? (dark ? "dark" : "light")) === "dark" ? "light" : "dark";
    root.dataset.theme = next;
    kept.set("theme", next);
  },
  help() { document.getElementById("help").showModal(); },
  find(pressed) { pressed.parentElement.querySelector("input").focus(); },
  sort,
};

document.addEventListener("click", (event) => {
  const act = event.target.closest("[data-do]");
  if (act) acts[act.dataset.do](act);
  const place = event.target.closest("[data-copy]");
  if (place) copy(place.dataset.copy || place.textContent);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || kept.get("keys") === false) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  const pressed = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === event.key && element.offsetParent);
  if (!pressed) return;
  event.preventDefault();
  if (pressed.matches("input")) pressed.focus();
  else pressed.click();
});

addEventListener("hashchange", visit);
addEventListener("DOMContentLoaded", async () => {
  const keys = document.getElementById("keys");
  keys.checked = kept.get("keys") !== false;
  keys.addEventListener("change", () => kept.set("keys", keys.checked));
  words = await load("words");
  speak();
  await visit();
  root.classList.add("ready");
});
