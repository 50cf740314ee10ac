import { useState } from 'react'

import type { Form } from '../../api/forms'
import { IconButton } from '../../ui/icon-button'

/** Where a form is, to be opened or taken along. */
export function Address({ of: { url, title, path } }: { of: Form }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    // Without HTTPS the browser gives no clipboard; the address can be marked by hand.
    await navigator.clipboard?.writeText(location.origin + url)
    setCopied(navigator.clipboard !== undefined)
  }
  return (
    <span className="form-address">
      <a href={url} target="_blank" rel="noreferrer">
        {url}
      </a>
      <IconButton
        icon={isCopied ? 'check' : 'copy'}
        label={isCopied ? 'Copied' : `Copy the address of ${title || path}`}
        onClick={() => void copy()}
      />
    </span>
  )
}
