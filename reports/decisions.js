"use strict";
// What a reader overrides of the plan: kept with every key in this browser, exported as decisions.json.
// Ids and actions only, never text: all pages opened from disk share one storage.

const ACTIONS = ["accept", "keep-all", "drop-all", "keep", "not-duplicates", "later"];

const decisions = (() => {
  const held = kept.get("decisions") ?? {};
  const past = [];
  let changed = () => {};

  function put(changes) {
    past.push(Object.fromEntries(Object.keys(changes).map((id) => [id, held[id]])));
    lay(changes);
  }

  function lay(changes) {
    for (const [id, decision] of Object.entries(changes)) {
      if (decision) held[id] = decision;
      else delete held[id];
    }
    kept.set("decisions", held);
    changed();
  }

  function undo() {
    const back = past.pop();
    if (back) lay(back);
    return back ? Object.keys(back)[0] : "";
  }

  // Rows and tokens by which the decisions change what the plan drops.
  function effect() {
    return Object.values(held).reduce(([rows, tokens], { effect: [more, much] = [0, 0] }) => [rows + more, tokens + much], [0, 0]);
  }

  function exported(reviewer) {
    const list = Object.keys(held).sort().map((cluster) => {
      const { action, keep, note } = held[cluster];
      return { cluster, action, ...(keep ? { keep } : {}), ...(note ? { note } : {}) };
    });
    return { format: 1, audit: root.dataset.audit, reviewer, decisions: list };
  }

  // Take a file in: what is new is added, what differs is named and left as it is here.
  function imported(file, known) {
    if (file?.format !== 1 || !Array.isArray(file.decisions)) throw new Error("format");
    if (file.audit !== root.dataset.audit) throw new Error("audit");
    const fresh = {};
    const conflicts = [];
    let unknown = 0;
    for (const { cluster, action, keep, note } of file.decisions) {
      if (typeof cluster !== "string" || !ACTIONS.includes(action)) throw new Error("format");
      const mine = held[cluster];
      const item = known.get(cluster);
      if (!item) unknown += 1;
      if (mine && (mine.action !== action || String(mine.keep ?? "") !== String(keep ?? ""))) conflicts.push(cluster);
      else if (!mine) fresh[cluster] = { action, ...(keep ? { keep: keep.map(String) } : {}), ...(note ? { note: String(note) } : {}), effect: item ? change(item, action, keep) : [0, 0] };
    }
    if (Object.keys(fresh).length) put(fresh);
    return { added: Object.keys(fresh).length, conflicts, unknown };
  }

  return {
    of: (id) => held[id],
    undoable: () => past.length > 0,
    count: () => Object.keys(held).length,
    put, undo, effect, exported, imported,
    watch(act) { changed = act; },
  };
})();

// What an action changes of a group's rows and tokens that go: those that the plan drops, and those that it keeps.
function change(item, action, keep, sizes) {
  const [gone, goneTokens, stay, stayTokens] = item.fates;
  if (action === "keep-all" || action === "not-duplicates") return [-gone, -goneTokens];
  if (action === "drop-all") return [stay, stayTokens];
  if (action !== "keep") return [0, 0];
  const tokens = sizes ? sizes.reduce((sum, size) => sum + size, 0) : Math.round((goneTokens + stayTokens) / item.size * keep.length);
  return [stay - keep.length, stayTokens - tokens];
}

function download(name, content) {
  const link = make("a", { download: name, href: URL.createObjectURL(new Blob([content], { type: "application/json" })) });
  document.body.append(link);
  link.click();
  link.remove();
}

// The bar above the queue: what the decisions come to, and what can be done with them.
function decisionBar(place, { planned, items, go, redraw }) {
  const known = new Map(items.map((item) => [item.id, item]));
  const file = make("input", { type: "file", accept: ".json,application/json", className: "hidden", tabIndex: -1, "aria-hidden": "true" });
  const dialog = make("dialog", {});
  place.after(file, dialog);

  file.addEventListener("change", async () => {
    try {
      const { added, conflicts, unknown } = decisions.imported(JSON.parse(await file.files[0].text()), known);
      announce([t("decide.imported", { n: added }), conflicts.length ? t("decide.conflicts", { n: conflicts.length, ids: conflicts.slice(0, 5).join(", ") }) : "",
        unknown ? t("decide.unknown", { n: unknown }) : ""].filter(Boolean).join(" "), 8000);
    } catch (fault) {
      announce(t(fault.message === "audit" ? "decide.other" : "decide.broken"), 8000);
    }
    file.value = "";
  });

  function save() {
    const reviewer = kept.get("reviewer") ?? "";
    const name = make("input", { type: "text", value: reviewer, pattern: ".*\\S.*", autocomplete: "off", maxLength: 80, required: true });
    const form = make("form", { method: "dialog" },
      make("label", {}, make("span", {}, t("decide.reviewer")), name),
      make("p", { className: "soft" }, t("decide.next")),
      make("p", {}, make("code", { translate: false, textContent: `auditor clean RUN --decisions decisions-${root.dataset.audit}.json` })),
      make("p", { className: "buttons" }, make("button", { className: "plain main", value: "save" }, t("decide.export")), make("button", { className: "plain", value: "", formNoValidate: true }, t("keys.close"))));
    open(t("decide.export.title", { n: decisions.count() }), form, () => {
      kept.set("reviewer", name.value.trim());
      download(`decisions-${root.dataset.audit}.json`, `${JSON.stringify(decisions.exported(name.value.trim()), null, 1)}\n`);
    });
    name.focus();
  }

  // Many at once: how many that are, and ten of them, drawn at random, before anything is decided.
  function bulk() {
    const kind = make("select", {}, ...["near", "copy"].map((value) => make("option", { value, textContent: t(`kind.${value}`) })));
    const least = make("input", { type: "number", min: "0.5", max: "1", step: "0.01", value: "0.95" });
    const action = make("select", {}, ...["accept", "keep-all", "not-duplicates"].map((value) => make("option", { value, textContent: t(`act.${value}`) })));
    const sample = make("ol", { className: "sample" });
    const told = make("p", { "aria-live": "polite" });
    const apply = make("button", { className: "plain main", value: "apply" });
    const fitting = () => items.filter((item) => item.kind === kind.value && !decisions.of(item.id) && (item.kind === "copy" || item.similarity >= Number(least.value)));
    const draw = () => {
      const found = fitting();
      const some = found.map((item) => [Math.random(), item]).sort(([a], [b]) => a - b).slice(0, 10).map(([, item]) => item);
      least.disabled = kind.value === "copy";
      told.textContent = t("bulk.found", { n: found.length, shown: some.length });
      apply.textContent = t("bulk.apply", { n: found.length });
      apply.disabled = !found.length;
      sample.replaceChildren(...some.map((item) => make("li", {},
        make("a", { href: `#${single ? "duplicates/" : ""}${item.id}`, target: "_blank", rel: "noopener noreferrer", translate: false, dir: "auto" }, text(item.opening || item.id)),
        make("small", { className: "soft" }, ` ${t("queue.rows", { n: item.size })}${item.kind === "near" ? ` · ${item.similarity.toFixed(2)}` : ""}`))));
    };
    for (const control of [kind, least]) control.addEventListener("change", draw);
    const form = make("form", { method: "dialog" },
      make("div", { className: "fields" }, make("label", {}, make("span", {}, t("queue.kind")), kind), make("label", {}, make("span", {}, t("bulk.least")), least), make("label", {}, make("span", {}, t("bulk.action")), action)),
      told, sample,
      make("p", { className: "buttons" }, apply, make("button", { className: "plain", value: "" }, t("keys.close"))));
    open(t("bulk.title"), form, () => {
      const found = fitting();
      decisions.put(Object.fromEntries(found.map((item) => [item.id, { action: action.value, effect: change(item, action.value) }])));
      announce(t("bulk.done", { n: found.length }));
    });
    draw();
  }

  function open(title, form, act) {
    dialog.setAttribute("aria-label", title);
    dialog.replaceChildren(make("h2", {}, title), form);
    dialog.addEventListener("close", () => { if (dialog.returnValue) act(); }, { once: true });
    dialog.returnValue = "";
    dialog.showModal();
  }

  function back() {
    const id = decisions.undo();
    if (id) go(id);
  }

  function draw() {
    const [rows, tokens] = decisions.effect();
    place.replaceChildren(
      make("output", { "aria-live": "polite" },
        make("b", {}, t("decide.count", { n: decisions.count(), all: items.length })), " ",
        make("span", {}, t("decide.effect", { rows: Math.max(0, planned[0] + rows), tokens: Math.max(0, planned[1] + tokens) }), " ",
          rows || tokens ? make("span", { className: "soft" }, t("decide.plan", { rows: planned[0], tokens: planned[1] })) : null)),
      make("span", { className: "buttons" },
        keyed("u", t("act.undo"), back, { disabled: !decisions.undoable() }),
        button(t("act.bulk"), bulk),
        keyed("e", t("act.export"), save, { disabled: !decisions.count() }),
        button(t("act.import"), () => file.click())));
  }

  decisions.watch(() => { draw(); redraw(); });
  addEventListener("beforeunload", (event) => { if (!kept.lasts() && decisions.count()) event.preventDefault(); });
  return draw;
}
