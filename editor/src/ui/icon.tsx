/** Line icons on a grid of 16. */
const PATHS = {
  add: 'M8 3v10M3 8h10',
  back: 'M9.5 3.5 5 8l4.5 4.5',
  bolt: 'M9 1.8 3.8 9H8l-1 5.2L12.2 7H8z',
  branch: 'M4 3v10M4 8h3.5c2 0 2-4 4-4H13M7.5 8c2 0 2 4 4 4H13M11.5 2.5 13 4l-1.5 1.5M11.5 10.5 13 12l-1.5 1.5',
  bug: 'M5.5 6a2.5 2.5 0 0 1 5 0v4a2.5 2.5 0 0 1-5 0zM2.5 5.5 5 7M2.5 9H5M3 13l2.5-2M13.5 5.5 11 7M13.5 9H11M13 13l-2.5-2M6 3 5 1.8M10 3l1-1.2',
  check: 'm3 8.5 3.2 3L13 4.5',
  clock: 'M8 4.5V8l2.5 1.5M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z',
  close: 'm4 4 8 8M12 4l-8 8',
  code: 'm5.5 5-3 3 3 3M10.5 5l3 3-3 3',
  copy: 'M6 6h7v7H6zM3 10V3h7',
  cross: 'm4.5 4.5 7 7M11.5 4.5l-7 7',
  dash: 'M4 8h8',
  data: 'M3 4c0-1 2.2-1.8 5-1.8S13 3 13 4s-2.2 1.8-5 1.8S3 5 3 4zM3 4v8c0 1 2.2 1.8 5 1.8s5-.8 5-1.8V4M3 8c0 1 2.2 1.8 5 1.8S13 9 13 8',
  down: 'm4 6 4 4 4-4',
  find: 'M11 7a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM10 10l3.5 3.5',
  export: 'M8 2.5v7.5M5 7.2 8 10.2l3-3M3 11v2.5h10V11',
  fit: 'M2.5 5.5v-3h3M13.5 5.5v-3h-3M2.5 10.5v3h3M13.5 10.5v3h-3',
  flag: 'M4 14V2.5h8L10.5 5.5 12 8.5H4',
  group: 'M2.5 3.5h11v9h-11zM5 6h2.5v4H5zM9.5 6h2',
  help: 'M6 6a2 2 0 1 1 2.8 1.8c-.6.3-.8.7-.8 1.4M8 11.6v.2M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z',
  list: 'M3 4h.2M3 8h.2M3 12h.2M6 4h7M6 8h7M6 12h7',
  mail: 'M2.5 4h11v8h-11zM2.5 4.5 8 8.8l5.5-4.3',
  moon: 'M13 9.6A5.5 5.5 0 0 1 6.4 3a5.5 5.5 0 1 0 6.6 6.6z',
  pause: 'M6 4v8M10 4v8',
  person: 'M10.5 5.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM3 13.5c.4-2.6 2.4-4 5-4s4.6 1.4 5 4',
  pin: 'M6 2.5h4M6.8 2.5v4L4.5 9h7L9.2 6.5v-4M8 9v4.5',
  play: 'M5 3.2v9.6L12.5 8z',
  redo: 'M13 6H6a3 3 0 0 0 0 6h4M10.5 3.5 13 6l-2.5 2.5',
  retry: 'M13 8a5 5 0 1 1-1.5-3.5L13 6M13 2.8V6H9.8',
  rows: 'M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11',
  send: 'M13.5 2.5 2.5 7l4 2.2L9 13.5z',
  sign: 'M2.5 8h6M6 5.5 8.5 8 6 10.5M7 3h6v10H7',
  skip: 'm4 4 4 4-4 4M9 4l4 4-4 4',
  stop: 'M4.5 4.5h7v7h-7z',
  sun: 'M10.5 8a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1',
  system: 'M2.5 3h11v7.5h-11zM6 13.5h4M8 10.5v3',
  tidy: 'M2 3h4v3H2zM10 2h4v3h-4zM10 11h4v3h-4zM6 4.5h2v8h2M8 3.5h2',
  trash: 'M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5',
  undo: 'M3 6h7a3 3 0 0 1 0 6H6M5.5 3.5 3 6l2.5 2.5',
  warn: 'M8 2.5 14 13H2zM8 6.5v3M8 11.3v.2',
  web: 'M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0zM2 8h12M8 2c2 2 2.4 4 2.4 6S10 12 8 14c-2-2-2.4-4-2.4-6S6 4 8 2z',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
