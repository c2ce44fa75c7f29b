"use strict";
// What a reader overrides of the plan: kept with every key in this browser, exported as decisions.json.
// Ids and actions only, never text: all pages opened from disk share one storage.

const ACTIONS = ["accept", "keep-all", "drop-all", "keep", "cap", "not-duplicates", "false-alarm", "later"];
const SAMPLE = /^[0-9a-f]{16}$/;

const decisions = (() => {
  const held = kept.get("decisions");
  const past = [];
  const watchers = [];

  function put(changes) {
    past.push(Object.fromEntries(Object.keys(changes).map((id) => [id, held[id]])));
    lay(changes);
  }

  function lay(changes) {
    kept.decide(changes);
    for (const act of watchers) act();
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
    const list = Object.keys(held).sort().map((key) => {
      const { action, keep, most, note } = held[key];
      return { [SAMPLE.test(key) ? "sample" : "cluster"]: key, action, ...(keep ? { keep } : {}), ...(most ? { most } : {}), ...(note ? { note } : {}) };
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
    for (const { cluster, sample, action, keep, most, note } of file.decisions) {
      const key = cluster ?? sample;
      if (typeof key !== "string" || SAMPLE.test(key) !== (sample !== undefined) || !ACTIONS.includes(action)) throw new Error("format");
      const item = known.get(key);
      const theirs = { action, ...(keep ? { keep: keep.map(String) } : {}), ...(most ? { most: Number(most) } : {}), ...(note ? { note: String(note) } : {}) };
      if (!item) unknown += 1;
      if (held[key] && !same(held[key], theirs)) conflicts.push(key);
      else if (!held[key]) fresh[key] = { ...theirs, effect: item ? change(item, theirs) : [0, 0] };
    }
    if (Object.keys(fresh).length) put(fresh);
    return { added: Object.keys(fresh).length, conflicts, unknown };
  }

  return {
    of: (id) => held[id],
    undoable: () => past.length > 0,
    count: () => Object.keys(held).length,
    put, undo, effect, exported, imported,
    watch(act) {
      watchers.push(act);
      kept.watch(act);
    },
  };
})();

function same(one, other) {
  return one?.action === other.action && String(one.keep ?? "") === String(other.keep ?? "") && (one.most ?? 0) === (other.most ?? 0);
}

// What an action changes of a group's rows and tokens that go: those that the plan drops, and those that it keeps.
function change(item, { action, keep, most, sizes }) {
  const [gone, goneTokens, stay, stayTokens] = item.fates;
  if (["keep-all", "not-duplicates", "false-alarm"].includes(action)) return [-gone, -goneTokens];
  if (action === "drop-all") return [stay, stayTokens];
  if (action === "cap") return capped(item, most);
  if (action !== "keep") return [0, 0];
  const tokens = sizes ? sizes.reduce((sum, size) => sum + size, 0) : Math.round((goneTokens + stayTokens) / (gone + stay) * keep.length);
  return [stay - keep.length, stayTokens - tokens];
}

// Rows and tokens that go where so many rows stay at most of those that the plan keeps.
function capped(item, most) {
  const [, , stay, stayTokens] = item.fates;
  const left = Math.min(stay, most);
  return [stay - left, Math.round(stayTokens * (1 - left / Math.max(1, stay)))];
}

// How an item stands in the queue once it is decided, and whether it fits what is asked for.
function verdict(item) {
  const mine = decisions.of(item.key);
  return mine ? make("span", { className: `done ${mine.action}` }, t(`done.${mine.action}`, { n: mine.most ?? 0 })) : null;
}

function reviewed(item, state) {
  const action = decisions.of(item.key)?.action;
  return state === "open" ? !action || action === "later" : state === "done" ? action && action !== "later" : action === state;
}

// What can be decided of a sample, and of a group that is none of duplicates.
function whole(named) {
  return [["a", "accept"], ["x", "keep-all"], ["d", "drop-all"], ["n", "false-alarm"], ["l", "later"]].map(([key, action]) => [key, named(action), { action }]);
}

// One key for each answer: its key, its words, and the decision; the plan's own is the first.
function deciding(item, acts, api) {
  const mine = decisions.of(item.key);
  const note = make("input", { type: "text", value: mine?.note ?? "", maxLength: 400, placeholder: t("decide.note"), "aria-label": t("decide.note") });
  note.addEventListener("change", () => {
    const now = decisions.of(item.key) ?? { action: "later", effect: [0, 0] };
    decisions.put({ [item.key]: { ...now, note: note.value.trim() } });
  });
  const press = ([key, label, made]) => keyed(key, t(label, { n: made.most ?? 0 }), () => decide(item, made, api), {
    className: "plain act", "aria-pressed": String(same(mine, made)), disabled: made.keep?.length === 0,
  });
  return make("div", { className: "deciding", role: "group", "aria-label": t("decide.group") }, acts.filter(Boolean).map(press), note);
}

function decide(item, { sizes, ...made }, api) {
  const note = decisions.of(item.key)?.note;
  const next = api.next((other) => !decisions.of(other.key));
  announce(t(`done.${made.action}`, { n: made.most ?? 0 }));
  decisions.put({ [item.key]: { ...made, ...(note ? { note } : {}), effect: change(item, { ...made, sizes }) } });
  api.go(next);
}

function download(name, content) {
  const link = make("a", { download: name, href: URL.createObjectURL(new Blob([content], { type: "application/json" })) });
  document.body.append(link);
  link.click();
  link.remove();
}

// The bar above the queue: what the decisions come to, and what can be done with them. Of many at once `bulk` says which
// kinds there are, what can be asked for at least, and which actions may be meant for many.
function decisionBar({ part: { decisions: place, kind: kinds }, go, redraw }, { planned, items, bulk }) {
  const page = place.closest("section").dataset.page;
  const known = new Map(items.map((item) => [item.key, item]));
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
  function several() {
    const kind = make("select", {}, [...kinds.options].filter((option) => option.value).map((option) => make("option", { value: option.value, textContent: option.textContent })));
    const least = bulk.least && make("input", { type: "number", ...bulk.least.range });
    const action = make("select", {}, ...bulk.actions.map((value) => make("option", { value, textContent: t(`bulk.${value}`) })));
    const most = bulk.actions.includes("cap") && make("input", { type: "number", min: "1", value: "20" });
    const sample = make("ol", { className: "sample" });
    const told = make("p", { "aria-live": "polite" });
    const apply = make("button", { className: "plain main", value: "apply" });
    const asked = () => least && !bulk.least.spares?.includes(kind.value);
    const fitting = () => items.filter((item) => (item.kinds ?? [item.kind]).includes(kind.value) && !decisions.of(item.key) && (!asked() || bulk.least.of(item) >= Number(least.value)));
    const draw = () => {
      const found = fitting();
      const some = found.map((item) => [Math.random(), item]).sort(([a], [b]) => a - b).slice(0, 10).map(([, item]) => item);
      if (least) least.disabled = !asked();
      if (most) most.disabled = action.value !== "cap";
      told.textContent = t("bulk.found", { n: found.length, shown: some.length });
      apply.textContent = t("bulk.apply", { n: found.length });
      apply.disabled = !found.length;
      sample.replaceChildren(...some.map((item) => make("li", {},
        make("a", { href: `#${single ? `${page}/` : ""}${item.id}`, target: "_blank", rel: "noopener noreferrer", translate: false, dir: "auto" }, text(item.opening || item.id)),
        make("small", { className: "soft" }, ` ${bulk.told(item)}`))));
    };
    for (const control of [kind, least].filter(Boolean)) control.addEventListener("change", draw);
    action.addEventListener("change", () => { if (most) most.disabled = action.value !== "cap"; });
    const field = (key, control) => (control ? make("label", {}, make("span", {}, t(key)), control) : null);
    const form = make("form", { method: "dialog" },
      make("div", { className: "fields" }, field(bulk.rule ? "queue.rule" : "queue.kind", kind), field(bulk.least?.name, least), field("bulk.action", action), field("thin.most", most)),
      told, sample,
      make("p", { className: "buttons" }, apply, make("button", { className: "plain", value: "" }, t("keys.close"))));
    open(t("bulk.title"), form, () => {
      const found = fitting();
      const made = { action: action.value, ...(action.value === "cap" ? { most: Math.max(1, Math.round(Number(most.value)) || 1) } : {}) };
      decisions.put(Object.fromEntries(found.map((item) => [item.key, { ...made, effect: change(item, made) }])));
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
    const item = known.get(decisions.undo());
    if (item) go(item.id);
  }

  function draw() {
    const [rows, tokens] = decisions.effect();
    const here = [...known.keys()].filter((key) => decisions.of(key)).length;
    place.replaceChildren(
      make("output", { "aria-live": "polite" },
        make("b", {}, t("decide.count", { n: here, all: known.size })), " ", decisions.count() > here ? [t("decide.elsewhere", { n: decisions.count() - here }), " "] : null,
        make("span", {}, t("decide.effect", { rows: Math.max(0, planned[0] + rows), tokens: Math.max(0, planned[1] + tokens) }), " ",
          rows || tokens ? make("span", { className: "soft" }, t("decide.plan", { rows: planned[0], tokens: planned[1] })) : null)),
      make("span", { className: "buttons" },
        keyed("u", t("act.undo"), back, { disabled: !decisions.undoable() }),
        button(t("act.bulk"), several),
        keyed("e", t("act.export"), save, { disabled: !decisions.count() }),
        button(t("act.import"), () => file.click())));
  }

  decisions.watch(() => { draw(); redraw(); });
  addEventListener("beforeunload", (event) => { if (!kept.lasts() && decisions.count()) event.preventDefault(); });
  return draw;
}
