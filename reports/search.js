"use strict";
// One search through all evidence that the report holds; what is found is shown while the rest is still read.

page("search", (section, { families }) => {
  const MOST = 200;
  const AROUND = 60;
  const OFTEN = 120;
  const part = Object.fromEntries([...section.querySelectorAll("[data-part]")].map((element) => [element.dataset.part, element]));
  const view = { find: "", on: "" };
  const everything = [];
  let whole = 0;
  let started = false;

  // What every page holds, as plain text; a page's items all end with their shard and their place in it.
  async function read() {
    if (started) return;
    started = true;
    part.hits.setAttribute("aria-busy", "true");
    const indexes = await Promise.all(families.map((name) => load(name)));
    whole = indexes.reduce((sum, { items }) => sum + items.length, 0);
    let drawn = performance.now();
    for (const [at, name] of families.entries()) {
      const items = indexes[at].items.map((item) => ({ id: item[0], shardAt: item.at(-2), at: item.at(-1) }));
      for await (const [{ id }, text] of reading(name, items)) {
        everything.push({ name, id, text, low: text.toLowerCase() });
        if (performance.now() - drawn < OFTEN) continue;
        render();
        drawn = performance.now();
      }
    }
    part.hits.removeAttribute("aria-busy");
    render();
  }

  function hit({ name, id, text: whole, low }, wanted) {
    const at = low.indexOf(wanted);
    const spot = at < 0 ? [whole.slice(0, 2 * AROUND), "", ""] : [whole.slice(Math.max(0, at - AROUND), at), whole.slice(at, at + wanted.length), whole.slice(at + wanted.length, at + wanted.length + AROUND)];
    return make("li", {}, make("a", { href: single ? `#${name}/${id}` : `${name}.html#${id}` },
      make("span", { className: "about" }, t(`page.${name}`), " · ", make("span", { translate: false }, id)),
      make("span", { className: "spot", dir: "auto", translate: false }, text(spot[0]), make("mark", {}, text(spot[1])), text(spot[2]))));
  }

  function render() {
    const wanted = view.find.trim().toLowerCase();
    if (!wanted) {
      part.count.textContent = "";
      part.hits.replaceChildren();
      part.pages.replaceChildren();
      return;
    }
    read();
    const all = everything.filter((each) => each.low.includes(wanted) || each.id.includes(wanted));
    const shown = all.filter((each) => !view.on || each.name === view.on);
    renew(part.pages, ["", ...families].map((name) => {
      const count = name ? all.filter((each) => each.name === name).length : all.length;
      return button(`${name ? t(`page.${name}`) : t("kind.all")} ${number(count)}`, () => { view.on = name; go(); }, { "aria-pressed": String(view.on === name), className: "chip", data: { key: `on-${name}` } });
    }));
    const busy = part.hits.hasAttribute("aria-busy");
    part.count.textContent = [t("search.count", { n: shown.length, shown: Math.min(MOST, shown.length) }), busy ? t("queue.reading", { share: percent(everything.length / Math.max(1, whole)) }) : ""].join(" ");
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
