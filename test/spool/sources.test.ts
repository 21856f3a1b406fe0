import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { create } from 'tar'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Digest } from '../../src/brand.ts'
import { openSources } from '../../src/spool/sources.ts'
import { archiveOf } from '../support/tar.ts'

let home: string
let tarGz: Buffer
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sluice-sources-'))
  const files = join(home, 'files')
  await mkdir(join(files, 'queries'), { recursive: true })
  await writeFile(join(files, 'queries/one.sql'), 'select 1')
  await symlink('queries/one.sql', join(files, 'link'))
  await symlink('queries', join(files, 'folder'))
  await create({ gzip: true, cwd: files, file: join(home, 'source.tar.gz') }, ['.'])
  tarGz = await readFile(join(home, 'source.tar.gz'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest

describe('a source', () => {
  it('gives texts that lie in it, and follows no link', async () => {
    const source = await openSources(join(home, 'a'), async () => tarGz)(digestOf(tarGz))
    expect(source.read('queries/one.sql')).toBe('select 1')
    for (const path of [
      'link',
      'folder/one.sql',
      '../source.tar.gz',
      '/etc/passwd',
      'queries',
      'link/',
      'no.sql',
      'link\0',
    ])
      expect(source.read(path)).toBeUndefined()
  })

  it('is unpacked with its links, those too that lead nowhere or name themselves', async () => {
    const links = { 'a/b': 'a', self: 'self/x', up: 'a/..', gone: 'no/where', 'c/d/e': '../../a' }
    const entries = Object.entries(links).map(([name, linkname]) => ({ name, linkname, type: 'symlink' as const }))
    const linked = await archiveOf(entries)
    const folder = join(home, 'linked')
    await mkdir(folder)
    await (await openSources(join(home, 'f'), async () => linked)(digestOf(linked))).unpack(folder)
    for (const [path, target] of Object.entries(links)) expect(await readlink(join(folder, path))).toBe(target)
  })

  it('that would be put through a link of its own is not unpacked', async () => {
    const linked = await archiveOf([
      { name: 'a', type: 'symlink', linkname: '..' },
      { name: 'a/b', type: 'symlink', linkname: 'x' },
    ])
    await expect(openSources(join(home, 'e'), async () => linked)(digestOf(linked))).rejects.toThrow('EEXIST')
  })

  it('is asked for once, and again when that went wrong', async () => {
    let asked = 0
    const open = openSources(join(home, 'b'), async () => {
      asked += 1
      if (asked === 1) throw new Error('away')
      return tarGz
    })
    await expect(open(digestOf(tarGz))).rejects.toThrow('away')
    await Promise.all([open(digestOf(tarGz)), open(digestOf(tarGz))])
    expect(asked).toBe(2)
  })

  it('that has other bytes than its name says is not taken', async () => {
    const open = openSources(join(home, 'c'), async () => tarGz)
    await expect(open(digestOf(Buffer.from('else')))).rejects.toThrow('has the bytes of')
  })

  it('that no task has used for a week makes room when another comes, as does what was never unpacked whole', async () => {
    const sources = join(home, 'd')
    const other = gzipSync(gunzipSync(tarGz), { level: 1 })
    const archives = new Map([tarGz, other].map((bytes) => [digestOf(bytes), bytes]))
    const open = openSources(sources, async (digest) => archives.get(digest) ?? tarGz)
    const nameOf = (bytes: Buffer) => digestOf(bytes).replace(':', '-')
    await open(digestOf(tarGz))
    const kept = join(sources, nameOf(Buffer.from('kept')))
    const killed = join(sources, 'unpacking-x')
    for (const folder of [kept, killed]) await mkdir(folder)
    const longAgo = new Date(Date.now() - 8 * 86_400_000)
    for (const folder of [join(sources, nameOf(tarGz)), killed]) await utimes(folder, longAgo, longAgo)
    await open(digestOf(other))
    expect((await readdir(sources)).toSorted()).toEqual([nameOf(other), nameOf(Buffer.from('kept'))].toSorted())
    expect((await open(digestOf(tarGz))).read('queries/one.sql')).toBe('select 1')
  })

  it('that is old and used again stays', async () => {
    const sources = join(home, 'e')
    const open = openSources(sources, async () => tarGz)
    await open(digestOf(tarGz))
    const folder = join(sources, digestOf(tarGz).replace(':', '-'))
    const longAgo = new Date(Date.now() - 8 * 86_400_000)
    await utimes(folder, longAgo, longAgo)
    await open(digestOf(tarGz))
    await expect(open(digestOf(Buffer.from('else')))).rejects.toThrow('has the bytes of')
    expect(await readdir(sources)).toContain(basename(folder))
  })
})
