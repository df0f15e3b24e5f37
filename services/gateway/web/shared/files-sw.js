// Keeps a page's own files on the device: after a power cut, or without a line, the page starts and shows what is unexpired.
// What the files are is read from the files themselves, so there is no list to forget. The data is not kept here: what a
// page knew stands in its local storage, and only the page judges whether it still holds. For service workers: they load
// this with importScripts, which is why it exports nothing.

/** A gateway that does not answer within this is not there; until `OFFLINE_MS` later it is not asked again. */
const PATIENCE_MS = 4000;
const OFFLINE_MS = 15000;
/** What each kind of file names: other files to keep. */
const NAMES = [
  [/html/, /(?:href|src)="(\/static\/[^"]+)"/g],
  [/javascript/, /\bfrom "(\.[^"]+)"|"(\/static\/[^"]+\.svg)"/g],
  [/css/, /url\(([^)]+)\)/g],
];

/**
 * Looks after the pages at `starts` and their files, which lie under one of `folders`, in a cache of this name.
 * @param {string} name
 * @param {string[]} starts
 * @param {string[]} folders
 */
function lookAfter(name, starts, folders) {
  let offlineUntil = 0;

  self.addEventListener("install", (event) => {
    const seen = new Set();
    event.waitUntil(
      caches
        .open(name)
        .then((cache) => Promise.all(starts.map((start) => keep(cache, new URL(start, location.origin).href, seen))))
        .then(() => self.skipWaiting()),
    );
  });

  self.addEventListener("activate", (event) => {
    event.waitUntil(self.clients.claim());
  });

  self.addEventListener("fetch", (event) => {
    const url = new URL(event.request.url);
    const isPage = event.request.mode === "navigate" && starts.includes(url.pathname);
    const isFile = folders.some((folder) => url.pathname.startsWith(folder));
    if (event.request.method === "GET" && url.origin === location.origin && (isPage || isFile)) {
      event.respondWith(answer(event.request, url.pathname));
    }
  });

  /** Fetches a file and everything it names, each once. */
  async function keep(cache, url, seen) {
    if (seen.has(url)) {
      return;
    }
    seen.add(url);
    const response = await fetch(url, { cache: "no-cache" });
    if (!response.ok) {
      throw new Error(`${url} answered ${response.status}`);
    }
    await cache.put(new URL(url).pathname, response.clone());
    const type = response.headers.get("content-type") || "";
    const names = NAMES.find((kind) => kind[0].test(type));
    if (names) {
      const text = await response.text();
      const found = Array.from(text.matchAll(names[1]), (match) => new URL(match[1] || match[2], url).href);
      await Promise.all(found.map((one) => keep(cache, one, seen)));
    }
  }

  /** The newest file while the gateway answers, otherwise the one that was kept. Slices of the typeface never change. */
  async function answer(request, path) {
    const cache = await caches.open(name);
    const kept = await cache.match(path);
    if (kept && (path.endsWith(".woff2") || Date.now() < offlineUntil)) {
      return kept;
    }
    try {
      const fresh = await withPatience(fetch(request), kept ? PATIENCE_MS : 60000);
      if (fresh.ok) {
        await cache.put(path, fresh.clone());
        return fresh;
      }
      return kept || fresh;
    } catch (error) {
      offlineUntil = Date.now() + OFFLINE_MS;
      if (kept) {
        return kept;
      }
      throw error;
    }
  }

  function withPatience(promise, patience_ms) {
    return Promise.race([
      promise,
      new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), patience_ms)),
    ]);
  }
}
