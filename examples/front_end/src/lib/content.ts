// The whole client for reading: paths and answers come typed from the API's own description.
import type { components, paths } from "./api";

export type Schemas = components["schemas"];
export type Page = Schemas["AnyDocument"];
export type Image = Schemas["Image"];

type Listed = "articles" | "diagnoses" | "exercises";
type ReadPath = {
  [P in keyof paths]: paths[P] extends { get: { responses: { 200: unknown } } } ? P : never;
}[keyof paths];
type Answer<P extends ReadPath> = paths[P]["get"] extends {
  responses: { 200: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;

export const base: string = import.meta.env.PUBLIC_REHABIT_URL ?? "http://localhost:8000";

/** Asks a path that the API knows; `id` and `query` go into the address. */
export async function ask<P extends ReadPath>(
  path: P,
  { id, ...query }: Record<string, string> = {},
): Promise<Answer<P>> {
  const address = new URL(path.replace("{id}", id ?? ""), base);
  address.search = new URLSearchParams(query).toString();
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  const body: unknown = await response.json();
  if (!response.ok) throw new Error((body as Schemas["ProblemDocument"]).detail);
  return body as Answer<P>;
}

/** Every document of a kind, one page of the list after the other. */
export async function all(kind: Listed): Promise<Page[]> {
  const found: Page[] = [];
  let next: string | null = "";
  while (next !== null) {
    const list: { items: { id: string }[]; next: string | null } = await ask(
      `/api/v1/${kind}/`,
      next ? { limit: "100", cursor: next } : { limit: "100" },
    );
    found.push(...(await Promise.all(list.items.map(({ id }) => ask(`/api/v1/${kind}/{id}/`, { id })))));
    next = list.next;
  }
  return found;
}
