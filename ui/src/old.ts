// What chrome 64 and safari 12 lack and a library calls: first of all, before any of it runs. tests/ui/built.test.mjs knows the list.
if (!window.queueMicrotask) window.queueMicrotask = f => { void Promise.resolve().then(f) }

export {}
