import { text as textOf } from 'node:stream/consumers'

import { expect, test } from 'vitest'

import { Person, api, withBrowser } from './person'
import type { Stored } from './person'

withBrowser()

test('a template becomes a workflow whose public form is filled in, and what it starts is seen', async () => {
  const ada = await Person.signIn()
  await ada.page.getByRole('button', { name: 'New workflow' }).click()
  await ada.page.getByRole('radio', { name: /^Lead automation/ }).check()
  await ada.page.getByRole('button', { name: 'Create' }).click()
  await ada.node('form').waitFor()
  await ada.publish()
  const { workspace } = await api<{ workspace: { slug: string } }>('/me')
  const id = ada.page.url().split('/').at(-1) ?? ''
  const { graph } = await api<Stored>(`/workflows/${id}`)
  const { path } = graph.nodes[0]?.data?.config as { path: string }

  const eve = await ada.newTab(`../p/${workspace.slug}/${path}`)
  for (const field of await eve.page.getByRole('textbox').all()) await field.fill('eve@example.com')
  for (const field of await eve.page.getByRole('spinbutton').all()) await field.fill('5000')
  await eve.page.getByRole('button', { name: /./ }).click()
  await ada.page.goto(`${ada.url}/editor/executions?workflow=${id}`)
  await ada.page.getByRole('link', { name: 'Lead automation' }).click()
  await ada.untilNode('fields', 'completed')
  await ada.leave()
})

test('a workflow goes out as a file without its secrets, and comes back as another one', async () => {
  const kim = await Person.signIn()
  const first = await kim.draw('To be sent')
  await kim.dragIn('action.http_request', 460, 390)
  await kim.field('url').fill('https://user:secret@example.com/')
  await kim.saved()
  const [file] = await Promise.all([
    kim.page.waitForEvent('download'),
    kim.page.getByRole('button', { name: 'Save as a file, without secrets' }).click(),
  ])
  expect(file.suggestedFilename()).toBe('to-be-sent.json')
  const text = await textOf(await file.createReadStream())
  expect(text).not.toContain('secret@')

  await kim.page.goto(`${kim.url}/editor/workflows`)
  await kim.page.getByRole('button', { name: 'New workflow' }).click()
  await kim.page.getByRole('radio', { name: /^A file/ }).check()
  const buffer = Buffer.from(text)
  await kim.page
    .getByLabel('File', { exact: true })
    .setInputFiles({ name: 'came-back.json', mimeType: 'application/json', buffer })
  await kim.page.getByRole('button', { name: 'Create' }).click()
  await kim.node('http_request').waitFor()
  const second = kim.page.url().split('/').at(-1) ?? ''
  expect(second).not.toBe(first)
  const { graph, name } = await api<Stored & { name: string }>(`/workflows/${second}`)
  expect(name).toBe('Came back')
  const { workflow, ...drawn } = JSON.parse(text) as Record<string, unknown>
  expect(workflow).toMatchObject({ id: first, name: 'To be sent', base: expect.stringMatching(/^sha256:/) })
  expect(graph).toEqual(drawn)
  await kim.leave()
})

test('an expression says what may come next, and what it reads is in the log of the whole execution', async () => {
  const kim = await Person.signIn()
  await kim.draw('Completed while writing')
  await kim.dragIn('debug.log', 460, 390)
  await kim.connect('start', 'out', 'log')
  await kim.node('log').click()
  const message = kim.field('message')
  await message.fill('')
  await message.pressSequentially('Hello {{ st')
  await kim.page.getByRole('option', { name: /^steps\.start/ }).waitFor()
  await message.press('Enter')
  await message.pressSequentially(' }}')
  expect(await message.inputValue()).toBe('Hello {{ steps.start }}')
  await kim.saved()
  await kim.publish()
  await kim.runIt()
  await kim.untilStatus('completed')
  await kim.page.getByRole('tab', { name: 'Log', exact: true }).click()
  const log = kim.page.getByTestId('log')
  await log.getByText('Hello').waitFor()
  await log.getByRole('button').first().click()
  await kim.page.getByTestId('step').waitFor()
  expect(new URL(kim.page.url()).searchParams.get('below')).toBe('log')
  await kim.leave()
})
