"use strict";
// What another threshold for near duplicates would drop, from counts that the scan stored.

page("rules", (section, held) => {
  const place = section.querySelector("[data-part=whatif]");
  const title = place.firstElementChild;
  let at = held.levels.findIndex((level) => level >= held.now - 1e-9);

  function draw() {
    const level = held.levels[at].toFixed(2);
    const slider = make("input", { type: "range", min: "0", max: String(held.levels.length - 1), value: String(at), "aria-label": t("whatif.near"), "aria-valuetext": level });
    const told = make("output", { "aria-live": "polite" });
    const profile = make("pre", { translate: false, tabIndex: 0 });
    const copied = make("button", { type: "button", className: "chip" }, t("place.copy"));
    const shown = make("b", {});
    const say = () => {
      const now = held.levels[at].toFixed(2);
      shown.textContent = now;
      slider.setAttribute("aria-valuetext", now);
      told.textContent = t("whatif.said", { n: held.pairs, at: now, rows: held.rows[at], share: percent(held.rows[at] / Math.max(1, held.all)), tokens: held.tokens[at], now: String(held.now), planned: held.planned });
      profile.textContent = `name: mine\nextends: default\nrules:\n  D102:\n    where: {threshold: ${now}}\n`;
      copied.dataset.copy = profile.textContent;
    };
    slider.addEventListener("input", () => { at = Number(slider.value); say(); });
    say();
    place.replaceChildren(title, make("label", {}, make("span", {}, t("whatif.near")), slider, shown), make("p", {}, told),
      make("p", { className: "soft" }, t("whatif.exact")), profile, make("p", {}, copied), make("p", { className: "soft" }, t("whatif.low", { floor: held.levels[0].toFixed(2) })));
  }

  return { redraw: draw, show(state) { draw(); point(state.id); } };
});
