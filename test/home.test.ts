import { expect, it } from 'vitest'
import { openHome } from '../src/home.ts'

it('says why a home cannot be made', async () => {
  await expect(openHome(import.meta.filename)).rejects.toMatchObject({
    code: 'invalid',
    message: `The home ${import.meta.filename} cannot be made: file already exists.`,
    hint: 'Set SLUICE_HOME, or --home of scripts/up, to a folder of your own.',
  })
})
