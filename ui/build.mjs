// Bundles src/ into ../build/ui: index.html and assets/<name>-<hash>.<ext>, for old phones and offices.
import { build } from 'esbuild'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'

const out = resolve(process.env.UI_OUT || '../build/ui')
rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })

const result = await build({
  entryPoints: ['src/main.tsx', 'src/css/app.css'],
  outdir: out + '/assets', entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]',
  bundle: true, splitting: true, format: 'esm', minify: true, metafile: true,
  target: ['chrome64', 'safari12'], jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none'
})

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

writeFileSync(out + '/index.html', `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>邻里</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="${entry['src/css/app.css']}">
${first.map(f => `<link rel="modulepreload" href="/assets/${basename(f)}">`).join('')}
</head><body><div id="app"></div>
<noscript><p><a href="/lite">无脚本页面 Pages without script</a></p></noscript><script type="module" src="${entry['src/main.tsx']}"></script></body></html>
`)
