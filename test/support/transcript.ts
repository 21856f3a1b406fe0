/** A session as a person would have seen it, with what differs from run to run replaced by what the documentation shows. */
export function openTranscript(names: Readonly<Record<string, string>>) {
  let text = ''
  return {
    /** A command and what it printed. */
    add: (command: string, printed: string) => {
      text += `$ ${command}\n${printed.replace(/\n*$/, '\n')}\n`
    },
    read: () => normalise(text, names),
  }
}

function normalise(text: string, names: Readonly<Record<string, string>>): string {
  let normal = text
  for (const [found, shown] of Object.entries(names)) normal = normal.replaceAll(found, shown)
  return (
    normal
      // What Docker says while it builds is Docker's, and depends on what it has in its cache.
      .replaceAll(
        /(Building image: .*\n)(?:(remote: )? {7}.*\n)+/g,
        (_, first: string, from = '') => `${first}${from}${BUILDING}`,
      )
      .replaceAll(/\b[0-9a-f]{7}\b(?=\.\.| \(pushed)/g, '1a2b3c4')
      .replaceAll(/\.\.[0-9a-f]{7}\b/g, '..5d6e7f8')
      .replaceAll(/deploys\/\d+/g, 'deploys/7')
      .replaceAll(/"(delivery|deploy)":"\d+"/g, '"$1":"7"')
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?: ?[+Z][\d:]*)/g, '2026-03-28 06:14:08 +0000')
      .replaceAll(/\d{4}-\d\d-\d\d (\d\d:\d\d) UTC \(in [^)]*\)/g, '2026-03-28 $1 UTC (in 45m)')
      .replaceAll(/\d{4}-\d\d-\d\d (\d\d:\d\d) UTC$/gm, '2026-03-28 $1 UTC')
      .replaceAll(/it is \d{4}-\d\d-\d\d/g, 'it is 2026-03-28')
      .replaceAll(/ from [0-9a-f]{12}, /g, ' from 9f8e7d6c5b4a, ')
      .replaceAll(/\([^ ()]+\/\d+@\[/g, '(host/1@[')
      .replaceAll(/[ \t]+$/gm, '')
  )
}

const BUILDING = '       (what Docker says while it builds)\n'
