import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { findHome, openHome } from '../src/home.ts'

it('says why a home cannot be made', async () => {
  await expect(openHome(import.meta.filename)).rejects.toMatchObject({
    code: 'invalid',
    message: `The home ${import.meta.filename} cannot be made: file already exists.`,
    hint: 'Set SLUICE_HOME, or --home of scripts/up, to a folder of your own.',
  })
})

it.runIf(process.getuid?.() === 0)(
  'keeps what others must reach outside a closed place, and not for a home made anew at the same path [needs root]',
  async () => {
    const place = await mkdtemp(join(tmpdir(), 'closed-'))
    const folder = join(place, 'home')
    const first = await openHome(folder)
    expect(first.shared).toMatch(/^\/var\/lib\/sluice\/sluice-closed-\w+-[0-9a-f]{8}$/)
    expect(await openHome(folder)).toEqual(first)
    expect(await findHome(folder)).toEqual(first)

    await writeFile(join(folder, 'elsewhere'), '../etc\n')
    await expect(openHome(folder)).rejects.toMatchObject({ code: 'invalid', hint: 'Bring it back from a backup.' })

    await rm(folder, { recursive: true })
    await mkdir(folder)
    const [second, ...others] = await Promise.all([openHome(folder), openHome(folder), openHome(folder)])
    expect(others).toEqual([second, second])
    expect(await readdir(folder)).toEqual(['elsewhere'])
    expect(second.shared).not.toBe(first.shared)
    for (const path of [place, first.shared, second.shared]) await rm(path, { recursive: true })
  },
)
