export type Sample = {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
  /** Of a histogram: which of its series. */
  readonly part?: '_bucket' | '_sum' | '_count'
}

/** One metric with all its samples. Names of counters end in `_total`. */
export type Family = {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: readonly Sample[]
}

export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8'

/** Prometheus's text format 0.0.4. A metric without samples is left out: promtool takes its head for a mistake. */
export function renderMetrics(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(renderFamily)
    .join('')
}

const renderFamily = ({ name, help, type, samples }: Family) =>
  `# HELP ${name} ${escapeText(help)}\n# TYPE ${name} ${type}\n${samples.map((sample) => renderSample(name, sample)).join('')}`

function renderSample(name: string, { labels = {}, value, part }: Sample): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeText(text).replaceAll('"', '\\"')}"`)
  return `${name}${part ?? ''}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
}

const escapeText = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

export const gauge = (name: string, help: string, samples: Family['samples']): Family => ({
  ...{ name, help, samples },
  type: 'gauge',
})
