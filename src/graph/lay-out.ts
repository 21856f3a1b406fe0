import type { Graph, GraphTask, Level } from './graph.ts'
import { type Label, labelOf, measureLabel, titleOf } from './label.ts'
import { placeLevel } from './place-level.ts'
import { tidyLinks } from './tidy-links.ts'
import type { Point, Size, Wire } from './wire.ts'

/** A box and what is inside it, in pixels from its own corner. */
export type Box = Point & Contents & Size
type Contents = { readonly task: GraphTask; readonly label: Label; readonly field: (Point & Field) | null }

/** Boxes beside each other, and what leads from one to another. Wires of a bundle meet in a joint. */
export type Field = Size & {
  readonly boxes: readonly Box[]
  readonly wires: readonly Wire[]
  readonly joints: readonly Point[]
}

/** The root is no box but the drawing itself; what runs beside its tasks comes below. */
export type Drawing = Size & { readonly root: GraphTask; readonly parts: readonly Part[] }
type Part = Point & { readonly label: Label; readonly field: Point & Field }

const MARGIN = 16
export const PADDING = 12
const LEAST_WIDTH = 60
/** How far the second and the third outline of what is repeated stand out. */
export const REPEATED_BY = 3

/** Takes a moment for each hundred tasks: fold the graph before. */
export function layOutGraph({ root, besides }: Graph): Drawing {
  const parts = [layOutPart(labelOf(root), root.inside, MARGIN)]
  for (const { when, level } of besides)
    parts.push(layOutPart(titleOf(when), level, Math.max(...parts.map(bottomOf)) + MARGIN))
  const width = Math.max(...parts.map(({ label, field }) => Math.max(field.width, measureLabel(label).width)))
  return {
    root,
    parts,
    width: round(MARGIN + width + MARGIN),
    height: round(Math.max(...parts.map(bottomOf)) + MARGIN),
  }
}

const round = (pixels: number) => Math.ceil(pixels)

function layOutPart(label: Label, level: Level, y: number): Part {
  const top = y + measureLabel(label).height + PADDING
  return { label, x: MARGIN, y, field: { ...layOutLevel(level), x: MARGIN, y: top } }
}

const bottomOf = ({ field }: Part) => field.y + field.height

function layOutLevel(level: Level): Field {
  const boxes = level.tasks.map(layOutTask)
  const { links, joints } = tidyLinks(level)
  const items = boxes.map(({ width, height, field }) => ({ width, height, isFixed: field !== null }))
  const { places, ...placed } = placeLevel(items, links, joints)
  return {
    ...placed,
    boxes: places.flatMap((place, at) => boxes.slice(at, at + 1).map((box) => ({ ...box, ...place }))),
  }
}

function layOutTask(task: GraphTask): Contents & Size {
  const label = labelOf(task)
  const head = measureLabel(label)
  const below = PADDING / 2 + head.height
  const field =
    task.inside.tasks.length === 0 ? null : { ...layOutLevel(task.inside), x: PADDING, y: below + PADDING / 2 }
  const outlines = task.isRepeated ? 2 * REPEATED_BY : 0
  return {
    ...{ task, label, field },
    width: Math.max(head.width, field?.width ?? 0, LEAST_WIDTH) + 2 * PADDING + outlines,
    height: (field === null ? below + PADDING / 2 : field.y + field.height + PADDING) + outlines,
  }
}
