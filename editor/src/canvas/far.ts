/** Whether the canvas is seen from so far that what is written on steps cannot be read: then they are blocks, with their names
 *  in larger letters as long as those can be. */

import { useStore } from '@xyflow/react'
import { createContext, useContext } from 'react'

/** Below it, names are less than five pixels high. */
export const FAR_ZOOM = 0.4

/** Below it, the larger letters are less than five pixels high, too. */
const NAMELESS_ZOOM = 0.18

export type Distance = 'near' | 'far' | 'nameless'

const Context = createContext<Distance>('near')
export const FarProvider = Context.Provider

export function useDistance(): Distance {
  return useContext(Context)
}

export function useIsFar(): boolean {
  return useDistance() !== 'near'
}

/** Changes only when one of the two lines is crossed, however the canvas is moved. */
export function useCrossing(): Distance {
  return useStore(({ transform: [, , zoom] }) =>
    zoom >= FAR_ZOOM ? 'near' : zoom >= NAMELESS_ZOOM ? 'far' : 'nameless',
  )
}
