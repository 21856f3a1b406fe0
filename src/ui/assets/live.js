// The only script the mock-ups need. Pages read fully without it.
document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]')
  if (!button) return
  await navigator.clipboard.writeText(button.dataset.copy)
  const said = button.querySelector('.said')
  if (said) {
    said.textContent = 'Copied'
    setTimeout(() => {
      said.textContent = 'Copy'
    }, 1600)
  }
})
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || /input|textarea|select/i.test(event.target.tagName)) return
  event.preventDefault()
  document.querySelector('.search input')?.focus()
})
// The product sets data-theme on the server from a cookie; here the choice is kept in the browser.
const kept = localStorage.getItem('theme')
if (kept) document.getElementById(`theme-${kept}`)?.click()
document.addEventListener('change', (event) => {
  if (event.target.name === 'theme') localStorage.setItem('theme', event.target.value)
})
