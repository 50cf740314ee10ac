import { useState } from 'react'

import { testCredential } from '../../api/credentials'
import type { Credential, CredentialTest } from '../../api/credentials'
import { useAttempt } from '../../app/attempt'
import { useCan } from '../../app/who'
import { Chip } from '../../ui/chip'
import { sentence } from '../../ui/failure'
import { TextField } from '../../ui/field'
import { Form } from '../../ui/form'
import { Icon } from '../../ui/icon'
import { ago, dateTime } from '../../ui/time'
import { aboutTest, addressOf, exampleOf, toneOf, wordsOf } from './tested'

interface Props {
  credential: Credential
  onTested: () => void
}

const CODES = { url: ['url_needed', 'bad_url', 'host_not_allowed'] }

/** Whether the provider takes the credential: a worker tries it, and what came of that is told here. */
export function TestOf({ credential, onTested }: Props) {
  const { id, type, allowed_hosts, last_test } = credential
  const [url, setUrl] = useState('')
  const [tested, setTested] = useState<CredentialTest | null>(null)
  const { error, isBusy, attempt } = useAttempt()
  const mayTest = useCan('credentials.use')
  const address = addressOf(type)
  const submit = () =>
    void attempt(async () => {
      setTested(null)
      setTested(await testCredential(id, url.trim()))
      onTested()
    })
  const footer = (
    <button className="primary" disabled={isBusy}>
      <Icon name="play" /> Test
    </button>
  )
  const shown = tested ?? last_test
  return (
    <section className="section" aria-label="Test">
      <h2>Test</h2>
      {mayTest && (
        <Form error={error} codes={CODES} onSubmit={submit} footer={footer}>
          <p className="form-help">{aboutTest(type)}</p>
          {address !== 'none' && (
            <TextField
              label="Address to ask"
              name="url"
              required={address === 'needed'}
              spellCheck={false}
              placeholder={exampleOf(allowed_hosts)}
              value={url}
              onText={setUrl}
              help={address === 'possible' ? 'If it is to be asked with the token, too.' : undefined}
            />
          )}
        </Form>
      )}
      <div role="status" className="stack" data-testid="tested">
        {isBusy ? <Chip tone="busy">asking the provider</Chip> : shown && <Told tested={shown} />}
      </div>
      {!mayTest && !shown && <p className="faint">It was not tested since it was written.</p>}
    </section>
  )
}

function Told({ tested }: { tested: CredentialTest }) {
  const { outcome, detail, response, token_until, took_ms, tested_at } = tested
  return (
    <>
      <p>
        <Chip tone={toneOf(outcome)}>{wordsOf(outcome)}</Chip> {sentence(detail)}
        {token_until && ` The token holds until ${dateTime(token_until)}.`}{' '}
        <span className="faint" title={dateTime(tested_at)}>
          {ago(tested_at)}, {took_ms} ms
        </span>
      </p>
      {response && <pre className="response">{response}</pre>}
    </>
  )
}
