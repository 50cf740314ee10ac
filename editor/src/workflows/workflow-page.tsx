export default function WorkflowPage({ id }: { id: string }) {
  return <p>{id}</p>
}
