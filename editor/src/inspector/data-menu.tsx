import { useState } from 'react'

import { Icon } from '../ui/icon'
import { Picker } from '../ui/picker'
import { useReading } from './reading'
import type { Sample } from './sample'

/** A button that puts data from before into a field: what dragging does, for the keyboard. */
export function DataMenu({ field, onPick }: { field: string; onPick: (name: string) => void }) {
  const reading = useReading()
  const [samples, setSamples] = useState<Sample[] | null>(null)
  const label = `Data from before into ${field}`
  return (
    <>
      <button
        type="button"
        className="form-switch"
        aria-haspopup="dialog"
        aria-label={label}
        title="Put data from before in here"
        onClick={() => void reading.samples().then(setSamples)}
      >
        <Icon name="data" />
      </button>
      {samples && (
        <Picker
          title={label}
          placeholder="A step, a name, or a value"
          find={(wanted) => fitting(samples, wanted)}
          keyOf={(sample) => sample.name}
          show={(sample) => (
            <>
              <code>{sample.name}</code>
              <span className="faint">{sample.shown}</span>
            </>
          )}
          onPick={(sample) => {
            setSamples(null)
            // After the dialog has given the focus back.
            requestAnimationFrame(() => onPick(sample.name))
          }}
          onClose={() => setSamples(null)}
        />
      )}
    </>
  )
}

function fitting(samples: Sample[], wanted: string): Sample[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean)
  return samples.filter(({ name, shown }) => words.every((word) => `${name} ${shown}`.toLowerCase().includes(word)))
}
