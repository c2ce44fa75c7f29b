"use strict";
// Templates, phrases, prompts and layouts: groups that are no duplicates, one at a time.

const shows = {
  templates(item, held, index) {
    const skeleton = held.text.split(/(⟦\d+⟧)/).map((part, at) => (at % 2 ? make("b", { className: "slot", textContent: part }) : text(part)));
    const head = ["templates.slot", "templates.distinct", "templates.entropy", "templates.fillers"].map((key, at) => make("th", { scope: "col", className: at % 3 ? "number" : "" }, t(key)));
    const row = ([slot, distinct, entropy, fillers]) => make("tr", {},
      make("th", { scope: "row" }, `⟦${slot}⟧`), make("td", { className: "number" }, number(distinct)),
      make("td", { className: "number" }, number(entropy, { maximumFractionDigits: 2 })),
      make("td", { className: "fillers" }, fillers.map(([string, count, place]) => make("div", {},
        make("span", { className: "filler", dir: "auto", translate: false }, text(string)), make("small", { className: "soft" }, ` × ${number(count)} `), placed(index, place)))));
    return [
      make("article", { className: "pane mould", tabIndex: 0 }, make("p", { className: "skeleton", dir: "auto", translate: false }, skeleton, held.cut ? make("span", { className: "cut" }, t("text.cut", { n: held.cut })) : null)),
      thin(item),
      held.slots.length ? make("div", { className: "scroll" }, make("table", { className: "figures wide" }, make("thead", {}, make("tr", {}, head)), make("tbody", {}, held.slots.map(row)))) : null,
      make("ul", { className: "lines" }, held.rows.map((place) => make("li", {}, make("span", { className: "soft" }, t("patterns.example"), " "), placed(index, place)))),
    ];
  },
  phrases(item, held, index) {
    const where = held.where ? ["opens", "closes", "inside"].map((key, at) => make("div", {}, make("dt", {}, t(`phrases.${key}`)), make("dd", {}, number(held.where[at])))) : null;
    const line = ([before, phrase, after, place]) => make("tr", {},
      make("td", { className: "before", translate: false }, make("div", {}, make("span", { dir: "auto" }, text(before)))), make("td", { className: "middle", dir: "auto", translate: false }, make("mark", {}, text(phrase))),
      make("td", { className: "after", dir: "auto", translate: false }, text(after)), make("td", {}, placed(index, place)));
    return [
      make("p", { className: "skeleton quote", dir: "auto", translate: false }, text(held.text)),
      where ? make("dl", { className: "facts" }, where) : null,
      held.lines.length ? make("div", { className: "scroll" }, make("table", { className: "context", "aria-label": t("phrases.context") }, make("tbody", {}, held.lines.map(line)))) : make("p", { className: "soft" }, t("text.gone")),
    ];
  },
  prompts(item, held, index) {
    if (item.kind === "dialogue") return [make("p", { className: "why" }, t("prompts.dialogue.said")), make("p", {}, t("prompts.rows", { n: item.size }), " ", placed(index, item.place))];
    if (item.kind === "alike" || item.kind === "opposed") return [make("p", { className: "why" }, t(`prompts.${item.kind}.said`)), sides(held, index)];
    if (item.kind === "leak") return [make("p", { className: "why" }, t("leaks.place"), " ", make("span", { translate: false }, text(held.text))), sides(held, index)];
    return [
      make("article", { className: "pane asked", tabIndex: 0 }, make("p", { className: "role" }, t(item.kind === "prompt" ? "prompts.asked" : "prompts.said")), make("p", { className: "skeleton", dir: "auto", translate: false }, text(held.text))),
      sides(held, index),
      item.variety > held.sides.length ? make("p", { className: "cap" }, t("prompts.more", { n: item.variety - held.sides.length })) : null,
    ];
  },
  structure(item, held, index) {
    return [make("p", { className: "layout" }, layout(held.layout)), sides(held, index)];
  },
};

function layout(letters) {
  return [...letters].map((letter) => (letter === "+" ? make("small", { className: "soft" }, "+") : letter === "/" ? " / " : make("span", { className: "line" }, t(`line.${letter}`))));
}

function sides(held, index) {
  return make("div", { className: "panes sides" }, held.sides.map(([string, count, place]) => make("article", { className: "pane", tabIndex: 0 },
    make("header", {}, count > 1 ? make("span", { className: "fate" }, t("queue.rows", { n: count })) : null, placed(index, place)),
    make("p", { className: "skeleton", dir: "auto", translate: false }, text(string)))));
}

// What a cap would do to one template: nothing is dropped for it unless a profile says so.
function thin(item) {
  const most = make("input", { type: "range", min: "1", max: String(item.size), value: String(Math.min(item.size, 20)), "aria-label": t("thin.most") });
  const told = make("output", { "aria-live": "polite" });
  const draw = () => {
    const left = Number(most.value);
    told.textContent = t("thin.effect", { n: left, rows: item.size - left, tokens: Math.round(item.tokens * (1 - left / item.size)) });
  };
  most.addEventListener("input", draw);
  draw();
  return make("div", { className: "thin" }, make("label", {}, make("span", {}, t("thin.most")), most), told);
}

for (const name of Object.keys(shows)) {
  page(name, (section, index) => {
    const items = index.items.map(([id, kind, size, tokens, files, place, opening, variety, shardAt, at], order) => (
      { id, kind, size, tokens, files, place, opening, variety, shardAt, at, order }));
    let now = "";
    const api = queue(section, {
      items,
      line: (item) => [
        make("span", { className: "opening", translate: false, dir: "auto" }, name === "structure" ? layout(item.opening) : text(item.opening || item.id)),
        make("span", { className: "about" }, t(`kind.${item.kind}`), " · ", t("queue.rows", { n: item.size }), " · ", item.variety > 1 ? t(`prompts.variety.${item.kind}`, { n: item.variety }) : percent(item.size / Math.max(1, index.rows))),
      ],
      search: (item) => `${item.id} ${item.opening} ${index.files[item.place[0]]}:${item.place[1]}`,
      sorts: { size: (item) => item.size, tokens: (item) => item.tokens, text: (item) => -item.order },
      async show(item, view, steps) {
        now = item.id;
        const held = await load(`${name}-${String(item.shardAt).padStart(3, "0")}`);
        if (now !== item.id) return;
        renew(view,
          make("header", { className: "case" },
            make("h2", {}, t(`kind.${item.kind}`)),
            make("button", { type: "button", className: "id", translate: false, data: { copy: item.id }, textContent: item.id }),
            make("p", { className: "soft" }, t("queue.rows", { n: item.size }), ` (${percent(item.size / Math.max(1, index.rows))}) · `, t("overview.stake", { n: item.tokens })),
            steps),
          ...shows[name](item, held[item.at], index),
          queries("members", `"group" = '${item.id}'`, `group == "${item.id}"`));
      },
    });
    fileOptions(api.part.file, index, items);
    return api;
  });
}
