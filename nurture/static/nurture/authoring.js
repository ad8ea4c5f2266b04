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

  const called = (fault) => (fault.weight === "error" ? panel.dataset.error : panel.dataset.hint);

  // What is said of many steps is listed once, and what keeps it from being published comes first.
  const together = (faults) => {
    const lines = new Map();
    const inOrder = [...faults].sort((a, b) => (a.weight === b.weight ? 0 : a.weight === "error" ? -1 : 1));
    for (const fault of inOrder) {
      const line = `${fault.text} (${called(fault)})`;
      lines.set(line, (lines.get(line) || new Set()).add(fault.step));
    }
    return lines;
  };

  const show = ({ faults }) => {
    document.querySelectorAll(".nurture-hint").forEach((old) => old.remove());
    list.replaceChildren();
    for (const [line, steps] of together(faults)) {
      const item = document.createElement("li");
      item.textContent = `${panel.dataset.step} ${[...steps].join(", ")}: ${line}`;
      list.append(item);
    }
    for (const fault of faults) {
      const words = called(fault);
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
