import type { Sql } from './sql.ts'

export type Image = {
  /** environment/image-key.ts */
  readonly key: string
  readonly tag: string
  /** On the engine that built it. */
  readonly imageId: string
  readonly bytes: number
}

/** The image of this key, marked as used; undefined when nobody has built it. */
export async function findImageForUse(sql: Sql, key: string, now: Date): Promise<Image | undefined> {
  const [image] = await sql<Image[]>`
    update images set last_used_at = greatest(last_used_at, ${now}) where key = ${key}
    returning key, tag, image_id as "imageId", bytes::float8 as bytes`
  return image
}

export async function listImageTags(sql: Sql): Promise<readonly string[]> {
  return (await sql<{ tag: string }[]>`select tag from images`).map(({ tag }) => tag)
}

/** The newest build of a key counts: another engine may have built it too. */
export async function putImage(sql: Sql, { key, tag, imageId, bytes }: Image, now: Date): Promise<void> {
  await sql`
    insert into images (key, tag, image_id, bytes, built_at, last_used_at)
    values (${key}, ${tag}, ${imageId}, ${bytes}, ${now}, ${now})
    on conflict (key) do update set tag = excluded.tag, image_id = excluded.image_id, bytes = excluded.bytes,
      built_at = excluded.built_at, last_used_at = excluded.last_used_at`
}

/** Ids of base images by name, as workers told them last. */
export async function listBaseImages(sql: Sql, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await sql<{ name: string; imageId: string }[]>`
    select name, image_id as "imageId" from base_images where name = any(${names as string[]})`
  return new Map(rows.map(({ name, imageId }) => [name, imageId]))
}

export async function putBaseImage(sql: Sql, name: string, imageId: string, now: Date): Promise<void> {
  await sql`
    insert into base_images (name, image_id, seen_at) values (${name}, ${imageId}, ${now})
    on conflict (name) do update set image_id = excluded.image_id, seen_at = excluded.seen_at
    where base_images.image_id <> excluded.image_id`
}
