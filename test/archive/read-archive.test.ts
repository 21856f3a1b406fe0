import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readArchive } from '../../src/archive/read-archive.ts'
import type { Digest } from '../../src/brand.ts'
import { openSources } from '../../src/spool/sources.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'
import { archiveOf, type Entry, tarOf } from '../support/tar.ts'

const MOST = 64 * 1024
const read = (tarGz: Uint8Array) => readArchive(tarGz, MOST)
const readEntries = async (...entries: Entry[]) => read(await archiveOf(entries))
const messageOf = async (given: Uint8Array | Entry[]) => {
  const archive = await (Array.isArray(given) ? readEntries(...given) : read(given))
  return archive.kind === 'refused' ? archive.message : archive.kind
}

async function withFolder<Value>(act: (folder: string) => Promise<Value>): Promise<Value> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-archive-'))
  return act(folder).finally(() => rm(folder, { recursive: true, force: true }))
}

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest

describe('an archive', () => {
  it('gives files with modes and contents, and links within the project', async () => {
    const files = await readEntries(
      { name: 'main.dig', content: '+a:\n' },
      { name: 'bin', type: 'directory' },
      { name: 'bin/run', content: 'x', mode: 0o755 },
      { name: 'bin/latest', type: 'symlink', linkname: 'run' },
      { name: './größe.txt', content: '' },
    )
    expect(files).toEqual({
      kind: 'read',
      files: [
        ['main.dig', '100644', '+a:\n', '46f82ccaa0744a8bcbc3c14eb804e4a11a25b58a'],
        ['bin/run', '100755', 'x', 'c1b0730e0133447badcfd47fd144e254807b06e1'],
        ['bin/latest', '120000', 'run', 'e5224d533ef27b001224859a9b36696846a7e7fe'],
        ['größe.txt', '100644', '', 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'],
      ].map(([path, mode, content = '', object]) => ({
        path,
        mode,
        bytes: content.length,
        object,
        content: Buffer.from(content),
      })),
    })
  })

  it('of GNU tar is read, as a person makes it', () =>
    withFolder(async (folder) => {
      const long = `${'sub/'.repeat(30)}${'n'.repeat(120)}.txt`
      await mkdir(join(folder, 'sub/'.repeat(30)), { recursive: true })
      await writeFile(join(folder, long), 'long')
      await symlink(long, join(folder, 'link'))
      for (const format of ['gnu', 'posix']) {
        const archive = await read(execFileSync('tar', [`--format=${format}`, '-czf', '-', '-C', folder, '.']))
        const paths = archive.kind === 'read' ? archive.files.map(({ path }) => path).sort() : archive
        expect(paths).toEqual(['link', long])
      }
    }))

  it.each<[string, Entry[], string]>([
    ['leads upwards', [{ name: '../x' }], 'Bad zip entry: ../x: its path leads upwards'],
    ['leads upwards in the middle', [{ name: 'a/../../x' }], 'Bad zip entry: a/../../x: its path leads upwards'],
    ['is absolute', [{ name: '/etc/x' }], 'Bad zip entry: /etc/x: its path is absolute'],
    [
      'is a hard link',
      [{ name: 'x' }, { name: 'y', type: 'link', linkname: 'x' }],
      'Bad zip entry: y: it is a hard link',
    ],
    ['is a device', [{ name: 'x', type: 'character-device' }], 'Bad zip entry: x: it is a device'],
    ['is a disk', [{ name: 'x', type: 'block-device' }], 'Bad zip entry: x: it is a device'],
    ['is a pipe', [{ name: 'x', type: 'fifo' }], 'Bad zip entry: x: it is a pipe'],
    [
      'is a link out',
      [{ name: 'x', type: 'symlink', linkname: '../y' }],
      'Bad zip entry: x: it is a link that leads out, to ../y',
    ],
    [
      'is a link to the root',
      [{ name: 'x', type: 'symlink', linkname: '/' }],
      'Bad zip entry: x: it is a link that leads out, to /',
    ],
    [
      'is a link out by way of another',
      [
        { name: 'a/b/up', type: 'symlink', linkname: '../..' },
        { name: 'x', type: 'symlink', linkname: 'a/b/up/..' },
      ],
      'Bad zip entry: x: it is a link that leads out, to a/b/up/..',
    ],
    [
      'is put through a link',
      [
        { name: 'a', type: 'symlink', linkname: 'b' },
        { name: 'a/x', content: 'x' },
      ],
      'Bad zip entry: a/x: a is no folder',
    ],
    ['is below a file', [{ name: 'a' }, { name: 'a/x' }], 'Bad zip entry: a/x: a is no folder'],
    ['is there twice', [{ name: 'a' }, { name: './a' }], 'Bad zip entry: a: it is there twice'],
    ['has no name', [{ name: './.' }], 'Bad zip entry: ./.: its path is empty'],
    [
      'has a name that no disk takes',
      [{ name: 'n'.repeat(256) }],
      `Bad zip entry: ${'n'.repeat(200)}: its path is too long`,
    ],
    [
      'is deeper than any system goes',
      [{ name: `${'n/'.repeat(2000)}x` }],
      `Bad zip entry: ${'n/'.repeat(100)}: its path is too long`,
    ],
    [
      'is deeper than any project goes',
      [{ name: `${'n/'.repeat(100)}x` }],
      `Bad zip entry: ${'n/'.repeat(100)}: it lies more than 100 levels deep`,
    ],
    [
      'is a link that winds',
      [{ name: 'x', type: 'symlink', linkname: `${'n/'.repeat(100)}x` }],
      'Bad zip entry: x: the way that its link names is too long',
    ],
    [
      'is too large',
      [{ name: 'big', content: Buffer.alloc(MOST + 1) }],
      `Size of a file in the archive exceeds limit (${MOST + 1} > ${MOST} bytes): big`,
    ],
    [
      'is one too many',
      [
        { name: 'a', content: Buffer.alloc(MOST) },
        { name: 'b', content: 'x' },
      ],
      `Total size of the archive exceeds limit (${MOST} bytes)`,
    ],
  ])('with an entry that %s is refused whole', async (_, entries, message) => {
    expect(await messageOf([{ name: 'main.dig', content: '+a:\n' }, ...entries])).toBe(message)
  })

  it('of as many files as a project may have leaves others their turn; one more, and the rest is not even looked at', async () => {
    const one = 512 // bytes: a header, and nothing in it
    const tar = await tarOf(Array.from({ length: 50_001 }, (_, at) => ({ name: `f${at}` })))
    const mebibytes = 64 * 2 ** 20
    const delay = monitorEventLoopDelay({ resolution: 5 })
    const startedAt = performance.now()
    delay.enable()
    const taken = await readArchive(gzipSync(tar.subarray(0, 50_000 * one)), mebibytes)
    delay.disable()
    expect(taken.kind === 'read' && taken.files.length).toBe(50_000)
    expect(delay.max / 1e6).toBeLessThan((performance.now() - startedAt) / 3)
    const damaged = Buffer.concat([tar.subarray(0, 50_001 * one), Buffer.alloc(mebibytes, 7)])
    const message = 'The archive holds more than 50000 files and folders'
    expect(await readArchive(gzipSync(damaged), mebibytes)).toMatchObject({ kind: 'refused', message })
  }, 60_000)

  it.each<[string, () => Uint8Array | Promise<Uint8Array>, string]>([
    ['nothing', () => Buffer.alloc(0), 'Input is not in the .gz format'],
    ['a text', () => Buffer.from('hello'), 'Input is not in the .gz format'],
    ['a plain tar', () => tarOf([{ name: 'main.dig' }]), 'Input is not in the .gz format'],
    [
      'the head of a gzip',
      () => gzipSync('x').subarray(0, 12),
      'The archive cannot be unpacked: unexpected end of file',
    ],
    [
      'a broken gzip',
      () => Buffer.concat([gzipSync('x').subarray(0, 10), Buffer.from('????')]),
      'The archive cannot be unpacked: invalid block type',
    ],
    ['a gzip of a text', () => gzipSync('hello'), 'The archive is no tar: Unrecognized archive format'],
    ['a gzip of noise', () => gzipSync(Buffer.alloc(2048, 7)), 'The archive is no tar: checksum failure'],
    ['a gzip of nothing', () => gzipSync(''), 'The archive is no tar: Unrecognized archive format'],
    ['a gzip in a gzip', async () => gzipSync(await archiveOf([{ name: 'main.dig' }])), 'The archive is packed twice'],
    [
      'more links than anybody makes',
      () =>
        archiveOf(
          Array.from({ length: 2001 }, (_, at) => ({ name: `l${at}`, type: 'symlink', linkname: 'a' }) as const),
        ),
      'The archive holds more than 2000 links',
    ],
    [
      'zeros without end',
      () => gzipSync(Buffer.alloc(64 << 20)),
      `Total size of the archive exceeds limit (${MOST} bytes)`,
    ],
    [
      'a tar that ends too early',
      async () => gzipSync((await tarOf([{ name: 'a', content: 'x'.repeat(2000) }])).subarray(0, 1024)),
      'The archive is no tar: Truncated input (needed 1536 more bytes, only 0 available)',
    ],
  ])('that is %s is refused', async (_, make, message) => {
    expect(await messageOf(await make())).toBe(message)
  })

  it('that unpacks to far more than text does is refused, and one of a few MiB may hold anything', async () => {
    const zeros = (mebibytes: number) => archiveOf([{ name: 'zeros', content: Buffer.alloc(mebibytes * 2 ** 20) }])
    const message = 'The archive unpacks to far more than text does'
    expect(await readArchive(await zeros(17), 64 * 2 ** 20)).toMatchObject({ kind: 'refused', message })
    expect(await readArchive(await zeros(15), 64 * 2 ** 20)).toMatchObject({ kind: 'read' })
  })

  it('is known by names, sizes and objects where contents are dropped', async () => {
    const tarGz = await archiveOf([
      { name: 'main.dig', content: '+a:\n' },
      { name: 'link', type: 'symlink', linkname: 'main.dig' },
    ])
    const [kept, dropped] = [await read(tarGz), await readArchive(tarGz, MOST, 'dropped')]
    const contents = dropped.kind === 'read' && dropped.files.map(({ content }) => content.toString())
    expect(contents).toEqual(['', 'main.dig'])
    const known = (archive: typeof kept) =>
      archive.kind === 'read' && archive.files.map(({ content: _, ...file }) => file)
    expect(known(dropped)).toEqual(known(kept))
  })

  it('that is taken is unpacked to the files that were read, whatever its entries are', {
    timeout: PROPERTY_MS,
  }, async () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'c.dig', 'd', '.', '..'), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join('/'))
    const kinds = [...Array(6).fill('file'), 'symlink', 'symlink', 'directory', 'link'] as const
    const entry = fc.record({
      name: path,
      type: fc.constantFrom(...kinds),
      linkname: path,
      content: fc.string({ maxLength: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 4 }), async (entries) => {
        const tarGz = await archiveOf(
          entries.map((one) => ({ ...one, content: one.type === 'file' ? one.content : '' })),
        )
        const archive = await read(tarGz)
        if (archive.kind === 'refused') return
        await withFolder(async (folder) => {
          const workspace = join(folder, 'workspace')
          await mkdir(workspace)
          await (await openSources(join(folder, 'sources'), async () => tarGz)(digestOf(tarGz))).unpack(workspace)
          const found = await readdir(workspace, { recursive: true, withFileTypes: true })
          const paths = found.flatMap((one) =>
            one.isDirectory() ? [] : [relative(workspace, join(one.parentPath, one.name))],
          )
          expect(paths.sort()).toEqual(archive.files.map(({ path }) => path).sort())
        })
      }),
      effort(150),
    )
  })

  it('of any bytes is read or refused', { timeout: PROPERTY_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 1200 }), fc.boolean(), async (bytes, isPacked) => {
        expect(['read', 'refused']).toContain((await read(isPacked ? gzipSync(bytes) : bytes)).kind)
      }),
      effort(200),
    )
  })
})
