import type { RecordType } from '../../api/records'
import '../../styles/records.css'

/** Said where there is no record yet: what these are, and how one has some of one's own. */
export function Explained({ type }: { type: RecordType }) {
  return (
    <div className="explained">
      <p>
        No {type.label.toLowerCase()} is here yet. A record is something of yours that has a state: an order, a
        contract, a deal. Its type says which states there are, which ways lead from one to the next, who may take them
        and on which condition.
      </p>
      <p>
        The type <em>Pursuit</em> is there from the beginning: the way of a deal in a firm that sells services. Under{' '}
        <em>States</em> one sees it drawn; who may define types finds <em>Define a type</em> there, or does it with{' '}
        <code>PUT /api/v1/record-types/deal</code>. Workflows make and move records with the steps{' '}
        <code>record.create</code> and <code>record.transition</code>, and start when one is moved.
      </p>
    </div>
  )
}
