import type { Database } from '../../src/db/sql.ts'

/** `sql`, which first does `act` whenever a query with `words` in it is sent: what others do at that moment. */
export const beforeQuery = (sql: Database, words: string, act: () => Promise<void>): Database =>
  new Proxy(sql, {
    apply: (target, self, args: unknown[]) => {
      const send = () => Reflect.apply(target, self, args)
      return String(args[0]).includes(words) ? act().then(send) : send()
    },
  })
