// Icons of our own: lines on a grid of 24, in the colour of the text around them. They never stand without words.
const P: Record<string, string> = {
  home: 'M4 11l8-7 8 7M6 9.5V20h4.5v-5.5h3V20H18V9.5',
  search: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M15.5 15.5L20 20',
  report: 'M12 4l9 16H3L12 4M12 10v4.5M12 17.2v.3',
  service: 'M7 3.5h7l4 4V20.5H7zM14 3.5v4h4M10 12h5M10 15.5h5',
  help: 'M7 3.5l3 4-2 2.5c1 2.5 3.5 5 6 6l2.5-2 4 3c0 2-1.5 3.5-3.5 3.5C10 20.5 3.5 14 3.5 7 3.5 5 5 3.5 7 3.5z',
  find: 'M4 9.5l1.5-5h13l1.5 5M4 9.5c0 3 4 3 4 0 0 3 4 3 4 0 0 3 4 3 4 0 0 3 4 3 4 0M5.5 12v8h13v-8M10 20v-5h4v5',
  notice: 'M4 10v4h3l8 4.5V5.5L7 10zM18 9.5c1.3 1.5 1.3 3.5 0 5M8 14l1 5.5h2.5',
  news: 'M4 5h13v13.5c0 1 .8 1.5 1.5 1.5S20 19.5 20 18.5V9h-3M4 5v13.5C4 19.5 4.8 20 5.5 20h13M7 9h7M7 12.5h7M7 16h4',
  person: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8M4.5 20.5c.5-4.5 3.5-6 7.5-6s7 1.5 7.5 6',
  people: 'M9 5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7M2.5 19.5c.5-4 3-5.5 6.5-5.5s6 1.5 6.5 5.5M15.5 5.300a3.4 3.4 0 0 1 0 6.400M17.5 14.300c2.3.6 3.7 2.2 4 5.2',
  account: 'M4 5.5h16v13H4zM9 9.5a2 2 0 1 1 0 4 2 2 0 0 1 0-4M6 16.5c.5-1.5 1.5-2 3-2s2.5.5 3 2M14.5 10h3M14.5 13.5h3',
  note: 'M5 19.5l1-4L16.5 5l3 3L9 18.5zM14 7.5l3 3M12 19.5h8',
  building: 'M5 20.5V4h9v16.5M14 9h5v11.5M3 20.5h18M8 8h3M8 11.5h3M8 15h3M16.5 12.5v.2M16.5 16v.2',
  chart: 'M4 20h16M6.5 20v-6h3v6M11 20V6h3v14M15.5 20V10h3v10',
  node: 'M12 4.5v4M6.5 15.5l3.5-4M17.5 15.5l-3.5-4M12 4.5m-2 0a2 2 0 1 0 4 0 2 2 0 1 0-4 0M12 10m-2 0a2 2 0 1 0 4 0 2 2 0 1 0-4 0M5.5 17.5m-2 0a2 2 0 1 0 4 0 2 2 0 1 0-4 0M18.5 17.5m-2 0a2 2 0 1 0 4 0 2 2 0 1 0-4 0',
  menu: 'M4 6.5h16M4 12h16M4 17.5h16',
  close: 'M6 6l12 12M18 6L6 18',
  back: 'M14.5 5.5L8 12l6.5 6.5',
  next: 'M9.5 5.5L16 12l-6.5 6.5',
  add: 'M12 5v14M5 12h14',
  print: 'M7 9V4h10v5M7 16.5H4V9h16v7.5h-3M7 13.5h10V20H7z',
  download: 'M12 4v11M7.5 10.5L12 15l4.5-4.5M4.5 19.5h15',
  upload: 'M12 15V4M7.5 8.5L12 4l4.5 4.5M4.5 19.5h15',
  filter: 'M4 6h16M7 12h10M10 18h4',
  clock: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16M12 8v4.5l3 2',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  warn: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16M12 8v5M12 16v.3',
  sync: 'M5 12a7 7 0 0 1 12-5l2 2M19 12a7 7 0 0 1-12 5l-2-2M19 4.5V9h-4.5M5 19.5V15h4.5',
  offline: 'M7 18.5h9.5a4 4 0 0 0 1-7.900A5.5 5.5 0 0 0 7.3 9.7 4.5 4.5 0 0 0 7 18.5M4 4l16 16',
  speak: 'M5 9.5v5h3l5 4V5.5l-5 4zM16 9c1.5 1.8 1.5 4.2 0 6M18.5 6.5c3 3.3 3 7.7 0 11',
  text: 'M4 18.5L8.5 6h1L14 18.5M5.5 14.5h7M15 18.5l2.8-7.5h.9l2.8 7.5M16 16h4.5',
  globe: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16M4 12h16M12 4c5 5 5 11 0 16M12 4c-5 5-5 11 0 16',
  logout: 'M13 4.5H5v15h8M10 12h10M16.5 8.5L20 12l-3.5 3.5',
  login: 'M11 4.5h8v15h-8M4 12h10M10.5 8.5L14 12l-3.5 3.5',
  key: 'M8 10.5a4 4 0 1 1 0 .1M11.5 12.5L20 12.5v3M16.5 12.5v2.5',
  edit: 'M5 19l.8-3.800L16 5l3 3L8.8 18.200zM14 7l3 3',
  heart: 'M12 19.5C5 14.5 4 11.5 4 9a4 4 0 0 1 8-1.200A4 4 0 0 1 20 9c0 2.5-1 5.5-8 10.5z',
  vote: 'M4 12h3l1-3h8l1 3h3v8H4zM9 9l1-5h6l-1 5M4 15.5h16',
  box: 'M4 8l8-4 8 4v8.5l-8 4-8-4zM4 8l8 4 8-4M12 12v8.5',
  chat: 'M4 5h16v11h-9l-4.5 4V16H4zM8 9h8M8 12.5h5',
  calendar: 'M4 6h16v14H4zM4 10.5h16M8 3.5V8M16 3.5V8M8 14h3M8 17h3M14 14h2.5'
}

/** An unknown name is a plain dot: a module may be newer than the pages. */
export function Icon({ name }: { name: string | undefined }) {
  return <svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false"><path d={(name && P[name]) || 'M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6'} /></svg>
}
