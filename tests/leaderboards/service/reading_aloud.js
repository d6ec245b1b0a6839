// What keeps people from reading or using a page, as sentences. Runs within the page.
(() => {
  const found = [];
  const name = (e) => `${e.tagName.toLowerCase()}${e.id ? "#" + e.id : ""} "${(e.textContent || "").trim().slice(0, 30)}"`;
  const shown = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== "hidden" && !e.closest(".hidden, [aria-hidden=true]");

  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const ground = (e) => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) {
      layers.push(rgba(getComputedStyle(at).backgroundColor));
      if (layers.at(-1)[3] === 255) break;
    }
    let colour = [255, 255, 255];
    for (const [r, g, b, a] of layers.reverse()) colour = colour.map((c, k) => c + ([r, g, b][k] - c) * (a / 255));
    return colour;
  };
  const luminance = (c) => c.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)).reduce((s, v, k) => s + v * [0.2126, 0.7152, 0.0722][k], 0);
  const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };

  for (const e of document.querySelectorAll("body *")) {
    const speaks = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!speaks || !shown(e) || e.closest("svg, option, noscript, .skip")) continue;
    const ratio = contrast(rgba(getComputedStyle(e).color).slice(0, 3), ground(e));
    if (ratio < 4.49) found.push(`${name(e)} has a contrast of ${ratio.toFixed(2)}`);
  }
  let level = 0;
  const headings = [...document.querySelectorAll("h1, h2, h3, h4")];
  for (const h of headings) {
    if (+h.tagName[1] > level + 1) found.push(`${name(h)} skips a level`);
    level = +h.tagName[1];
  }
  if (document.querySelectorAll("h1").length !== 1) found.push("the page has not exactly one h1");
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea")) if (!e.labels?.length && !e.ariaLabel) found.push(`${name(e)} has no label`);
  for (const e of document.querySelectorAll("a, button")) if (!(e.textContent.trim() || e.ariaLabel)) found.push(`${name(e)} has no name`);
  for (const e of document.querySelectorAll("img")) if (!e.hasAttribute("alt")) found.push("a picture has no alt");
  for (const t of document.querySelectorAll("table")) {
    if (!t.caption && !t.closest("figure")) found.push(`${name(t)} has no caption`);
    for (const h of t.querySelectorAll("th")) if (!h.scope) found.push(`${name(h)} has no scope`);
  }
  for (const n of document.querySelectorAll("nav, [role=region]")) if (!n.ariaLabel) found.push("a region has no name");
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`two things are called ${id}`);
  if (!document.documentElement.lang) found.push("the page has no language");
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth - clientWidth} px too wide`);
  return found;
})()
