/* Each edit loads the preview anew. A front end can stay where its reader had scrolled to: it posts
 * {type: "rehabit:scrolled", top} to its parent as it scrolls, and {type: "rehabit:ready"} when it has
 * drawn the draft; the answer to that is {type: "rehabit:scroll", top}. */
const KEY = "rehabit:preview-top";

window.addEventListener("message", (event) => {
  const frame = document.querySelector("iframe");
  const { origin } = new URL(frame.dataset.origin);
  if (event.origin !== origin || event.source !== frame.contentWindow) return;
  if (event.data?.type === "rehabit:scrolled" && Number.isFinite(event.data.top)) {
    sessionStorage.setItem(KEY, String(event.data.top));
  }
  if (event.data?.type === "rehabit:ready") {
    const top = Number(sessionStorage.getItem(KEY)) || 0;
    event.source.postMessage({ type: "rehabit:scroll", top }, origin);
  }
});
