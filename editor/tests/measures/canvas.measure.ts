import { writeFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { Person, api, withBrowser } from '../flows/person'
import { prepareBare, prepareLive, send, settled } from './burst'
import type { Burst } from './burst'
import { pannedP95, tasksOf } from './frames'
import type { Tasks } from './frames'
import { COUNT, GRAPH, barePage } from './graph'
import { noteRendered, renderedSince } from './rendered'

withBrowser()

/** Both sides in turn, so that whatever else the machine does hits both; medians are compared. */
const ROUNDS = 3
/** Of what bare React Flow takes with the same nodes in the same browser. */
const PAN_FACTOR_MAX = 2
const BURST_FACTOR_MAX = 1.5
/** What is too short to be told from noise, in ms. */
const NOISE_FRAME_MS = 4
const NOISE_LONG_MS = 100
const EVENTS = 2_000
const BURST_MS = 5_000

interface Round extends Tasks {
  frame_ms_p95: number
}

test(`${COUNT} nodes: panning and a burst of ${EVENTS} events cost little more than on bare React Flow`, async () => {
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Five hundred', graph: GRAPH })
  await api(`/workflows/${id}/publish`, 'POST')
  const execution = await api<{ id: string }>('/executions', 'POST', { workflow_id: id })
  const burst = { execution: execution.id, events: EVENTS, ms: BURST_MS, nodes: COUNT - 2 }
  const html = await barePage()
  const [bare, ours]: [Round[], Round[]] = [[], []]
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(await measuredBare(html, burst))
    ours.push(await measured(id, burst))
  }
  const [our, its] = [medians(ours), medians(bare)]
  const file = process.env['CAPSTAN_MEASURES']
  if (file && file !== '1') writeFileSync(file, `${JSON.stringify({ editor: our, bare: its })}\n`)
  console.log(JSON.stringify({ editor: our, bare: its, rounds: { bare, ours } }))
  expect(our.frame_ms_p95).toBeLessThan(its.frame_ms_p95 * PAN_FACTOR_MAX + NOISE_FRAME_MS)
  expect(our.long_ms).toBeLessThan(its.long_ms * BURST_FACTOR_MAX + NOISE_LONG_MS)
}, 600_000)

test(`while one of ${COUNT} nodes is dragged, that node is rendered and no other, near and from afar`, async () => {
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'One of them', graph: GRAPH })
  const ada = await Person.signIn()
  await ada.page.addInitScript(noteRendered)
  await ada.open(id)
  expect(await renderedSince(ada.page)).toHaveLength(COUNT)
  expect(await renderedWhileDragged(ada, 'n3')).toEqual(['n3'])
  await seeAll(ada)
  expect(await renderedWhileDragged(ada, 'n112')).toEqual(['n112'])
  await ada.leave()
}, 300_000)

function medians(rounds: Round[]): Round {
  const median = (of: keyof Round) =>
    rounds.map((round) => round[of]).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? 0
  return {
    frame_ms_p95: Math.round(median('frame_ms_p95')),
    busy_ms: median('busy_ms'),
    long_ms: median('long_ms'),
    long_by_clock_ms: median('long_by_clock_ms'),
  }
}

async function measuredBare(html: string, burst: Burst): Promise<Round> {
  const bare = await Person.arrive('login')
  await bare.page.route('**/bare', (route) => route.fulfill({ contentType: 'text/html', body: html }))
  await prepareBare(bare, burst)
  await bare.page.goto(`${bare.url}/bare`)
  await bare.page
    .locator('.react-flow__node')
    .nth(COUNT - 1)
    .waitFor({ state: 'attached' })
  const frame_ms_p95 = await pannedP95(bare.page, { x: 700, y: 880 })
  await settled(bare.page)
  const tasks = await tasksOf(bare.page, () => send(bare.page))
  await bare.leave()
  return { frame_ms_p95, ...tasks }
}

async function measured(workflow: string, burst: Burst): Promise<Round> {
  const ada = await Person.signIn()
  await ada.open(workflow)
  await seeAll(ada)
  const frame_ms_p95 = await pannedP95(ada.page, { x: 700, y: 700 })
  await prepareLive(ada, burst)
  await ada.go(`executions/${burst.execution}`)
  await ada.untilNode('n1', 'waiting')
  await settled(ada.page)
  const tasks = await tasksOf(ada.page, () => send(ada.page))
  await ada.untilNode(`n${COUNT - 1}`, 'completed')
  await ada.leave()
  return { frame_ms_p95, ...tasks }
}

/** Until all nodes are in sight, from afar. */
async function seeAll(ada: Person): Promise<void> {
  await ada.press('1')
  await ada.page.locator('[data-node="n499"].far').waitFor()
}

/** Ids of the steps that are rendered from the moment at which a node is picked until it lies elsewhere and that is saved. */
async function renderedWhileDragged(ada: Person, id: string): Promise<string[]> {
  await ada.node(id).click()
  await ada.page.locator(`[data-node="${id}"][data-selected="true"]`).waitFor()
  await renderedSince(ada.page)
  const box = await ada.node(id).boundingBox()
  if (!box) throw new Error(`${id} is not in sight`)
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await ada.page.mouse.move(x, y)
  await ada.page.mouse.down()
  for (let step = 1; step < 20; step += 1) await ada.page.mouse.move(x + step * 3, y + step * 2)
  await ada.page.mouse.up()
  await ada.saved()
  return renderedSince(ada.page)
}
