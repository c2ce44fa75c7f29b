"use strict";
// Loops, echoes, repeated turns and invented ones: one sample at a time, with the copies of its unit numbered.

page("loops", (section, index) => {
  const items = index.items.map(([id, kind, what, severity, times, extent, files, place, opening, action, key, fates, shardAt, at], order) => (
    { id, key, kind, what, severity, times, extent, files, place, opening, action, fates, shardAt, at, order }));
  const circled = ["①", "②", "③"];
  let now = "";

  function line(item) {
    return [
      make("span", { className: "opening", translate: false, dir: "auto" }, text(item.opening || item.id)),
      make("span", { className: "about" }, make("i", { className: `swatch level${item.severity}` }), t(`loop.${item.what}`), " · ",
        item.times ? t("loop.times", { n: item.times }) : item.kind, " · ", t("queue.chars", { n: item.extent })),
    ];
  }

  async function show(item, view, steps, next) {
    now = item.id;
    const held = await load(`loops-${String(item.shardAt).padStart(3, "0")}`);
    if (now !== item.id) return;
    if (next) ahead(`loops-${String(next.shardAt).padStart(3, "0")}`);
    const found = held[item.at];
    renew(view,
      make("header", { className: "case" },
        make("h2", {}, t(`loop.${item.what}`)),
        make("button", { type: "button", className: "id", translate: false, data: { copy: item.id }, textContent: item.id }),
        make("p", { className: "soft" }, t(`severity.${["high", "medium", "low"][item.severity]}`), " · ", t(`fate.${item.action}`)),
        steps),
      deciding(item, whole((action) => `alone.${action}`), api),
      make("p", { className: "where" }, placed(index, item.place), item.fates[0] + item.fates[2] > 1 ? make("span", { className: "soft" }, ` ${t("decide.same", { n: item.fates[0] + item.fates[2] })}`) : null),
      about(item, found),
      found.text ? make("article", { className: "pane", tabIndex: 0 }, turns(found.text, mark)) : make("p", { className: "soft" }, t("text.gone"), " ", make("span", { translate: false }, text(found.note ?? ""))),
      queries("findings", `id = '${item.id}'`, `id == "${item.id}"`),
    );
    view.querySelector("mark")?.scrollIntoView({ block: "nearest" });
  }

  function about(item, found) {
    if (!found.track) return [make("p", { className: "why" }, t(`loop.${item.what}.said`))];
    const [whole, start, end] = found.track;
    const facts = [
      ["loop.unit", make("span", { className: "unit", translate: false, dir: "auto" }, text(found.unit))],
      ["loop.repeats", t("loop.times", { n: found.times })],
      ["loop.length", t("loop.length.said", { n: end - start, share: percent(found.share) })],
      ["loop.end", t(found.cut ? "loop.end.cut" : "loop.end.goes")],
    ];
    const track = bar([["unique", start], ["loop", end - start], ["unique", whole - end]], whole);
    return [
      make("dl", { className: "facts" }, facts.map(([key, value]) => make("div", {}, make("dt", {}, t(key)), make("dd", {}, value)))),
      make("div", { className: "track" }, track, make("p", {}, make("span", {}, "0"), make("span", {}, t("queue.chars", { n: whole })))),
    ];
  }

  function mark(kind, kids) {
    if (kind === "rest" || kind === "here") return make("mark", { className: `copy ${kind}` }, kids);
    const at = Number(kind) - 1;
    if (!(at >= 0)) return null;
    return make("mark", { className: `copy copy${at % 2}` }, make("span", { className: "badge", "aria-hidden": "true" }, circled[at] ?? String(at + 1)), kids);
  }

  const api = desk(section, index, {
    items, line, show,
    search: (item) => `${item.id} ${item.kind} ${item.opening} ${index.files[item.place[0]]}:${item.place[1]}`,
    sorts: { severity: (item) => -item.severity * 1e9 + item.extent, extent: (item) => item.extent, times: (item) => item.times },
    bulk: {
      rule: true,
      least: { name: "bulk.times", range: { min: "0", step: "1", value: "0" }, of: (item) => item.times },
      actions: ["accept", "keep-all", "drop-all", "false-alarm"],
      told: (item) => [item.times ? t("loop.times", { n: item.times }) : t(`loop.${item.what}`), t(`fate.${item.action}`)].join(" · "),
    },
  });
  return api;
});
