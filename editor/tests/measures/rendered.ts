/** Which steps React renders anew: it tells each commit to the hook of its developer tools, built for production, too. */

import type { Page } from 'playwright-core'

/** As far as it is needed of what React keeps of a component. */
interface Fiber {
  child: Fiber | null
  sibling: Fiber | null
  alternate: Fiber | null
  flags: number
  memoizedProps: { id?: string; positionAbsoluteX?: number } | null
}

/** To be given to the page before anything else of it. */
export function noteRendered(): void {
  const PERFORMED_WORK = 1
  const rendered = new Set<string>()
  const look = (fiber: Fiber, before: Fiber | null): void => {
    const props = fiber.memoizedProps
    const isStep = typeof props?.id === 'string' && props.positionAbsoluteX !== undefined
    if (isStep && (before === null || (fiber.flags & PERFORMED_WORK) !== 0)) rendered.add(props.id ?? '')
    // The same children as before: nothing below was looked at.
    if (before !== null && fiber.child === before.child) return
    for (let child = fiber.child; child; child = child.sibling) look(child, child.alternate)
  }
  const hook = {
    renderers: new Map(),
    supportsFiber: true,
    inject: () => 1,
    checkDCE: () => {},
    onCommitFiberUnmount: () => {},
    onCommitFiberRoot: (_id: number, root: { current: Fiber }) => look(root.current, root.current.alternate),
  }
  Object.assign(window, { __REACT_DEVTOOLS_GLOBAL_HOOK__: hook, rendered })
}

/** Ids of the steps that were rendered since this was asked last. */
export function renderedSince(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { rendered } = window as unknown as { rendered: Set<string> }
    const ids = [...rendered].sort()
    rendered.clear()
    return ids
  })
}
