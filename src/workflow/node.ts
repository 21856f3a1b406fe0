/** What a text of YAML is made of, before anybody asks what it means. Offsets count UTF-16 units of the text. */
export type Node = ScalarNode | ListNode | MapNode | AliasNode
export type ScalarNode = Properties & {
  readonly kind: 'scalar'
  /** Without its quotes, escapes and indentation. */
  readonly text: string
  readonly isPlain: boolean
  readonly end: number
}
export type ListNode = Properties & { readonly kind: 'list'; readonly items: readonly Node[] }
export type MapNode = Properties & { readonly kind: 'map'; readonly pairs: readonly Pair[] }
type AliasNode = { readonly kind: 'alias'; readonly start: number; readonly name: string }

export type Pair = { readonly key: Node; readonly value: Node }

type Properties = {
  /** Behind the anchor and the tag: at the quote, the bracket, the `|`. */
  readonly start: number
  readonly anchor: string | undefined
  /** Undefined also for `!` alone, which says nothing (as in Digdag). */
  readonly tag: Tag | undefined
}

/** `!!int` is written so; its name is `tag:yaml.org,2002:int`. */
export type Tag = { readonly name: string; readonly written: string; readonly start: number }
