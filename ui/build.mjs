// Bundles src/ into ../build/ui: index.html, page.html and assets/<name>-<hash>.<ext>, for old phones and offices.
import { build } from 'esbuild'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'

const out = resolve(process.env.UI_OUT || '../build/ui')
rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })

const settings = {
  entryPoints: ['src/main.tsx', 'src/css/app.css'],
  outdir: out + '/assets', entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]',
  bundle: true, splitting: true, format: 'esm', minify: true, metafile: true,
  target: ['chrome64', 'safari12'], jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none'
}
// A file of what every set of pages shares would make the first load fifteen files, each a way there and back on a slow line. So each part
// that comes later also names the first program, which is there by then: all of that is shared by all parts, and comes as one file.
const drawn = await build({ ...settings, write: false })
const later = []
for (const f of Object.values(drawn.metafile.inputs)) for (const i of f.imports) if (i.kind === 'dynamic-import') later.push(resolve(i.path))
const together = { name: 'together', setup: b => b.onLoad({ filter: /\.tsx?$/ }, a => !later.includes(a.path) ? undefined
  : { contents: `import ${JSON.stringify(resolve('src/main.tsx'))}\n` + readFileSync(a.path, 'utf8'), loader: extname(a.path).slice(1) }) }
const result = await build({ ...settings, plugins: [together] })

const entry = {}
for (const [file, o] of Object.entries(result.metafile.outputs))
  if (o.entryPoint) entry[o.entryPoint] = '/assets/' + basename(file)

// What the first script needs at once, so that it comes with it and not after it.
const main = Object.keys(result.metafile.outputs).find(f => result.metafile.outputs[f].entryPoint === 'src/main.tsx')
const first = []
function follow(file) {
  for (const i of result.metafile.outputs[file].imports)
    if (i.kind === 'import-statement' && !first.includes(i.path)) {
      first.push(i.path)
      follow(i.path)
    }
}
follow(main)

// The page of a path; `ahead`: what it asks for at once, while the script is still under way.
const page = ahead => `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>邻里</title><meta name="description" content="邻里：断网可用的社区服务，报事、办事、求助、找服务。Linli: a neighbourhood's services, also without the network."><link rel="icon" href="data:,">
<link rel="stylesheet" href="${entry['src/css/app.css']}">
${first.map(f => `<link rel="modulepreload" href="/assets/${basename(f)}">`).join('')}
${ahead.map(a => `<link rel="preload" as="fetch" crossorigin href="/api/v1/${a}">`).join('')}
</head><body><div id="app"></div>
<noscript><p><a href="/lite">无脚本页面 Pages without script</a></p></noscript><script type="module" src="${entry['src/main.tsx']}"></script></body></html>
`
const AHEAD = ['session', 'schema?lang=zh&amp;brief=1']
writeFileSync(out + '/index.html', page([...AHEAD, 'screen?lang=zh'])) // the path /
writeFileSync(out + '/page.html', page(AHEAD)) // every other one
// What is public is for everybody to find; the interface is for programs that ask for it.
writeFileSync(out + '/robots.txt', 'User-agent: *\nDisallow: /api/\n')
