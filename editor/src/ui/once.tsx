import { useState } from 'react'

import { Dialog } from './dialog'
import { Icon } from './icon'

interface Props {
  title: string
  secret: string
  /** Where it is needed. */
  about: string
  onClose: () => void
}

/** A secret that is shown once: it can be copied, and then nobody sees it again. */
export function Once({ title, secret, about, onClose }: Props) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{about} It is shown only now.</p>
      <Copyable text={secret} label="The secret" />
      <footer>
        <button type="button" className="primary" onClick={onClose}>
          I have kept it
        </button>
      </footer>
    </Dialog>
  )
}

/** A text to be taken along. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    // Without HTTPS the browser gives no clipboard: then it is marked, to be copied by hand.
    await navigator.clipboard?.writeText(text)
    setCopied(navigator.clipboard !== undefined)
  }
  return (
    <div className="copyable">
      <input
        readOnly
        className="mono"
        aria-label={label}
        value={text}
        onFocus={(event) => event.currentTarget.select()}
      />
      <button type="button" onClick={() => void copy()}>
        <Icon name={isCopied ? 'check' : 'copy'} /> <span aria-live="polite">{isCopied ? 'Copied' : 'Copy'}</span>
      </button>
    </div>
  )
}
