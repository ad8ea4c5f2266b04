// What the wording check has to say, at the field that it is about. Drafts are checked as they lie
// on the server, so it asks again after each save.
(() => {
  const panel = document.querySelector("[data-nurture-hints]");
  if (!panel) return;
  const list = panel.querySelector("ul");

  const field = (path) =>
    path.reduce((found, name) => {
      const inner = found && found.querySelector(`[data-contentpath="${CSS.escape(name)}"]`);
      return inner || found;
    }, document.querySelector('[data-contentpath="steps"]') || document.body);

  const show = ({ faults }) => {
    document.querySelectorAll(".nurture-hint").forEach((old) => old.remove());
    list.replaceChildren();
    for (const fault of faults) {
      const words = fault.weight === "error" ? panel.dataset.error : panel.dataset.hint;
      const item = document.createElement("li");
      item.textContent = `${panel.dataset.step} ${fault.step}: ${fault.text} (${words})`;
      list.append(item);
      const note = document.createElement("p");
      note.className = `nurture-hint${fault.weight === "error" ? " nurture-hint--error" : ""}`;
      note.textContent = `${words}: ${fault.text}`;
      const place = field(fault.path);
      if (place.dataset.contentpath !== "steps") place.append(note);
    }
    panel.hidden = faults.length === 0;
  };

  const ask = () =>
    fetch(panel.dataset.nurtureHints, { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok ? answer.json() : { faults: [] }))
      .then(show)
      .catch(() => {});

  ask();
  document.addEventListener("w-autosave:success", () => setTimeout(ask, 300));
})();
