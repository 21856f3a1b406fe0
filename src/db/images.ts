import type { Sql } from './sql.ts'

export type Image = {
  /** environment/image-key.ts */
  readonly key: string
  readonly tag: string
  /** On the engine that built it. */
  readonly imageId: string
  readonly bytes: number
  /** Of the manifest in the registry; null: it is not there. */
  readonly digest: string | null
}

/** The image of this key, marked as used; undefined when nobody has built it. */
export async function findImageForUse(sql: Sql, key: string, now: Date): Promise<Image | undefined> {
  const [image] = await sql<Image[]>`
    update images set last_used_at = greatest(last_used_at, ${now}) where key = ${key}
    returning key, tag, image_id as "imageId", bytes::float8 as bytes, digest`
  return image
}

export async function listImageTags(sql: Sql): Promise<readonly string[]> {
  return (await sql<{ tag: string }[]>`select tag from images`).map(({ tag }) => tag)
}

/** The newest build of a key counts: another engine may have built it too. */
export async function putImage(sql: Sql, { key, tag, imageId, bytes, digest }: Image, now: Date): Promise<void> {
  await sql`
    insert into images (key, tag, image_id, bytes, digest, built_at, last_used_at)
    values (${key}, ${tag}, ${imageId}, ${bytes}, ${digest}, ${now}, ${now})
    on conflict (key) do update set tag = excluded.tag, image_id = excluded.image_id, bytes = excluded.bytes, digest = excluded.digest,
      built_at = excluded.built_at, last_used_at = excluded.last_used_at`
}

export type UnpushedImage = Pick<Image, 'key' | 'tag' | 'imageId'>

/** Of these tags, those that the registry lacks: a few at a time, what was used last first. */
export async function listUnpushedImages(sql: Sql, tags: readonly string[]): Promise<readonly UnpushedImage[]> {
  return sql<UnpushedImage[]>`
    select key, tag, image_id as "imageId" from images where digest is null and tag = any(${[...tags]})
    order by last_used_at desc limit 20`
}

/** Nothing is written when it was built anew meanwhile: the digest is of another image. */
export async function putDigestIfSame(
  sql: Sql,
  { key, imageId, digest }: Pick<Image, 'key' | 'imageId' | 'digest'>,
): Promise<void> {
  await sql`update images set digest = ${digest} where key = ${key} and image_id = ${imageId}`
}

export async function findBaseImage(
  sql: Sql,
  name: string,
): Promise<{ readonly imageId: string; readonly digest: string | null } | undefined> {
  const [base] = await sql<[{ imageId: string; digest: string | null }?]>`
    select image_id as "imageId", digest from base_images where name = ${name}`
  return base
}

export async function putBaseDigestIfSame(
  sql: Sql,
  { name, imageId, digest }: { name: string; imageId: string; digest: string },
): Promise<void> {
  await sql`update base_images set digest = ${digest} where name = ${name} and image_id = ${imageId}`
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
    on conflict (name) do update set image_id = excluded.image_id, seen_at = excluded.seen_at, digest = null
    where base_images.image_id <> excluded.image_id`
}
