import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADAPTERS, openStage, placeOf, runOf, runToEnd, type Stage, shell, unpackHello } from '../support/executors.ts'

describe.each(ADAPTERS)('the %s executor', (adapter) => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage(adapter)
    await stage.executor.open(placeOf('1'), unpackHello)
  })
  afterAll(() => stage.close())

  it('hands over the output in order and the exit code', async () => {
    const script = 'cat hello.txt; echo out; echo err >&2; echo end; exit 3'
    expect(await runToEnd(stage.executor, runOf('1', '10'), shell(script))).toEqual({
      exit: { kind: 'exited', code: 3 },
      output: 'hello from the workspace\nout\nerr\nend\n',
    })
  })

  it('loses no line that is written to the devices by name', async () => {
    const script = `i=0; while [ $i -lt 200 ]; do
      echo "a$i"; echo "b$i" > /dev/stdout; echo "c$i" | tee /dev/stderr > /dev/null; i=$((i+1)); done`
    const { output } = await runToEnd(stage.executor, runOf('1', '11'), shell(script))
    const lines = Array.from({ length: 200 }, (_, i) => [`a${i}`, `b${i}`, `c${i}`]).flat()
    expect(output.trimEnd().split('\n')).toEqual(lines)
  })

  it('gives a task no stdin, its variables, its folder and its files', async () => {
    const command = shell(
      'cat; pwd; echo "$GREETING|$1"; cat "$SLUICE_RUN/in.txt"; echo \'{"a":1}\' > "$SLUICE_RUN/output.json"',
      {
        argv: [
          '/bin/sh',
          '-c',
          'cat; basename "$PWD"; echo "$GREETING|$1"; cat "$SLUICE_RUN/in.txt"; echo 1 > $SLUICE_RUN/output.json',
          'x',
          "it's $HOME",
        ],
        env: { GREETING: 'a "b"\n\'c\' $d' },
        cwd: 'sub',
        files: { 'in.txt': 'from the run\n' },
      },
    )
    const run = runOf('1', '12')
    expect(await runToEnd(stage.executor, run, command)).toEqual({
      exit: { kind: 'exited', code: 0 },
      output: "sub\na \"b\"\n'c' $d|it's $HOME\nfrom the run\n",
    })
    expect(await stage.executor.readOutput(run, 'output.json', 100)).toBe('1\n')
    expect(await stage.executor.readOutput(run, 'nothing.json', 100)).toBeUndefined()
    await expect(stage.executor.readOutput(run, 'in.txt', 3)).rejects.toThrow('longer than 3 bytes')
  })

  it('runs several at once', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, i) => runToEnd(stage.executor, runOf('1', `2${i}`), shell(`echo ${i}; exit ${i}`))),
    )
    expect(outcomes).toEqual(
      Array.from({ length: 8 }, (_, i) => ({ exit: { kind: 'exited', code: i }, output: `${i}\n` })),
    )
  })

  it('knows where a run stands, and starts none twice', async () => {
    const run = runOf('1', '30')
    expect(await stage.executor.state(run)).toBe('absent')
    await stage.executor.start(run, shell('echo once >> counted; cat counted'))
    await stage.executor.start(run, shell('echo once >> counted; cat counted'))
    expect(await stage.executor.follow(run, 0, async () => {})).toEqual({ kind: 'exited', code: 0 })
    await stage.executor.start(run, shell('echo once >> counted; cat counted'))
    expect(await stage.executor.state(run)).toBe('done')
    expect((await runToEnd(stage.executor, runOf('1', '31'), shell('cat counted'))).output).toBe('once\n')
    await stage.executor.discard(run)
    expect(await stage.executor.state(run)).toBe('absent')
  })

  it('says that a command is not there as a shell does', async () => {
    const { exit } = await runToEnd(stage.executor, runOf('1', '40'), shell('', { argv: ['no-such-program'] }))
    expect(exit).toEqual({ kind: 'exited', code: 127 })
  })

  it('forgets an attempt', async () => {
    await stage.executor.open(placeOf('2'), unpackHello)
    expect(await stage.executor.attempts()).toEqual(expect.arrayContaining(['1', '2']))
    await stage.executor.close(placeOf('2').attemptId)
    expect(await stage.executor.attempts()).toEqual(['1'])
  })
})
