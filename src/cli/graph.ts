import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { foldGraph } from '../graph/fold-graph.ts'
import { countTasks } from '../graph/graph.ts'
import { renderSvg } from '../graph/graph-svg.tsx'
import { layOutGraph } from '../graph/lay-out.ts'
import { planGraph } from '../graph/plan-graph.ts'
import { writeMermaid } from '../graph/write-mermaid.ts'
import { Refusal, systemWords } from '../refusal.ts'
import { findWorkflow } from './find-workflow.ts'
import { commandWith } from './show.ts'
import type { Tools } from './tools.ts'

type Options = { readonly format: 'svg' | 'mermaid'; readonly output?: string }

/** `sluice graph [WORKFLOW.dig]` */
export function graphCommand(tools: Tools): Command {
  return commandWith(
    'graph',
    'Draw a workflow, without a server',
    ['sluice graph hello/hello.dig -o hello.svg', 'a picture of its tasks and of what waits for what'],
    ['sluice graph hello --format mermaid', 'the same as text, of the only workflow in a folder'],
  )
    .argument('[workflow.dig]', 'the workflow, or a folder that has one (default: the folder you are in)')
    .addOption(new Option('--format <format>', 'what to draw it as').choices(['svg', 'mermaid']).default('svg'))
    .option('-o, --output <file>', 'write it there')
    .action(async (path: string | undefined, { format, output }: Options) => {
      const { workflow, called } = await findWorkflow(tools, resolve(tools.host.cwd, path ?? '.'))
      const graph = planGraph(workflow, called)
      const folded = foldGraph(graph)
      const text = format === 'mermaid' ? writeMermaid(folded) : renderSvg(layOutGraph(folded))
      if (output === undefined) tools.write(Buffer.from(text))
      else await write(tools, output, text)
      if (countTasks(folded) < countTasks(graph)) tools.note(sayFolded(countTasks(graph)))
    })
}

async function write({ host, note }: Tools, file: string, text: string): Promise<void> {
  await writeFile(resolve(host.cwd, file), text).catch((error: Error) => {
    throw new Refusal('invalid', `${file} cannot be written: ${systemWords(error)}`, 'Name another file.')
  })
  note(`Wrote ${file}`)
}

const sayFolded = (tasks: number) =>
  `The workflow has ${tasks.toLocaleString('en')} tasks, more than a picture shows: some are folded, and it says how many.`
