import { showControls } from '../workflow/show-controls.ts'
import { columnsOf, cutEnd, cutMiddle } from './fit-text.ts'
import type { Beside, GraphTask } from './graph.ts'

/** The words on a box, one line each. */
export type Label = readonly LabelLine[]
type LabelLine = { readonly look: Look; readonly text: string }
type Look = 'name' | 'command' | 'mark'

/** Widths of a column are those of a wide monospaced font: with a narrower one there is room left. */
const LOOKS: {
  readonly [look in Look]: { readonly columns: number; readonly columnWidth: number; readonly lineHeight: number }
} = {
  name: { columns: 30, columnWidth: 7.4, lineHeight: 17 },
  command: { columns: 34, columnWidth: 6.8, lineHeight: 15 },
  mark: { columns: 40, columnWidth: 6.4, lineHeight: 15 },
}

export function labelOf({ name, operator, marks }: GraphTask): Label {
  return [
    { look: 'name', text: cutMiddle(printable(name), LOOKS.name.columns) },
    ...(operator === null
      ? []
      : [{ look: 'command' as const, text: cutEnd(sayOperator(operator), LOOKS.command.columns) }]),
    ...marks.map((mark) => ({ look: 'mark' as const, text: cutEnd(printable(mark), LOOKS.mark.columns) })),
  ]
}

/** Over what runs beside the tasks of a workflow. */
export const titleOf = (when: Beside['when']): Label => [{ look: 'mark', text: when }]

/** `sh> ./load` */
export const sayOperator = ({ type, words }: NonNullable<GraphTask['operator']>): string =>
  printable(`${type}> ${words}`.trimEnd())

/** What no XML may hold, and what would turn the reading direction, is shown by its number. */
export const printable = (text: string): string => showControls(text.replace(/\p{Cs}|[\ufffe\uffff]/gu, '\ufffd'))

export function measureLabel(label: Label): { readonly width: number; readonly height: number } {
  const widths = label.map(({ look, text }) => columnsOf(text) * LOOKS[look].columnWidth)
  return {
    width: Math.ceil(Math.max(...widths)),
    height: label.reduce((sum, { look }) => sum + LOOKS[look].lineHeight, 0),
  }
}

/** The baseline of each line, from the top of the label. */
export function baselines(label: Label): readonly number[] {
  let top = 0
  return label.map(({ look }) => {
    top += LOOKS[look].lineHeight
    return top - 4
  })
}
