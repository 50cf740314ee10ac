import type { AnchorHTMLAttributes, MouseEvent } from 'react'

import { navigate } from './router'

interface Props extends AnchorHTMLAttributes<HTMLAnchorElement> {
  href: string
}

/** A link within the editor: a plain click does not load the page anew. */
export function Link({ href, ...rest }: Props) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    navigate(href)
  }
  return <a href={href} onClick={follow} {...rest} />
}
