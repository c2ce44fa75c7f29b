"use strict";
// One search through all evidence that the report holds.

page("search", (section, { families }) => {
  const MOST = 200;
  const AROUND = 60;
  const part = Object.fromEntries([...section.querySelectorAll("[data-part]")].map((element) => [element.dataset.part, element]));
  const view = { find: "", on: "" };
  let everything;

  // What every page holds, as plain text; a page's items all end with their shard and their place in it.
  async function read() {
    const found = [];
    await Promise.all(families.map(async (name) => {
      const { items } = await load(name);
      const shards = new Map();
      for (const at of new Set(items.map((item) => item.at(-2)))) shards.set(at, load(`${name}-${String(at).padStart(3, "0")}`));
      for (const item of items) found.push({ name, id: item[0], text: plain((await shards.get(item.at(-2)))[item.at(-1)]) });
    }));
    found.sort((a, b) => families.indexOf(a.name) - families.indexOf(b.name));
    for (const each of found) each.low = each.text.toLowerCase();
    return found;
  }

  function hit({ name, id, text: whole, low }, wanted) {
    const at = low.indexOf(wanted);
    const spot = at < 0 ? [whole.slice(0, 2 * AROUND), "", ""] : [whole.slice(Math.max(0, at - AROUND), at), whole.slice(at, at + wanted.length), whole.slice(at + wanted.length, at + wanted.length + AROUND)];
    return make("li", {}, make("a", { href: single ? `#${name}/${id}` : `${name}.html#${id}` },
      make("span", { className: "about" }, t(`page.${name}`), " · ", make("span", { translate: false }, id)),
      make("span", { className: "spot", dir: "auto", translate: false }, text(spot[0]), make("mark", {}, text(spot[1])), text(spot[2]))));
  }

  async function render() {
    const wanted = view.find.trim().toLowerCase();
    if (!wanted) {
      part.count.textContent = "";
      part.hits.replaceChildren();
      part.pages.replaceChildren();
      return;
    }
    everything ??= read();
    const all = (await everything).filter((each) => each.low.includes(wanted) || each.id.includes(wanted));
    if (wanted !== view.find.trim().toLowerCase()) return;
    const shown = all.filter((each) => !view.on || each.name === view.on);
    part.pages.replaceChildren(...["", ...families].map((name) => {
      const count = name ? all.filter((each) => each.name === name).length : all.length;
      return button(`${name ? t(`page.${name}`) : t("kind.all")} ${number(count)}`, () => { view.on = name; go(); }, { "aria-pressed": String(view.on === name), className: "chip" });
    }));
    part.count.textContent = t("search.count", { n: shown.length, shown: Math.min(MOST, shown.length) });
    part.hits.replaceChildren(...shown.slice(0, MOST).map((each) => hit(each, wanted)));
  }

  function go() {
    const next = address("search", "", { q: view.find, on: view.on });
    if (next !== location.hash) location.replace(next);
    else render();
  }

  part.find.addEventListener("input", () => { view.find = part.find.value; go(); });
  part.find.form.addEventListener("submit", (event) => event.preventDefault());
  return {
    redraw: render,
    show(state) {
      view.find = state.q ?? "";
      view.on = state.on ?? "";
      if (part.find.value !== view.find) part.find.value = view.find;
      render();
    },
  };
});
