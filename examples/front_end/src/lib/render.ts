// Documents to HTML, the same while building and in the preview.
import type { Image, Page, Schemas } from "./content";

export const text = (words: string) =>
  words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const list = (items: string[]) => `<ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;

export function picture(image: Image | null): string {
  if (!image) return "";
  const formats = [...new Set(image.renditions.map((each) => each.format))];
  const sources = formats.map((format) => {
    const set = image.renditions.filter((each) => each.format === format);
    const srcset = set.map((each) => `${text(each.url)} ${each.width}w`).join(", ");
    return `<source type="image/${format === "svg" ? "svg+xml" : format}" srcset="${srcset}">`;
  });
  const size = `width="${image.width}" height="${image.height}"`;
  return `<picture>${sources.join("")}<img src="${text(image.url)}" ${size} alt="${text(image.alt)}"></picture>`;
}

const link = (page: { path: string; title: string }) =>
  `<a href="${text(page.path)}">${text(page.title)}</a>`;

const flags = (found: Schemas["RedFlagBlock"][]) =>
  `<section class="flags"><h2>Get help first</h2>${list(
    found.map((flag) => `<b>${text(flag.action_label)}:</b> ${text(flag.sign)}`),
  )}</section>`;

function block(part: Schemas["ArticleDocument"]["body"][number]): string {
  switch (part.type) {
    case "text":
      return (part.heading ? `<h2>${text(part.heading)}</h2>` : "") + part.html;
    case "exercise":
      return `<aside>${picture(part.exercise.image)}<h3>${link(part.exercise)}</h3>
        <p>${text(part.note || part.exercise.summary)}</p><p>${text(part.exercise.dosage)}</p></aside>`;
    case "diagnoses":
      return `<h2>${text(part.heading)}</h2>${list(part.diagnoses.map((each) => link(each.diagnosis)))}`;
    default:
      return ""; // a block that this front end does not know yet
  }
}

export function main(page: Page): string {
  const head = `<h1>${text(page.title)}</h1>${"summary" in page ? `<p class="lead">${text(page.summary)}</p>` : ""}`;
  switch (page.type) {
    case "article":
      return head + page.body.map(block).join("");
    case "diagnosis":
      return (
        head +
        flags(page.red_flags) +
        page.sections.map((each) => `<h2>${text(each.heading)}</h2>${each.html}`).join("") +
        `<h2>Exercises that fit</h2>${list(page.exercises.map((each) => `${link(each.exercise)}: ${text(each.why)}`))}`
      );
    case "exercise":
      return (
        head +
        picture(page.image) +
        `<p class="dosage">${text(page.dosage.sentence)}</p><h2>How to do it</h2><ol>${page.steps
          .map((step) => `<li>${text(step.text)}</li>`)
          .join("")}</ol><h2>When to stop</h2><p>${text(page.stop_if)}</p>`
      );
    default:
      return head;
  }
}
