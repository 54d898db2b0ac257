"use strict";
// Puts the parts that the site sends in the place of the old ones, and leaves alone what is the same in both: focus, scroll and open reasons stay.
(() => {
  const sign = document.getElementById("live");
  const say = text => { if (sign.textContent !== text) sign.textContent = text; };
  const key = node => node.nodeType === Node.ELEMENT_NODE ? node.id : "";
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);

  function attributes(old, now) {
    // What the reader opened or typed is the reader's.
    const kept = old.nodeName === "DETAILS" ? "open" : "";
    for (const { name } of [...old.attributes]) if (name !== kept && !now.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }

  function morph(old, now) {
    if (old.isEqualNode(now)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) { old.data = now.data; return; }
    attributes(old, now);
    const byId = new Map([...old.children].filter(c => c.id).map(c => [c.id, c]));
    // What goes goes first: otherwise all that comes after it would be moved, and what is moved loses the focus.
    const stays = new Set([...now.children].map(key));
    for (const [id, child] of byId) if (!stays.has(id)) { child.remove(); byId.delete(id); }
    let at = old.firstChild;
    for (const next of [...now.childNodes]) {
      const same = key(next) ? byId.get(next.id) : at && alike(at, next) ? at : null;
      // What has no name gives way to what has one.
      if (same && key(next)) while (at && at !== same && !key(at)) { const gone = at; at = at.nextSibling; gone.remove(); }
      if (!same) { old.insertBefore(next, at); continue; }
      if (same === at) at = at.nextSibling; else if (old.moveBefore) old.moveBefore(same, at); else old.insertBefore(same, at);
      morph(same, next);
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
  }

  // Where the reader is: what has the focus, with everything around it that has a name; and what is to stay where it stands in the window.
  function place() {
    const focus = document.activeElement, around = [], top = e => e.getBoundingClientRect().top;
    for (let up = focus; up && up !== document.body; up = up.parentElement) if (up.id) around.push(up.id);
    const seen = scrollY > 0 ? [...document.querySelectorAll("main [id]")].filter(e => e.getClientRects().length && top(e) >= 0).slice(0, 8) : [];
    if (scrollY > 0 && around.length && top(focus) >= 0 && top(focus) < innerHeight) seen.unshift(focus, document.getElementById(around[0]));
    return { focus, around, seen: seen.map(e => [e, top(e)]) };
  }

  function back({ focus, around, seen }) {
    if (around.length && document.activeElement !== focus) {
      // It is gone, and another stands in its place, or at least what was around it.
      const near = focus.isConnected ? focus : around.map(id => document.getElementById(id)).find(e => e);
      const next = near && (near.matches("summary, a, button, input") ? near : near.querySelector("summary, a, button, input"));
      if (next) next.focus({ preventScroll: true });
    }
    const held = seen.find(([e]) => e.isConnected && e.getClientRects().length);
    const moved = held ? held[0].getBoundingClientRect().top - held[1] : 0;
    if (Math.abs(moved) >= 1) scrollBy({ top: moved, behavior: "instant" });
  }

  const here = new URLSearchParams(location.search);
  here.set("lang", document.documentElement.lang);
  const source = new EventSource("/live?" + here);
  source.onopen = () => say(sign.dataset.live);
  source.onerror = () => {
    say(sign.dataset.lost);
    // Closed for good: not signed in any more, or too many listeners. A fresh page says which.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 15000);
  };
  source.addEventListener("version", e => { if (e.data !== document.body.dataset.version) location.reload(); });
  source.addEventListener("part", e => {
    // A template is inert, and holds a single row too.
    const template = document.createElement("template");
    template.innerHTML = e.data;
    const now = template.content.firstElementChild;
    const old = now && document.getElementById(now.id);
    if (!old) return;
    const reader = place();
    morph(old, document.adoptNode(now));
    back(reader);
  });
})();
