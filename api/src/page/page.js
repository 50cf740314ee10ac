// Keeps the page live: events of the chosen execution colour its graph at once, and what else changed is fetched a
// little later. Nothing happens while the page is hidden.
"use strict";
(() => {
  const REFRESH_EVERY_MS = 4000;
  const REFRESH_AFTER_EVENT_MS = 400;
  const ACTIVE = ["running", "waiting", "failed", "outcome_unknown"];
  const live = document.getElementById("live");
  if (!live) return;

  let source = null;
  let timer = null;
  let dueAt = Infinity;
  // Until someone scrolls the drawing, it shows where the execution is.
  let guides = true;
  // The parts of the page as the server sent them last.
  let served = [...live.children].map((part) => part.outerHTML);

  function colour(step) {
    for (const node of live.querySelectorAll("[data-node]")) {
      if (node.dataset.node !== step.node_id) continue;
      node.setAttribute("class", `node s-${step.status}`);
      node.querySelector(".status").textContent = step.status;
    }
  }

  function guide() {
    const box = live.querySelector(".drawing");
    const nodes = [...live.querySelectorAll(ACTIVE.map((status) => `.node.s-${status}`).join())];
    if (!box || !nodes.length || !guides) return;
    const [outer, inner] = [box.getBoundingClientRect(), nodes[0].getBoundingClientRect()];
    const isSeen = inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;
    if (isSeen) return;
    box.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
    box.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
  }

  function follow() {
    const address = document.getElementById("execution")?.dataset.events;
    if (source && source.address === address && source.readyState !== EventSource.CLOSED) return;
    source?.close();
    source = null;
    if (!address || document.hidden) return;
    source = new EventSource(address);
    source.address = address;
    source.addEventListener("snapshot", (event) => {
      JSON.parse(event.data).steps.forEach(colour);
      guide();
      refreshIn(REFRESH_AFTER_EVENT_MS);
    });
    source.addEventListener("step", (event) => {
      colour(JSON.parse(event.data));
      guide();
      refreshIn(REFRESH_AFTER_EVENT_MS);
    });
    source.addEventListener("status", () => refreshIn(REFRESH_AFTER_EVENT_MS));
    source.addEventListener("end", () => {
      source?.close();
      refreshIn(0);
    });
  }

  // The earliest wish counts, so that many events do not put the refresh off for ever.
  function refreshIn(ms) {
    const at = Date.now() + ms;
    if (document.hidden || at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(refresh, ms);
  }

  async function refresh() {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
      if (answer.ok && next) swap([...next.children]);
      follow();
    } catch {
      // The server is away; the next refresh finds it.
    }
    dueAt = Infinity;
    refreshIn(REFRESH_EVERY_MS);
  }

  function swap(parts) {
    parts.forEach((part, i) => {
      const html = part.outerHTML;
      if (html !== served[i]) replace(live.children[i], part);
      served[i] = html;
    });
    guide();
  }

  // What one sees and does stays as it is: the focus, how far boxes are scrolled, what is unfolded.
  function replace(old, part) {
    const boxes = (root) => [...root.querySelectorAll(".scroll, ul")];
    const focused = document.activeElement;
    const focusedBox = boxes(old).indexOf(focused);
    const focusedKey = focused?.closest("[data-key]")?.dataset.key;
    const scrolled = boxes(old).map((box) => [box.scrollLeft, box.scrollTop]);
    const open = new Set([...old.querySelectorAll("details[open]")].map((details) => details.dataset.key));
    const hadFocus = old.contains(focused);
    old.replaceWith(part);
    let focus = hadFocus ? boxes(part)[focusedBox] ?? document.getElementById(focused.id) : null;
    for (const details of part.querySelectorAll("details")) {
      details.open = open.has(details.dataset.key);
      if (hadFocus && details.dataset.key === focusedKey) focus = details.querySelector("summary");
    }
    boxes(part).forEach((box, i) => scrolled[i] && box.scrollTo(...scrolled[i]));
    focus?.focus({ preventScroll: true });
  }

  for (const kind of ["wheel", "pointerdown", "keydown", "touchstart"]) {
    live.addEventListener(kind, (event) => (guides &&= !event.target.closest?.(".drawing")), { passive: true });
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      source = null;
      clearTimeout(timer);
      dueAt = Infinity;
    } else {
      refreshIn(0);
      follow();
    }
  });

  guide();
  follow();
  refreshIn(REFRESH_EVERY_MS);
})();
