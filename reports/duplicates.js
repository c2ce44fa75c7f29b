"use strict";
// Copies and near duplicates: a kept row beside each member of its group.

page("duplicates", (section, index) => {
  const items = index.items.map(([id, kind, size, tokens, similarity, doubt, files, place, opening, fates, shardAt, at], order) => (
    { id, key: id, kind, size, tokens, similarity, doubt, files, place, opening, fates, shardAt, at, order }));
  let member = 0;
  let marking = kept.get("marking") ?? "";
  let now = "";

  function line(item) {
    return [
      make("span", { className: "opening", translate: false, dir: "auto" }, text(item.opening || item.id)),
      make("span", { className: "about" }, make("i", { className: `swatch ${item.kind}` }), t(`short.${item.kind}`), " · ",
        t("queue.rows", { n: item.size }), " · ", t("queue.tokens", { n: item.tokens }),
        item.kind === "near" ? ` · ${number(item.similarity, { minimumFractionDigits: 2, maximumFractionDigits: 2 })}` : ""),
    ];
  }

  async function show(item, view, steps, next) {
    if (now !== item.id) member = 0;
    now = item.id;
    const held = await load(`duplicates-${String(item.shardAt).padStart(3, "0")}`);
    if (now !== item.id) return;
    if (next) ahead(`duplicates-${String(next.shardAt).padStart(3, "0")}`);
    const group = held[item.at];
    renew(view, head(item, steps), deciding(item, acts(item, group), api), item.kind === "copy" ? copies(item, group) : near(item, group), queries("members", `"group" = '${item.id}'`, `group == "${item.id}"`));
  }

  function acts(item, group) {
    const pair = item.kind === "near" && group.members.length ? group.members[Math.min(member, group.members.length - 1)] : null;
    return [
      ["a", "act.accept", { action: "accept" }], ["x", "act.keep-all", { action: "keep-all" }],
      pair && ["Enter", "act.instead", { action: "keep", keep: [pair.ids[1]], sizes: [pair.tokens[1]] }],
      pair && ["b", "act.both", { action: "keep", keep: pair.ids, sizes: pair.tokens }],
      ["d", "act.drop-all", { action: "drop-all" }], ["n", "act.not-duplicates", { action: "not-duplicates" }], ["l", "act.later", { action: "later" }],
    ];
  }

  function head(item, steps) {
    return make("header", { className: "case" },
      make("h2", {}, t(`kind.${item.kind}`)),
      make("button", { type: "button", className: "id", translate: false, data: { copy: item.id }, textContent: item.id }),
      make("p", { className: "soft" }, t("queue.rows", { n: item.size }), " · ", t("overview.stake", { n: item.tokens })),
      steps);
  }

  function copies(item, group) {
    const plain = () => null;
    const places = group.places.map(([file, row, offset, gone]) => make("li", { className: gone ? "gone" : "" },
      make("span", { className: "fate" }, t(fate(gone))), placed(index, [file, row, offset])));
    return [
      make("p", { className: "why" }, t(group.spellings > 1 ? "copies.spellings" : "copies.same", { n: group.spellings })),
      group.gone ? make("p", { className: "why" }, t("copies.gone", { rule: group.gone }), " ", group.instead ? [t("copies.instead"), " ", placed(index, group.instead)] : null) : null,
      make("div", { className: "panes one" },
        group.text.length ? make("article", { className: "pane", tabIndex: 0 }, turns(group.text, plain)) : make("p", { className: "soft" }, t("text.gone")),
        make("section", { className: "places" }, make("h3", {}, t("copies.places")), make("ol", {}, places),
          item.size > places.length ? make("p", { className: "cap" }, t("cap.places", { shown: places.length, total: item.size })) : null)),
    ];
  }

  function near(item, group) {
    if (!group.members.length) return [make("p", { className: "soft" }, t("near.empty"))];
    const here = group.members[Math.min(member, group.members.length - 1)];
    const mode = marking || (here.likeness[0] < 0.5 ? "same" : "own");
    const nodes = [
      group.members.length > 1 ? make("div", { className: "members", role: "group", "aria-label": t("near.members") }, group.members.map((each, at) => chip(each, at))) : null,
      group.distinct > group.members.length ? make("p", { className: "cap" }, t("cap.members", { shown: group.members.length, total: group.distinct })) : null,
      make("div", { className: "alike" }, measure(here), make("div", { className: "why" },
        make("p", {}, why(here.why)), here.copies > 1 ? make("p", { className: "soft" }, t("near.copies", { n: here.copies })) : null,
        group.also > 0 ? make("p", { className: "soft" }, t("near.also", { n: group.also })) : null)),
    ];
    if (!here.left) return [...nodes, places(here), make("p", { className: "soft" }, t("text.gone"))];
    const left = pane(fate(here.dropped[0]), here.keeper, here.left, mode);
    const right = pane(fate(here.dropped[1]), here.place, here.right, mode);
    together(left, right);
    return [...nodes, tools(here, mode, [left, right]), make("div", { className: "panes" }, left, right)];
  }

  function chip(each, at) {
    const runs = stretches(each.right ?? []);
    const strip = runs.length ? bar(runs, runs.reduce((sum, [, size]) => sum + size, 0)) : null;
    const label = [make("b", {}, String(at + 1)), ` ${percent(each.likeness[0])}`, each.dropped[1] ? null : make("small", { className: "soft" }, ` ${t("fate.keep")}`), strip];
    const element = button(label, () => { member = at; api.redraw(); }, { className: "member", "aria-pressed": String(at === member) });
    if (at < 9) Object.assign(element.dataset, { key: String(at + 1) });
    return element;
  }

  // What of a text is shared, at a glance; what stands between two stretches is of the first one's kind.
  function stretches(right) {
    const runs = [];
    for (const [kind, string, , lost] of right.flatMap(([, , held]) => pieces(held))) {
      const last = kind && kind !== "cut" ? (kind === "own" ? "own" : "shared") : runs.at(-1)?.[0] ?? "own";
      if (runs.at(-1)?.[0] !== last) runs.push([last, 0]);
      runs.at(-1)[1] += string.length + (lost ?? 0);
    }
    return runs;
  }

  function measure(here) {
    const row = (key, share) => make("div", {}, make("dt", {}, t(key)), make("dd", {}, make("b", {}, percent(share)), bar([["shared", share]], 1)));
    return make("dl", { className: "measure" }, ["jaccard", "contained", "covers"].map((key, at) => row(`near.${key}`, here.likeness[at])));
  }

  function fate(dropped) { return dropped ? "fate.drop" : "fate.keep"; }

  function why([reason, mine, other]) { return t(`why.${reason}`, { mine, other }); }

  function places(here) {
    return make("ul", { className: "lines" }, [here.keeper, here.place].map((place, at) => make("li", {},
      make("span", { className: "fate" }, t(fate(here.dropped[at]))), placed(index, place))));
  }

  function tools(here, mode, panes) {
    const flip = keyed("m", t(mode === "own" ? "mode.own" : "mode.same"), () => {
      marking = mode === "own" ? "same" : "own";
      kept.set("marking", marking);
      api.redraw();
    }, { className: `plain mode ${mode}` });
    const chips = Object.entries(here.matches).map(([name, size]) => button(t("near.match", { n: size }), () => point(name, panes), { className: "chip" }));
    return make("div", { className: "tools" }, flip, make("span", { className: "matches" }, chips.length ? make("span", { className: "soft" }, t("near.matches")) : null, chips));
  }

  function pane(name, place, held, mode) {
    const mark = (kind, kids) => {
      const match = /^m\d+$/.test(kind) ? kind : "";
      const noted = mode === "own" ? kind === "own" : match || kind === "same";
      if (!noted && !match) return null;
      return make(noted ? "mark" : "span", { className: noted ? (mode === "own" ? "own" : "shared") : "", data: match ? { match } : {} }, kids);
    };
    return make("article", { className: "pane", tabIndex: 0 },
      make("header", {}, make("span", { className: "fate" }, t(name)), placed(index, place)), turns(held, mark));
  }

  // Both panes scroll together, each by its own share.
  function together(left, right) {
    for (const [from, to] of [[left, right], [right, left]]) {
      from.addEventListener("scroll", () => {
        if (from.dataset.led) { delete from.dataset.led; return; }
        const room = to.scrollHeight - to.clientHeight;
        const top = Math.round(from.scrollTop / Math.max(1, from.scrollHeight - from.clientHeight) * room);
        if (Math.abs(to.scrollTop - top) > 1) { to.dataset.led = "yes"; to.scrollTop = top; }
      });
    }
  }

  function point(name, panes) {
    for (const pane of panes) {
      for (const mark of pane.querySelectorAll("[data-match]")) mark.classList.toggle("at", mark.dataset.match === name);
      const first = pane.querySelector(`[data-match="${name}"]`);
      if (!first) continue;
      const top = pane.scrollTop + first.getBoundingClientRect().top - pane.getBoundingClientRect().top - pane.clientHeight / 3;
      pane.dataset.led = "yes";
      pane.scrollTop = top;
      if (pane.scrollHeight <= pane.clientHeight) { delete pane.dataset.led; first.scrollIntoView({ block: "nearest" }); }
    }
  }

  const api = desk(section, index, {
    items, line, show,
    search: (item) => `${item.id} ${item.opening} ${index.files[item.place[0]]}:${item.place[1]}`,
    sorts: { worth: (item) => item.tokens * Math.max(item.doubt, 0.05), tokens: (item) => item.tokens, doubt: (item) => item.doubt, size: (item) => item.size, similarity: (item) => item.similarity },
    bulk: {
      least: { name: "bulk.least", range: { min: "0.5", max: "1", step: "0.01", value: "0.95" }, spares: ["copy"], of: (item) => item.similarity },
      actions: ["accept", "keep-all", "not-duplicates"],
      told: (item) => `${t("queue.rows", { n: item.size })}${item.kind === "near" ? ` · ${item.similarity.toFixed(2)}` : ""}`,
    },
  });
  return api;
});
