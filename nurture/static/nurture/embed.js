"use strict";

// Makes a signup form on another site answer in place. Without this script the form posts itself.
//
//   <form data-rehabit action="https://care.example.org/signup/embedded/" method="post">...</form>
//   <script src="https://care.example.org/static/nurture/embed.js" defer></script>

(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

  for (const form of document.querySelectorAll("form[data-rehabit]")) {
    const api = new URL("/api/v1/signup/", form.action);
    const status = form.querySelector("[role=status]") ?? form.appendChild(document.createElement("p"));
    status.setAttribute("role", "status");

    const zones = form.elements.namedItem("time_zone");
    if (zone && zones && !zones.value) zones.value = zone;

    const offered = fetch(`${api}?language=${encodeURIComponent(language(form))}`)
      .then((answer) => (answer.ok ? answer.json() : null))
      .catch(() => null);
    offered.then((offer) => {
      const text = form.querySelector("[data-consent-text]");
      if (offer && text) text.textContent = offer.consent_text;
      const clicks = form.querySelector("[data-clicks-text]");
      if (offer && clicks) clicks.textContent = offer.clicks_text;
    });

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const offer = await offered;
      if (!offer) return form.submit(); // the page of the practice takes over
      status.textContent = "";
      const answer = await fetch(api, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(answers(form, offer)),
      }).catch(() => null);
      if (!answer) return form.submit();
      const said = await answer.json();
      if (answer.status === 202) {
        form.reset();
        status.textContent = said.next;
      } else {
        status.textContent = (said.parameters ?? []).map((one) => one.reason).join(" ") || said.detail;
      }
    });
  }

  function language(form) {
    return form.dataset.language ?? document.documentElement.lang ?? "";
  }

  function answers(form, offer) {
    const data = new FormData(form);
    const dates = {};
    for (const [name, value] of data) if (name.startsWith("date_") && value) dates[name.slice(5)] = value;
    return {
      address: data.get("address") ?? "",
      first_name: data.get("first_name") ?? "",
      programme: data.get("programme") ?? "",
      time_zone: data.get("time_zone") || zone || "",
      language: language(form),
      consent: data.get("consent") !== null,
      consent_number: offer.consent_number,
      clicks: data.get("clicks") !== null,
      clicks_number: offer.clicks_number,
      tags: data.getAll("tags"),
      website: data.get("website") ?? "",
      dates,
    };
  }
})();
