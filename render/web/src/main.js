// Avatarium.mount(element, data, options): a replay in an element of any page.
import { open } from "./data.js";
import { avatarMesh, flagMesh } from "./figures.js";
import { Player } from "./player.js";

const players = new WeakMap();

/** What keeps a browser from showing replays, as a sentence; empty when nothing does. */
function missing() {
  if (typeof DecompressionStream === "undefined") return "This browser cannot unpack replays (it lacks DecompressionStream): use a newer one.";
  const context = document.createElement("canvas").getContext("webgl2");
  if (!context) return "This browser shows no 3D graphics (it lacks WebGL2): switch hardware acceleration on, or use a newer one.";
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return "";
}

/**
 * Show a replay in `element`, which needs a height of its own. `data` is a parcel: base64 text, or its bytes.
 * Options: start (step), follow (name), camera, theme ("light", "dark"), autoplay, hash (whether the page's address tells the moment).
 * Resolves to a player: `act`, `link(other)`, `destroy()`. Where it cannot be shown, the element says why, and the promise is rejected.
 */
export async function mount(element, data, options = {}) {
  element.ariaBusy = "true";
  try {
    const lack = missing();
    if (lack) throw new Error(lack);
    const replay = await open(data);
    players.get(element)?.destroy();
    players.set(element, new Player(element, replay, options));
    return players.get(element);
  } catch (fault) {
    const told = document.createElement("p");
    told.setAttribute("role", "alert");
    told.textContent = fault.message;
    Object.assign(told.style, { margin: "0", padding: "2rem", font: "16px/1.5 system-ui, sans-serif", textAlign: "center" });
    (element.shadowRoot || element).replaceChildren(told);
    throw fault;
  } finally {
    element.ariaBusy = null;
  }
}

export const meshes = { avatarMesh, flagMesh };
