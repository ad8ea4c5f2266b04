// The form for a weekly programme, made from what the API offers and sent to the API.
import type { components } from "./people";
import { base } from "./content";
import { text } from "./render";

type Offer = components["schemas"]["SignupOffer"];
type Signup = components["schemas"]["Signup"];
type Problem = components["schemas"]["ProblemDocument"];

const address = new URL("/api/v1/signup/", base);
const DATES: Record<string, string> = {
  appointment: "Date of your appointment",
  birth: "Date of the birth",
  injury: "Date of the injury",
  surgery: "Date of the surgery",
};

function fields(offer: Offer): string {
  const programmes = offer.programmes.map(
    (each) => `<option value="${text(each.key)}">${text(each.title)}</option>`,
  );
  const dates = [...new Set(offer.programmes.flatMap((each) => each.asks))].map(
    (name) =>
      `<p data-asks="${text(name)}"><label>${text(DATES[name] ?? name)}<input type="date" name="date_${text(name)}"></label></p>`,
  );
  const tags = offer.tags.map(
    (each) =>
      `<label class="tick"><input type="checkbox" name="tags" value="${text(each.key)}"> ${text(each.label)}</label>`,
  );
  return `
    <p><label>Programme<select name="programme" required>${programmes.join("")}</select></label></p>
    <p><label>E-mail address<input type="email" name="address" autocomplete="email" required></label></p>
    <p><label>First name (if you like)<input name="first_name" autocomplete="given-name"></label></p>
    ${dates.join("")}
    <details><summary>Should we leave something out?</summary>${tags.join("")}</details>
    <p hidden><label>Leave this empty<input name="website" tabindex="-1" autocomplete="off"></label></p>
    <p><label class="tick"><input type="checkbox" name="consent" required> ${text(offer.consent_text)}</label></p>
    ${offer.clicks_text ? `<p><label class="tick"><input type="checkbox" name="clicks"> ${text(offer.clicks_text)}</label></p>` : ""}
    <p role="alert"></p>
    <p><button>Sign up</button></p>`;
}

/** Only the dates that the chosen programme asks for. */
function adapt(form: HTMLFormElement, offer: Offer): void {
  const chosen = offer.programmes.find((each) => each.key === new FormData(form).get("programme"));
  for (const row of form.querySelectorAll<HTMLElement>("[data-asks]")) {
    const asked = chosen?.asks.includes(row.dataset.asks ?? "") ?? false;
    row.hidden = !asked;
    for (const input of row.querySelectorAll("input")) input.disabled = !(input.required = asked);
  }
}

function read(form: HTMLFormElement, offer: Offer): Signup {
  const said = new FormData(form);
  const word = (name: string) => String(said.get(name) ?? "");
  const dates = [...said.entries()].filter(([name]) => name.startsWith("date_"));
  return {
    address: word("address"),
    programme: word("programme"),
    first_name: word("first_name"),
    website: word("website"),
    consent: said.has("consent"),
    clicks: said.has("clicks"),
    clicks_number: offer.clicks_number,
    consent_number: offer.consent_number,
    language: document.documentElement.lang,
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    dates: Object.fromEntries(dates.map(([name, day]) => [name.slice("date_".length), String(day)])),
    tags: said.getAll("tags").map(String),
  };
}

async function send(form: HTMLFormElement, offer: Offer): Promise<void> {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(read(form, offer)),
  });
  const answer: components["schemas"]["Accepted"] | Problem = await response.json();
  if (!("detail" in answer)) {
    form.outerHTML = `<p role="status">${text(answer.next ?? "")}</p>`;
    return;
  }
  const reasons = answer.parameters?.map((each) => each.reason) ?? [answer.detail];
  const alert = form.querySelector("[role=alert]");
  if (alert) alert.textContent = reasons.join(" ");
}

export async function start(form: HTMLFormElement): Promise<void> {
  const asked = new URL(address);
  asked.searchParams.set("language", document.documentElement.lang);
  const offer: Offer = await (await fetch(asked)).json();
  form.innerHTML = fields(offer);
  adapt(form, offer);
  form.addEventListener("change", () => adapt(form, offer));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form, offer);
  });
}
