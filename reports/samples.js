"use strict";
// Flagged samples as chats: the spans of all rules at once, each named where it begins.

page("samples", (section, index) => {
  const items = index.items.map(([id, kinds, tokens, action, files, place, opening, fates, shardAt, at], order) => (
    { id, key: id, fates, kinds, tokens, action, files, place, opening, shardAt, at, order }));
  let now = "";

  function mark(kind, kids) {
    if (!kind) return null;
    return make("mark", { className: `rule ${kind[0]}` }, make("span", { className: "badge" }, kind), kids);
  }

  const api = desk(section, index, {
    items,
    line: (item) => [
      make("span", { className: "opening", translate: false, dir: "auto" }, text(item.opening || item.id)),
      make("span", { className: "about" }, item.kinds.join(" "), " · ", t("queue.tokens", { n: item.tokens }), " · ", t(`fate.${item.action}`)),
    ],
    search: (item) => `${item.id} ${item.kinds.join(" ")} ${item.opening} ${index.files[item.place[0]]}:${item.place[1]}`,
    bulk: {
      rule: true, actions: ["accept", "keep-all", "drop-all", "false-alarm"],
      told: (item) => [item.kinds.join(" "), t("queue.tokens", { n: item.tokens }), t(`fate.${item.action}`)].join(" · "),
    },
    sorts: { tokens: (item) => item.tokens, rules: (item) => item.kinds.length },
    async show(item, view, steps) {
      now = item.id;
      const held = (await load(`samples-${String(item.shardAt).padStart(3, "0")}`))[item.at];
      if (now !== item.id) return;
      const rule = ([code, severity, score]) => make("li", {},
        make("a", { href: single ? `#rules/${code}` : `rules.html#${code}` }, make("code", { textContent: code })), " ",
        make("span", { className: `severity ${severity}` }, t(`severity.${severity}`)), score === null ? null : make("small", { className: "soft" }, ` ${number(score, { maximumFractionDigits: 3 })}`));
      renew(view,
        make("header", { className: "case" },
          make("h2", {}, t(`fate.${item.action}`)),
          make("button", { type: "button", className: "id", translate: false, data: { copy: item.id }, textContent: item.id }),
          make("p", { className: "soft" }, t("queue.tokens", { n: item.tokens })), steps),
        deciding(item, whole((action) => `alone.${action}`), api),
        make("p", { className: "where" }, placed(index, item.place)),
        make("ul", { className: "met" }, held.findings.map(rule)),
        held.text.length ? make("article", { className: "pane", tabIndex: 0 }, turns(held.text, mark)) : make("p", { className: "soft" }, t("text.gone")),
        queries("samples", `content_id = '${item.id}'`, `content_id == "${item.id}"`));
    },
  });
  return api;
});
