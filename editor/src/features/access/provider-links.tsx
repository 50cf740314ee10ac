import { loginProviders } from '../../api/access'
import { useLoad } from '../../app/load'

/** Where one may log in beside here. The server sends the browser there, and back to the address that it came for. */
export function ProviderLinks() {
  const found = useLoad(loginProviders, 'login-providers')
  const next = encodeURIComponent(location.pathname + location.search)
  return (
    <>
      {found.value?.items.map(({ id, name, path }) => (
        <a key={id} className="button" href={`${path}?next=${next}`}>
          Continue with {name}
        </a>
      ))}
    </>
  )
}
