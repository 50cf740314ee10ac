import type { Operator } from '../../api/rules'
import { ChoiceField, LinesField, TextField } from '../../ui/field'
import { useProblem } from '../../ui/form'
import { Icon } from '../../ui/icon'
import { IconButton } from '../../ui/icon-button'
import { ALONE, nextKey } from './form-values'
import type { Comparison, Values } from './form-values'
import { OPERATORS } from './words'

const JOINTS = [
  ['all', 'all of these hold'],
  ['any', 'one of these holds'],
] as const

interface Props {
  values: Values
  onChange: (part: Partial<Values>) => void
}

/** What has to hold: rows, or JSON where groups lie in groups. */
export function Conditions({ values, onChange }: Props) {
  const { comparisons, join, nested, logMisses } = values
  const hasAny = nested !== null || comparisons.length > 0
  return (
    <section className="section" aria-label="Conditions">
      <h2>Only if</h2>
      {nested === null ? (
        <Rows comparisons={comparisons} join={join} onChange={onChange} />
      ) : (
        <LinesField
          label="Conditions as JSON"
          name="conditions"
          rows={10}
          value={nested}
          onText={(text) => onChange({ nested: text })}
        />
      )}
      {hasAny && (
        <label className="check">
          <input
            type="checkbox"
            checked={logMisses}
            onChange={(event) => onChange({ logMisses: event.target.checked })}
          />{' '}
          Keep an execution also of events for which they do not hold
        </label>
      )}
    </section>
  )
}

function Rows({ comparisons, join, onChange }: Pick<Values, 'comparisons' | 'join'> & Pick<Props, 'onChange'>) {
  const problem = useProblem('conditions')
  const set = (next: Comparison[]) => onChange({ comparisons: next })
  const add = () => set([...comparisons, { key: nextKey(), field: 'data.', op: 'eq', value: '' }])
  return (
    <>
      {comparisons.length === 0 && <p className="faint">Each event of the type counts.</p>}
      {comparisons.length > 1 && (
        <ChoiceField
          label="Together"
          choices={JOINTS}
          value={join}
          onText={(next) => onChange({ join: next === 'any' ? 'any' : 'all' })}
        />
      )}
      {comparisons.map((one, at) => (
        <Row
          key={one.key}
          comparison={one}
          onChange={(part) => set(comparisons.with(at, { ...one, ...part }))}
          onRemove={() => set(comparisons.filter((other) => other !== one))}
        />
      ))}
      {problem && (
        <p className="form-problem" role="alert">
          {problem}
        </p>
      )}
      <button type="button" onClick={add}>
        <Icon name="add" /> Condition
      </button>
    </>
  )
}

interface RowProps {
  comparison: Comparison
  onChange: (part: Partial<Comparison>) => void
  onRemove: () => void
}

function Row({ comparison: { field, op, value }, onChange, onRemove }: RowProps) {
  return (
    <div className="comparison">
      <TextField
        label="Of the event"
        className="mono"
        required
        placeholder="data.lead.source"
        value={field}
        onText={(text) => onChange({ field: text })}
      />
      <ChoiceField label="How" choices={OPERATORS} value={op} onText={(text) => onChange({ op: text as Operator })} />
      {!ALONE.includes(op) && (
        <TextField
          label={op === 'one_of' ? 'Values, with commas' : 'Value'}
          required={op === 'one_of'}
          value={value}
          onText={(text) => onChange({ value: text })}
        />
      )}
      <IconButton icon="trash" label="Remove the condition" onClick={onRemove} />
    </div>
  )
}
