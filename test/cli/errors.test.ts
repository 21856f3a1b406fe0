import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDesk } from './desk.ts'

const answer = (status: number, body: unknown) => () => Response.json(body, { status })

describe('a command that cannot do its work', () => {
  it('exits with 2 for a wrong command line', async () => {
    const { sluice } = openDesk(answer(200, {}))
    for (const words of [['kil', '1'], ['kill'], ['start', 'a', 'b', '-p', 'novalue'], ['server', '--port', '0'], []])
      expect([words, (await sluice(...words)).code]).toEqual([words, 2])
    expect((await sluice('kil', '1')).err).toContain("unknown command 'kil'\n(Did you mean kill?)")
  })

  it('exits with 1 and says what, why and what next', async () => {
    const { sluice } = openDesk(
      answer(404, {
        status: 404,
        message: 'Resource does not exist: session attempt id=9',
        hint: 'List what there is: sluice attempts',
      }),
    )
    expect(await sluice('kill', '9')).toEqual({
      code: 1,
      out: '',
      err: 'sluice: Resource does not exist: session attempt id=9\n  List what there is: sluice attempts\n',
    })
  })

  it('takes no word for a number', async () => {
    const { sluice } = openDesk(answer(404, null))
    for (const words of [
      ['log', 'abc'],
      ['kill', '../x'],
      ['tasks', ''],
      ['attempts', '--before', '-1'],
      ['decide', 'x', '--as', 'retry'],
    ])
      expect([words, (await sluice(...words)).code]).toEqual([words, 2])
    expect((await sluice('log', 'abc')).err).toBe(
      "error: command-argument value 'abc' is invalid for argument 'attempt'. It must be a number.\nIts help: sluice log --help\n",
    )
  })

  it('says why a project cannot be made where it should', async () => {
    const { sluice, folder } = openDesk(answer(200, {}))
    await writeFile(join(folder, 'file'), '')
    const next = '\n  Name another folder.\n'
    expect((await sluice('init', 'file')).err).toBe(`sluice: ${folder}/file cannot be made: file already exists${next}`)
    expect((await sluice('init', 'file/x')).err).toContain('cannot be made: not a directory')
  })

  it('takes no empty secret', async () => {
    const { sluice } = openDesk(answer(200, {}), { input: '\n' })
    expect(await sluice('link', 'shop', 'https://github.com/ana/shop.git', '--secret', '-')).toEqual({
      code: 1,
      out: '',
      err: 'sluice: --secret - reads the secret from the input, and the input is empty\n  Pipe it in (echo "$SECRET" | sluice link … --secret -), or leave --secret out, and one is made.\n',
    })
  })

  it('exits with 4 without a token, and with one that opens nothing', async () => {
    const closed = answer(401, { message: 'Nobody is signed in' })
    const next = '\n  Make one on http://127.0.0.1:8080/tokens and set SLUICE_TOKEN to it.\n'
    expect(await openDesk(closed).sluice('projects')).toEqual({
      code: 4,
      out: '',
      err: `sluice: http://127.0.0.1:8080 does not know the token from /home/ana/.sluice/token${next}`,
    })
    const { code } = await openDesk(closed, { token: '' }).sluice('projects')
    expect(code).toBe(4)
  })

  it('asks whether the server runs when nothing answers', async () => {
    const { sluice } = openDesk(() => {
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) })
    })
    expect(await sluice('projects')).toEqual({
      code: 1,
      out: '',
      err: 'sluice: Nothing answers at http://127.0.0.1:8080: the connection was refused\n  Is the server running? Start it with ./scripts/up, or set SLUICE_URL to the address where it runs.\n',
    })
  })

  it('takes the page of a proxy for what it is', async () => {
    const { sluice } = openDesk(() => new Response('<html>', { status: 502, statusText: 'Bad Gateway' }))
    expect((await sluice('projects')).err).toContain('http://127.0.0.1:8080 answered 502 Bad Gateway')
  })

  it('shows a bug as a bug', async () => {
    const { sluice } = openDesk(() => {
      throw new RangeError('ours')
    })
    await expect(sluice('projects')).rejects.toThrow('ours')
  })
})
