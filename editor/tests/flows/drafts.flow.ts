import { expect, test } from 'vitest'

import { foundInBoth } from '../axe'
import { Capstan } from './capstan'
import { Person, api, withBrowser } from './person'
import type { Stored } from './person'

withBrowser()

const labelOf = async (id: string) => (await api<Stored>(`/workflows/${id}`)).graph.nodes[0]?.data?.label

test('two tabs edit one draft: neither overwrites the other unasked, and what was given up is one undo away', async () => {
  const ada = await Person.signIn()
  const id = await ada.draw('Edited by two')
  const bob = await Person.signIn()
  await bob.open(id)

  await ada.node('start').click()
  await ada.page.getByTestId('label').fill('By Ada')
  await ada.saved()
  await bob.node('start').click()
  await bob.page.getByTestId('label').fill('By Bob')
  await bob.page.getByText('This draft was saved elsewhere').waitFor()
  expect(await labelOf(id)).toBe('By Ada')
  await bob.page.getByRole('button', { name: 'Keep mine' }).click()
  await bob.saved()
  expect(await labelOf(id)).toBe('By Bob')

  await ada.page.getByTestId('label').fill('By Ada again')
  await ada.page.getByRole('button', { name: 'Take theirs' }).click()
  await ada.saved()
  expect(await ada.page.getByTestId('label').inputValue()).toBe('By Bob')
  await ada.page.getByRole('button', { name: 'Undo: Take the other version' }).click()
  await ada.saved()
  expect(await labelOf(id)).toBe('By Ada again')
  await Promise.all([ada.leave(), bob.leave()])
})

test('a workflow is called something else where it is drawn and in the list, and a refusal says why', async () => {
  const ada = await Person.signIn()
  const { page } = ada
  const id = await ada.draw('Misspelled')
  const name = page.getByLabel('Name of the workflow')
  const title = (text: string) => page.getByRole('heading', { name: text, exact: true })
  await title('Misspelled').click()
  await name.fill('Never mind')
  await ada.press('Escape')
  await title('Misspelled').waitFor()
  await ada.press('F2')
  expect(await foundInBoth(ada)).toEqual([])
  await name.fill('  ')
  await ada.press('Enter')
  await page.getByText('The name cannot be used.').waitFor()
  await name.fill('Spelled well')
  await ada.press('Enter')
  await title('Spelled well').waitFor()
  await page.waitForFunction(() => document.title.startsWith('Spelled well'))
  expect(await api<{ name: string; revision: number }>(`/workflows/${id}`)).toMatchObject({ name: 'Spelled well' })

  await ada.go('workflows')
  await page.getByRole('button', { name: 'Rename Spelled well…' }).click()
  await page.getByRole('dialog').getByLabel('Name').fill('Spelled better')
  await page.getByRole('dialog').getByRole('button', { name: 'Rename', exact: true }).click()
  await page.getByRole('link', { name: 'Spelled better' }).waitFor()
  await ada.leave()
})

test('two versions of a draft are merged: what does not overlap comes together, what does is asked for', async () => {
  const ada = await Person.signIn()
  const id = await ada.draw('Merged by two')
  const bob = await Person.signIn()
  await bob.open(id)

  await ada.node('start').click()
  await ada.page.getByTestId('label').fill('By Ada')
  await ada.press('Escape', 'a')
  await ada.page.keyboard.type('write a line')
  await ada.press('Enter')
  await ada.node('log').waitFor()
  await ada.saved()
  await bob.node('start').click()
  await bob.page.getByTestId('label').fill('By Bob')
  await bob.press('Escape', 'a')
  await bob.page.keyboard.type('does nothing')
  await bob.press('Enter')
  await bob.page.getByRole('button', { name: 'Merge…' }).click()
  const dialog = bob.page.getByRole('dialog')
  await dialog.getByText('Log').first().waitFor()
  await dialog.getByRole('radio', { name: 'Theirs: "By Ada"' }).check()
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click()
  await bob.saved()
  const { graph } = await api<Stored>(`/workflows/${id}`)
  expect(graph.nodes.map((node) => node.id).sort()).toEqual(['log', 'noop', 'start'])
  expect(graph.edges).toHaveLength(2)
  expect(await labelOf(id)).toBe('By Ada')
  await bob.page.getByRole('button', { name: 'Undo: Merge with the other version' }).waitFor()
  await Promise.all([ada.leave(), bob.leave()])
})

test('the server is killed while one types, and the tab is closed: nothing that was typed is lost', async () => {
  const own = await Capstan.start()
  const ada = await Person.signIn(own.url, own.key)
  const id = await ada.draw('Typed without a server')
  const stored = async () => {
    const response = await fetch(`${own.url}/api/v1/workflows/${id}`, {
      headers: { authorization: `Bearer ${own.key}` },
    })
    return ((await response.json()) as Stored).graph.nodes[0]?.data?.label
  }
  await ada.node('start').click()
  await ada.page.getByTestId('label').fill('Before')
  await ada.saved()

  await own.kill()
  await ada.page.getByTestId('label').fill('While nobody answered')
  await ada.page.getByText('Not saved: no answer').waitFor()
  await own.restart()
  await ada.saved()
  expect(await stored()).toBe('While nobody answered')

  await own.kill()
  await ada.page.getByTestId('label').fill('Typed last, and left')
  await ada.page.close({ runBeforeUnload: false })
  await own.restart()
  const later = await ada.newTab(`workflows/${id}#key=${own.key}`)
  await later.saved()
  await later.page.getByRole('button', { name: 'Undo: Take up what was not saved' }).waitFor()
  expect(await stored()).toBe('Typed last, and left')
  await ada.leave()
  await own.stop()
})
