import { readFile } from 'node:fs/promises'
import { rootCertificates } from 'node:tls'
import { Refusal } from '../refusal.ts'
import { isCode } from './planted.ts'

/** The usual roots and the certificates of `path`, as one PEM text. */
export async function readCertificates(path: string): Promise<string> {
  const text = await readText(path)
  if (text.includes('-----BEGIN CERTIFICATE-----')) return [...rootCertificates, text.trimEnd(), ''].join('\n')
  throw new Refusal(
    'invalid',
    `${path} (SLUICE_EXTRA_CA) holds no certificate in PEM form.`,
    'Name a file with -----BEGIN CERTIFICATE----- in it.',
  )
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (!isCode(error, 'ENOENT', 'EACCES', 'EISDIR')) throw error
    throw new Refusal(
      'invalid',
      `${path} (SLUICE_EXTRA_CA) cannot be read.`,
      'Name a PEM file that the worker may read.',
    )
  }
}
