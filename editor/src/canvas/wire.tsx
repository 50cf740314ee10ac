import { BaseEdge, EdgeLabelRenderer, getBezierPath } from '@xyflow/react'
import type { EdgeProps } from '@xyflow/react'
import { createContext, memo, useContext } from 'react'

import { Icon } from '../ui/icon'
import type { WireEdge } from './adapter'
import { useEdgeMark } from './marks'

/** What the "+" on an edge does; without it there is none. */
const InsertContext = createContext<((edgeId: string) => void) | null>(null)
export const InsertProvider = InsertContext.Provider

/** One edge, with its condition, and a place to put a step in. */
export const Wire = memo(function Wire(props: EdgeProps<WireEdge>) {
  const mark = useEdgeMark(props.id)
  const insert = useContext(InsertContext)
  const [path, x, y] = getBezierPath(props)
  const kind = props.data?.kind ?? 'flow'
  const label = props.data?.label ?? ''
  return (
    <>
      <BaseEdge path={path} interactionWidth={22} className={`wire ${kind} ${mark ?? ''}`} />
      <EdgeLabelRenderer>
        <div
          className="wire-middle nodrag nopan"
          data-selected={props.selected ?? false}
          style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
        >
          {label && <span className={`wire-label ${kind}`}>{label}</span>}
          {insert && kind === 'flow' && (
            <button type="button" className="wire-add" aria-label="Put a step in here" onClick={() => insert(props.id)}>
              <Icon name="add" />
            </button>
          )}
        </div>
      </EdgeLabelRenderer>
    </>
  )
})
