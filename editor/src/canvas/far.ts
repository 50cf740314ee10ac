/** Whether the canvas is seen from so far that no word on it can be read: then steps are plain blocks. */

import { useStore } from '@xyflow/react'
import { createContext, useContext } from 'react'

/** Below it, names are less than five pixels high. */
export const FAR_ZOOM = 0.4

const Context = createContext(false)
export const FarProvider = Context.Provider

export function useIsFar(): boolean {
  return useContext(Context)
}

/** Changes only when that line is crossed, however the canvas is moved. */
export function useCrossing(): boolean {
  return useStore((state) => state.transform[2] < FAR_ZOOM)
}
