import { BaseEdge, EdgeLabelRenderer, getBezierPath } from '@xyflow/react'
import type { EdgeProps } from '@xyflow/react'
import { createContext, memo, useContext } from 'react'

import { Store, useStore } from '../app/store'
import { Icon } from '../ui/icon'
import type { WireEdge } from './adapter'
import { useIsFar } from './far'
import { useEdgeMark } from './marks'

/** How far beside an edge one may point and still mean it. */
const NEAR_PX = 22

/** What the "+" on an edge does; without it there is none. */
const InsertContext = createContext<((edgeId: string) => void) | null>(null)
export const InsertProvider = InsertContext.Provider

const PointedContext = createContext(new Store<{ edge: string | null }>({ edge: null }))
export const PointedProvider = PointedContext.Provider

/**
 * One edge. Only those with something to say have more than a line: a condition, or a place to put a step in for the edge
 * that is pointed at, is selected, or begins at the step that is worked with.
 */
export const Wire = memo(function Wire(props: EdgeProps<WireEdge>) {
  const mark = useEdgeMark(props.id)
  const isFar = useIsFar()
  const insert = useContext(InsertContext)
  const isPointedAt = useStore(useContext(PointedContext), (state) => state.edge === props.id)
  const [path, x, y] = getBezierPath(props)
  const { kind = 'flow', label = '', isOpen = false } = props.data ?? {}
  const mayInsert = insert !== null && kind === 'flow' && (isOpen || isPointedAt)
  return (
    <>
      <BaseEdge path={path} interactionWidth={isFar ? 0 : NEAR_PX} className={`wire ${kind} ${mark ?? ''}`} />
      {!isFar && (label !== '' || mayInsert) && (
        <EdgeLabelRenderer>
          <div
            className="wire-middle nodrag nopan"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            {label && <span className={`wire-label ${kind}`}>{label}</span>}
            {mayInsert && (
              <button
                type="button"
                className="wire-add"
                aria-label="Put a step in here"
                onClick={() => insert(props.id)}
              >
                <Icon name="add" />
              </button>
            )}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  )
})
