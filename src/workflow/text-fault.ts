/** What no process, page or database takes as it is. */
export function findTextFault(text: string): { readonly message: string; readonly hint: string } | undefined {
  if (text.includes('\0'))
    return { message: 'A text holds a NUL byte, which no process can be given', hint: 'Take it out.' }
  if (/[\ufffd\p{Cs}]/u.test(text))
    return {
      message: 'A text holds bytes that are no UTF-8, so nobody knows what they say',
      hint: 'Save the file as UTF-8.',
    }
  return undefined
}
