import { expect, test } from 'vitest'

import { edge, graph, node } from '../../tests/build'
import { asFile, fileName, fromFile, nameOfFile } from './file'

test('a workflow goes out as a file and comes back as it was, without its secrets', () => {
  const drawn = graph(
    [
      node('start', { type: 'trigger.manual' }),
      node('call', { data: { config: { credential: 'crm', headers: { authorization: 'abc' } } } }),
    ],
    [edge('start', 'call')],
  )
  const settings = { flow: { priority: 3 }, api_token: 'abc' }
  const notes = [{ id: 'note', text: 'Why', position: { x: 8, y: 8 }, color: 'green' }]
  const about = { id: '0198', name: 'Orders', base: 'sha256:00' }
  const file = asFile({ ...drawn, notes, rest: { settings } }, about)
  expect(file).not.toContain('abc')
  expect(JSON.parse(file)).toMatchObject({ workflow: about, nodes: [{}, { data: { config: { credential: 'crm' } } }] })
  expect(fromFile(file)).not.toHaveProperty('workflow')
  expect(fromFile(file)).toMatchObject({
    nodes: [{ id: 'start' }, { id: 'call' }],
    edges: [{ source: 'start', target: 'call' }],
    notes,
    settings: { flow: { priority: 3 } },
  })
})

test('what is no workflow is not taken', () => {
  for (const text of ['', 'nodes', '[]', '{"nodes": 1}', '{"nodes": []}']) expect(fromFile(text)).toBeNull()
})

test('files are named after workflows, and workflows after files', () => {
  expect(fileName(' Leads: Ümlaut & Co ')).toBe('leads-ümlaut-co.json')
  expect(fileName('???')).toBe('workflow.json')
  expect(nameOfFile('lead-automation.json')).toBe('Lead automation')
})
