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
      held.slots.length ? make("div", { className: "scroll" }, make("table", { className: "figures wide" }, make("thead", {}, make("tr", {}, head)), make("tbody", {}, held.slots.map(row)))) : null,
      held.slots.length ? queries("slots", `"group" = '${item.id}'`, `group == "${item.id}"`) : null,
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
  prompts(item, held, index, picked) {
    if (item.kind === "dialogue") return [make("p", { className: "why" }, t("prompts.dialogue.said")), make("p", {}, t("prompts.rows", { n: item.size }), " ", placed(index, item.place))];
    if (item.kind === "alike" || item.kind === "opposed") return [make("p", { className: "why" }, t(`prompts.${item.kind}.said`)), sides(held, index)];
    if (item.kind === "leak") return [make("p", { className: "why" }, t("leaks.place"), " ", make("span", { translate: false }, text(held.text))), sides(held, index)];
    return [
      make("article", { className: "pane asked", tabIndex: 0 }, make("p", { className: "role" }, t(item.kind === "prompt" ? "prompts.asked" : "prompts.said")), make("p", { className: "skeleton", dir: "auto", translate: false }, text(held.text))),
      sides(held, index, picked),
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

function sides(held, index, picked) {
  const choice = ([string, count, place, id], at) => picked && id ? keyed(String(at + 1), t("prompts.choose"), () => picked.toggle(id), { className: "plain choose", "aria-pressed": String(picked.ids.has(id)) }) : null;
  return make("div", { className: "panes sides" }, held.sides.map((side, at) => make("article", { className: "pane", tabIndex: 0 },
    make("header", {}, choice(side, at), side[1] > 1 ? make("span", { className: "fate" }, t("queue.rows", { n: side[1] })) : null, placed(index, side[2])),
    make("p", { className: "skeleton", dir: "auto", translate: false }, text(side[0])))));
}

// How many rows of a group are to stay at most, and what that comes to: nothing is dropped for it unless it is decided.
function thin(item, now, draw) {
  const stay = item.fates[2];
  const most = make("input", { type: "number", min: "1", max: String(stay), value: String(now), "aria-label": t("thin.most") });
  const slider = make("input", { type: "range", min: "0", max: "1000", value: String(1000 * Math.log(now) / Math.log(Math.max(2, stay))), "aria-label": t("thin.most"), tabIndex: -1 });
  const told = make("output", { "aria-live": "polite" });
  const say = (left) => {
    const [rows, tokens] = capped(item, left);
    told.textContent = t("thin.effect", { n: left, rows, tokens });
    slider.setAttribute("aria-valuetext", number(left));
    draw(left);
  };
  most.addEventListener("input", () => {
    const left = Math.min(stay, Math.max(1, Math.round(Number(most.value)) || 1));
    slider.value = String(1000 * Math.log(left) / Math.log(Math.max(2, stay)));
    say(left);
  });
  slider.addEventListener("input", () => {
    const left = Math.min(stay, Math.max(1, Math.round(Math.max(2, stay) ** (Number(slider.value) / 1000))));
    most.value = String(left);
    say(left);
  });
  say(now);
  return make("div", { className: "thin" }, make("label", {}, make("span", {}, t("thin.most")), most), slider, told);
}

for (const name of Object.keys(shows)) {
  page(name, (section, index) => {
    const items = index.items.map(([id, kind, size, tokens, files, place, opening, variety, fates, shardAt, at], order) => (
      { id, key: id, fates, kind, size, tokens, files, place, opening, variety, shardAt, at, order }));
    let now = "";
    const picked = { ids: new Set(), toggle(id) { if (!picked.ids.delete(id)) picked.ids.add(id); api.redraw(); } };
    let most = 0;
    // What can be decided of a group: what the plan does, all, none, some that are named, or so many.
    const acts = (item) => [
      ...whole((action) => `act.${action}`), item.fates[2] > 1 ? ["c", "act.cap", { action: "cap", most }] : null,
      item.variety > 1 ? ["Enter", "act.chosen", { action: "keep", keep: [...picked.ids] }] : null,
    ];
    const api = desk(section, index, {
      items,
      line: (item) => [
        make("span", { className: "opening", translate: false, dir: "auto" }, name === "structure" ? layout(item.opening) : text(item.opening || item.id)),
        make("span", { className: "about" }, t(`kind.${item.kind}`), " · ", t("queue.rows", { n: item.size }), " · ", item.variety > 1 ? t(`prompts.variety.${item.kind}`, { n: item.variety }) : percent(item.size / Math.max(1, index.rows))),
      ],
      search: (item) => `${item.id} ${item.opening} ${index.files[item.place[0]]}:${item.place[1]}`,
      bulk: {
        least: { name: "bulk.size", range: { min: "2", step: "1", value: "2" }, of: (item) => item.size },
        actions: ["accept", "keep-all", "cap", "drop-all", "false-alarm"],
        told: (item) => t("queue.rows", { n: item.size }),
      },
      sorts: { size: (item) => item.size, tokens: (item) => item.tokens, text: (item) => -item.order },
      async show(item, view, steps) {
        if (now !== item.id) {
          const mine = decisions.of(item.key);
          picked.ids = new Set(mine?.keep ?? []);
          most = mine?.most ?? Math.min(Math.max(1, item.fates[2]), 20);
        }
        now = item.id;
        const held = await load(`${name}-${String(item.shardAt).padStart(3, "0")}`);
        if (now !== item.id) return;
        const bar = deciding(item, acts(item), api);
        renew(view,
          make("header", { className: "case" },
            make("h2", {}, t(`kind.${item.kind}`)),
            make("button", { type: "button", className: "id", translate: false, data: { copy: item.id }, textContent: item.id }),
            make("p", { className: "soft" }, t("queue.rows", { n: item.size }), ` (${percent(item.size / Math.max(1, index.rows))}) · `, t("overview.stake", { n: item.tokens })),
            steps),
          bar,
          item.fates[2] > 1 ? thin(item, most, (left) => { most = left; bar.replaceChildren(...deciding(item, acts(item), api).childNodes); }) : null,
          ...shows[name](item, held[item.at], index, picked),
          queries("members", `"group" = '${item.id}'`, `group == "${item.id}"`));
      },
    });
    return api;
  });
}
