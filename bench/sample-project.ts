/** Texts of a project as teams have them: one workflow loads, one transforms, one reports; each task its own names, tables and dates. */
export function sampleProject(workflows: number, tasksEach: number): ReadonlyMap<string, string> {
  const files = Array.from({ length: workflows }, (_, index): [string, string] => [
    `flow_${index}.dig`,
    sampleWorkflow(index, tasksEach),
  ])
  return new Map(files)
}

function sampleWorkflow(index: number, tasks: number): string {
  const head = [
    'timezone: Asia/Tokyo',
    'schedule:',
    `  daily>: ${String(index % 24).padStart(2, '0')}:30:00`,
    '  skip_on_overtime: true',
    '_export:',
    '  bucket: warehouse',
    `  dataset: team_${index}`,
    '  day: ${moment(session_time).format("YYYY-MM-DD")}',
    '  retries: {limit: 3, interval: 60, interval_type: exponential}',
    '_error:',
    '  sh>: ./notify.sh "${error.message}"',
  ]
  const groups = Math.ceil(tasks / 10)
  const body = Array.from({ length: groups }, (_, group) => sampleGroup(index, group, Math.min(10, tasks - group * 10)))
  return `${[...head, ...body.flat()].join('\n')}\n`
}

/** A group of up to ten tasks counts as one of them. */
function sampleGroup(workflow: number, group: number, tasks: number): readonly string[] {
  const lines = [`+group_${group}:`, '  _parallel: {limit: 3}']
  for (let task = 0; task < tasks - 1; task++) lines.push(...sampleTask(workflow, group, task))
  return lines
}

function sampleTask(workflow: number, group: number, task: number): readonly string[] {
  const name = `table_${workflow}_${group}_${task}`
  if (task % 3 === 0)
    return [
      `  +load_${task}:`,
      '    sh>: |',
      '      set -e',
      `      ./load.sh --from "s3://\${bucket}/${name}/\${session_date}" \\`,
      `        --into "\${dataset}.${name}" --since \${moment(session_time).add(-${task + 1}, 'days').format('YYYY-MM-DD')}`,
      '    _retry: 3',
      '    _env: {TABLE: "${dataset}", MODE: append}',
    ]
  if (task % 3 === 1)
    return [
      `  +check_${task}:`,
      `    py>: tasks.check.rows`,
      `    table: ${name}`,
      `    at_least: ${task * 10}`,
      '    day: ${session_date}',
    ]
  return [
    `  +each_${task}:`,
    '    for_each>: {country: [jp, us, de]}',
    '    _do:',
    `      echo>: "${name} of \${country} on \${last_session_date || session_date}: \${${workflow} * ${group} + ${task}}"`,
  ]
}
