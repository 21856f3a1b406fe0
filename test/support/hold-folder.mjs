// Takes a worker's folder below the home in the first argument, says its number, and keeps it.
const { takeWorkerFolder } = await import('../../dist/spool/worker-folder.js')
const { number } = await takeWorkerFolder(process.argv[2])
console.log(number)
setInterval(() => {}, 1000)
