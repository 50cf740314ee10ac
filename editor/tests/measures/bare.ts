/** React Flow with its own nodes and nothing else: what the canvas is measured against. */

import '@xyflow/react/dist/style.css'
import { Background, MiniMap, ReactFlow, useNodesState } from '@xyflow/react'
import type { Edge, Node } from '@xyflow/react'
import { createElement, useEffect } from 'react'
import { createRoot } from 'react-dom/client'

declare global {
  interface Window {
    drawn: { nodes: Node[]; edges: Edge[] }
    /** Has one node tell another status. */
    tell?: (id: string, status: string) => void
  }
}

function Bare() {
  const [nodes, setNodes, changed] = useNodesState(window.drawn.nodes)
  useEffect(() => {
    window.tell = (id, status) =>
      setNodes((before) =>
        before.map((node) => (node.id === id ? { ...node, data: { ...node.data, label: status } } : node)),
      )
  }, [setNodes])
  const props = { nodes, edges: window.drawn.edges, onNodesChange: changed, minZoom: 0.1, fitView: true }
  return createElement(ReactFlow, props, createElement(Background), createElement(MiniMap))
}

createRoot(document.getElementById('root') ?? document.body).render(createElement(Bare))
