import type { TestProject } from 'vitest/node'

import { Capstan } from './capstan'

declare module 'vitest' {
  export interface ProvidedContext {
    url: string
    key: string
    /** Its database, for commands beside it. */
    database: string
  }
}

/** One server for all flows; each makes workflows of its own. */
export default async function setup(project: TestProject) {
  const capstan = await Capstan.start()
  project.provide('url', capstan.url)
  project.provide('key', capstan.key)
  project.provide('database', capstan.database)
  return () => capstan.stop()
}
