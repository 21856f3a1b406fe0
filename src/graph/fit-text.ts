/** Letters of East Asian scripts, and pictures, take two columns of a monospaced font. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u

export const columnsOf = (text: string): number => [...text].reduce((sum, letter) => sum + widthOf(letter), 0)

const widthOf = (letter: string) => (WIDE.test(letter) ? 2 : 1)

/** A name is known by both its ends. */
export function cutMiddle(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text
  const tail = Math.floor((columns - 1) / 2)
  return `${take([...text], columns - 1 - tail).join('')}…${take([...text].reverse(), tail)
    .reverse()
    .join('')}`
}

export function cutEnd(text: string, columns: number): string {
  return columnsOf(text) <= columns
    ? text
    : `${take([...text], columns - 1)
        .join('')
        .trimEnd()}…`
}

function take(letters: readonly string[], columns: number): string[] {
  const taken: string[] = []
  let room = columns
  for (const letter of letters) {
    room -= widthOf(letter)
    if (room < 0) break
    taken.push(letter)
  }
  return taken
}
