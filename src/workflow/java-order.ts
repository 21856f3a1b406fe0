/** The order in which a hash set of Java gives texts: what Digdag tells of several keys comes in it. `all` is what the set was made of. */
export function inJavaOrder(texts: readonly string[], all: readonly string[]): readonly string[] {
  let buckets = 16
  while (all.length > buckets * 0.75) buckets *= 2
  const bucketOf = (text: string) => {
    const hash = [...text].reduce((sum, letter) => (Math.imul(sum, 31) + (letter.codePointAt(0) ?? 0)) | 0, 0)
    return (hash ^ (hash >>> 16)) & (buckets - 1)
  }
  return texts.toSorted((one, other) => bucketOf(one) - bucketOf(other))
}
