// The whole client: paths and answers come typed from the API's own description.
import type { components, paths } from "./api";

export type Schemas = components["schemas"];
export type Page = Schemas["AnyDocument"];
export type Image = Schemas["Image"];

type Listed = "articles" | "diagnoses" | "exercises";
type ListPath<Kind extends Listed> = `/api/v1/${Kind}/`;
type Answer<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Body
  : never;

export const base: string = import.meta.env.PUBLIC_REHABIT_URL ?? "http://localhost:8000";

export async function ask<Body>(path: string): Promise<Body> {
  const response = await fetch(base + path, { headers: { Accept: "application/json" } });
  const body: unknown = await response.json();
  if (!response.ok) throw new Error((body as Schemas["ProblemDocument"]).detail);
  return body as Body;
}

export const site = () => ask<Answer<"/api/v1/site/">>("/api/v1/site/");
export const sequences = () => ask<Answer<"/api/v1/sequences/">>("/api/v1/sequences/");
export const draft = (token: string) =>
  ask<Page>(`/api/v1/preview/?token=${encodeURIComponent(token)}`);

/** Every document of a kind, one page of the list after the other. */
export async function all<Kind extends Listed>(kind: Kind): Promise<Page[]> {
  const found: Page[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const list = await ask<Answer<ListPath<Kind>> & { items: { id: string }[]; next: string | null }>(
      `/api/v1/${kind}/?limit=100${query}`,
    );
    for (const item of list.items) found.push(await ask<Page>(`/api/v1/${kind}/${item.id}/`));
    cursor = list.next;
  } while (cursor);
  return found;
}
