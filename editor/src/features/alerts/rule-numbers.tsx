import type { AlertKind, AlertMetric } from '../../api/alerts'
import { ChoiceField, TextField } from '../../ui/field'
import { PARTS } from './rule-values'
import type { Values } from './rule-values'
import { METRICS, UNITS } from './words'

interface Props {
  values: Values
  onChange: (part: Partial<Values>) => void
}

const AFTER: Partial<Record<AlertKind, string>> = {
  silence: 'Has begun nothing for',
  queue_age: 'Has waited for its first worker for',
  sla: 'Has not ended after',
}

/** The numbers of a rule, as its kind has them. */
export function RuleNumbers({ values, onChange }: Props) {
  const has = PARTS[values.kind]
  return (
    <>
      {has.includes('rate') && <Rate values={values} onChange={onChange} />}
      {has.includes('after') && (
        <Span
          label={AFTER[values.kind] ?? ''}
          name="after_s"
          amount={values.after}
          unit={values.afterUnit}
          onAmount={(after) => onChange({ after })}
          onUnit={(afterUnit) => onChange({ afterUnit })}
        />
      )}
      {has.includes('metric') && (
        <>
          <ChoiceField
            label="Figure"
            name="metric"
            value={values.metric}
            choices={Object.entries(METRICS)}
            onText={(metric) => onChange({ metric: metric as AlertMetric })}
            help="Of the present day in UTC, as it was last counted: about every ten minutes."
          />
          <TextField
            label="More than"
            name="above"
            type="number"
            min={0}
            required
            value={values.above}
            onText={(above) => onChange({ above })}
          />
        </>
      )}
    </>
  )
}

function Rate({ values, onChange }: Props) {
  return (
    <>
      <div className="field-row">
        <TextField
          label="Of a hundred, so many failed"
          name="percent"
          type="number"
          required
          value={values.percent}
          onText={(percent) => onChange({ percent })}
        />
        <TextField
          label="Of at least so many that ended"
          name="ended_min"
          type="number"
          required
          value={values.ended}
          onText={(ended) => onChange({ ended })}
        />
      </div>
      <Span
        label="Within the last"
        name="window_s"
        amount={values.window}
        unit={values.windowUnit}
        onAmount={(window) => onChange({ window })}
        onUnit={(windowUnit) => onChange({ windowUnit })}
      />
    </>
  )
}

interface SpanProps {
  label: string
  name: string
  amount: string
  unit: string
  onAmount: (amount: string) => void
  onUnit: (unit: string) => void
}

/** A time as a number and its unit. */
function Span({ label, name, amount, unit, onAmount, onUnit }: SpanProps) {
  return (
    <div className="field-row">
      <TextField label={label} name={name} type="number" required value={amount} onText={onAmount} />
      <ChoiceField label={`${label}: unit`} value={unit} choices={UNITS} onText={onUnit} />
    </div>
  )
}
