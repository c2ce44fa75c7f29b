"use strict";
const root = document.documentElement;
const single = root.dataset.single === "yes";

// What a reader chose, kept for this audit alone: all pages opened from disk share one storage, but for Firefox, which
// gives each file its own; there it goes along in the links to other pages. `times` says when each decision was last
// changed: of two tabs or pages the later one counts, decision by decision.
const kept = (() => {
  const key = `auditor:${root.dataset.audit}`;
  const apart = location.protocol === "file:" && !single && navigator.userAgent.includes("Firefox/");
  const watchers = [];
  const held = { decisions: {}, times: {} };
  let lasting = true;
  merge(read(() => localStorage.getItem(key)), true);
  const carried = /[#&]kept=([^&]*)/.exec(location.hash);
  if (apart && carried) {
    merge(read(() => decodeURIComponent(carried[1])), true);
    history.replaceState(null, "", location.hash.replace(carried[0], "") || location.pathname);
    write();
  }

  function read(from) {
    try { return JSON.parse(from()) ?? {}; } catch { return {}; } // private mode: choices last until the page closes
  }

  function merge({ decisions = {}, times = {}, ...rest }, all) {
    if (all) Object.assign(held, rest);
    for (const [id, at] of Object.entries(times)) {
      if (at <= (held.times[id] ?? 0)) continue;
      held.times[id] = at;
      if (decisions[id]) held.decisions[id] = decisions[id];
      else delete held.decisions[id];
    }
  }

  function write() {
    try { localStorage.setItem(key, JSON.stringify(held)); } catch { lasting = false; }
  }

  addEventListener("storage", (event) => {
    if (event.key !== key) return;
    merge(read(() => event.newValue), false);
    for (const act of watchers) act();
  });
  document.addEventListener("click", (event) => {
    const link = apart && event.target.closest("a[href]");
    if (!link || link.protocol !== "file:" || link.pathname === location.pathname) return;
    const plain = link.getAttribute("href");
    link.hash = `${link.hash}${link.hash ? "&" : "#"}kept=${encodeURIComponent(JSON.stringify(held))}`;
    setTimeout(() => link.setAttribute("href", plain));
  }, true);

  return {
    get: (name) => held[name],
    lasts: () => lasting,
    watch(act) { watchers.push(act); },
    set(name, value) {
      merge(read(() => localStorage.getItem(key)), false);
      held[name] = value;
      write();
    },
    decide(changes) {
      const now = Date.now();
      for (const [id, decision] of Object.entries(changes)) {
        held.times[id] = Math.max(now, (held.times[id] ?? 0) + 1);
        if (decision) held.decisions[id] = decision;
        else delete held.decisions[id];
      }
      this.set("decisions", held.decisions);
    },
  };
})();
