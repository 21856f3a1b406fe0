// What moves on a page. Every page reads without it.

/** Makes `old` look like `fresh` and touches only what differs: focus, scroll, open questions and running water stay as they are. */
function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh)
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data
    return
  }
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value)
  for (const { name } of [...old.attributes])
    if (name !== 'open' && !fresh.hasAttribute(name)) old.removeAttribute(name)
  const children = [...old.childNodes]
  const wanted = [...fresh.childNodes]
  for (const [index, child] of wanted.entries()) {
    if (children[index]) morph(children[index], child)
    else old.append(child)
  }
  for (const child of children.slice(wanted.length)) child.remove()
}

/** The server escaped every text in it; scripts in a template never run. */
function parse(html) {
  const template = document.createElement('template')
  template.innerHTML = html
  return [...template.content.children]
}

/** More would slow the browser down; the raw log has them. */
const MOST_LINES = 5000

function addToLog(log, html) {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40
  for (const line of parse(html)) {
    const begun = line.dataset.onto && document.getElementById(line.id)
    if (!begun) {
      log.append(line)
      continue
    }
    const text = begun.lastElementChild
    if (line.dataset.onto === 'cleared') text.replaceChildren()
    text.append(...line.lastElementChild.childNodes)
  }
  while (log.childElementCount > MOST_LINES) log.firstElementChild.remove()
  if (isAtEnd) log.scrollTop = log.scrollHeight
}

const shownLog = () => document.querySelector('[data-from]')

const REOPEN_MS = 3000

/** Follows the page's stream while somebody looks; a browser has few connections for one server. */
function follow(address) {
  const url = new URL(address, location.href)
  let stream
  let reopening
  const open = () => {
    clearTimeout(reopening)
    const log = shownLog()
    if (log) url.searchParams.set('from', log.dataset.from)
    stream = new EventSource(url)
    stream.addEventListener('part', ({ data }) => {
      for (const fresh of parse(data)) showPart(fresh)
    })
    stream.addEventListener('log', ({ data, lastEventId }) => {
      addToLog(shownLog(), data)
      shownLog().dataset.from = lastEventId
    })
    // A browser comes again after a broken line, but not after a refusal: as while the server or its database starts again.
    stream.addEventListener('error', () => {
      if (stream.readyState === EventSource.CLOSED) reopening = setTimeout(open, REOPEN_MS)
    })
    stream.addEventListener('over', () => {
      close()
      document.removeEventListener('visibilitychange', look)
    })
  }
  const close = () => {
    clearTimeout(reopening)
    stream.close()
  }
  const look = () => (document.hidden ? close() : open())
  document.addEventListener('visibilitychange', look)
  open()
}

function showPart(fresh) {
  const old = document.getElementById(fresh.id)
  if (!old) return
  morph(old, fresh)
  if (fresh.id === 'log') showEnd()
}

function showEnd() {
  const log = shownLog()
  if (log && !location.hash.startsWith('#L')) log.scrollTop = log.scrollHeight
}

showEnd()
const main = document.querySelector('main[data-events]')
if (main) follow(main.dataset.events)

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]')
  if (!button) return
  await navigator.clipboard.writeText(button.dataset.copy)
  const said = button.querySelector('.said')
  said.textContent = 'Copied'
  setTimeout(() => {
    said.textContent = 'Copy'
  }, 1600)
})

// The server writes times in the browser's zone from the next page on.
const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
// biome-ignore lint/suspicious/noDocumentCookie: the other interface is not in every browser
if (timeZone) document.cookie = `zone=${timeZone}; path=/; max-age=31536000; samesite=lax`
