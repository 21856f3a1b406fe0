import { type BuildEvent, follow, isNoise, NO_PROGRESS, type Progress, wordsOf } from './build-events.ts'

/** Folds what the engine says while it works, and hands on each line that is for people. */
export async function readEvents(stream: NodeJS.ReadableStream, tell: (line: string) => void): Promise<Progress> {
  let progress = NO_PROGRESS
  let line = ''
  for await (const event of parseEvents(stream)) {
    progress = follow(progress, event)
    const lines = (line + wordsOf(event)).split(/\r?\n/)
    line = lines.pop() ?? ''
    for (const whole of lines) if (!isNoise(whole)) tell(whole)
  }
  if (line !== '') tell(line)
  return progress
}

export async function* parseEvents(stream: NodeJS.ReadableStream): AsyncGenerator<BuildEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(Buffer.from(chunk), { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line)
  }
}
