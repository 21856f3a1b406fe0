import type { Graph, GraphTask, Level } from './graph.ts'
import { type Label, labelOf, titleOf } from './label.ts'
import { tidyLinks } from './tidy-links.ts'

/** A flowchart of Mermaid. Its nodes have names made here; labels are words of others, so all but letters and digits is written as a number. */
export function writeMermaid({ root, besides }: Graph): string {
  const pen = openPen()
  pen.frame(labelOf(root), root.inside)
  for (const { when, level } of besides) pen.frame(titleOf(when), level)
  return ['flowchart LR', ...pen.lines, ...CLASSES, ''].join('\n')
}

const CLASSES = [
  '  classDef maybe stroke-dasharray: 4 3',
  '  classDef never stroke-dasharray: 1 3,opacity: 0.6',
  '  classDef repeated stroke-width: 4px',
]

/** Lines in the order in which they are written, further in inside of frames. */
function openPen() {
  const lines: string[] = []
  let count = 0
  const write = (depth: number, line: string) => lines.push(`${'  '.repeat(depth)}${line}`)
  const name = () => `t${count++}`

  function frame(label: Label, level: Level, depth = 1): string {
    const own = name()
    write(depth, `subgraph ${own}[${quote(label, ', ')}]`)
    write(depth + 1, 'direction LR')
    drawLevel(level, depth + 1)
    write(depth, 'end')
    return own
  }

  function drawLevel(level: Level, depth: number): void {
    const { links, joints } = tidyLinks(level)
    const names = level.tasks.map((task) => drawTask(task, depth))
    for (let joint = 0; joint < joints; joint++) {
      const own = name()
      names.push(own)
      write(depth, `${own}((" "))`)
    }
    for (const { from, to, on } of links) write(depth, `${names[from]} ${on === 'error' ? '-.->' : '-->'} ${names[to]}`)
  }

  function drawTask(task: GraphTask, depth: number): string {
    const own = task.inside.tasks.length === 0 ? name() : frame(labelOf(task), task.inside, depth)
    if (task.inside.tasks.length === 0) write(depth, `${own}[${quote(labelOf(task), '<br/>')}]`)
    if (task.turn !== 'always') write(depth, `class ${own} ${task.turn}`)
    if (task.isRepeated) write(depth, `class ${own} repeated`)
    return own
  }

  return { lines, frame }
}

/** The title of a frame has one line. */
const quote = (label: Label, between: string) => `"${label.map(({ text }) => spell(text)).join(between)}"`

const spell = (text: string) => text.replace(/[^\p{L}\p{N} _.,+=-]/gu, (letter) => `#${letter.codePointAt(0)};`)
