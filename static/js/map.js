// The map beside the directory: it draws what the list says; without it nothing is missing.
"use strict";

(() => {
  const said = (place) => {
    const text = document.createElement("div");
    const name = document.createElement("strong");
    name.textContent = place.name;
    text.append(name, document.createElement("br"), place.commune);
    return text;
  };

  const draw = (box) => {
    const places = JSON.parse(document.getElementById(box.dataset.map).textContent);
    if (!places.length) return;
    box.hidden = false;
    const map = L.map(box, { zoomControl: false, scrollWheelZoom: false, maxZoom: 18 });
    L.control.zoom({ zoomInTitle: "Agrandir", zoomOutTitle: "Réduire" }).addTo(map);
    map.attributionControl.setPrefix(false);
    if (box.dataset.tiles) {
      L.tileLayer(box.dataset.tiles, { attribution: box.dataset.credit, maxZoom: 18 }).addTo(map);
    }
    const points = places.map((place) =>
      L.circleMarker(place.at, { radius: 8, color: "#fff", weight: 2, fillColor: "#1f4e79", fillOpacity: 0.9 })
        .bindPopup(said(place), { closeButton: false })
        .addTo(map),
    );
    map.fitBounds(L.featureGroup(points).getBounds(), { padding: [24, 24], maxZoom: 14 });
  };

  for (const box of document.querySelectorAll("[data-map]")) draw(box);
})();
