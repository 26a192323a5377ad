// The service worker of the installed page. It keeps one thing, a page that says that the pool cannot be reached, and hands
// that out when the real one does not come. Scripts, workers and engines always come from the network, or from the browser's
// own cache under names with their content's hash: so no old engine is ever served.
const CACHE = 'forge-pool-offline-1'
const OFFLINE = ['/offline.html', '/offline.css']

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(OFFLINE)))
})

self.addEventListener('activate', (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name !== CACHE))
  event.waitUntil(old.then((names) => Promise.all(names.map((name) => caches.delete(name)))))
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { pathname } = new URL(request.url)
  if (request.mode === 'navigate' && pathname === '/') {
    event.respondWith(fetch(request).catch(() => caches.match('/offline.html')))
  } else if (pathname === '/offline.css') {
    event.respondWith(fetch(request).catch(() => caches.match(pathname)))
  }
})
