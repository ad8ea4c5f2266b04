// Ask whether something has changed, and replace the list only then: no flicker, and the
// keyboard focus stays on the mail where it was.
const list = document.getElementById("mails");
const address = `/fragment?${new URLSearchParams({ query: list.dataset.query })}`;
const PAUSE = 1500;
let tag = "";

function focusedLink() {
  return list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
}

async function refresh() {
  const answer = await fetch(address, { headers: { "If-None-Match": tag }, cache: "no-store" });
  if (answer.status !== 200) return;
  tag = answer.headers.get("ETag");
  const html = await answer.text();
  const link = focusedLink();
  list.innerHTML = html;
  if (link) list.querySelector(`a[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
}

async function watch() {
  if (!document.hidden) await refresh().catch(() => {});
  setTimeout(watch, PAUSE);
}

watch();
