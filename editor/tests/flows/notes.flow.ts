import { expect, test } from 'vitest'

import { foundInBoth } from '../axe'
import { Person, api, withBrowser } from './person'
import type { Stored } from './person'

withBrowser()

interface Noted extends Stored {
  graph: Stored['graph'] & {
    notes?: {
      id: string
      text: string
      color?: string
      position: { x: number; y: number }
      size?: { width: number; height: number }
    }[]
  }
}

const notesOf = async (id: string) => (await api<Noted>(`/workflows/${id}`)).graph.notes ?? []

test('a note is drawn, written in place, moved, made larger, painted, copied and undone', async () => {
  const ada = await Person.signIn()
  const { page } = ada
  const id = await ada.draw('With notes')
  const note = (name: string) => page.locator(`[data-note="${name}"]`)
  await ada.dragIn('note', 520, 520)
  const field = page.locator('.note textarea:focus')
  await field.waitFor()
  // What looks like HTML is text.
  await page.keyboard.type('Why\n<img src=x onerror=alert(1)> **so**')
  await ada.press('Escape')
  await note('note').getByText('<img src=x onerror=alert(1)> **so**').waitFor()
  expect(await note('note').locator('img, strong').count()).toBe(0)
  await ada.saved()
  const [first] = await notesOf(id)
  expect(first?.text).toBe('Why\n<img src=x onerror=alert(1)> **so**')

  const before = (await note('note').boundingBox())!
  await page.mouse.move(before.x + 40, before.y + 20)
  await page.mouse.down()
  await page.mouse.move(before.x + 120, before.y + 60, { steps: 4 })
  await page.mouse.up()
  const corner = (await page.locator('.note-corner').boundingBox())!
  await page.mouse.move(corner.x + corner.width / 2, corner.y + corner.height / 2)
  await page.mouse.down()
  await page.mouse.move(corner.x + 100, corner.y + 60, { steps: 4 })
  await page.mouse.up()
  await page.getByRole('radio', { name: 'violet' }).check()
  await ada.saved()
  const [moved] = await notesOf(id)
  expect(moved?.position.x).toBeGreaterThan(first?.position.x ?? 0)
  expect(moved?.size?.width).toBeGreaterThan(first?.size?.width ?? 0)
  expect(moved?.color).toBe('violet')

  await note('note').click()
  await ada.press('Control+a', 'Control+c', 'Control+v')
  await note('note_2').waitFor()
  await ada.node('start_2').waitFor()
  await page.getByRole('button', { name: 'Undo: Paste a step and a note' }).click()
  const undo = page.getByRole('button', { name: /^Undo: / })
  while ((await undo.count()) > 0) await undo.click()
  await ada.saved()
  expect(await notesOf(id)).toEqual([])
  const redo = page.getByRole('button', { name: /^Redo: / })
  while ((await redo.count()) > 0) await redo.click()
  await ada.saved()
  expect((await notesOf(id)).map(({ id: name }) => name)).toEqual(['note', 'note_2'])

  await page.getByTestId('canvas').click({ button: 'right', position: { x: 700, y: 90 } })
  await page.getByRole('option', { name: /^Note Text/ }).click()
  await field.waitFor()
  await page.keyboard.type('By the mouse')
  await ada.press('Escape')
  await note('note_3').getByText('By the mouse').waitFor()
  await ada.leave()
})

test('with the keyboard alone: a note and what is said of a step, found in outline and search, told apart by versions', async () => {
  const kim = await Person.signIn()
  const { page } = kim
  const id = await kim.draw('Noted with keys')
  await kim.publish()
  await page.getByRole('button', { name: 'Go on drawing' }).click()
  await page.getByTestId('canvas').focus()
  await kim.press('n')
  const field = page.locator('.note textarea:focus')
  await field.waitFor()
  await page.keyboard.type('Orders of shops')
  await kim.press('Escape')
  await kim.press('Alt+ArrowDown', 'Enter')
  await field.waitFor()
  await page.keyboard.type(', not of people')
  await kim.press('Escape', 'o')
  const outline = page.getByRole('navigation', { name: 'Outline' })
  await outline.getByRole('button', { name: 'Orders of shops, not of people' }).waitFor()
  await kim.node('start').click()
  await page.getByTestId('step-note').fill('Begun by the shop.')
  await kim.node('start').getByText('Has a note').waitFor({ state: 'attached' })
  await kim.saved()

  await page.getByTestId('canvas').focus()
  await kim.press('Control+f')
  await page.keyboard.type('not of people')
  await kim.press('Enter')
  await page.locator('[data-note="note"][data-selected="true"]').waitFor()
  await page.getByTestId('inspector').getByRole('heading', { name: 'Note' }).waitFor()
  expect(await foundInBoth(kim)).toEqual([])

  await page.getByRole('button', { name: 'version 1', exact: true }).click()
  const compared = page.getByTestId('compare')
  await compared.getByText('note on the canvas').waitFor()
  await compared.getByText('"Begun by the shop."').waitFor()
  await kim.press('Escape')
  await page.getByRole('tab', { name: 'Add' }).click()
  await kim.publish()
  const [newest] = (await api<{ items: { id: string }[] }>(`/workflows/${id}/versions`)).items
  const version = await api<Noted>(`/workflows/${id}/versions/${newest?.id}`)
  expect(version.graph.notes?.map(({ text }) => text)).toEqual(['Orders of shops, not of people'])
  expect(version.graph.nodes[0]?.data).toMatchObject({ note: 'Begun by the shop.' })
  await kim.runIt()
  await kim.untilStatus('completed')
  await page.getByText('Orders of shops, not of people').waitFor()
  await kim.leave()
})
