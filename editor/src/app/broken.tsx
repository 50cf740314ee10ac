import { Component } from 'react'
import type { ReactNode } from 'react'

interface Props {
  /** Another one is another page, which may work. */
  of: string
  children: ReactNode
}

interface State {
  of: string
  error: unknown
}

/** Stands in for a page that broke, or that could not be loaded since the server has a newer editor by now. */
export class Broken extends Component<Props, State> {
  override state: State = { of: this.props.of, error: null }

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error }
  }

  static getDerivedStateFromProps({ of }: Props, state: State): State | null {
    return of === state.of ? null : { of, error: null }
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children
    const { message } = this.state.error as Error
    const isStale = /dynamically imported module|module script failed/i.test(message)
    return (
      <div className="empty" role="alert">
        <p>
          {isStale
            ? 'This part of the editor could not be loaded: the server may have a newer one. What is not saved yet is kept in this browser.'
            : `This page broke: ${message}`}
        </p>
        <button type="button" className="primary" onClick={() => location.reload()}>
          Load it anew
        </button>
      </div>
    )
  }
}
