import { Confirm } from './confirm.tsx'
import { Ago, CopyLine, Section, When } from './parts.tsx'
import { Hidden, Shell, type View } from './shell.tsx'

type ShownToken = {
  readonly id: string
  readonly name: string
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
}

export type TokensPageProps = {
  readonly tokens: readonly ShownToken[]
  /** Just made: shown this once. */
  readonly made: { readonly name: string; readonly token: string } | null
}

export function TokensPage({ view, props: { tokens, made } }: { view: View; props: TokensPageProps }) {
  return (
    <Shell view={view} title="Tokens" place="tokens" crumbs={[{ word: 'Tokens' }]}>
      <div class="head">
        <div>
          <h1 class="headline">Personal tokens</h1>
          <p class="lede">
            A token stands in for your password: for git, the CLI and the API. Each can be revoked alone.
          </p>
        </div>
      </div>
      <div class="stack">
        {made === null ? null : (
          <Section title={`The token ${made.name}`} note="It is shown this once: keep it now.">
            <CopyLine text={made.token} prompt="" />
          </Section>
        )}
        {tokens.length === 0 ? <p class="sheet pad quiet">You have no token.</p> : <List view={view} tokens={tokens} />}
        <Section title="New token">
          <form method="post" action="/tokens" class="sheet pad row">
            <Hidden view={view} />
            <label class="sr" for="token-name">
              Name
            </label>
            <input class="input short" id="token-name" name="name" required maxlength={100} placeholder="laptop" />
            <button type="submit" class="btn primary">
              Make it
            </button>
            <span class="small quiet">Name it after what will use it.</span>
          </form>
        </Section>
      </div>
    </Shell>
  )
}

function List({ view, tokens }: { view: View; tokens: readonly ShownToken[] }) {
  return (
    <div class="sheet open">
      <table class="table">
        <thead>
          <tr>
            <th>Name</th>
            <th class="hide-phone">Made</th>
            <th>Last used</th>
            <th>
              <span class="sr">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr>
              <td>
                <b class="strong">{token.name}</b>
              </td>
              <td class="hide-phone">
                <When at={token.createdAt} view={view} />
              </td>
              <td>
                {token.lastUsedAt === null ? (
                  <span class="quiet">never</span>
                ) : (
                  <Ago at={token.lastUsedAt} view={view} />
                )}
              </td>
              <td class="n">
                <Confirm
                  view={view}
                  id={`revoke-${token.id}`}
                  label="Revoke"
                  question={`Revoke ${token.name}? Whatever uses it is shut out at once.`}
                  action={`/tokens/${token.id}/revoke`}
                  verb="Revoke it"
                  isDanger
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
