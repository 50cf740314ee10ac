// Keeps the page live: events of the chosen execution colour its graph at once, and the rest of the page is fetched
// anew a little later. Nothing happens while the page is hidden.
"use strict";
(() => {
  const REFRESH_EVERY_MS = 4000;
  const REFRESH_AFTER_EVENT_MS = 400;
  const live = document.getElementById("live");
  if (!live) return;

  let source = null;
  let timer = null;

  function colour(step) {
    for (const node of live.querySelectorAll("[data-node]")) {
      if (node.dataset.node !== step.node_id) continue;
      node.setAttribute("class", `node s-${step.status}`);
      node.querySelector(".status").textContent = step.status;
    }
  }

  function follow() {
    const address = document.getElementById("execution")?.dataset.events;
    if (source && source.address === address && source.readyState !== EventSource.CLOSED) return;
    source?.close();
    source = null;
    if (!address || document.hidden) return;
    source = new EventSource(address);
    source.address = address;
    source.addEventListener("snapshot", (event) => JSON.parse(event.data).steps.forEach(colour));
    source.addEventListener("step", (event) => {
      colour(JSON.parse(event.data));
      refreshIn(REFRESH_AFTER_EVENT_MS);
    });
    source.addEventListener("end", () => {
      source?.close();
      refreshIn(0);
    });
  }

  function refreshIn(ms) {
    clearTimeout(timer);
    timer = document.hidden ? null : setTimeout(refresh, ms);
  }

  async function refresh() {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
      if (answer.ok && next) swap(next);
    } catch {
      // The server is away; the next refresh finds it.
    }
    refreshIn(REFRESH_EVERY_MS);
  }

  function swap(next) {
    const focused = document.activeElement?.id;
    const scrolled = [...live.querySelectorAll(".scroll")].map((box) => [box.scrollLeft, box.scrollTop]);
    const open = [...live.querySelectorAll("details")].map((details) => details.open);
    live.replaceChildren(...next.childNodes);
    live.querySelectorAll(".scroll").forEach((box, i) => scrolled[i] && box.scrollTo(...scrolled[i]));
    live.querySelectorAll("details").forEach((details, i) => (details.open = open[i] ?? false));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    follow();
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      source = null;
      clearTimeout(timer);
    } else {
      refreshIn(0);
      follow();
    }
  });

  follow();
  refreshIn(REFRESH_EVERY_MS);
})();
