/** A description; what stands between backticks is code. */
export function Help({ words }: { words: string }) {
  return (
    <p className="form-help">
      {words.split('`').map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part))}
    </p>
  )
}
