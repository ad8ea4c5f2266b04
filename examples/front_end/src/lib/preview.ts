// The draft that a token opens, drawn as the published page would be. See docs/preview.md.
import { ask, base } from "./content";
import { main, text } from "./render";

const SECOND = 1_000;
const editor = new URL(base).origin;
const framed = window.parent !== window;

export async function show(place: HTMLElement, token: string): Promise<void> {
  try {
    const html = main(await ask("/api/v1/preview/", { token }));
    if (place.dataset.shown !== html) place.innerHTML = place.dataset.shown = html;
  } catch (problem) {
    place.innerHTML = `<p>${text(String(problem))}</p>`;
  }
}

/** In the editor's panel, which loads the page again after each change and keeps the place. */
function followPanel(): void {
  addEventListener(
    "scroll",
    () => parent.postMessage({ type: "rehabit:scrolled", top: scrollY }, editor),
    { passive: true },
  );
  addEventListener("message", (event) => {
    if (event.origin === editor && event.data?.type === "rehabit:scroll") scrollTo(0, event.data.top);
  });
  parent.postMessage({ type: "rehabit:ready" }, editor);
}

export async function start(place: HTMLElement): Promise<void> {
  const token = new URLSearchParams(location.search).get("token") ?? "";
  await show(place, token);
  if (framed) followPanel();
  else setInterval(() => void show(place, token), 2 * SECOND); // in a tab beside the editor
}
