/* Each edit loads the preview anew. A front end that tells where it is scrolled to is put back there:
 * it posts {type: "rehabit:scrolled", top} to its parent, and gets {type: "rehabit:scroll", top}. */
const frame = document.querySelector("iframe");
const { origin } = new URL(frame.dataset.origin);
const KEY = "rehabit:preview-top";

window.addEventListener("message", (event) => {
  if (event.origin !== origin || event.source !== frame.contentWindow) return;
  if (event.data?.type === "rehabit:scrolled" && Number.isFinite(event.data.top)) {
    sessionStorage.setItem(KEY, String(event.data.top));
  }
});

frame.addEventListener("load", () => {
  const top = Number(sessionStorage.getItem(KEY)) || 0;
  frame.contentWindow.postMessage({ type: "rehabit:scroll", top }, origin);
});
