/** The graph that is measured, for the editor and for bare React Flow. */

import { build } from 'vite'

export const COUNT = 500
const COLUMNS = 25
const SHORTCUTS = 200

export const GRAPH = {
  nodes: Array.from({ length: COUNT }, (_, at) => ({
    id: `n${at}`,
    type: at === 0 ? 'trigger.manual' : at === 1 ? 'logic.wait_for_signal' : 'debug.noop',
    position: { x: (at % COLUMNS) * 240, y: Math.floor(at / COLUMNS) * 120 },
    data: { label: `Step ${at}`, ...(at === 1 ? { config: { signal: 'go' } } : {}) },
  })),
  edges: [
    ...Array.from({ length: COUNT - 1 }, (_, at) => ({
      id: `e${at}`,
      source: `n${at}`,
      target: `n${at + 1}`,
      ...(at === 1 ? { sourceHandle: 'received' } : {}),
    })),
    ...Array.from({ length: SHORTCUTS }, (_, at) => ({ id: `f${at}`, source: `n${at + 2}`, target: `n${at + 52}` })),
  ],
}

/** The page with bare React Flow, as one file. */
export async function barePage(): Promise<string> {
  const root = new URL('.', import.meta.url).pathname
  const made = await build({
    root,
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: { write: false, cssCodeSplit: false, lib: { entry: `${root}bare.ts`, formats: ['iife'], name: 'bare' } },
  })
  const [output] = Array.isArray(made) ? made : [made]
  const files = output && 'output' in output ? output.output : []
  const text = files.map((file) =>
    file.type === 'chunk'
      ? `<script>${file.code.replaceAll('</script', '<\\/script')}</script>`
      : `<style>${String(file.source)}</style>`,
  )
  const nodes = GRAPH.nodes.map(({ id, position, data }) => ({ id, position, data, width: 184, height: 56 }))
  const edges = GRAPH.edges.map(({ id, source, target }) => ({ id, source, target }))
  const drawn = `<script>window.drawn = ${JSON.stringify({ nodes, edges })}</script>`
  return `<!doctype html><div id="root" style="width:1600px;height:900px"></div>${drawn}${text.sort().reverse().join('')}`
}
