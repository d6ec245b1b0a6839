// Links into a replay: #t=180&follow=visitor_1&camera=top

/** What the page's address asks for. */
export function fromHash() {
  const asked = new URLSearchParams(window.location.hash.slice(1));
  const t = asked.get("t");
  return { t: t !== null && /^\d+(\.\d+)?$/.test(t) ? +t : undefined, follow: asked.get("follow"), camera: asked.get("camera") };
}

/** Put the moment into the page's address, so that the address can be passed on. */
export function toHash({ now, chosen, camera }) {
  const asked = new URLSearchParams({ t: Math.round(now), follow: chosen, camera });
  try {
    window.history.replaceState(null, "", `#${asked}`);
  } catch {
    // Where pages may not change their address, links are simply not offered.
  }
}
