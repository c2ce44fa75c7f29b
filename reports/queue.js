"use strict";
// The queue: what is filtered, sorted and paged on the left, and which item is shown on the right.
const SIZE = 100;
const OFTEN = 120;

function queue(section, { items, sorts, line, search, show }) {
  const name = section.dataset.page;
  const part = Object.fromEntries([...section.querySelectorAll("[data-part]")].map((element) => [element.dataset.part, element]));
  const first = Object.keys(sorts)[0];
  const controls = ["sort", "kind", "file", "state", "fate"].filter((control) => part[control]);
  const view = { sort: first, kind: "", file: "", state: "", fate: "", find: "" };
  let held = [];
  let id = "";

  function busy() { return view.find && part.queue.hasAttribute("aria-busy"); }

  function place() { return Math.max(0, held.findIndex((item) => item.id === id)); }

  function choose() {
    const wanted = view.find.toLowerCase();
    held = items.filter((item) => (!view.kind || (item.kinds ?? [item.kind]).includes(view.kind)) && (!view.file || item.files.includes(Number(view.file)))
      && (!view.state || item.id === id || reviewed(item, view.state)) && (!view.fate || item.action === view.fate) && (!wanted || found(item, wanted)));
    held.sort((a, b) => sorts[view.sort](b) - sorts[view.sort](a) || a.order - b.order);
  }

  function list() {
    const start = Math.floor(place() / SIZE) * SIZE;
    const some = held.slice(start, start + SIZE);
    part.queue.start = start + 1;
    part.queue.replaceChildren(...some.map((item) => {
      const link = make("a", { href: address(name, item.id, filters()) }, line(item), verdict(item));
      if (item.id === id) link.setAttribute("aria-current", "true");
      return make("li", {}, link);
    }));
    const told = held.length ? t("queue.count", { first: start + 1, last: start + some.length, n: held.length }) : busy() ? "" : t("queue.none");
    part.count.textContent = busy() ? `${told} ${t("queue.reading", { share: percent(whole.size / items.length) })}` : told;
    const turn = (to, key) => button(t(key), () => go(held[to].id), { disabled: to < 0 || to >= held.length });
    part.pager.replaceChildren(...(held.length > SIZE ? [turn(start - SIZE, "queue.back"), turn(start + SIZE, "queue.more")] : []));
    part.queue.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  function filters() {
    return { sort: view.sort === first ? "" : view.sort, kind: view.kind, file: view.file, state: view.state, fate: view.fate, find: view.find };
  }

  function go(to) {
    const next = address(name, to, filters());
    if (next !== location.hash) location.replace(next);
    else render();
  }

  function step(by) {
    const next = held[place() + by];
    if (next) go(next.id);
  }

  function render() {
    choose();
    if (!held.some((item) => item.id === id)) id = held[0]?.id ?? "";
    list();
    const at = place();
    const steps = make("span", { className: "steps" },
      keyed("k", t("keys.previous"), () => step(-1), { disabled: at === 0 }),
      keyed("j", t("keys.next"), () => step(1), { disabled: at >= held.length - 1 }));
    if (held.length) show(held[at], part.view, steps, held[at + 1]);
    else part.view.replaceChildren(make("p", { className: "soft" }, t(busy() ? "queue.looking" : "queue.none")));
  }

  // The words of every text that is shown, once someone looks for words; what is found so far stands in the list.
  const whole = new Map();
  function found(item, wanted) {
    return (whole.get(item) ?? search(item).toLowerCase()).includes(wanted);
  }
  async function read() {
    if (whole.size) return;
    part.queue.setAttribute("aria-busy", "true");
    let drawn = performance.now();
    for await (const [item, text] of reading(name, [...new Set([...held, ...items])])) {
      whole.set(item, `${search(item)}\n${text}`.toLowerCase());
      if (!view.find || performance.now() - drawn < OFTEN) continue;
      render();
      drawn = performance.now();
    }
    part.queue.removeAttribute("aria-busy");
    if (view.find) render();
  }

  for (const control of controls) {
    part[control].addEventListener("change", () => { view[control] = part[control].value; go(id); });
  }
  part.find.addEventListener("input", () => {
    view.find = part.find.value;
    go(id);
    if (view.find) read();
  });
  part.find.form.addEventListener("submit", (event) => event.preventDefault());

  return {
    part, go, step,
    redraw: render,
    // The next item from here on for which something holds, or else this one.
    next(wanted) {
      const at = place();
      return [...held.slice(at + 1), ...held.slice(0, at)].find(wanted)?.id ?? id;
    },
    show(state) {
      id = items.some((item) => item.id === state.id) ? state.id : "";
      for (const control of controls) {
        view[control] = state[control] ?? (control === "sort" ? first : "");
        if (!sorts[view.sort]) view.sort = first;
        part[control].value = view[control];
      }
      if ((state.find ?? "") !== view.find) {
        part.find.value = view.find = state.find ?? "";
        if (view.find) read();
      }
      render();
    },
  };
}

// A page that is worked through and decided: its queue, and the bar above it.
function desk(section, index, { items, bulk, ...shows }) {
  const api = queue(section, { items, ...shows });
  fileOptions(api.part.file, index, items);
  const tally = decisionBar(api, { planned: index.planned, items, bulk });
  return { ...api, show(state) { tally(); api.show(state); }, redraw() { tally(); api.redraw(); } };
}

function fileOptions(select, index, items) {
  const there = [...new Set(items.flatMap((item) => item.files))].sort((a, b) => a - b);
  select.append(...there.map((file) => make("option", { value: String(file), textContent: index.files[file].slice(index.root.length) })));
}
