import type { Client } from './client.ts'

type List<Name> = { readonly path: string; readonly name: Name; readonly size: number }

/** Every page of a list that goes upward by id, as if it were one. It lies under `name` of the answer; `size` is what a full page has. */
export async function listAll<Name extends string, Answer extends Record<Name, readonly { readonly id: string }[]>>(
  client: Client,
  { path, name, size }: List<Name>,
): Promise<Answer> {
  const rows: Answer[Name][number][] = []
  for (;;) {
    const query = { count: String(size), last_id: rows.at(-1)?.id }
    const answer = await client.get<Answer>(path, query)
    rows.push(...answer[name])
    if (answer[name].length < size) return { ...answer, [name]: rows }
  }
}
