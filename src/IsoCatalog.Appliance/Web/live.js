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
    let at = old.firstChild;
    for (const next of [...now.childNodes]) {
      const same = key(next) ? byId.get(next.id) : at && alike(at, next) ? at : null;
      if (!same) { old.insertBefore(next, at); continue; }
      if (same === at) at = at.nextSibling; else old.insertBefore(same, at);
      morph(same, next);
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
  }

  const source = new EventSource("/live" + location.search);
  source.onopen = () => say("live");
  source.onerror = () => {
    say("not connected");
    // Closed for good: not signed in any more, or too many listeners. A fresh page says which.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 15000);
  };
  source.addEventListener("version", e => { if (e.data !== document.body.dataset.version) location.reload(); });
  source.addEventListener("part", e => {
    const now = new DOMParser().parseFromString(e.data, "text/html").body.firstElementChild;
    const old = now && document.getElementById(now.id);
    if (old) morph(old, document.adoptNode(now));
  });
})();
