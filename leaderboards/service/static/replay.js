// Fills the place of a replay: fetches its parcel, and lets the player of avatarium show it.
"use strict";
const place = document.getElementById("replay");

async function show() {
  const answer = await fetch(place.dataset.parcel);
  if (!answer.ok) throw new Error((await answer.json()).detail);
  const options = place.dataset.theme ? { theme: place.dataset.theme } : {};
  window.player = await Avatarium.mount(place, await answer.arrayBuffer(), options);
}

place.ariaBusy = "true";
show().catch((fault) => {
  place.ariaBusy = null;
  if (place.shadowRoot) return; // the player says it there
  const told = document.createElement("p");
  told.setAttribute("role", "alert");
  told.className = "empty";
  told.textContent = `The replay cannot be shown: ${fault.message}`;
  place.replaceChildren(told);
});
