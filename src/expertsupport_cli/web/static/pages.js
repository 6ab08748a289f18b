// Says when a request has changed. It never touches what is being typed, and the page works without it.
"use strict";

const INTERVAL = 5000; // milliseconds, while the page is visible

(() => {
  const article = document.querySelector("article[data-last]");
  const notice = article && article.querySelector(".changed");
  if (!notice) return;
  let etag = `"${article.dataset.last}"`;

  function say() {
    if (notice.firstChild) return;
    const link = document.createElement("a");
    link.href = article.dataset.here;
    link.textContent = "Reload the page";
    notice.append("Something has changed. ", link);
  }

  async function look() {
    if (document.hidden || notice.firstChild) return;
    try {
      const answer = await fetch(`${article.dataset.here}/last`, { headers: { "If-None-Match": etag }, cache: "no-store" });
      if (answer.status === 200 && (await answer.json()).last > Number(article.dataset.last)) say();
    } catch {
      // the server is away for a moment
    }
  }

  setInterval(look, INTERVAL);
  document.addEventListener("visibilitychange", look);
})();
